"""A request too long to be there when its view is called: who may have it read, and that its bytes are activity."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from adherents.accounts import sessions
from adherents.accounts.models import Session
from adherents.config.serving.exchanges import IN_MEMORY_BYTES
from tests.accounts.steps import sign_in
from tests.cast import CAMILLE
from tests.config.addresses import ADDRESSES
from tests.factories import open_account

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


class Watched(io.BytesIO):
    """A body that says whether anybody read of it."""

    was_read = False

    def read(self, *given: Any) -> bytes:
        self.was_read = True
        return super().read(*given)

    readline = read


def posted(client: Client, path: str) -> tuple[Any, Watched]:
    body = Watched(b"--x\r\n")
    answer = client.generic(
        "POST",
        path,
        b"",
        content_type="multipart/form-data; boundary=x",
        **{"wsgi.input": body, "CONTENT_LENGTH": str(IN_MEMORY_BYTES + 1)},
    )
    return answer, body


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_nothing_long_is_read_from_a_stranger(address: Any) -> None:
    """Nor stored: the check of the form's token comes after."""
    answer, body = posted(Client(enforce_csrf_checks=True), address.path)
    assert not body.was_read
    assert answer.status_code in {301, 302, 401, 403, 404, 405, 412, 413}


def test_a_page_that_takes_no_file_says_so_to_a_member(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    answer, body = posted(client, "/adherent/donnees-personnelles/mot-de-passe/")
    assert (answer.status_code, body.was_read) == (413, False)
    assert "Envoi trop volumineux" in answer.content.decode()


def test_bytes_that_come_keep_a_session_from_falling_idle_and_revive_none(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value

    def left_alone_for(minutes: int) -> None:
        Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=minutes))

    left_alone_for(19)
    sessions.keep_from_idling(key)
    assert Session.objects.get().last_seen_at > timezone.now() - timedelta(minutes=1)
    left_alone_for(21)
    sessions.keep_from_idling(key)
    assert not Session.objects.open().exists()
