"""Run beside a portal: a session for each of the members whose numbers are read (JSON); their cookies are printed.

Two hundred that sign in one after the other would take longer than what they are wanted for.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from adherents.members.models import Member  # noqa: E402


def cookie_of(member: Member) -> str:
    client = Client()
    assert member.account is not None
    client.force_login(member.account)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


numbers = json.load(sys.stdin)
members = Member.objects.select_related("account").in_bulk(numbers, field_name="number")
print(json.dumps([cookie_of(members[number]) for number in numbers]))
