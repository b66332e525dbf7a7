"""The house's own rules, kept by tests: a review remark that could come twice is written down here."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract
from django.apps import apps
from django.conf import settings
from django.db.models import DateField, DateTimeField, ForeignKey, Model
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "adherents"
ROOMS = sorted(folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists())
MODULES = sorted(SOURCE.rglob("*.py"))
TEMPLATES = sorted(file for file in SOURCE.rglob("templates/**/*") if file.is_file())
SCRIPTS = sorted(file for file in SOURCE.rglob("*.js") if {"assets", "static"} & set(file.parts))
OWN_SCRIPTS = [file for file in SCRIPTS if not file.name.endswith(".min.js")]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
FLOORS = [set(re.findall(r"\w+", floor)) for floor in CONTRACTS[0]["layers"]]  # the highest first
(INSIDE,) = (contract for contract in CONTRACTS if contract["name"].startswith("Inside a room"))
LAYER_OF = {  # of each kind of module, 0 being the highest
    kind: layer for layer, kinds in enumerate(INSIDE["layers"]) for kind in re.findall(r"\w+", kinds)
}
SERVICES = LAYER_OF["services"]
KEYWORDS: dict[str, object] = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def imports_of(file: Path) -> list[str]:
    """The dotted names that a module imports, wherever it does."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return names


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


def test_every_room_stands_on_a_floor() -> None:
    assert set(ROOMS) == set(chain(*FLOORS))


