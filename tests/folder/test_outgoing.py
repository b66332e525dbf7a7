"""What goes out by the exchange folder: decisions once they stand, and originals where the profile says so."""

import hashlib
import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Role
from adherents.casework.models import Decision, Item
from adherents.casework.services import deciding, reopening, splitting
from adherents.feed.services import begin_epoch
from adherents.folder.endings import Ending
from adherents.folder.models import FolderDelivery, FolderOriginal, FolderWatch
from adherents.insurer.profile import profile
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase, take_back
from adherents.vault.services.from_insurer import deposit_for_member
from adherents.vault.services.rendition import draw_due
from adherents.work.models import HeldWork, Hold
from adherents.work.services import hold
from tests.casework.queueing import NEEDED, adviser, waiting
from tests.casework.test_joining import held, joined
from tests.casework.test_splitting import cut
from tests.casework.test_splitting import held as split_ready
from tests.folder.exchange import Exchange
from tests.vault.conftest import browser_of, deposited, pdf

pytestmark = pytest.mark.django_db


def decide(item: Item, *, refused: bool = False) -> None:
    """Decided, and no longer to be undone."""
    agent = adviser(item.pk)
    if refused:
        deciding.refuse(agent=agent, item=item, **NEEDED)
    else:
        deciding.accept(agent=agent, item=item)
    settle()


def settle() -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        deciding.settle_due()


def with_folder(settings: Any, **rules: object) -> None:
    changed = profile().folder.model_copy(update=rules)
    settings.ADHERENTS_PROFILE = profile().model_copy(update={"folder": changed})


