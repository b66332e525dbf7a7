"""Every text of a room has its English, which names the same variables, and is the same text in every room."""

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from tests.house import ROOMS, SOURCE, TEMPLATES, named

KEYWORDS: dict[str, object] = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def calls_in(template: Path) -> str:
    """A template's texts as the calls of gettext that Django turns them into, one a line."""
    literal = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    call = rf"(?<!\w)(?:_|n?p?gettext)\((?:{literal}|,\s*|count)+\)"
    return "\n".join(re.findall(call, templatize(template.read_text(), origin=str(template))))


# What reads the same in both languages, or stands on a French card that the reader holds.
SAME_IN_ENGLISH = re.compile(
    r"Carte de Tiers Payant|N° adhérent|FranceConnect|Chrome|Firefox|Edge|Safari|SHA-256|CSV|Windows|Mac|Linux|Ctrl"
    r"|certutil -hashfile document.pdf SHA256|shasum -a 256 document.pdf|sha256sum document.pdf"
    r"|client_id|client_secret|adherents send_mail --release|\b[A-Z]\b"
)
NOT_SHOWN = re.compile(
    r"{% block \w*class %}.*?{% endblock.*?%}|{% (comment|blocktranslate)\b.*?{% end\1 %}|{#.*?#}"
    r"|<(style|script)\b.*?</\2>|<!--.*?-->",
    re.S,
)
# Pages of ours: the demonstration and the gallery are French, the API's own page is English.
ONE_LANGUAGE = ("demo/", "ui/gallery.html", "api/documentation.html")


def messages_of(room: str) -> Iterator[tuple[tuple[str | None, str], str]]:
    """Every French text that a room's code and templates say, with its context, and where."""
    for file in (SOURCE / room).rglob("*"):
        if "migrations" in file.parts or file.suffix not in {".py", ".html", ".txt"}:
            continue
        lines = io.BytesIO((file.read_text() if file.suffix == ".py" else calls_in(file)).encode())
        for _, message, _, context in extract(
            "python", lines, keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):  # type: ignore[arg-type]
            msgid = message if isinstance(message, str) else next((part for part in message if part), "")
            if msgid:
                yield (context, msgid), named(file)


def catalogue_of(room: str) -> list[polib.POEntry]:
    catalogue = SOURCE / room / "locale" / "en" / "LC_MESSAGES" / "django.po"
    entries = polib.pofile(str(catalogue)) if catalogue.exists() else []
    return [entry for entry in entries if not entry.obsolete]


def english_of(entry: polib.POEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_of_a_room_has_its_english(room: str) -> None:
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue_of(room)}
    wordless = {}
    for message, where in messages_of(room):
        entry = known.get(message)
        if entry is None or not all(english_of(entry)) or entry.fuzzy:
            wordless[message] = where
    assert wordless == {}


def test_a_text_has_one_english_whatever_the_room() -> None:
    """Django joins the rooms' catalogues: of two English texts, the order of the rooms would choose one for all. Where two
    things are meant, each has its context."""
    said: dict[tuple[str | None, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for room in ROOMS:
        for entry in catalogue_of(room):
            said[entry.msgctxt, entry.msgid]["\n".join(english_of(entry))].append(room)
    assert {message: texts for message, texts in said.items() if len(texts) > 1} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_the_english_has_no_french_marks_and_one_spelling(room: str) -> None:
    french = re.compile(r"n°|[«»]|\s[:;?!]|e-mail|\bmails?\b", re.I)
    assert [
        text
        for entry in catalogue_of(room)
        for text in english_of(entry)
        if french.search(SAME_IN_ENGLISH.sub("X", text))
    ] == []


def test_a_template_says_no_word_outside_of_its_translations() -> None:
    left = {}
    for file in TEMPLATES:
        if file.suffix not in {".html", ".txt"} or any(part in str(file) for part in ONE_LANGUAGE):
            continue
        text = NOT_SHOWN.sub("", file.read_text())
        text = re.sub(r"{%.*?%}|{{.*?}}|&#?\w+;", " ", text, flags=re.S)
        said = re.findall(r"\b(?:aria-label|alt|title|placeholder)=\"([^\"]*)\"", text)
        # A text mail has no tags: an address in angle brackets would be the only thing taken for one.
        said.append(re.sub(r"<[^>]*>", " ", text))
        words = [
            word for part in said for word in re.findall(r"[^\W\d_]+[^\n]*", SAME_IN_ENGLISH.sub(" ", part))
        ]
        if words:
            left[named(file)] = words
    assert left == {}


def test_a_template_has_no_french_punctuation_outside_of_its_translations() -> None:
    """Two things from elsewhere, joined by the French colon, would be in English with its space: `{% colon %}`."""
    code = re.compile(r"{%.*?%}|{{.*?}}", re.S)
    left = {}
    for file in TEMPLATES:
        if file.suffix in {".html", ".txt"} and not any(part in str(file) for part in ONE_LANGUAGE):
            text = code.sub("§", NOT_SHOWN.sub("", file.read_text()))
            if marks := re.findall(
                r"[^\n]*(?:[\u00a0\u202f][:;!?%»]|«[\u00a0\u202f]|(?<=[§>]) [:;!?])[^\n]*", text
            ):
                left[named(file)] = marks
    assert left == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_english_names_the_same_variables(room: str) -> None:
    for entry in catalogue_of(room):
        wanted = set(re.findall(r"%\((\w+)\)[sd]", entry.msgid + entry.msgid_plural))
        for english in english_of(entry):
            if english:
                assert set(re.findall(r"%\((\w+)\)[sd]", english)) <= wanted, entry.msgid
                assert entry.msgid_plural or set(re.findall(r"%\((\w+)\)[sd]", english)) == wanted, (
                    entry.msgid
                )
