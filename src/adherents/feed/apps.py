from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "adherents.feed"
    label = "feed"
