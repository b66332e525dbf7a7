"""The glossary has every table of the database, and every noun in the name of a public service."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house import ROOT, SOURCE, our_models

# What the names of services are made of, beside nouns. A new verb comes here; a new noun goes into the glossary.
VERBS = {
    "accept", "acknowledge", "add", "alter", "announce", "answer", "approve", "arrive", "ask", "assign", "attach", "beat",
    "begin", "cause",
    "change", "check", "choose", "claim", "clear", "close", "complete", "confirm", "connect", "consult", "count",
    "create", "decide", "delete", "deliver", "destroy",
    "discard", "do", "download", "draw", "drop", "encode", "end", "ensure", "enter", "erase", "exist",
    "expect", "expire", "export", "fail", "file", "fill", "find", "follow", "forget", "gather", "give", "go", "group", "hand",
    "hash", "identify", "import", "interrupt",
    "invite", "issue", "join", "keep", "leave", "let", "lift", "link", "lock", "look", "make", "move", "note",
    "open", "pass", "pause", "post", "prepare",
    "propose", "push", "put", "read", "rebuild", "receive", "record", "refile", "refuse", "reinstate", "release", "relocate",
    "remove", "render", "remember", "renew", "reopen", "resume", "replace", "report", "reserve", "reset", "restore",
    "retire", "rotate", "run", "save", "seal", "send", "set", "share",
    "settle", "show", "skip",
    "shut", "sign", "split", "start", "store", "suspend", "sweep", "take", "tell", "transfer", "treat", "trust", "uncount",
    "undo", "unfill", "unlink", "use", "verify", "wait", "warn", "watch", "withdraw", "write",
}  # fmt: skip
IRREGULAR = {  # forms of verbs that `is_a_verb` does not see
    "admitted", "begun", "broken", "done", "drawn", "forgotten", "given", "gone", "held", "is", "kept", "left", "sent", "taken",
    "waiting", "was",
}  # fmt: skip
OTHERS = {  # prepositions, pronouns, adjectives, adverbs
    "after", "again", "against", "all", "already", "an", "another", "any", "apart", "at", "available", "away", "back", "be",
    "before", "busy", "by", "cannot", "dangerous", "dead", "doubtful",
    "due", "each", "every", "everything", "first", "for", "former",
    "from", "in", "inside", "it", "itself", "last", "late", "lately", "longer", "many", "meanwhile", "more", "new", "next", "no",
    "nobody", "not", "nothing", "now", "of", "old", "oldest", "on", "once", "one", "oneself", "others", "out", "over", "own",
    "past",
    "personal", "ready", "right", "same", "since", "so", "something", "still", "such", "than", "the", "their", "them", "there",
    "to", "together", "too", "unchanged", "until", "up", "weak", "what", "why", "with", "wrong", "yours",
}  # fmt: skip
PLAIN = {  # nouns that mean here what they mean everywhere
    "date", "day", "model", "month", "name", "object", "order", "row", "success", "time", "title", "try", "way", "word",
}  # fmt: skip


def words_in(text: str) -> set[str]:
    """The words of names in snake_case or CamelCase, in lower case and the singular."""
    return {singular(word.lower()) for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)}


def singular(word: str) -> str:
    """« addresses » is « address », « batches » is « batch », « entries » is « entry ». Verbs in the third person lose it too."""
    for ending, instead in (("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("ies", "y")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word if len(word) < 4 or word.endswith(("ss", "us", "is")) else word.removesuffix("s")


def is_a_verb(word: str) -> bool:
    """In its base form, or in the regular past."""
    if word.endswith("ied"):
        return word.removesuffix("ied") + "y" in VERBS
    return bool({word, word.removesuffix("ed"), word.removesuffix("d")} & VERBS)


@cache
def glossary() -> set[str]:
    """The words of the column « In the code »."""
    lines = (ROOT / "docs" / "glossary.md").read_text().splitlines()
    return set().union(*(words_in(line.split("|")[2]) for line in lines if line.startswith("|")))


def public_services() -> Iterator[tuple[str, str]]:
    """The names of public functions and classes in the `services` of every room but the demo, and their module."""
    for file in sorted(SOURCE.rglob("*.py")):
        where = file.relative_to(SOURCE)
        if "services" not in (where.stem, *where.parts) or where.parts[0] == "demo":
            continue
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, str(where)


def unknown_in(name: str) -> set[str]:
    """The words of a service's name that the glossary lacks and that no list above explains."""
    known = glossary() | IRREGULAR | PLAIN | {singular(word) for word in OTHERS}
    return {word for word in words_in(name) if word not in known and not is_a_verb(word)}


def test_every_table_is_in_the_glossary() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    assert len(our_models()) > 40
    assert [model.__name__ for model in our_models() if f"`{model.__name__}`" not in text] == []


def test_every_noun_of_a_public_service_is_in_the_glossary() -> None:
    services = list(public_services())
    assert len(services) > 250
    assert {f"{where}: {name}": unknown for name, where in services if (unknown := unknown_in(name))} == {}


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("take_next", set()),
        ("FileReceiver", set()),
        ("open_dossiers", {"dossier"}),
        ("GizmoRefused", {"gizmo"}),
        ("knock_at", {"knock"}),
    ],
)
def test_a_noun_that_the_glossary_lacks_is_found(name: str, unknown: set[str]) -> None:
    assert unknown_in(name) == unknown


def test_the_lists_beside_the_glossary_hold_no_word_in_vain() -> None:
    used = set().union(*(words_in(name) for name, _ in public_services()))
    verbs = {
        verb for verb in VERBS if not any(is_a_verb(word) and word.startswith(verb[:-1]) for word in used)
    }
    assert verbs == set()
    assert {
        word for word in IRREGULAR | PLAIN | {singular(word) for word in OTHERS} if word not in used
    } == set()
