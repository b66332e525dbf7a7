"""The portal on a phone's home screen: the manifest that browsers read, and the service worker with all that it stores.

The worker stores a list that is known before (`stored`): the look of every page, whose names change with their bytes, and one
page for who is offline. Nothing else ever enters its cache. See `docs/decisions/0056-installed-on-the-phone.md`.
"""

import hashlib
import json
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation

from adherents.insurer.colours import PAPER
from adherents.insurer.profile import Profile, profile
from adherents.ui import bundle
from adherents.ui.pages import page

LANGUAGE = "language"  # in the addresses: a browser asks for them without cookies
CACHE = "adherents-offline-"  # the names of its caches; the rest is the release's


def manifest(language: str) -> dict[str, Any]:
    """The web app manifest: names, colours and icons of the profile."""
    facts = profile()
    with translation.override(language):
        space = str(facts.insurer.space_name)
        return {
            "id": page("sign_in"),
            "name": f"{facts.insurer.short_name} {space}",
            "short_name": str(facts.home_screen.name or facts.insurer.short_name),
            "lang": language,
            "dir": "ltr",
            "start_url": page("sign_in"),
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": facts.brand.accent,
            "prefer_related_applications": False,
            "icons": [
                {
                    "src": static(name),
                    "sizes": f"{side}x{side}",
                    "type": "image/png",
                    "purpose": "maskable" if full else "any",
                }
                for name, (side, full) in bundle.ICONS.items()
            ],
        }


def offline_page(language: str) -> str:
    """The page for who is offline, the same for everybody: no form, no name, nothing that passes with the hour."""
    with translation.override(language):
        return render_to_string("ui/errors/offline.html")


def stored(language: str) -> list[str]:
    """The addresses of all that the worker stores, the offline page's first."""
    names = filter(None, [bundle.SHEET, bundle.SCRIPT, bundle.MARK, bundle.picture("logo")])
    return [f"{page('offline')}?{LANGUAGE}={language}", *map(static, names)]


def worker(language: str) -> str:
    """The service worker's script. Its bytes change with what it stores, and so browsers take a new one in its place."""
    return _worker(language, profile(), static(bundle.SHEET))


@cache  # browsers ask for it with each page
def _worker(language: str, facts: Profile, _look: str) -> str:
    if not facts.home_screen.worker:
        return bundle.script("leaving")
    kept, script = stored(language), bundle.script("worker")
    known_by = json.dumps([script, kept, offline_page(language)])
    release = {"name": CACHE + hashlib.sha256(known_by.encode()).hexdigest()[:12], "stored": kept}
    return f'"use strict";\nself.release={json.dumps(release)};\n{script}'
