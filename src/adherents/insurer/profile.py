"""The insurer's profile: one TOML file that says everything another insurer would change."""

import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from pydantic import Field, ValidationError, field_validator

from adherents.insurer.facts import (
    Agents,
    Backups,
    Brand,
    Contact,
    ExchangeRules,
    HomeScreen,
    Insurer,
    Language,
    Legal,
    Limits,
    Lock,
    Mail,
    Messages,
    Password,
    SessionRules,
    Vault,
)
from adherents.insurer.faults import dotted, sentences
from adherents.insurer.franceconnect import FranceConnect
from adherents.insurer.toml_lines import KeyPath, line_of, line_of_each_key
from adherents.insurer.treatment import Casework, Documents
from adherents.insurer.values import Facts, LongWords, Words, wrong


class WrongProfile(Exception):
    """A profile that cannot be used: file, line, key and what it should be, one sentence a fault."""


class Profile(Facts):
    """Everything that the portal knows about its insurer. Read-only."""

    languages: tuple[Language, ...] = Field(min_length=1)
    insurer: Insurer
    brand: Brand
    home_screen: HomeScreen = HomeScreen()
    mail: Mail
    contact: Contact
    password: Password
    lock: Lock
    session: SessionRules
    agents: Agents = Agents()
    franceconnect: FranceConnect | None = None
    limits: Limits
    documents: Documents
    casework: Casework
    messages: Messages
    vault: Vault
    backups: Backups = Backups()
    folder: ExchangeRules = ExchangeRules()
    legal: Legal

    @property
    def pictures(self) -> dict[str, Path]:
        """The pictures that lie beside the profile, by what they are."""
        found = {"logo": self.brand.logo}
        button = self.franceconnect.button if self.franceconnect else None
        if button is not None:
            dark = button.dark or button.light
            found |= {
                "franceconnect-light": button.light,
                "franceconnect-light-hover": button.light_hover or button.light,
                "franceconnect-dark": dark,
                "franceconnect-dark-hover": button.dark_hover or dark,
            }
        return {name: path for name, path in found.items() if path is not None}

    @field_validator("languages")
    @classmethod
    def french_first(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        if languages[0] != "fr" or len(set(languages)) != len(languages):
            raise wrong('["fr"] or ["fr", "en"]: French comes first')
        return languages


def load_profile(path: Path) -> Profile:
    """Read and check a profile. Raises `WrongProfile` with every fault that was found."""
    name = _short(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise WrongProfile(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise WrongProfile(
            f"{name}, line {line}: a character is not UTF-8; save the file as UTF-8"
        ) from error
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongProfile(_syntax_fault(error, text, name)) from error
    lines = line_of_each_key(text)
    try:
        profile = Profile.model_validate(_frozen(written), context={"folder": path.parent})
    except ValidationError as error:
        raise WrongProfile("\n".join(sentences(error, root=Profile, lines=lines, name=name))) from error
    if "en" in profile.languages:
        faults = [
            f"{name}, line {line_of(key_path, lines)}: {dotted(key_path)} has no English; "
            f'it should be a text, since languages has "en"'
            for key_path in _without_english(profile)
        ]
        if faults:
            raise WrongProfile("\n".join(faults))
    return profile


def profile() -> Profile:
    """The profile that this portal runs with."""
    return settings.ADHERENTS_PROFILE


def _short(path: Path) -> str:
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)


def _frozen(value: Any) -> Any:
    """Lists as tuples: strict models take nothing else, and nothing can change afterwards."""
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _syntax_fault(error: tomllib.TOMLDecodeError, text: str, name: str) -> str:
    reason, _, where = str(error).partition(" (at ")
    line = text.count("\n") + 1
    if where.startswith("line "):
        line = int(where.removeprefix("line ").partition(",")[0])
    source = (text.splitlines() or [""])[min(line, len(text.splitlines()) or 1) - 1].strip()
    key = source.partition("=")[0].strip() if "=" in source else source
    return (
        f'{name}, line {line}: "{key}" is not written as TOML wants it ({reason.lower()}); '
        'it should be like key = "value"'
    )


def _without_english(value: Any, key_path: KeyPath = ()) -> list[KeyPath]:
    if isinstance(value, Words | LongWords):
        return [key_path] if value.fr and not value.en else []
    if isinstance(value, Facts):
        return [
            missing
            for name in type(value).model_fields
            for missing in _without_english(getattr(value, name), (*key_path, name))
        ]
    if isinstance(value, tuple):
        return [
            missing
            for index, inner in enumerate(value)
            for missing in _without_english(inner, (*key_path, index))
        ]
    return []
