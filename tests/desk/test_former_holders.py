"""A former holder, whose number is another person's now: shut out at once, told, kept whole, and served by the desk."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, KnownDevice, Purpose, Role, SignInCounter
from adherents.accounts.services import closing, letter
from adherents.accounts.services.access_link import make_link
from adherents.desk.services import account_actions, handing_over
from adherents.enrolment.services import letters
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.members.selectors import find
from adherents.members.services.accounts import attach_account
from adherents.ui.numbers import spaced
from adherents.vault.models import Document
from adherents.vault.receipts import services as receipts
from tests.accounts.steps import WRONG, is_signed_in, sign_in
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, PASSWORD
from tests.factories import open_account
from tests.members.importing import CAST, run
from tests.members.member_file import line_of
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db

NEWCOMER = replace(EVE, number=CAMILLE.number, nir13="1680175056001", birth_name="Besson", usage_name="",
                   first_names="Luc", birth_date="1968-01-30", department="75", email="luc@example.org")  # fmt: skip


@pytest.fixture
def former(tmp_path: Path) -> Member:
    """Camille, who has an account, sessions, documents; not yet former."""
    run(tmp_path, CAST)
    open_account(CAMILLE)
    return Member.objects.select_related("account").get(number=CAMILLE.number)


def give_the_number(folder: Path) -> None:
    report = run(folder, [line_of(NEWCOMER), *CAST[1:]], new_persons=[CAMILLE.number])
    assert report.members.given == {CAMILLE.number}


def account_of(member: Member) -> Account:
    assert member.account is not None
    return Account.objects.get(pk=member.account.pk)


def test_the_former_holder_is_out_at_once_by_every_way_in(former: Member, tmp_path: Path) -> None:
    browser = Client()
    sign_in(browser, CAMILLE.number)
    assert browser.get("/adherent/documents/").status_code == 200
    token = make_link(account=account_of(former), purpose=Purpose.RESET, validity=timedelta(hours=2))
    code = letter.new_code()
    with transaction.atomic():
        letter.put_in_letter(
            account=account_of(former),
            code=code,
            expires_at=timezone.now() + timedelta(days=20),
            actor="agent:1",
            reason="sans adresse",
        )
    give_the_number(tmp_path)
    assert browser.get("/adherent/documents/").status_code == 302
    assert not account_of(former).sessions.exists()
    assert AccessLink.objects.opened_by(token) is None
    assert AccessLink.objects.opened_by_code(code) is None
    for typed in (CAMILLE.number, f"former:{account_of(former).pk}", account_of(former).identifier.upper()):
        assert sign_in(browser, typed).status_code == 200
        assert not is_signed_in(browser)


def test_the_new_holder_sees_nothing_of_the_former_one(former: Member, tmp_path: Path, words: Any) -> None:
    document = deposited(former, pdf())
    give_the_number(tmp_path)
    holder = Member.objects.get(number=CAMILLE.number)
    account = attach_account(member=holder)
    account.set_password(NEW_PASSWORD)
    account.password_changed_at = timezone.now()
    account.save()
    browser = Client()
    assert sign_in(browser, CAMILLE.number, PASSWORD).status_code == 200
    assert not is_signed_in(browser)
    sign_in(browser, CAMILLE.number, NEW_PASSWORD)
    assert is_signed_in(browser)
    assert browser.get(reverse("vault:document", args=[document.pk])).status_code == 404
    page = words(browser.get("/adherent/donnees-personnelles/")) + words(browser.get("/adherent/"))
    assert "luc" in page.lower()
    assert "dupont" not in page.lower()
    assert not Document.objects.of(holder).exists()


def test_counters_and_known_browsers_stay_with_the_former_account(former: Member, tmp_path: Path) -> None:
    known = Client()
    sign_in(known, CAMILLE.number)
    known.post("/deconnexion/")
    sign_in(known, CAMILLE.number, WRONG)
    for _ in range(5):
        sign_in(Client(), CAMILLE.number, WRONG)
    account = account_of(former)
    assert SignInCounter.objects.state(CAMILLE.number).locked_at is not None
    give_the_number(tmp_path)
    identifier = account_of(former).identifier
    assert SignInCounter.objects.state(CAMILLE.number).locked_at is None
    assert SignInCounter.objects.state(identifier).locked_at is not None
    assert KnownDevice.objects.filter(account=account).count() == 1
    assert SignInCounter.objects.every(identifier).count() == 2
    assert not SignInCounter.objects.every(CAMILLE.number).exists()


def test_counters_left_by_two_keys_become_one_a_browser(
    former: Member, tmp_path: Path, settings: Any
) -> None:
    for failures in (1, 4):
        SignInCounter.objects.create(
            identifier_index=SignInCounter.index(CAMILLE.number), device_id=failures, failures=failures
        )
    give_the_number(tmp_path)
    kept = SignInCounter.objects.every(account_of(former).identifier)
    assert sorted(kept.values_list("device_id", "failures")) == [(1, 1), (4, 4)]


def test_the_former_holder_is_told_once_at_their_address(former: Member, tmp_path: Path) -> None:
    give_the_number(tmp_path)
    mails = OutboxMail.objects.filter(name="accounts/number_given")
    assert [mail.recipient for mail in mails] == [CAMILLE.email]
    give = run(tmp_path, [line_of(NEWCOMER), *CAST[1:]], new_persons=[CAMILLE.number])
    assert give.members.empty
    assert mails.count() == 1
    assert NEWCOMER.email not in {mail.recipient for mail in OutboxMail.objects.all()}
    events = set(Entry.objects.filter(subject=account_of(former).subject).values_list("event", flat=True))
    assert "account.retired" in events


def test_a_former_account_never_opens_again(former: Member, tmp_path: Path) -> None:
    give_the_number(tmp_path)
    former = Member.objects.select_related("account").get(pk=former.pk)
    agent = make_agent()
    assert not closing.reopen(account=account_of(former), actor="agent:1", reason="erreur")
    for act in (
        lambda: account_actions.reopen_account(agent=agent, member=former, reason="x"),
        lambda: account_actions.send_link(agent=agent, member=former, reason="x"),
        lambda: account_actions.close_account(agent=agent, member=former, reason="x"),
        lambda: account_actions.change_email(agent=agent, member=former, email="n@example.org", reason="x"),
    ):
        with pytest.raises(account_actions.FormerHolder):
            act()
    with pytest.raises(letters.NobodyToWriteTo):
        letters.write_one(member=former, actor="agent:1", reason="x")
    assert account_of(former).closed_at is not None


def test_a_receipt_keeps_the_number_that_the_deposit_was_made_under(former: Member, tmp_path: Path) -> None:
    document = deposited(former, pdf())
    give_the_number(tmp_path)
    receipt = receipts.envelope_of(document.deposit)
    assert CAMILLE.number.encode() in receipt.payload


def test_the_desk_finds_both_and_says_who_is_the_former_one(
    former: Member, tmp_path: Path, words: Callable[[Any], str]
) -> None:
    give_the_number(tmp_path)
    desk = signed_in(make_agent())
    page = words(desk.post(reverse("desk:search"), {"q": CAMILLE.number}))
    assert "Luc BESSON" in page
    assert "Camille DUPONT" in page
    assert "ancien titulaire" in page
    for typed in ("dupont camille", "05/03/1954", CAMILLE.email, CAMILLE.nir):
        assert [hit.member for hit in find(typed)] == [former]
    page = words(desk.get(reverse("desk:member", args=[former.pk])))
    assert " ".join(f"ancien titulaire du n° {spaced(CAMILLE.number)}".split()) in page
    assert "former:" not in page
    assert "Rouvrir le compte" not in page
    assert "Remettre les documents" not in page  # an adviser may not


def test_a_head_hands_over_the_export_with_a_reason_that_is_journalled(
    former: Member, tmp_path: Path
) -> None:
    document = deposited(former, pdf())
    give_the_number(tmp_path)
    agent = make_agent(Role.SUPERVISOR)
    desk = signed_in(agent)
    address = reverse("desk:hand_over_export", args=[former.pk])
    assert "Remettre les documents" in desk.get(reverse("desk:member", args=[former.pk])).content.decode()
    assert desk.post(address, {"reason": ""}).status_code == 200
    answer = desk.post(address, {"reason": "demande écrite, identité vérifiée"})
    assert answer["Content-Type"] == "application/zip"
    zipped = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]
    assert any(name.endswith(".pdf") for name in zipped.namelist())
    entry = Entry.objects.get(event="vault.documents_exported", subject=former.subject)
    assert (entry.actor, entry.details["reason"]) == (agent.actor, "demande écrite, identité vérifiée")
    taken = Entry.objects.get(event="vault.document_downloaded", subject=document.subject)
    assert taken.actor == agent.actor


def test_nobody_elses_documents_are_handed_over(former: Member) -> None:
    deposited(former, pdf())
    agent = make_agent(Role.SUPERVISOR)
    with pytest.raises(handing_over.TakesThemAway):
        handing_over.hand_over_export(agent=agent, member=former, reason="curiosité")
    answer = signed_in(agent).post(
        reverse("desk:hand_over_export", args=[former.pk]), {"reason": "curiosité"}
    )
    assert answer["Content-Type"].startswith("text/html")
    assert "il télécharge lui-même ses documents" in answer.content.decode()
    assert not Entry.objects.filter(event="vault.documents_exported").exists()


def test_what_is_kept_goes_with_its_own_retention(former: Member, tmp_path: Path) -> None:
    deposited(former, pdf())
    kept = Document.objects.filter(member=former).values_list("pk", "state_at", "kind").get()
    give_the_number(tmp_path)
    assert Document.objects.filter(member=former).values_list("pk", "state_at", "kind").get() == kept
