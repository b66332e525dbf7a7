"""What is held after a restore, and the page where an administrateur lets it go on."""

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, FactorRequest, Purpose, ResetRequest, Role, Session
from adherents.accounts.services import restored as accounts
from adherents.accounts.services.access_link import make_link
from adherents.backup.models import Restoration
from adherents.backup.services.lifting import count_due, give_to_sweep
from adherents.enrolment.models import IdentityClaim, LetterBatch
from adherents.enrolment.services import restored as enrolment
from adherents.journal.models import Entry
from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post, send_due, withdraw_links
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import object_size
from adherents.vault.models import Document, Page, PendingFile
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.restored import let_go_of
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.work.models import HeldWork, Hold
from adherents.work.services import hold
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
PAGE, COUNT = "/gestion/restauration/", "/gestion/restauration/compte/"
OLD = timedelta(days=3)


@pytest.fixture
def restored() -> Restoration:
    with transaction.atomic():
        hold(HeldWork)
    return Restoration.objects.create(
        backup_id="0" * 32, saved_at=timezone.now() - OLD, unowned=0, counted_at=timezone.now()
    )


@pytest.fixture
def administrator(restored: Restoration) -> Client:
    return signed_in(make_agent(Role.ADMINISTRATOR))


def lost_object(folder: Path) -> str:
    """An object that arrived after the backup was made: nothing names it."""
    name = f"2026/11/28/{'a' * 40}"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_bytes(b"sealed")
    return name


def posted() -> None:
    with transaction.atomic():
        mails.lock_ended(open_account(CAMILLE))


def test_no_mail_leaves_before_it_is_released(restored: Restoration, mailoutbox: list[Any]) -> None:
    posted()
    assert send_due() == 0
    said = io.StringIO()
    call_command("send_mail", stdout=said)
    assert "The outbox is held" in said.getvalue()
    assert mailoutbox == []
    said = io.StringIO()
    call_command("send_mail", "--release", stdout=said)
    assert said.getvalue().splitlines() == ["Released: 1 mail(s) waited.", "1 mail(s)"]
    assert len(mailoutbox) == 1
    assert Entry.objects.get(event="installation.mails_released").details == {"count": 1}
    call_command("send_mail", "--release", stdout=said)
    assert "The outbox was not held." in said.getvalue()


def test_purge_destroys_nothing_before_it_is_allowed(restored: Restoration) -> None:
    call_command("purge", stdout=io.StringIO())
    with pytest.raises(CommandError, match="/gestion/restauration/"):
        call_command("purge", "--apply", stdout=io.StringIO())


def test_the_sweep_deletes_nothing_before_it_is_allowed(restored: Restoration, objects_folder: Path) -> None:
    name = lost_object(objects_folder)
    UnclaimedObject.objects.create(storage_name=name, at=timezone.now() - OLD)
    assert sweep_forgotten() == 0
    assert object_size(name) is not None
    Hold.objects.all().delete()
    assert sweep_forgotten() == 1
    assert object_size(name) is None


def test_an_administrateur_sees_how_many_objects_have_no_row_then_allows(
    administrator: Client,
    restored: Restoration,
    objects_folder: Path,
) -> None:
    name = lost_object(objects_folder)
    administrator.post(COUNT)
    assert "Le compte est en cours" in administrator.get(PAGE).content.decode()
    assert count_due() == 1
    assert count_due() == 0, "asked for once, counted once"
    page = administrator.get(PAGE).content.decode()
    assert "<strong>1</strong> objet du stockage" in page
    assert "retenus" in page
    answer = administrator.post(PAGE, {"reason": "Sauvegarde de la veille", "unowned": 1}, follow=True)
    assert "Les effacements sont permis à nouveau." in answer.content.decode()
    assert set(Hold.objects.values_list("work", flat=True)) == {HeldWork.MAILS}
    entry = Entry.objects.get(event="installation.holds_lifted")
    assert entry.details == {"objects": 1, "reason": "Sauvegarde de la veille"}
    assert entry.actor.startswith("agent:")
    assert give_to_sweep() == 1
    assert give_to_sweep() == 0
    assert object_size(name) is not None, "a day more, as every object that no row owns"
    UnclaimedObject.objects.update(at=timezone.now() - OLD)
    assert sweep_forgotten() == 1


