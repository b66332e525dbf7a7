"""Run beside the portal: an agent who has chosen a password and added an app already. Prints the key of the app.

Usage: ready_agent ADDRESS ROLE NAME
"""

import sys

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.utils import timezone  # noqa: E402

from adherents.accounts.models import Account  # noqa: E402
from tests.agents import add_totp  # noqa: E402
from tests.cast import PASSWORD  # noqa: E402

address, role, name = sys.argv[1:]
agent = Account.objects.create(
    identifier=address,
    email=address,
    role=role,
    display_name=name,
    password=make_password(PASSWORD),
    password_changed_at=timezone.now(),
)
sys.stdout.write(add_totp(agent))
