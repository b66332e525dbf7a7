"""Rooms stand on floors, and kinds of modules in layers: an import only goes down, and the domain never reaches the web."""

import re
import tomllib
from functools import cache
from itertools import chain

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, Model

from tests.house import MODULES, ROOMS, ROOT, SOURCE, TEMPLATES, imports_of, named

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
FLOORS = [set(re.findall(r"\w+", floor)) for floor in CONTRACTS[0]["layers"]]  # the highest first
(INSIDE,) = (contract for contract in CONTRACTS if contract["name"].startswith("Inside a room"))
LAYER_OF = {  # of each kind of module, 0 being the highest
    kind: layer for layer, kinds in enumerate(INSIDE["layers"]) for kind in re.findall(r"\w+", kinds)
}
SERVICES = LAYER_OF["services"]


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
