"""Run beside a portal: a member sends the same file some times over, and asks for a link.

Usage: queue_up NUMBER FILE TIMES
"""

import sys
from pathlib import Path

import django

django.setup()

from adherents.accounts.models import ResetRequest  # noqa: E402
from adherents.members.models import Member  # noqa: E402
from tests.vault.conftest import deposited  # noqa: E402

number, file, times = sys.argv[1:]
for _ in range(int(times)):
    deposited(Member.objects.get(number=number), Path(file).read_bytes(), "x")
ResetRequest.objects.create(identifier=number)
