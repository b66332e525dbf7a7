from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "adherents.webhooks"
    label = "webhooks"
