"""The house's own rules, kept by tests: a review remark that could come twice is written down here."""

import ast
import io
import re
import tokenize
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import DateField, DateTimeField

from tests.house import MODULES, MODULES_BESIDE, ROOT, SOURCE, TEMPLATES, named, our_models

SCRIPTS = sorted(file for file in SOURCE.rglob("*.js") if {"assets", "static"} & set(file.parts))
OWN_SCRIPTS = [file for file in SCRIPTS if not file.name.endswith(".min.js")]


@cache
def marked_rules() -> set[str]:
    """The rules of the guide named by `@pytest.mark.rule("…")`, or in a module's `pytestmark`, where there is a test."""
    rules: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(file.read_text())
        tests = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        marks = [mark for test in tests for mark in test.decorator_list]
        if tests:
            marks += [
                node.value
                for node in tree.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            ]
        for mark in marks:
            rules |= set(re.findall(r"mark\.rule\('(G\d+)'\)", ast.unparse(mark)))
    return rules


@pytest.mark.parametrize("number", range(1, 17))
def test_every_rule_of_the_guide_is_shown_by_a_test(number: int) -> None:
    assert f"G{number}" in marked_rules()


def test_no_test_names_a_rule_that_the_guide_has_not() -> None:
    assert marked_rules() <= {f"G{number}" for number in range(1, 17)}


@pytest.mark.parametrize("file", [*MODULES, *MODULES_BESIDE], ids=named)
def test_a_module_has_400_lines_at_most(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


def test_nothing_is_called_utils_or_helpers() -> None:
    names = {
        part
        for file in chain(SOURCE.rglob("*"), (ROOT / "tests").rglob("*"))
        for part in file.relative_to(ROOT).parts
    }
    assert not {name for name in names if re.fullmatch(r"(utils?|helpers?|misc|common)(\.py)?", name)}


WHOSE = re.compile(
    r"""\b(account|user|author|account_of\(\w+\))\.member\b(?!_)|getattr\([^)]*["']member["']"""
)


def test_only_one_function_reads_which_member_an_account_is_of() -> None:
    """Who acts and whose file it is are two things (`members.acting`): the day they differ, nothing has confused them."""
    reading = [named(file) for file in MODULES if WHOSE.search(file.read_text())]
    assert reading == ["src/adherents/members/acting.py"]


SAID_ONCE = {
    r'"(account|agent|answer|beneficiary|document|identifier|letters|member):\{': {"journal/subjects.py"},
    r"csv\.writer": {"ui/spreadsheet.py"},
    r"%d/%m/%Y": {"insurer/hours.py"},  # below `ui.moments`
    r"\brules(\(\))?\.duration": {"accounts/policy.py", "accounts/services/lock.py"},
    r"\[,;/\]": {"members/names.py"},
}


@pytest.mark.parametrize("written", SAID_ONCE)
def test_what_has_its_place_is_written_there_only(written: str) -> None:
    """The journal's subjects, lists for a spreadsheet, days, the end of a lock, what is between two given names."""
    ours = [file for file in MODULES if file.relative_to(SOURCE).parts[0] != "demo"]
    writing = {str(file.relative_to(SOURCE)) for file in ours if re.search(written, file.read_text())}
    assert writing <= SAID_ONCE[written]


WRITES = {
    "create", "save", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "record",
}  # fmt: skip


def test_what_reads_writes_nothing() -> None:
    """`update` and the others are refused whatever they are called on: a selector has no need of them."""
    readers = [file for file in MODULES if "selectors" in (file.stem, file.parent.name)]
    assert len(readers) > 8
    for file in readers:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")[2]
                assert called not in WRITES, f"{named(file)}:{node.lineno}"


SAYS_TRANSACTION = re.compile(
    r"called (first )?in (a|the) transaction|in (the caller's|this) transaction|the caller holds under lock"
)


def test_what_says_that_it_needs_a_transaction_enforces_it() -> None:
    """And what enforces it says so; the journal opens one where it finds none."""
    saying, held = set(), set()
    for file in MODULES:
        if file.parent.name == "journal":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                if SAYS_TRANSACTION.search(" ".join((ast.get_docstring(node) or "").split())):
                    saying.add(f"{named(file)}: {node.name}")
                if "needs_transaction" in map(ast.unparse, node.decorator_list):
                    held.add(f"{named(file)}: {node.name}")
    assert len(held) > 15
    assert saying == held


def test_only_the_elements_mark_html_as_safe() -> None:
    for file in (*MODULES, *TEMPLATES):
        if file.relative_to(SOURCE).parts[0] == "ui" or file.suffix not in {".py", ".html", ".txt"}:
            continue
        text = file.read_text()
        assert "mark_safe" not in text, named(file)
        assert "SafeString" not in text, named(file)
        assert not re.search(r"\|\s*safe(seq)?\b", text), named(file)
        if file.suffix == ".html":
            assert not re.search(r"autoescape\s+off", text), named(file)


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    """The content security policy refuses them; a mail has no such policy, and no script either."""
    for file in TEMPLATES:
        text = file.read_text() if file.suffix == ".html" else ""
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", text), named(
            file
        )
        assert not re.search(r"\son[a-z]+=\"", text), named(file)
        if "/mails/" not in named(file) and not named(file).endswith(("mail/base.html", "outage.html")):
            assert not re.search(r"\sstyle=\"|<style", text), named(file)


