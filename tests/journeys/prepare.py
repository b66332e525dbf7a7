"""Run before the portal opens: the database, the insurer's file, and an account (with the cast's password) for the members
whose numbers are read (JSON). One process, since each takes seconds to start.

Usage: prepare MEMBERS.CSV BENEFICIARIES.CSV EMPTY.SQLITE3 < numbers.json
"""

import json
import shutil
import sys
from pathlib import Path

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from adherents.accounts.models import Account  # noqa: E402
from adherents.accounts.services.register import ensure_account  # noqa: E402
from adherents.members.models import Member  # noqa: E402
from tests.cast import PASSWORD  # noqa: E402
from tests.tables import kept_for_all  # noqa: E402


def open_accounts(numbers: list[str]) -> None:
    encoded = make_password(PASSWORD)
    with transaction.atomic():
        for member in Member.objects.filter(number__in=numbers):
            account = ensure_account(
                identifier=member.number,
                email=member.email,
                birth_date=member.birth_date,
                language=member.language,
                display_name=member.name,
            )
            Member.objects.filter(pk=member.pk).update(account=account)
            Account.objects.filter(pk=account.pk).update(password=encoded, password_changed_at=timezone.now())


def make_tables(empty: Path) -> None:
    """By the migrations, which takes seconds, or as the tests' first database had them of the same migrations."""
    if connection.vendor != "sqlite":
        call_command("migrate", verbosity=0)
    elif not kept_for_all(empty, lambda: call_command("migrate", verbosity=0)):
        shutil.copyfile(empty, connection.settings_dict["NAME"])


make_tables(Path(sys.argv[3]))
call_command("import_members", sys.argv[1], beneficiaries=Path(sys.argv[2]), apply=True)
open_accounts(json.load(sys.stdin))
