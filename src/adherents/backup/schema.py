"""The tables as they were when a backup was made: its rows go into these, and then the migrations made since run on them."""

from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from adherents.backup.archive import NotABackup


def migrate_to(saved: dict[str, str]) -> Apps:
    """Make the tables as these last migrations left them; the models that go with them. Raises `NotABackup`."""
    executor = MigrationExecutor(connection)
    known = executor.loader.graph.nodes
    unknown = [f"{app}.{name}" for app, name in saved.items() if (app, name) not in known]
    if unknown:
        raise NotABackup(f"this backup was made by a newer version, which has {', '.join(unknown[:3])}")
    if set(saved.items()) == set(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
        return current_apps
    targets = list(saved.items())
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def migrate_to_now() -> None:
    """Run the migrations made since."""
    call_command("migrate", verbosity=0, interactive=False)