def test_ctrl_and_enter_send_each_form_of_the_desk_from_anywhere_on_its_page() -> None:
    """The one that a page of the desk is about, but where its buttons say which of several acts is meant."""
    about = re.compile(r'<form [^>]*(class="(act|answer)\b|novalidate data-submit-once)[^>]*>')
    acts = ("casework/treat/kind.html", "casework/sharing.html", "casework/refile.html")
    pages = [file for file in TEMPLATES if "/messaging/member/" not in named(file)]
    forms = [
        (named(file), form[0])
        for file in pages
        if re.search(r"adherents/(casework|desk|messaging|notes)/", named(file))
        and not named(file).endswith(acts)
        for form in about.finditer(file.read_text())
    ]
    assert [page for page, form in forms if "data-sent-from-anywhere" not in form] == []
    assert len(forms) > 20


@pytest.mark.parametrize("file", SCRIPTS, ids=named)
def test_no_script_turns_text_into_markup(file: Path) -> None:
    """A whole page of ours may be parsed (`DOMParser` runs nothing of it); what a person or a file says never is."""
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\b|new Function"
    assert not re.search(ways, file.read_text())


@pytest.mark.parametrize("file", OWN_SCRIPTS, ids=named)
def test_a_script_has_one_subject_says_it_first_and_lies_where_biome_looks(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert len(lines) <= 150
    assert lines[0].startswith("// ")
    assert file.relative_to(SOURCE).parts[1] == "assets"


@pytest.mark.parametrize("file", SCRIPTS, ids=named)
def test_no_script_listens_to_other_windows(file: Path) -> None:
    assert not re.search(r"[\"']message[\"']|onmessage|postMessage", file.read_text())


def test_every_mail_has_its_three_files_in_its_room() -> None:
    for file in SOURCE.rglob("templates/*/mails/*"):
        assert file.parents[1].name == file.relative_to(SOURCE).parts[0], named(file)
        assert {part.name for part in file.iterdir()} == {"subject.txt", "body.txt", "body.html"}, named(file)


def test_every_setting_is_documented() -> None:
    guide = ROOT / "docs" / "operating.md"
    if not guide.exists():
        pytest.skip("docs/operating.md is not written yet")
    read = (SOURCE / "config" / "environment.py").read_text()
    names = {f"ADHERENTS_{name}" for name in re.findall(r'text\("([A-Z_]+)"', read)}
    names |= set(re.findall(r"ADHERENTS_[A-Z_]+", read))
    assert len(names) > 5
    assert not {name for name in names if name not in guide.read_text()}


def test_templates_are_looked_for_in_the_rooms_only() -> None:
    assert not any(engine.get("DIRS") for engine in settings.TEMPLATES)
    for file in TEMPLATES:
        room, folder = file.relative_to(SOURCE).parts[0], file.relative_to(SOURCE).parts[2]
        assert folder in {room, "account", "mfa", "allauth"}, named(file)


HARD_TO_READ = re.compile(r"\b(whoever|so many|for ever|in (the|their|its|whose) stead)\b", re.IGNORECASE)


def prose_of(file: Path) -> str:
    """What a file says to the people who work on it: a document, or the docstrings and comments of a module."""
    text = file.read_text()
    if file.suffix != ".py" or not HARD_TO_READ.search(text):
        return text if file.suffix == ".md" else ""
    comments = (
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    )
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, documented))
    return "\n".join([*comments, *(ast.get_docstring(node) or "" for node in nodes)])


def test_prose_is_in_words_that_a_reader_learnt_at_school() -> None:
    """« Whoever sends » is « a member who sends ». The decisions are history, and stay as they were written."""
    files = chain(
        ROOT.glob("*.md"),
        (ROOT / "docs").glob("*.md"),
        *((ROOT / folder).rglob("*.py") for folder in ("src", "tests", "bench", "stress", "scripts")),
    )
    hard = {named(file): found[0] for file in files if (found := HARD_TO_READ.search(prose_of(file)))}
    hard.pop(named(Path(__file__)), None)  # it names them
    assert hard == {}


