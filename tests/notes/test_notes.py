"""Internal notes: written in a moment, read while deciding, and by no member in any way."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import lxml.html
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.services import deciding, queue
from adherents.feed.models import Announcement
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.notes.models import LONGEST_WORDS, Note, Opinion
from adherents.notes.services.notes import NoteRefused, NoTime, TooOld, remove_note, write_note
from adherents.notes.services.opinions import ask_opinion, give_opinion, withdraw_opinion
from adherents.notes.services.standing import DocumentGone, NotesRefused
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase, take_back
from adherents.vault.services.exporting import export_everything
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.vault.conftest import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
Words = Callable[[Any], str]
BEFORE_CHRIST = timezone.make_aware(datetime(1, 1, 1, 0, 5))
IN_SIGHT = "//div[@class='pane-side']/div[@class='in-sight']"
WORDS = "Conteste le contentieux au téléphone."


def test_a_call_is_noted_with_who_and_when_and_read_while_deciding(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    treat = f"/gestion/traiter/{item.document_id}/"
    page = f"/gestion/documents/{item.document_id}/note/?back=treating"
    assert page in desk.get(treat).content.decode()
    at = timezone.localtime() - timedelta(hours=1)
    data = {
        "occasion": "call_in",
        "with_whom": "son fils",
        "happened_at": f"{at:%Y-%m-%dT%H:%M}",
        "words": WORDS,
    }
    for _ in range(2):  # pressed twice
        assert desk.post(page, data)["Location"] == treat
    assert Note.objects.count() == 1
    shown = words(desk.get(treat))
    for said in (WORDS, "Appel reçu", f"le {at:%d/%m/%Y}", "avec son fils", agent.shown_name):
        assert said in shown, said
    for place in (f"/gestion/documents/{item.document_id}/", f"/gestion/adherents/{member.pk}/"):
        assert WORDS in words(desk.get(place)), place
    [other] = waiting(member)
    assert WORDS not in words(desk.get(f"/gestion/traiter/{other.document_id}/"))
    entry = Entry.objects.get(event=Event.NOTE_WRITTEN)
    assert (entry.subject, entry.actor, entry.details) == (
        item.subject,
        agent.actor,
        {"note": Note.objects.get().pk},
    )


def test_a_note_on_a_member_stands_beside_each_of_their_documents(
    desk: Client, member: Member, words: Words
) -> None:
    [item] = waiting(member)
    record = f"/gestion/adherents/{member.pk}/"
    answer = desk.post(f"{record}note/", {"occasion": "remark", "words": WORDS})
    assert answer["Location"] == record
    assert WORDS in words(desk.get(record))
    page = words(desk.get(f"/gestion/traiter/{item.document_id}/"))
    assert f"{WORDS} sur l’adhérent" in page
    assert page.count(WORDS) == 2  # beside the decision, and in the list


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": ""},
        {"words": "é" * (LONGEST_WORDS + 1)},
        {"words": "nul\x00"},
        {"with_whom": "e" * 121},
        {"occasion": "call_in", "happened_at": "2026-03-29T02:30"},
        {"occasion": "call_in", "happened_at": "1999-12-31T10:00"},
        {"occasion": "telegram"},
        {"occasion": "call_in", "happened_at": ""},
        {"occasion": "call_in", "happened_at": "2999-01-01T10:00"},
        {"occasion": "call_in", "happened_at": "hier"},
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    desk: Client, member: Member, wrong: dict[str, str]
) -> None:
    answer: Any = desk.post(
        f"/gestion/adherents/{member.pk}/note/", {"occasion": "remark", "words": WORDS} | wrong
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {list(wrong)[-1]}
    assert not Note.objects.exists()


def test_a_call_without_its_moment_is_refused_by_the_service_too(agent: Account, member: Member) -> None:
    moments = {None: NoTime, timezone.now() + timedelta(minutes=1): NoTime, BEFORE_CHRIST: TooOld}
    for at, refusal in moments.items():
        with pytest.raises(refusal):
            write_note(agent=agent, member=member, words=WORDS, occasion="call_out", happened_at=at)


def test_two_calls_with_the_same_words_are_two_notes(desk: Client, member: Member) -> None:
    """« Sans réponse. » twice in two minutes: only what is the same in all that was typed was sent twice."""
    now = timezone.localtime()
    call = {
        "occasion": "call_out",
        "with_whom": "son fils",
        "happened_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "words": "Sans réponse.",
    }
    earlier = f"{now - timedelta(hours=2):%Y-%m-%dT%H:%M}"
    for other in ({}, {"with_whom": "sa fille"}, {"happened_at": earlier}, {"occasion": "visit"}):
        for _ in range(2):  # pressed twice
            desk.post(f"/gestion/adherents/{member.pk}/note/", call | other)
    assert Note.objects.count() == 4


def test_what_is_known_of_a_document_or_an_agent_that_is_gone_is_shown_and_written_no_more(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    """Pages were loaded before: the services look again."""
    [item], colleague, today = waiting(member), adviser(1), timezone.localdate()
    document = item.about
    note = write_note(agent=agent, member=member, document=document, words=WORDS)
    opinion = ask_opinion(agent=agent, document=document, colleague=colleague, question=WORDS, due_on=today)
    about_it = [
        partial(write_note, member=member, document=document, words="Autre."),
        partial(remove_note, note=note, reason="Elle est inexacte"),
        partial(ask_opinion, document=document, colleague=adviser(2), question="?", due_on=today),
        partial(withdraw_opinion, opinion=opinion),
    ]
    acts = [*(partial(act, agent=agent) for act in about_it)]
    give = partial(give_opinion, opinion=opinion, answer="Oui.")
    Account.objects.filter(pk__in=(agent.pk, colleague.pk)).update(closed_at=timezone.now())
    for act in [
        *acts,
        partial(give, agent=colleague),
        partial(write_note, agent=agent, member=member, words="!"),
    ]:
        with pytest.raises(NotesRefused) as refused:
            act()
        assert refused.type is NotesRefused
    Account.objects.filter(pk__in=(agent.pk, colleague.pk)).update(closed_at=None)
    take_back(acting=on_own_file(member), document_id=document.pk)
    for act in [*acts, partial(give, agent=colleague)]:
        with pytest.raises(DocumentGone):
            act()
    for page in (
        f"notes/{note.pk}/retirer/",
        f"avis/{opinion.pk}/repondre/",
        f"documents/{document.pk}/note/",
    ):
        assert desk.get(f"/gestion/{page}").status_code == 404, page
    assert WORDS not in words(desk.get("/gestion/avis/"))
    assert WORDS not in words(desk.get(f"/gestion/adherents/{member.pk}/"))
    assert (Note.objects.count(), Opinion.objects.count()) == (1, 1)


def test_how_many_there_are_and_how_they_begin_stands_beside_the_decision(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    [item], colleague = waiting(member), adviser(1)
    queue.take(agent=agent, item=item)
    treat = f"/gestion/traiter/{item.document_id}/"

    def in_sight(page: str = treat) -> str:
        tree = lxml.html.fromstring(desk.get(page).content)
        return " ".join(" ".join(part.text_content() for part in tree.xpath(IN_SIGHT)).split())

    assert in_sight() == ""
    for number in range(3):
        write_note(agent=agent, member=member, words=f"Note {number}. " + "é" * 300)
    asked = ask_opinion(
        agent=agent, document=item.about, colleague=colleague, question="?", due_on=timezone.localdate()
    )
    shown = in_sight()
    assert shown.startswith("3 notes internes 1 avis attendu Note 2. é")
    assert "Note 1." in shown
    assert "Note 0." not in shown
    assert len(shown) < 500
    give_opinion(agent=colleague, opinion=asked, answer="Oui.")
    for page in (treat, f"{treat}refuser/", f"{treat}correction/"):
        assert in_sight(page).startswith(
            f"3 notes internes 1 avis donné {colleague.shown_name} Oui. Note 2."
        ), page


def test_its_author_or_a_responsable_removes_a_note_and_says_why(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    note = write_note(agent=agent, member=member, words=WORDS)
    page = f"/gestion/notes/{note.pk}/retirer/"
    colleague = make_agent(Role.ADMINISTRATOR)
    with pytest.raises(NoteRefused):
        remove_note(agent=colleague, note=note, reason="Elle gêne")
    office = signed_in(colleague)
    answer = office.post(page, {"reason": "Elle gêne"}, follow=True)
    assert "Seuls l’auteur d’une note et un responsable" in words(answer)
    assert "retirer" not in words(office.get(f"/gestion/adherents/{member.pk}/"))
    head = signed_in(make_agent(Role.SUPERVISOR))
    assert page in head.get(f"/gestion/adherents/{member.pk}/").content.decode()
    assert "Dites pourquoi" in words(desk.post(page, {"reason": ""}))
    assert desk.post(page, {"reason": "Elle est inexacte"}).status_code == 302
    assert desk.post(page, {"reason": "Elle est inexacte"}).status_code == 404
    assert not Note.objects.exists()
    entry = Entry.objects.get(event=Event.NOTE_REMOVED)
    assert entry.details == {"note": note.pk, "reason": "Elle est inexacte"}


def test_nothing_of_it_reaches_the_member_or_a_program(
    agent: Account, member: Member, mails: Callable[[], list[Any]]
) -> None:
    """Neither notes nor opinions: no page, no zip, no mail, no event, and no detail of the journal says a word of them."""
    [item] = waiting(member)
    document = item.about
    write_note(agent=agent, member=member, words=WORDS)
    write_note(agent=agent, member=member, document=document, words=WORDS)
    today = timezone.localdate()
    asked = ask_opinion(agent=agent, document=document, colleague=adviser(1), question=WORDS, due_on=today)
    give_opinion(agent=asked.colleague, opinion=asked, answer=WORDS)
    queue.take(agent=agent, item=item)
    deciding.settle(deciding.accept(agent=agent, item=item))
    own = browser_of(member)
    for page in (
        "/adherent/",
        "/adherent/documents/",
        f"/adherent/documents/{document.pk}/",
        f"/adherent/documents/accuses/{document.deposit.number}/",
        "/adherent/messages/",
        "/adherent/donnees-personnelles/",
        "/adherent/donnees-personnelles/historique/",
    ):
        text = own.get(page).content.decode()
        for word in ("contentieux", "ote interne", "avis d", "Avis d"):
            assert word not in text.replace("avis de", ""), (page, word)
    for page in (
        f"/gestion/adherents/{member.pk}/note/",
        f"/gestion/documents/{document.pk}/note/",
        f"/gestion/documents/{document.pk}/avis/",
        "/gestion/avis/",
        f"/gestion/avis/{asked.pk}/repondre/",
    ):
        assert own.get(page).status_code == 403, page
    chunks = b"".join(export_everything(member=member, actor=member.subject).chunks)
    zipped = zipfile.ZipFile(io.BytesIO(chunks))
    assert not any(b"contentieux" in zipped.read(name) for name in zipped.namelist())
    assert not any("contentieux" in f"{mail.subject}{mail.text}{mail.html}" for mail in mails())
    assert not OutboxMail.objects.filter(name__startswith="notes").exists()
    assert not any("contentieux" in str(entry.details) for entry in Entry.objects.all())
    told = {event.type for event in Announcement.objects.all()}
    assert told <= {"document.received", "document.checked", "document.decided"}


def test_notes_go_when_messages_would_and_never_later_than_their_document(
    agent: Account, member: Member, words: Words, desk: Client
) -> None:
    first, second = waiting(member, 2)
    old = write_note(agent=agent, member=member, words=WORDS)
    months = timezone.now() - timedelta(days=61 * 31)
    Note.objects.filter(pk=old.pk).delete()
    Note.objects.create(member=member, author=agent, at=months, words="ancienne")
    write_note(agent=agent, member=member, document=first.about, words="du document effacé")
    kept = write_note(agent=agent, member=member, document=second.about, words="qui reste")
    today = timezone.localdate()
    ask_opinion(agent=agent, document=first.about, colleague=adviser(1), question=WORDS, due_on=today)
    erase(document_id=first.about.pk, because=Erased.RETENTION)
    assert "du document effacé" not in words(desk.get(f"/gestion/adherents/{member.pk}/"))
    call_command("purge", "--apply", stdout=io.StringIO())
    assert [note.pk for note in Note.objects.all()] == [kept.pk]
    assert not first.about.opinions.exists()
