"""What a person sees who is refused at the desk. The table of who may open what: `tests/test_permissions.py`."""

import uuid

import pytest

from adherents.accounts.models import Account, Role
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.agents import make_agent, signed_in

pytestmark = pytest.mark.django_db


def test_a_refused_page_is_journalled() -> None:
    auditor = make_agent(Role.AUDITOR)
    signed_in(auditor).get("/gestion/adherents/?q=dupont")
    entry = Entry.objects.get(event=Event.ACCESS_REFUSED)
    assert (entry.subject, entry.details) == (auditor.subject, {"act": "find"})


def test_a_document_or_a_member_that_does_not_exist_is_not_found() -> None:
    client = signed_in(make_agent())
    assert client.get("/gestion/adherents/999999/").status_code == 404
    assert client.get(f"/gestion/documents/{uuid.uuid4()}/").status_code == 404


def test_an_agent_whose_account_is_closed_is_out_at_once() -> None:
    agent = make_agent()
    client = signed_in(agent)
    Account.objects.filter(pk=agent.pk).update(closed_at=agent.created_at)
    assert client.get("/gestion/").url == "/gestion/connexion/"  # type: ignore[attr-defined]