MOMENTS = {
    "at": "the one moment of a row that is an event",
    "since": "a period that lasts",
    "expire_date": "named by Django's sessions",
}
DAYS = {"week": "a Monday that stands for its week", "until": "the last day of a period"}


def test_a_moment_ends_in_at_and_a_day_in_on_or_date() -> None:
    """`_since` and `_until` bound a period; the few other names are listed with their reason."""
    wrong = []
    for model in our_models():
        for field in model._meta.local_fields:
            where = f"{model.__name__}.{field.name}"
            if isinstance(field, DateTimeField):  # which is a DateField too
                right = field.name in MOMENTS or field.name.endswith(("_at", "_since", "_until"))
            else:
                right = not isinstance(field, DateField) or (
                    field.name in DAYS or field.name.endswith(("_on", "_date"))
                )
            if not right:
                wrong.append(where)
    assert wrong == []


def test_no_class_name_exists_twice() -> None:
    """But for those that a framework finds by their name."""
    places: dict[str, list[str]] = {}
    for file in MODULES:
        if "migrations" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ClassDef) and node.name not in {"Meta", "Config", "Command"}:
                    places.setdefault(node.name, []).append(named(file))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


# Every name that an address of the pages may bear after its "?". Like all that is stored or sent between programs it is English;
# what stands before the "?" is French, since people read it.
PARAMETERS = {
    "agent", "extent",
    "actor", "after", "again", "back", "before", "code", "document", "ended", "from", "iss", "language", "left", "lines",
    "member", "near", "next", "page", "pick", "replaces", "sending", "sort", "state", "turned", "view",
}  # fmt: skip
NAMED = re.compile(r"""["'](?:[^"'<>\s]*)[?&](?:amp;)?([a-zA-Z_]+)=[{"']|GET\.(?:get|getlist)\(\s*"(\w+)\"""")


def test_an_address_names_its_parameters_in_english() -> None:
    pages = [file for file in [*MODULES, *TEMPLATES] if "config" not in file.parts]
    used = {name for file in pages for match in NAMED.findall(file.read_text()) for name in match if name}
    assert "replaces" not in used  # this one is a constant
    assert used - PARAMETERS == set()


# What says at once how things stand, and so how they stood before: what waits instead is beside it.
LOOKS_AT_ONCE = {
    "wait_for_load_state": "expect(…), `Visitor.until_loaded`, `Visitor.until_drawn`",  # of the page before, it is true already
    "all": "`Visitor.each`", "all_inner_texts": "expect(…).to_have_text([…])", "all_text_contents": "expect(…).to_have_text([…])",
    "is_visible": "expect(…).to_be_visible()", "is_hidden": "expect(…).to_be_hidden()", "is_checked": "expect(…).to_be_checked()",
    "is_enabled": "expect(…).to_be_enabled()", "is_disabled": "expect(…).to_be_disabled()", "count": "expect(…).to_have_count(…)",
    "main.inner_text": "`Visitor.words`", "page.keyboard.press": "`Visitor.keys`", "page.keyboard.type": "`Visitor.keys`",
}  # fmt: skip


def called_of_text(node: ast.Call) -> bool:
    """`words.count("…")` counts in a text, and `path.all(…)` is no locator's."""
    return bool(node.args) and ast.unparse(node.func).rpartition(".")[2] in {"all", "count"}


def looks_at_once(tree: ast.AST) -> list[str]:
    """Each call that asks the page before it waited; not those of a `lambda`, which `Visitor.until` asks again. And loops without
    an end.
    """
    asked_again = {
        id(inner) for node in ast.walk(tree) if isinstance(node, ast.Lambda) for inner in ast.walk(node.body)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            found.append(f"{node.lineno}: a loop that never ends where the page is slow: `Visitor.until`")
        if not isinstance(node, ast.Call) or id(node) in asked_again:
            continue
        called = ast.unparse(node.func) if not called_of_text(node) else ""
        for name, instead in LOOKS_AT_ONCE.items():
            if called.endswith(f".{name}"):
                found.append(f"{node.lineno}: {name}: {instead}")
    return found


@pytest.mark.parametrize("file", sorted((ROOT / "tests" / "journeys").glob("test_*.py")), ids=named)
def test_a_journey_waits_for_what_it_asks(file: Path) -> None:
    """What is only right on a quick machine fails on a busy one, and only sometimes."""
    assert looks_at_once(ast.parse(file.read_text())) == []


def test_what_looks_at_once_is_seen() -> None:
    bad = "page.wait_for_load_state()\nassert visitor.main.inner_text() == ''\nwhile not held:\n  pass\nx.count()\n"
    assert len(looks_at_once(ast.parse(bad))) == 4
    assert looks_at_once(ast.parse("visitor.until(lambda: x.count() > 0, 'it is there')")) == []
