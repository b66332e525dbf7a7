"""The pages of other rooms that a room leads to without knowing those rooms: the setting `ADHERENTS_PAGES` names them."""

from functools import cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse


def page(name: str) -> str:
    """The address of a page by what it is for: `help`, `desk`, `sign_in`…"""
    return _address(settings.ADHERENTS_PAGES[name], get_script_prefix(), get_urlconf())


@cache  # each page of the portal leads to a dozen of them, and they do not move
def _address(view: str, _prefix: str, _urlconf: str | None) -> str:
    return reverse(view)
