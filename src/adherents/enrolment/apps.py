from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "adherents.enrolment"
    label = "enrolment"
