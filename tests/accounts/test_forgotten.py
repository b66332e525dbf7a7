"""« Mot de passe oublié ? »: the page, its question, and what a request leads to (G5, G10, G11)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from adherents.accounts.models import AccessLink, Account, ResetRequest, UsedToken
from adherents.accounts.services.forgotten import MathQuestion, WrongAnswer, ask_question, check_answer
from adherents.work.services import run_until_nothing_is_left
from tests.accounts.steps import (
    FORGOTTEN_PAGE,
    Mails,
    ask_for_link,
    is_signed_in,
    link_for,
    lock_out,
    question_on,
    reset,
    sign_in,
    text_of,
)
from tests.cast import CAMILLE, NEW_PASSWORD, NO_MAIL, PASSWORD
from tests.database_contents import everything_stored
from tests.factories import open_account

pytestmark = pytest.mark.django_db


@pytest.mark.rule("G5")
def test_the_page_has_the_labels_of_the_guide(client: Client) -> None:
    page = text_of(client.get(FORGOTTEN_PAGE))  # type: ignore[arg-type]
    for label in (
        "Mot de passe oublié ?",
        "N° Adhérent",
        "Question mathématique",
        "Valider",
        "Retour accueil",
    ):
        assert label in page
    assert "entrez le résultat. Par exemple, pour 1 + 3, entrez 4." in page


@pytest.mark.rule("G5")
def test_the_question_is_fresh_each_time(client: Client) -> None:
    pages = [text_of(client.get(FORGOTTEN_PAGE)) for _ in range(12)]  # type: ignore[arg-type]
    assert len({question_on(page)[0] for page in pages}) == 12
    assert len({question_on(page)[1] for page in pages}) > 1


@pytest.mark.rule("G5")
def test_the_answer_is_on_the_server_only(client: Client) -> None:
    question = MathQuestion(ask_question().token, 399_999, 400_002)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adherents.accounts.services.forgotten.ask_question", lambda: question)
        response = client.get(FORGOTTEN_PAGE)
    assert "399999 + 400002 =" in strip_tags(text_of(response))  # type: ignore[arg-type]
    answered = (
        response.content + repr(sorted(response.headers.items())).encode() + str(response.cookies).encode()
    )
    assert b"800001" not in answered


@pytest.mark.rule("G5")
def test_a_question_serves_once(client: Client) -> None:
    question, answer = question_on(text_of(client.get(FORGOTTEN_PAGE)))  # type: ignore[arg-type]
    filled = {"identifier": CAMILLE.number, "question": question, "answer": answer}
    assert client.post(FORGOTTEN_PAGE, filled).status_code == 302
    assert "Ce n’est pas le bon résultat" in client.post(FORGOTTEN_PAGE, filled).content.decode()
    assert ResetRequest.objects.count() == 1


@pytest.mark.rule("G5")
def test_a_wrong_answer_uses_the_question_up_asks_anew_and_keeps_the_number(client: Client) -> None:
    question, answer = question_on(text_of(client.get(FORGOTTEN_PAGE)))  # type: ignore[arg-type]
    filled = {"identifier": "7010 0001", "question": question, "answer": answer + 1}
    page = client.post(FORGOTTEN_PAGE, filled).content.decode()
    assert "Ce n’est pas le bon résultat" in page
    assert 'value="7010 0001"' in page
    assert question_on(page)[0] != question
    assert f'value="{answer + 1}"' not in page
    again = client.post(FORGOTTEN_PAGE, filled | {"answer": answer})
    assert "Ce n’est pas le bon résultat" in again.content.decode()
    assert not ResetRequest.objects.exists()


@pytest.mark.rule("G5")
@pytest.mark.parametrize("typed", ["", "vingt", "-3", "9 + 11"])
def test_an_answer_that_is_no_number_is_refused_in_words(client: Client, typed: str) -> None:
    question, _ = question_on(text_of(client.get(FORGOTTEN_PAGE)))  # type: ignore[arg-type]
    response = client.post(
        FORGOTTEN_PAGE, {"identifier": CAMILLE.number, "question": question, "answer": typed}
    )
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert not ResetRequest.objects.exists()


@pytest.mark.rule("G5")
@pytest.mark.parametrize("question", ["", "0", "not-a-uuid", "00000000-0000-0000-0000-000000000000"])
def test_a_question_that_was_never_asked_has_no_answer(client: Client, question: str) -> None:
    response = client.post(FORGOTTEN_PAGE, {"identifier": CAMILLE.number, "question": question, "answer": 20})
    assert response.status_code == 200
    assert not ResetRequest.objects.exists()
    question_on(response.content.decode())


@pytest.mark.rule("G5")
def test_a_question_left_for_half_an_hour_is_asked_anew() -> None:
    question = ask_question()
    with time_machine.travel(timezone.now() + timedelta(minutes=31)), pytest.raises(WrongAnswer):
        check_answer(question=question.token, answer=question.left + question.right)


@pytest.mark.rule("G5")
@pytest.mark.parametrize("typed", ["{0} ", " {0}", "{1}"])
def test_a_question_written_otherwise_serves_no_second_time(typed: str) -> None:
    question = ask_question()
    check_answer(question=question.token, answer=question.left + question.right)
    again = typed.format(question.token, question.token.upper())
    with pytest.raises(WrongAnswer):
        check_answer(question=again, answer=question.left + question.right)
    assert UsedToken.objects.count() == 1


@pytest.mark.rule("G5")
def test_a_question_that_was_not_made_here_has_no_answer_and_leaves_nothing() -> None:
    question = ask_question()
    altered = question.token[:-1] + ("0" if question.token[-1] != "0" else "1")
    with pytest.raises(WrongAnswer):
        check_answer(question=altered, answer=question.left + question.right)
    assert not UsedToken.objects.exists()


def test_a_question_that_was_answered_is_forgotten_once_it_would_have_ended(client: Client) -> None:
    ask_for_link(client, CAMILLE.number)
    assert UsedToken.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        run_until_nothing_is_left("old sessions and used tokens")
    assert not UsedToken.objects.exists()


@pytest.mark.rule("G5")
@pytest.mark.rule("G10")
def test_afterwards_always_the_same_page_which_says_how_to_reach_the_service(client: Client) -> None:
    open_account(CAMILLE)
    pages = set()
    for number in (CAMILLE.number, "00000000", "personne"):
        response = ask_for_link(client, number)
        assert response.headers["Location"] == "/adherent/mot-de-passe-oublie/envoye/"
        page = text_of(client.get(response.headers["Location"]))  # type: ignore[arg-type]
        pages.add(re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", page))
    [page] = pages
    assert "Vos paramètres d'accès vous ont été envoyés" in page
    for words in ("MESE Adh", "120 minutes", "indésirables", "04 76 60 56 36", "fr-contact@mese.se.com"):
        assert words in page


@pytest.mark.rule("G11")
def test_during_the_lock_a_mail_says_until_when_and_holds_no_link(mails: Mails) -> None:
    open_account(CAMILLE)
    with time_machine.travel("2026-03-02T10:20:00+01:00", tick=False):
        lock_out(CAMILLE.number)
        mails()
        ask_for_link(Client(), CAMILLE.number)
        [mail] = mails()
    assert mail.subject == "Votre compte est bloqué jusqu’au 03/03/2026 à 10\u00a0h\u00a020"
    for part in (mail.text, mail.html):
        assert "Le 03/03/2026 à 10\u00a0h\u00a020, suivez de nouveau" in part
        assert "authentication" not in part
    assert not AccessLink.objects.exists()


@pytest.mark.rule("G11")
def test_after_the_wait_a_reset_opens_the_account_again(mails: Mails) -> None:
    open_account(CAMILLE)
    lock_out(CAMILLE.number)
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        mails()
        reset(CAMILLE, mails)
        sign_in(client := Client(), CAMILLE.number, NEW_PASSWORD)
        assert is_signed_in(client)


@pytest.mark.rule("G10")
def test_without_an_address_no_mail_leaves_and_the_journal_says_why(mails: Mails) -> None:
    from adherents.journal.models import Entry

    account = open_account(NO_MAIL)
    ask_for_link(Client(), NO_MAIL.number)
    assert mails() == []
    assert Entry.objects.about(account.subject)[0].details == {"why": "no_address"}
    assert not AccessLink.objects.exists()


@pytest.mark.rule("G5")
@pytest.mark.parametrize("number", [CAMILLE.number, "00000000"])
def test_five_requests_an_hour_for_a_number_and_the_sixth_waits_known_or_not(
    client: Client, mails: Mails, number: str
) -> None:
    open_account(CAMILLE)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            assert ask_for_link(Client(), number).status_code == 302
        sixth = ask_for_link(Client(), number)
        assert sixth.status_code == 429
        assert "Trop de demandes en peu de temps" in text_of(sixth)
        assert len(mails()) == (5 if number == CAMILLE.number else 0)
        clock.shift(timedelta(hours=2))
        assert ask_for_link(Client(), number).status_code == 302


def test_from_whatever_page_an_account_gets_five_links_an_hour(mails: Mails) -> None:
    from adherents.accounts import limits

    open_account(CAMILLE)
    for _ in range(7):
        limits.forget_all()
        ask_for_link(Client(), CAMILLE.number)
    assert len(mails()) == 5


@pytest.mark.rule("G5")
def test_an_account_closed_between_the_request_and_the_worker_gets_nothing(mails: Mails) -> None:
    account = open_account(CAMILLE)
    ask_for_link(Client(), CAMILLE.number)
    Account.objects.filter(pk=account.pk).update(closed_at=timezone.now())
    assert mails() == []
    assert not ResetRequest.objects.exists()


@pytest.mark.rule("G5")
def test_what_was_typed_is_sealed_until_it_is_settled_and_gone_after(mails: Mails) -> None:
    ask_for_link(Client(), "secret-number-31")
    assert b"SECRET-NUMBER-31" not in everything_stored().upper()
    mails()
    assert not ResetRequest.objects.exists()


@pytest.mark.rule("G5")
def test_asking_does_not_change_the_password(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    link_for(CAMILLE, mails)
    sign_in(client, CAMILLE.number, PASSWORD)
    assert is_signed_in(client)
