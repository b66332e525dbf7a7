"""The kinds of value that a profile is made of, each with the words that say what it should be."""

import re
from datetime import time
from typing import Annotated, Any, NamedTuple

from django.utils.translation import get_language
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError


class Expected(NamedTuple):
    """Rides in a field's annotation: what its value should be, in words that follow « it should be »."""

    words: str


class Facts(BaseModel):
    """A table of the profile: read-only, no key that is not known, no value bent to fit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def wrong(should_be: str, **values: object) -> PydanticCustomError:
    """The error to raise in a validator; `should_be` follows « it should be »."""
    return PydanticCustomError("profile", "{should_be}", {"should_be": should_be.format(**values)})


class Span(NamedTuple):
    """Hours from `start` to `end` of one day, local time; the end is not part of it."""

    start: time
    end: time


def _span(value: Any) -> Span:
    parts = re.fullmatch(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", value) if isinstance(value, str) else None
    if not parts:
        raise wrong('hours such as "8:30-18:30"')
    numbers = [int(part) for part in parts.groups()]
    if max(numbers[0], numbers[2]) > 23 or max(numbers[1], numbers[3]) > 59:
        raise wrong('hours such as "8:30-18:30", from 0:00 to 23:59')
    span = Span(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))
    if span.start >= span.end:
        raise wrong('hours that end after they start, such as "8:30-18:30"')
    return span


class Rate(NamedTuple):
    """At most `times` in any `seconds`. As text, what the `limits` library parses: « 30 per 3600 second »."""

    times: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.times} per {self.seconds} second"


SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _rate(value: Any) -> Rate:
    parts = (
        re.fullmatch(r"([1-9]\d{0,6})/(second|minute|hour|day)", value) if isinstance(value, str) else None
    )
    if not parts:
        raise wrong('a rate such as "30/minute" or "200/hour"')
    return Rate(int(parts[1]), SECONDS[parts[2]])


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Expected("a text, not empty")]
Optional = Annotated[str, StringConstraints(strip_whitespace=True), Expected("a text, or an empty one")]
SignedType = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Z]{2}$"),
    Expected('a type of 2D-Doc, two signs of its specification, such as "01"'),
]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$"),
    Expected('a short code in lower case without accents, such as "facture_optique"'),
]
Colour = Annotated[
    str,
    StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$"),
    Expected('a colour such as "#00693e"'),
]
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+$"),
    Expected('an e-mail address such as "contact@example.org"'),
]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9][0-9 .]{1,23}$"),
    Expected('a phone number such as "04 76 60 56 36"'),
]
Address = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$"),
    Expected('a web address such as "https://www.example.org"'),
]
Hours = Annotated[Span, BeforeValidator(_span), Expected('hours such as "8:30-18:30"')]
Limit = Annotated[Rate, BeforeValidator(_rate), Expected('a rate such as "30/minute" or "200/hour"')]


class Words(Facts):
    """One text in the portal's languages. As text it is the reader's; French where there is no English."""

    fr: Text
    en: Optional = ""

    def to(self, language: str) -> str:
        return self.en if language.startswith("en") and self.en else self.fr

    def __str__(self) -> str:
        return self.to(get_language() or "fr")


class LongWords(Facts):
    """Paragraphs in the portal's languages; none at all is allowed. Loops give the reader's."""

    fr: tuple[Text, ...] = ()
    en: tuple[Text, ...] = ()

    def to(self, language: str) -> tuple[str, ...]:
        return self.en if language.startswith("en") and self.en else self.fr

    @property
    def paragraphs(self) -> tuple[str, ...]:
        return self.to(get_language() or "fr")