def test_the_settings_list_the_rooms_from_the_highest_floor() -> None:
    """A room's styles come after those of the rooms below it, and its translations before."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    listed = [floor[name.split(".")[1]] for name in settings.INSTALLED_APPS if name.startswith("adherents.")]
    assert len(listed) > 15
    assert listed == sorted(listed)


def test_foreign_keys_descend_the_floors() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    for model in apps.get_models():
        room = model._meta.app_label
        for field in model._meta.get_fields():
            if room in floor and isinstance(field, ForeignKey):
                target: type[Model] = field.related_model  # type: ignore[assignment]
                other = target._meta.app_label
                assert other == room or floor.get(other, 99) > floor[room], f"{model.__name__}.{field.name}"


NAMED = re.compile(r"""["']([a-z_]+):[a-z_]+["']""")


def test_no_room_names_an_address_of_a_room_above_it() -> None:
    """What it must lead to there, `ui.pages` tells it from one setting."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    room_of = {"messages": "messaging", "proof": "vault"} | {room: room for room in floor}
    upwards = [
        f"{named(file)}: {name[0]}"
        for file in (*MODULES, *TEMPLATES)
        if file.suffix in {".py", ".html", ".txt"} and file.relative_to(SOURCE).parts[0] != "config"
        for name in NAMED.finditer(file.read_text())
        if name[1] in room_of and floor[room_of[name[1]]] < floor[file.relative_to(SOURCE).parts[0]]
    ]
    assert upwards == []


@pytest.mark.parametrize("file", MODULES, ids=named)
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


def test_one_module_imports_what_allauth_does_not_document() -> None:
    """And one test, which holds what that module relies on."""
    ours = {"src/adherents/accounts/allauth_internals.py", "tests/accounts/test_allauth_contract.py"}
    every = chain(
        SOURCE.rglob("*.py"), *((ROOT / name).rglob("*.py") for name in ("tests", "bench", "stress"))
    )
    reaching = {
        named(file)
        for file in every
        if any(re.match(r"allauth\b.*\.internal\b", name) for name in imports_of(file))
    }
    assert reaching == ours


def test_no_signal_is_used_as_plumbing() -> None:
    for file in MODULES:
        assert not [
            name
            for name in imports_of(file)
            if name.startswith(("django.dispatch", "django.db.models.signals"))
        ], file


@cache
def imported_by() -> dict[str, set[str]]:
    """What each module of ours imports, both by dotted name."""
    imported = {
        ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): set(
            imports_of(file)
        )
        for file in MODULES
        if "migrations" not in file.parts
    }
    # `from a.module import name` imports the module
    return {module: names | {name.rpartition(".")[0] for name in names} for module, names in imported.items()}


def reached_from(module: str) -> set[str]:
    """Every module of ours that is there once this one is imported, itself among them."""
    imported, reached, to_see = imported_by(), set[str](), [module]
    while to_see:
        seen = to_see.pop()
        if seen not in reached:
            reached.add(seen)
            to_see += imported[seen] & imported.keys()
    return reached


def kind_of(module: str) -> str | None:
    """The kind of a module (`adherents.room.kind`, or below a sub-package); None of a noun of its room."""
    return next((part for part in module.split(".")[2:] if part in LAYER_OF), None)


def is_of_the_domain(module: str) -> bool:
    """A service or what stands below it, or a noun of a room. `config` and `demo` only put the rooms together."""
    kind = kind_of(module)
    if kind is None:
        return module.split(".")[1:2] not in ([], ["config"], ["demo"])
    return LAYER_OF[kind] >= SERVICES


def test_every_module_is_of_a_known_kind_or_stands_among_the_domain() -> None:
    """A kind imports its own layer and those below it, in sub-packages too. A noun, nothing from the services up."""
    upwards = []
    for module, names in imported_by().items():
        room, kind = module.split(".")[:2], kind_of(module)
        if kind is None and not is_of_the_domain(module):
            continue
        for name in names & imported_by().keys():
            other = kind_of(name)
            if other is None or name.split(".")[:2] != room:
                continue
            layer = LAYER_OF[kind] if kind else SERVICES + 1
            if LAYER_OF[other] < layer:
                upwards.append(f"{module} ({kind or 'of no known kind'}) imports {name} ({other})")
    assert upwards == []


def test_every_kind_that_the_contract_names_is_a_modules() -> None:
    assert {kind_of(module) for module in imported_by()} - {None} == LAYER_OF.keys()


def test_each_sub_package_with_kinds_of_its_own_is_in_the_contract() -> None:
    """import-linter looks for the layers where it is told to."""
    inside = {
        ".".join(module.split(".")[:3])
        for module in imported_by()
        if len(module.split(".")) > 3 and kind_of(module) and kind_of(module) != module.split(".")[2]
    }
    assert inside <= set(INSIDE["containers"])


def test_the_domain_never_reaches_the_web() -> None:
    """Services, models, reads, mails and nouns: neither by themselves nor by what they import, nor for type checking only."""
    web = {
        module
        for module, names in imported_by().items()
        if any(name.startswith(("django.http", "django.shortcuts", "django.views")) for name in names)
    }
    assert len(web) > 20
    domain = [module for module in imported_by() if is_of_the_domain(module)]
    assert len(domain) > 150
    for module in domain:
        assert not reached_from(module) & web, f"{module} ({kind_of(module) or 'of no known kind'})"


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


def test_what_runs_in_production_imports_neither_the_tests_nor_the_invented_people() -> None:
    """But for the demo, which shows them."""
    for file in MODULES:
        if "demo" in named(file):
            continue
        known = [
            name
            for name in imports_of(file)
            if name.split(".")[0] in {"tests", "bench", "hypothesis", "pytest"}
        ]
        known += [name for name in imports_of(file) if "adherents.demo" in name]
        assert not known, named(file)


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


def calls_in(template: Path) -> str:
    """A template's texts as the calls of gettext that Django turns them into, one a line."""
    literal = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    call = rf"(?<!\w)(?:_|n?p?gettext)\((?:{literal}|,\s*|count)+\)"
    return "\n".join(re.findall(call, templatize(template.read_text(), origin=str(template))))


def messages_of(room: str) -> Iterator[tuple[str, str]]:
    """Every French text that a room's code and templates say, and where."""
    for file in (SOURCE / room).rglob("*"):
        if "migrations" in file.parts or file.suffix not in {".py", ".html", ".txt"}:
            continue
        lines = io.BytesIO((file.read_text() if file.suffix == ".py" else calls_in(file)).encode())
        for _, message, _, _ in extract("python", lines, keywords=KEYWORDS, options={"encoding": "utf-8"}):  # type: ignore[arg-type]
            msgid = message if isinstance(message, str) else next((part for part in message if part), "")
            if msgid:
                yield msgid, named(file)


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_of_a_room_has_its_english(room: str) -> None:
    catalogue = SOURCE / room / "locale" / "en" / "LC_MESSAGES" / "django.po"
    texts = dict(messages_of(room))
    if not texts:
        return
    known = {entry.msgid: entry for entry in polib.pofile(str(catalogue))} if catalogue.exists() else {}
    wordless = {}
    for msgid, where in texts.items():
        entry = known.get(msgid)
        words = (
            [*entry.msgstr_plural.values()]
            if entry and entry.msgid_plural
            else [entry.msgstr if entry else ""]
        )
        if not words or not all(words) or (entry and entry.fuzzy):
            wordless[msgid] = where
    assert wordless == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_english_names_the_same_variables(room: str) -> None:
    catalogue = SOURCE / room / "locale" / "en" / "LC_MESSAGES" / "django.po"
    for entry in polib.pofile(str(catalogue)) if catalogue.exists() else []:
        if entry.obsolete:
            continue
        wanted = set(re.findall(r"%\((\w+)\)[sd]", entry.msgid + entry.msgid_plural))
        for english in [entry.msgstr, *entry.msgstr_plural.values()]:
            if english:
                assert set(re.findall(r"%\((\w+)\)[sd]", english)) <= wanted, entry.msgid
                assert entry.msgid_plural or set(re.findall(r"%\((\w+)\)[sd]", english)) == wanted, (
                    entry.msgid
                )


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


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("adherents.")]


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
