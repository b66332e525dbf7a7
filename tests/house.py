"""What the house is made of, for the tests that hold its rules: rooms, modules, templates, models, imports."""

import ast
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db.models import Model

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "adherents"
ROOMS = sorted(folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists())
MODULES = sorted(SOURCE.rglob("*.py"))
FOLDERS_BESIDE = ("tests", "bench", "stress", "scripts", "clients", "examples")
MODULES_BESIDE = sorted(file for folder in FOLDERS_BESIDE for file in (ROOT / folder).rglob("*.py"))
TEMPLATES = sorted(file for file in SOURCE.rglob("templates/**/*") if file.is_file())


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


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("adherents.")]
