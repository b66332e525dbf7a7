"""The pages of other rooms that a room leads to without knowing those rooms: the setting `ADHERENTS_PAGES` names them."""

from django.conf import settings
from django.urls import reverse


def page(name: str) -> str:
    """The address of a page by what it is for: `help`, `desk`, `sign_in`…"""
    return reverse(settings.ADHERENTS_PAGES[name])
