from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "adherents.portal"
    label = "portal"
