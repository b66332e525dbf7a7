"""What every page knows without asking: the insurer, today's hours, the language, the menu. A query a count, once asked for."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from adherents.insurer.hours import Opening, opening
from adherents.insurer.profile import Profile, profile
from adherents.ui.counts import COUNTS
from adherents.ui.pages import page

LANGUAGE_NAMES = {"fr": "Français", "en": "English"}


@dataclass(frozen=True)
class Language:
    code: str
    name: str


@dataclass(frozen=True)
class MenuEntry:
    """One line of a menu."""

    label: str
    url: str
    current: bool
    count: int = 0


class Portal:
    """The page's surroundings, each worked out when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._path = request.path
        self._request = request
        self._address = request.get_full_path()
        self._counts: dict[str, int] = {}

    @property
    def path(self) -> str:
        return self._path

    @property
    def address(self) -> str:
        """The path and what was asked of it, to come back to."""
        return self._address

    @cached_property
    def profile(self) -> Profile:
        return profile()

    @cached_property
    def opening(self) -> Opening:
        return opening()

    @cached_property
    def language(self) -> Language:
        code = (get_language() or "fr")[:2]
        return Language(code, LANGUAGE_NAMES.get(code, code))

    @cached_property
    def other_language(self) -> Language:
        code = "en" if self.language.code == "fr" else "fr"
        return Language(code, LANGUAGE_NAMES[code])

    @cached_property
    def menu(self) -> list[MenuEntry]:
        """The member's menu."""
        return self._entries(
            (_("Accueil"), "sign_in"),
            (_("Mes documents"), "documents"),
            (_("Messages"), "threads"),
            (_("Données personnelles"), "personal_data"),
        )

    @property
    def unread_messages(self) -> int:
        """In how many conversations something waits for the member."""
        return self._count("threads")

    def _entries(self, *wanted: tuple[str, str]) -> list[MenuEntry]:
        lines = [(label, page(name), self._count(name)) for label, name in wanted]
        here = max((url for _label, url, _count in lines if self._path.startswith(url)), key=len, default="")
        return [MenuEntry(label, url, url == here, count) for label, url, count in lines]

    def _count(self, name: str) -> int:
        if name not in self._counts:
            self._counts[name] = COUNTS[name](self._request) if name in COUNTS else 0
        return self._counts[name]


def portal(request: HttpRequest) -> dict[str, object]:
    """Context processor: `portal` (this page's surroundings) and `profile` (the insurer's)."""
    return {"portal": Portal(request), "profile": profile()}
