"""The core system of the examples, before a portal in this process: what it comes too late for, and a feed that begins anew."""

import importlib.util
from functools import partial
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from espace_adherents import Portal

from adherents.casework.models import Decision
from adherents.casework.services.entering import enter_checked
from adherents.config.wsgi import application
from adherents.feed.cursors import Cursor
from adherents.feed.models import Epoch
from adherents.members.models import Member
from adherents.vault.models import Acknowledgement, Document, SetAside, State
from adherents.vault.services.rendition import draw_due
from tests.api.systems import System
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]
EXAMPLE = Path(__file__).parents[2] / "examples" / "core_system.py"


@pytest.fixture
def core_system(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("core_system", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PORTAL", "http://testserver")
    monkeypatch.setenv("PORTAL_KEY", System("ged").key)
    transport = httpx.WSGITransport(app=application)
    monkeypatch.setattr(module, "Portal", partial(Portal, transport=transport))
    return module


def drawn(member: Member, *states: str) -> list[Document]:
    """A document in each of these states, once its checks are done; what is above 1,000 bytes the example accepts."""
    documents = [deposited(member, pdf(2)) for _ in states]
    draw_due()
    enter_checked()
    for document, state in zip(documents, states, strict=True):
        Document.objects.filter(pk=document.pk).update(state=state)
    return documents


def taken(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"position"}


def test_each_document_is_taken_over_whatever_became_of_it_before_the_event_was_read(
    core_system: ModuleType, member: Member, tmp_path: Path
) -> None:
    decided, refused, fresh, _back, aside = drawn(
        member, State.ACCEPTED, State.REFUSED, State.CHECKED, State.WITHDRAWN, State.RECEIVED
    )
    Document.objects.filter(pk=aside.pk).update(set_aside=SetAside.UNREADABLE)
    folder = tmp_path / "taken"
    for _ in range(2):
        core_system.main(folder, once=True)
    kept = {str(document.pk) for document in (decided, refused, fresh)}
    assert taken(folder) == kept
    assert {str(row.document_id) for row in Acknowledgement.objects.all()} == kept
    assert Decision.objects.filter(item__document=fresh, outcome="accepted").count() == 1

    # A crash between the two: it is said the next time. And the feed of a portal that was restored begins elsewhere.
    Acknowledgement.objects.filter(document=decided).delete()
    [later] = drawn(member, State.REFUSED)
    Document.objects.filter(pk=aside.pk).update(state=State.RECEIVED, set_aside=SetAside.UNREADABLE)
    (folder / "position").write_text(str(Cursor(Epoch.objects.get().token, 99)))
    core_system.main(folder, once=True)
    assert taken(folder) == kept | {str(later.pk)}
    assert Acknowledgement.objects.filter(document__in=[decided, later]).count() == 2
    core_system.main(folder, once=True)
