"""How many queries a member's page makes: at most eight, and as many with 500 documents as with five."""

from typing import Any

import pytest
from bench.pages import keep_documents
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from adherents.casework.models import Decision
from adherents.members.models import Member
from adherents.vault.models import Document, State
from tests.casework.replying import settled
from tests.cast import CAMILLE
from tests.factories import open_account

MOST = 8
PAGES = {
    "home": "/adherent/",
    "documents": "/adherent/documents/",
    "send": "/adherent/documents/envoyer/",
    "send instead": "/adherent/documents/envoyer/?replaces={refused}",
    "to send again": "/adherent/a-renvoyer/",
    "document": "/adherent/documents/{document}/",
    "receipt": "/adherent/documents/accuses/{deposit}/",
    "messages": "/adherent/messages/",
    "new message": "/adherent/messages/nouveau/?document={document}",
    "personal data": "/adherent/donnees-personnelles/",
    "history": "/adherent/donnees-personnelles/historique/",
    "change password": "/adherent/donnees-personnelles/mot-de-passe/",
    "contact": "/contact/",
    "help": "/aide/",
}


def queries_of(client: Client, address: str) -> list[str]:
    """What one request asks the database for; opening and closing a transaction is not asking."""
    with CaptureQueriesContext(connection) as captured:
        response: Any = client.get(address)
    assert response.status_code == 200, address
    statements = [query["sql"] for query in captured.captured_queries]
    return [
        statement
        for statement in statements
        if not statement.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.any_database
def test_a_members_page_makes_at_most_eight_queries_however_many_documents(page: str) -> None:
    client, member = Client(), Member.objects.get(account=open_account(CAMILLE))
    assert member.account
    client.force_login(member.account)

    def asked(document: Document) -> list[str]:
        refused = Document.objects.filter(state=State.REFUSED).latest("at")
        if not Decision.objects.filter(item=refused.pk).exists():
            settled(refused)
        address = PAGES[page].format(
            document=document.pk, deposit=document.deposit.number, refused=refused.pk
        )
        client.get(address)  # the first one fills what is kept in memory
        return queries_of(client, address)

    few = asked(keep_documents(member, 5))
    many = asked(keep_documents(member, 495))
    drafts = sum("drafts_draft" in statement for statement in few)  # what was being written there, in one
    assert drafts <= 1
    assert len(few) - drafts <= MOST, "\n".join(few)
    assert len(many) == len(few), "\n".join(many)
