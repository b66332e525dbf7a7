"""Hold every migration after the first release to what a portal that goes on serving can bear (django-migration-linter).

On PostgreSQL, which is started here: the old version runs on the new schema while the machines are upgraded one after the other.
So no column or table goes or is renamed while the old version reads it, none is required that it does not fill, no index is built
in the way of writes, and each migration can be undone. CONTRIBUTING.md says how to do these things in steps.
"""

import os
import sys
import tempfile
from unittest import mock

# The name of a migration that is not held to these rules, and why.
EXCEPTIONS: dict[str, str] = {
    "0006_urgent_required": "RequireColumn, whose rows are filled before, and which a default of the database keeps so",
}


def main() -> None:
    from tests.postgresql import serving

    with tempfile.TemporaryDirectory() as folder, serving() as server:
        own = {
            "ADHERENTS_DATABASE_URL": server.address,
            "ADHERENTS_DATA_DIR": folder,
            "ADHERENTS_LOG_LEVEL": "WARNING",
        }
        with mock.patch.dict(os.environ, own | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"}):
            wrong = errors()
    sys.exit(1 if wrong else 0)


def errors() -> int:
    """How many migrations are refused; each is said with its reason."""
    import django

    django.setup()
    from django.apps import apps
    from django_migration_linter import MigrationLinter

    ours = [config.label for config in apps.get_app_configs() if config.name.startswith("adherents.")]
    linter = MigrationLinter(
        include_apps=ours,
        ignore_name=list(EXCEPTIONS),
        ignore_initial_migrations=True,
        all_warnings_as_errors=True,
        quiet=["ok", "ignore"],
        no_cache=True,
    )
    linter.lint_all_migrations()
    return linter.nb_erroneous


if __name__ == "__main__":
    main()
