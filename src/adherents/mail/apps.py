from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "adherents.mail"
    label = "mail"
