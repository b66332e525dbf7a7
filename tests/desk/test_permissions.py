"""What a person sees who is refused at the desk. The table of who may open what: `tests/test_permissions.py`."""

import uuid

import pytest
from django.test import Client

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


@pytest.mark.parametrize(
    ("page", "status"), [("/gestion/chiffres/", 403), ("/gestion/adherents/999999/", 404)]
)
def test_a_refused_agent_stays_at_the_desk(page: str, status: int) -> None:
    answer = signed_in(make_agent()).get(page)
    html = answer.content.decode()
    assert answer.status_code == status
    assert "Revenir à la gestion" in html
    assert 'class="desk-menu"' in html
    assert "Besoin d’aide" not in html


def test_a_refused_agent_reads_whose_page_it_is() -> None:
    client, document = signed_in(make_agent()), uuid.uuid4()

    def said(page: str) -> str:
        answer = client.get(page)
        assert answer.status_code == 403
        return answer.content.decode().replace("\u00a0", " ")

    assert "Elle est ouverte à ces rôles : responsable, administrateur. Le vôtre est : conseiller." in said(
        "/gestion/chiffres/"
    )
    for page in ("/adherent/documents/", f"/adherent/documents/{document}/telecharger/"):
        assert "C’est une page de l’espace d’un adhérent" in said(page)


def test_an_agent_without_a_second_factor_is_shown_no_menu_where_an_address_leads_nowhere() -> None:
    client = Client()
    client.force_login(make_agent())
    html = client.get("/gestion/rien/").content.decode()
    assert 'class="desk-menu"' not in html
