"""One stylesheet, one script, one mark and its icons, made from the rooms' `assets/` and the profile.

The stylesheet is Bootstrap's Reboot (from the package that ships it), the variables that the brand gives,
then the rooms' `assets/*.css`, this room's first, the highest room's last. The script is the rooms'
`assets/js/*.js`, each in a scope of its own, without their comments; the page that sends documents has one more,
of `assets/sending/*.js`. The desk's pages have a stylesheet and a script more, of `assets/desk/`.
See `docs/decisions/0003-one-stylesheet.md`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.html import escape
from rcssmin import cssmin
from rjsmin import jsmin

from adherents.insurer.profile import profile
from adherents.ui import icons, theme

SHEET, DESK_SHEET, SCRIPT, SENDING, DESK, MARK = (
    "ui/portal.css",
    "ui/desk.css",
    "ui/portal.js",
    "ui/sending.js",
    "ui/desk.js",
    "ui/mark.svg",
)
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")


def _assets(pattern: str) -> Iterator[str]:
    """The rooms' own files: this room's first, then those of each room before those that stand above it.

    Those of a room by name; what bears its folder's name, last.
    """
    lowest_first = reversed(list(apps.get_app_configs()))
    rooms = [config for config in lowest_first if config.name.startswith("adherents.")]
    for room in sorted(rooms, key=lambda config: config.name != "adherents.ui"):
        paths = Path(room.path, "assets").glob(pattern)
        for path in sorted(paths, key=lambda path: (path.stem == path.parent.name, path.name)):
            yield path.read_text()


def stylesheet() -> str:
    """The CSS of every page, whole."""
    reboot = files("django_include_bootstrap").joinpath("static/css/bootstrap-reboot.min.css").read_text()
    brand = profile().brand
    parts = [
        _SOURCE_MAP.sub("", reboot).strip(),
        theme.stylesheet(accent=brand.accent, ink=brand.ink).strip(),
        *_assets("*.css"),
    ]
    return str(cssmin("\n".join(parts), keep_bang_comments=True)) + "\n"


def desk_stylesheet() -> str:
    """The CSS of what only the desk has. Members' pages do without it."""
    return str(cssmin("\n".join(_assets("desk/*.css")))) + "\n"


def script(folder: str = "js") -> str:
    """The JavaScript of every page, whole; a page works without it, and a module that fails stops no other."""
    modules = (
        f"try {{\n{module.strip()}\n}} catch (error) {{\nreportError(error);\n}}\n"
        for module in _assets(f"{folder}/*.js")
    )
    return str(jsmin('"use strict";\n' + "".join(modules)))


def sending_script() -> str:
    """The JavaScript of the page that sends documents: its modules are in `assets/sending/`."""
    return script("sending")


def desk_script() -> str:
    """The JavaScript of the desk: keys, the viewer. Members' pages do without it."""
    return script("desk")


def mark() -> str:
    """The brand's mark as a square icon: the initial on the accent, for the browser's tab."""
    facts = profile()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{facts.brand.accent}"/>'
        '<text x="16" y="22.5" text-anchor="middle" font-family="system-ui,sans-serif" font-size="18" '
        f'font-weight="700" fill="#fff">{escape(facts.insurer.short_name[:1])}</text></svg>\n'
    )


MADE = {
    SHEET: stylesheet,
    DESK_SHEET: desk_stylesheet,
    SCRIPT: script,
    SENDING: sending_script,
    DESK: desk_script,
    MARK: mark,
}
# For a phone's home screen: name, pixels a side, whether it goes to the edges.
ICONS = {
    f"ui/{'icon-full' if full else 'icon'}-{side}.png": (side, full)
    for full in (False, True)
    for side in icons.SIZES
}


def _pictures() -> dict[str, Path]:
    """The pictures that lie beside the profile, by the name under which each is served."""
    return {f"ui/{name}{path.suffix.lower()}": path for name, path in profile().pictures.items()}


def picture(name: str) -> str:
    """The name under which a picture of the profile is served (`Profile.pictures`); empty when the profile has none."""
    path = profile().pictures.get(name)
    return f"ui/{name}{path.suffix.lower()}" if path else ""


def made() -> list[str]:
    """The names of all that this room serves."""
    return [*MADE, *ICONS, *_pictures()]


def _content(name: str) -> bytes:
    given = _pictures().get(name)
    if given:
        return given.read_bytes()
    if name in ICONS:
        side, full = ICONS[name]
        return icons.icon(side, full=full)
    return MADE[name]().encode()


def _folder() -> Path:
    return Path(settings.DATA_DIR, "bundle")


def _write(name: str) -> Path:
    """Writes the file when what it should hold has changed; whole or not at all, for a server beside us."""
    path, content = _folder() / name, _content(name)
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_bytes(content)
        fresh.replace(path)
    return path


class BundleFinder(BaseFinder):
    """Lets `collectstatic` and a development server find these files, made when they are asked for."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Where the file is; with `find_all`, a list of it. An empty list, as Django wants it, when it is none of ours."""
        if path not in made():
            return []
        place = str(_write(path))
        return [place] if find_all or kwargs.get("all") else place

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        storage = FileSystemStorage(location=_folder())
        for name in made():
            _write(name)
            yield name, storage