def test_a_count_that_changed_meanwhile_allows_nothing(administrator: Client, restored: Restoration) -> None:
    Restoration.objects.update(unowned=300)
    answer = administrator.post(PAGE, {"reason": "Je n’en ai vu aucun", "unowned": 0}, follow=True)
    assert "Le compte des objets a changé" in answer.content.decode()
    assert Hold.objects.count() == 3


def test_without_a_reason_nothing_is_allowed(administrator: Client) -> None:
    answer = administrator.post(PAGE, {"reason": "", "unowned": 0})
    assert "Dites pourquoi" in answer.content.decode()
    assert Hold.objects.count() == 3


def test_the_menu_leads_there_while_something_is_held_and_only_an_administrateur(
    administrator: Client, restored: Restoration
) -> None:
    assert PAGE in administrator.get("/gestion/").content.decode()
    assert PAGE not in signed_in(make_agent(Role.SUPERVISOR)).get("/gestion/").content.decode()
    Restoration.objects.update(lifted_at=timezone.now())
    assert PAGE not in administrator.get("/gestion/").content.decode()
    assert "permis" in administrator.get(PAGE).content.decode()


def test_the_page_of_a_portal_that_was_never_restored_says_so() -> None:
    page = signed_in(make_agent(Role.ADMINISTRATOR)).get(PAGE).content.decode()
    assert "jamais été restauré" in page
    assert "<form method" not in page.partition("<main")[2]


def test_the_page_is_whole_in_english(administrator: Client) -> None:
    administrator.cookies["langue"] = "en"
    page = administrator.get(PAGE).content.decode()
    assert "objects of the storage belong to no row" in page
    assert "Allow erasures" in page


def test_what_was_open_when_it_was_saved_opens_no_more() -> None:
    account, agent = open_account(CAMILLE), make_agent()
    by = make_agent(Role.SUPERVISOR)
    Client().force_login(account)
    token = make_link(account=account, purpose=Purpose.RESET, validity=timedelta(hours=2))
    make_link(account=account, purpose=Purpose.STRANGER, validity=timedelta(days=2))
    ResetRequest.objects.create(identifier=account.identifier)
    IdentityClaim.objects.create(words="{}")
    batch = LetterBatch.objects.create(
        actor=agent.actor, reason="Sans adresse", members=[], sheets="des codes"
    )
    FactorRequest.objects.create(
        account=agent, asked_by=by, expires_at=timezone.now() + timedelta(days=1), reason="Téléphone perdu"
    )
    with transaction.atomic():
        assert accounts.end_all() == 2
        enrolment.end_all()
    assert not Session.objects.exists()
    assert AccessLink.objects.opened_by(token) is None
    assert not AccessLink.objects.live().exists()
    assert not ResetRequest.objects.exists()
    assert not IdentityClaim.objects.exists()
    assert not FactorRequest.objects.waiting().exists()
    batch.refresh_from_db()
    assert (batch.sheets, batch.can_be_taken, batch.next_attempt_at) == ("", False, None)


def test_a_mail_with_a_dead_link_is_given_up_and_the_others_wait() -> None:
    posted()
    with transaction.atomic():
        secret = {"link": f"https://x/adherent/authentication/mot-de-passe/{AccessLink.new_token()}"}
        post("accounts/reset_link", to=CAMILLE.email, language="fr", context=secret)
        page = {"link": f"https://x/adherent/messages/{uuid.uuid4()}/"}
        post("messaging/waits", to=CAMILLE.email, language="fr", context=page)
        assert withdraw_links() == 1
    states = {mail.name: mail.state for mail in OutboxMail.objects.all()}
    assert states == {
        "accounts/lock_ended": MailState.WAITING,
        "messaging/waits": MailState.WAITING,
        "accounts/reset_link": MailState.FAILED,
    }


def test_what_waited_and_is_missing_goes_and_missing_pages_are_drawn_again(
    member: Any,
    objects_folder: Path,
) -> None:
    document = deposited(member, pdf())
    draw_due()
    page = Page.objects.get()
    (objects_folder / page.storage_name).unlink()
    assert let_go_of([page.storage_name, document.storage_name]) == 1
    assert draw_due() == 1
    assert object_size(Page.objects.get().storage_name) is not None
    assert Document.objects.get().page_count == 1
    assert not PendingFile.objects.exists()