def test_each_decision_that_stands_goes_out_once(exchange: Exchange, member: Member) -> None:
    first, second, third = waiting(member, 3)
    decide(first)
    decide(second, refused=True)
    deciding.accept(agent=adviser(99), item=third)  # it can be undone
    assert exchange.go() is Ending.WELL
    accepted, refused = exchange.rows("decisions")
    assert (accepted["document"], accepted["decision"], accepted["motif"]) == (
        str(first.document_id),
        "accept",
        "",
    )
    assert refused["numero_adherent"] == member.number
    for moment in (refused["recu_le"], refused["decide_le"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)  # one form, that of the feed
    assert (refused["decision"], refused["motif"], refused["texte_fr"]) == (
        "refuse",
        "rib_illisible",
        "Illisible.",
    )
    assert (accepted["motifs"], refused["motifs"]) == ("", "rib_illisible")
    [list_file] = (exchange.path / "decisions").glob("*.csv")
    assert stat.S_IMODE(list_file.stat().st_mode) == 0o640
    digest = hashlib.sha256(list_file.read_bytes()).hexdigest()
    assert list_file.with_suffix(".fin").read_text() == f"{digest}  {list_file.name}\n"
    exchange.go()
    assert len(exchange.rows("decisions")) == 2
    settle()
    list_file.unlink()  # it was fetched
    exchange.go()
    assert [row["document"] for row in exchange.rows("decisions")] == [str(third.document_id)]
    assert Entry.objects.filter(event="folder.delivery_made").count() == 2


def test_a_decision_for_several_reasons_names_them_all(exchange: Exchange, member: Member) -> None:
    [item] = waiting(member)
    agent = adviser(50)
    deciding.refuse(agent=agent, item=item, **NEEDED, other_reasons=["rib_iban_incomplet"])
    settle()
    exchange.go()
    [row] = exchange.rows("decisions")
    assert (row["motif"], row["motifs"]) == ("rib_illisible", "rib_illisible rib_iban_incomplet")


def test_what_an_agent_joined_or_split_names_what_was_sent(exchange: Exchange, member: Member) -> None:
    agent = adviser(50)
    photos, file = held(agent, member), split_ready(agent, member)
    parts = splitting.split(agent=agent, item=file, slices=cut((1, 1), (2, 4)))
    for item in (joined(agent, photos), *parts):
        deciding.accept(agent=agent, item=item)
    decide(waiting(member)[0])
    exchange.go()
    sent_as = [row["originaux"].split() for row in exchange.rows("decisions")]
    assert sorted(sent_as) == sorted(
        [[str(item.document_id) for item in photos], [str(file.document_id)], [str(file.document_id)], []]
    )


def test_a_decision_that_is_reopened_goes_out_as_such_and_each_line_has_its_own_words(
    exchange: Exchange, member: Member
) -> None:
    [item] = waiting(member)
    decide(item, refused=True)
    agent = adviser(50, Role.SUPERVISOR)
    reopening.reopen(agent=agent, decision=Decision.objects.get(), reason="Une erreur de notre part.")
    deciding.accept(agent=agent, item=Item.objects.get())
    settle()
    exchange.go()
    told = [(row["decision"], row["motif"], row["texte_fr"]) for row in exchange.rows("decisions")]
    assert told == [("refuse", "rib_illisible", "Illisible."), ("reopen", "", ""), ("accept", "", "")]


def test_nothing_goes_out_while_mails_are_held_and_what_a_restore_took_is_not_waited_for(
    exchange: Exchange, member: Member
) -> None:
    first, second = waiting(member, 2)
    decide(first)
    exchange.go()
    with transaction.atomic():
        hold([HeldWork.MAILS])
        begin_epoch()
    FolderWatch.objects.update(decisions_after="NzA5ZDk5YjU4YzQyZTYwMS45OQ")
    decide(second)
    exchange.go()
    assert FolderDelivery.objects.count() == 1
    Hold.objects.all().delete()
    exchange.go()
    assert any("restored" in words for words in exchange.said)
    assert str(second.document_id) in {row["document"] for row in exchange.rows("decisions")}


def original_of(exchange: Exchange) -> list[Path]:
    return sorted((exchange.path / "originals").glob("*.pdf*"))


def test_originals_are_off_by_default(exchange: Exchange, member: Member) -> None:
    deposited(member, pdf())
    draw_due()
    exchange.go()
    assert exchange.files("originals") == []
    assert not FolderOriginal.objects.exists()


def test_originals_that_are_checked_go_out_readable_by_the_service_alone_and_their_member_reads_it(
    exchange: Exchange, member: Member, settings: Any
) -> None:
    with_folder(settings, originals=True)
    document = deposited(member, pdf())
    deposit_for_member(member=member, kind="rib", name="x.pdf", chunks=[pdf(words="x")], actor="client:1")
    exchange.go()
    assert exchange.files("originals") == []
    draw_due()
    exchange.go()
    [original] = original_of(exchange)
    assert original.name == f"{document.pk}.pdf"
    assert original.read_bytes() == pdf()
    for file in (exchange.path / "originals").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    [row] = exchange.rows("originals")
    assert (row["numero_adherent"], row["sha256"], row["fichier"]) == (
        member.number,
        document.sha256,
        original.name,
    )
    [opened] = Entry.objects.about(document.subject).filter(event="vault.document_opened")
    assert opened.actor.startswith("client:")
    page = browser_of(member).get(f"/adherent/documents/{document.pk}/").content.decode()
    assert "Votre mutuelle (système de gestion) l’a consulté." in page
    exchange.go()
    assert Entry.objects.filter(event="vault.document_opened").count() == 1


def test_originals_are_sealed_to_the_recipient_of_the_profile_with_their_index(
    exchange: Exchange, member: Member, settings: Any
) -> None:
    identity = pyrage.x25519.Identity.generate()
    with_folder(settings, originals=True, recipient=str(identity.to_public()))
    deposited(member, pdf())
    draw_due()
    exchange.go()
    [original] = original_of(exchange)
    sealed = original.read_bytes()
    assert pyrage.decrypt(sealed, [identity]) == pdf()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed[:-1] + bytes([sealed[-1] ^ 1]), [identity])
    [index] = (exchange.path / "originals").glob("*.csv.age")
    assert member.number in pyrage.decrypt(index.read_bytes(), [identity]).decode()
    everything = b"".join(file.read_bytes() for file in (exchange.path / "originals").iterdir())
    assert member.number.encode() not in everything
    assert b"%PDF" not in everything


def test_an_original_leaves_when_its_document_is_erased_or_taken_back_and_the_others_on_their_day(
    exchange: Exchange, member: Member, settings: Any
) -> None:
    with_folder(settings, originals=True, originals_days=7)
    erased, taken_back, stays, gone_before = [deposited(member, pdf(words=f"n{n}")) for n in range(4)]
    draw_due()
    erase(document_id=gone_before.pk, because=Erased.RETENTION)
    exchange.go()
    assert len(original_of(exchange)) == 3
    erase(document_id=erased.pk, because=Erased.RETENTION)
    take_back(acting=on_own_file(member), document_id=taken_back.pk)
    exchange.go()
    assert [file.stem for file in original_of(exchange)] == [str(stays.pk)]
    FolderOriginal.objects.update(given_at=timezone.now() - timedelta(days=8))
    FolderDelivery.objects.update(at=timezone.now() - timedelta(days=8))
    with_folder(settings, originals=False, originals_days=7)
    exchange.go()
    assert original_of(exchange) == []
    assert FolderOriginal.objects.filter(removed_at=None, given_at__isnull=False).count() == 0
