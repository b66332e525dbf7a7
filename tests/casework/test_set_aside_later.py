"""What was joined or split, and is found infected later: what agents decide on says so, and so does every page about it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models import Item, Status
from adherents.casework.services import entering, joining, queue, splitting
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.portal.waiting import waiting_for
from adherents.vault.legibility import SetAside
from adherents.vault.models import Document, State
from adherents.vault.selectors.listing import Narrowing, count_documents, narrowed_to
from adherents.vault.services import sending
from adherents.vault.services.deposit import Form
from adherents.vault.services.filing import Place
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.splitting import Slice
from adherents.work.services import run_until_nothing_is_left
from tests.api.systems import System
from tests.casework.test_joining import joined
from tests.journeys.papers import sheets
from tests.vault.clamd import OUR_MARK, Clamd

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("objects_folder")]
Words = Callable[[Any], str]


def in_hand(agent: Account, member: Member, *files: bytes) -> list[Item]:
    """Of one sending, drawn while no antivirus looked."""
    intake = UploadBatch()
    for number, content in enumerate(files, start=1):
        intake.begin(f"page-{number}.pdf").write(content)
        intake.end()
    made = sending.send(
        acting=on_own_file(member), sending_id=uuid.uuid4(), form=Form("rib"), files=FormFiles(intake.take())
    )
    run_until_nothing_is_left()
    items = list(Item.objects.filter(document__deposit=made).order_by("document__rank"))
    queue.take(agent=agent, item=items[0])
    return [Item.objects.get(pk=item.pk) for item in items]


def with_mark(pages: int) -> bytes:
    return sheets(pages) + b"\n%" + OUR_MARK


def look_again() -> None:
    Document.objects.filter(joined_count=0, part_of=None).update(next_attempt_at=timezone.now(), attempts=0)
    draw_due(limit=10)


def row(item: Item) -> Document:
    found: Document = Document.objects.select_related("part_of", "joined_into").get(pk=item.document_id)
    return found


def test_the_whole_of_which_one_is_infected_says_so_to_everybody(
    agent: Account, member: Member, desk: Client, words: Words, clamd: Clamd, settings: Any
) -> None:
    settings.ADHERENTS_ANTIVIRUS = None
    items = in_hand(agent, member, sheets(1), with_mark(1))
    made = joined(agent, items, kind="rib")
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    look_again()
    whole = row(made)
    assert (whole.set_aside, whole.shown_state[0]) == (SetAside.INFECTED, "set_aside")
    assert [row(item).shown_state[0] for item in items] == ["joined", "set_aside"]

    shown = words(desk.get(f"/gestion/traiter/{whole.pk}/"))
    assert "L’un des documents réunis est écarté" in shown
    assert "page-2.pdf · Écarté par sécurité" in shown
    system = System()
    assert system.get(f"documents/{whole.pk}").json()["state"] == "set_aside"
    assert str(whole.pk) in {one["id"] for one in system.get("documents?state=set_aside").json()["items"]}
    assert str(whole.pk) not in {
        one["id"] for one in system.get("documents?state=in_progress").json()["items"]
    }
    assert count_documents(member).states == {"set_aside": 2, "joined": 1}
    asked = narrowed_to(Document.objects.every_one_of(member), Narrowing(state="set_aside"))
    assert {one.pk for one in asked} == {whole.pk, items[1].document_id}

    queue.give_back(agent=agent, item=Item.objects.get(pk=made.pk))
    entering.put_right()
    assert Item.objects.get(pk=made.pk).status == Status.GONE, "nobody is given it"


def test_its_member_is_asked_for_the_file_and_not_for_what_was_made_of_it(
    agent: Account, member: Member, signed_in: Client, words: Words, objects_folder: Any
) -> None:
    items = in_hand(agent, member, sheets(1), sheets(2))
    made = joined(agent, items, kind="rib")
    Document.objects.filter(pk=items[1].document_id).update(set_aside=SetAside.UNREADABLE)
    Document.objects.filter(pk=made.document_id).update(set_aside=SetAside.UNREADABLE)
    assert member.account is not None
    waiting = waiting_for(member, member.account)
    assert [one.document.pk for one in waiting.shown] == [items[1].document_id]
    assert {one.pk for one in Document.objects.every_one_of(member).replaceable()} == {items[1].document_id}
    shown = words(signed_in.get(f"/adherent/documents/{made.document_id}/"))
    assert "page-2.pdf : " in shown
    assert "Envoyer le bon document" not in shown
    shown = words(signed_in.get(f"/adherent/documents/{items[1].document_id}/"))
    assert "Envoyer le bon document" in shown
    assert "Un conseiller traite l’ensemble" not in shown


def test_parts_follow_their_file_and_are_sound_again_with_it(
    agent: Account, member: Member, own_clamd: Clamd, settings: Any
) -> None:
    settings.ADHERENTS_ANTIVIRUS = None
    [item] = in_hand(agent, member, with_mark(2))
    parts = splitting.split(
        agent=agent, item=item, slices=[Slice(1, 1, Place("rib", None)), Slice(2, 2, Place("devis", None))]
    )
    settings.ADHERENTS_ANTIVIRUS = own_clamd.address
    look_again()
    assert [row(part).set_aside for part in parts] == [SetAside.INFECTED] * 2
    own_clamd.kill()
    (own_clamd.folder / "signatures" / "tests.ndb").unlink()
    own_clamd.start()
    look_again()
    assert [row(part).set_aside for part in parts] == ["", ""]
    assert [row(part).state for part in parts] == [State.IN_PROGRESS] * 2


def test_a_whole_is_sound_once_each_of_its_files_is_and_can_be_separated_meanwhile(
    agent: Account, member: Member, clamd: Clamd, settings: Any
) -> None:
    settings.ADHERENTS_ANTIVIRUS = None
    items = in_hand(agent, member, with_mark(1), with_mark(1), sheets(1))
    made = joined(agent, items, kind="rib")
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    look_again()
    back = joining.separate(agent=agent, item=Item.objects.get(pk=made.pk))
    assert [row(item).set_aside for item in back] == [SetAside.INFECTED, SetAside.INFECTED, ""]
