from django import forms
from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "adherents.ui"
    label = "ui"

    def ready(self) -> None:
        # Of every text of every form that has no sentence of its own: Django's counts for the person what they typed.
        forms.CharField.default_error_messages = {
            "max_length": _("Raccourcissez : %(limit_value)s caractères au plus.")
        }
        autodiscover_modules("counts")
