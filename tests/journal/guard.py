"""A guard on the journal and on the feed: whatever the tests write there, it names no person."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.signals import post_save

from adherents.feed.models import Announcement
from adherents.journal.models import Entry
from tests.cast import EVERYBODY


def _words() -> Iterator[str]:
    for person in EVERYBODY:
        yield from (person.number, person.nir, person.nir13, person.email, person.birth_date)
        yield from (person.birth_name, person.usage_name, *re.split(r"[,\s]+", person.first_names))


_NAMED = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted({*_words()} - {""})), re.IGNORECASE)
IN_A_FILE = (
    "document:",
    "member:",
)  # subjects that belong to one member: such an entry names who acts and whose file it is
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.\w+")
_LONG_NUMBER = re.compile(r"(?<![\w-])\d{8,}(?![\w-])")


def personal_data_in(entry: Entry) -> list[str]:
    """What in an entry is about a person. Not looked at: an agent's `reason`, the one free text, and a `size` in bytes."""
    details = {key: value for key, value in entry.details.items() if key not in {"reason", "size"}}
    return _named_in(f"{entry.subject} {entry.actor} {json.dumps(details, ensure_ascii=False)}")


def _named_in(text: str) -> list[str]:
    return [match[0] for pattern in (_NAMED, _ADDRESS, _LONG_NUMBER) for match in pattern.finditer(text)]


@contextmanager
def watched() -> Iterator[list[str]]:
    """The entries written in the block that name somebody, or do not say in whose file they are, in words; to be found empty."""
    complaints: list[str] = []

    def look(sender: type[Entry], instance: Entry, **_: object) -> None:
        if named := personal_data_in(instance):
            complaints.append(f"{instance.event} says {named}")
        if instance.subject.startswith(IN_A_FILE) and not re.fullmatch(r"member:\d+", instance.owner):
            complaints.append(f"{instance.event} of {instance.subject} does not say whose file it is about")

    def look_at_the_feed(sender: type[Announcement], instance: Announcement, **_: object) -> None:
        if named := _named_in(f"{instance.subject} {json.dumps(instance.data, ensure_ascii=False)}"):
            complaints.append(f"{instance.type} says {named}")
        if not re.fullmatch(r"(document|thread)/[\w-]+|member/\d+", instance.subject):
            complaints.append(f"{instance.type} is about {instance.subject}")

    post_save.connect(look, sender=Entry, weak=False)
    post_save.connect(look_at_the_feed, sender=Announcement, weak=False)
    try:
        yield complaints
    finally:
        post_save.disconnect(look, sender=Entry)
        post_save.disconnect(look_at_the_feed, sender=Announcement)
