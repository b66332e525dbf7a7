"""The same paper, sent again as another picture: a line at the decision, a key to compare, and nothing is proposed."""

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from bench.forms import drawn, invoice, photographed, scanned
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue, splitting
from adherents.casework.twins.selectors import sent_before
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.reading.models import Judgement, PaperField, PaperReading
from adherents.vault.models import Document, State
from adherents.vault.services import erasing
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import Slice
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import NEEDED
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db
SAID = "Ressemble à"
FORM = 5


def sent(member: Member, content: bytes, name: str = "facture.pdf", **options: Any) -> Document:
    document = deposited(member, content, name, **options)
    run_until_nothing_is_left("vault.pages", "vault.imprints", "casework.entering")  # and nothing is read
    document.refresh_from_db()
    return document


def in_hand(agent: Account, document: Document) -> Item:
    item = Item.objects.get(document=document)
    queue.take(agent=agent, item=item)
    return item


def screen(document: Document) -> str:
    return f"/gestion/traiter/{document.pk}/"


def alike(document: Document) -> list[Document]:
    return [twin.document for twin in sent_before(document).alike]


@pytest.fixture
def paper(member: Member) -> Document:
    return sent(member, invoice(FORM, 1))


@pytest.fixture
def photo(member: Member, paper: Document) -> Document:
    """The same paper again."""
    return sent(member, photographed(drawn(invoice(FORM, 1)), 1), "photo.jpg")


def test_one_line_says_what_it_looks_like_what_was_decided_and_by_whom(
    paper: Document, photo: Document, agent: Account, desk: Client, words: Words
) -> None:
    in_hand(agent, photo)
    shown = words(desk.get(screen(photo))).replace("\xa0", " ")
    assert f"Ressemble à « {paper.kind_label} », reçu le" in shown
    assert "pas encore décidé" in shown
    deciding.accept(agent=agent, item=in_hand(agent, paper))
    page = desk.get(screen(photo))
    assert f"par {agent.shown_name}" in words(page)
    html = page.content.decode()
    address = f"/gestion/documents/{photo.pk}/comparer/{paper.pk}/"
    assert f'href="{address}?treating=1" data-key="W"' in html
    assert html.count('data-key="W"') == 1
    assert desk.get(address).status_code == 200
    on_record = desk.get(f"/gestion/documents/{photo.pk}/").content.decode()
    assert f'href="{address}" data-key="W"' in on_record
    assert on_record.count('data-key="W"') == 1
    assert "même modèle" in on_record


def test_already_received_is_never_filled_in_because_of_it(
    paper: Document, photo: Document, agent: Account, desk: Client
) -> None:
    deciding.accept(agent=agent, item=in_hand(agent, paper))
    in_hand(agent, photo)
    assert 'name="reason" value=' not in desk.get(f"{screen(photo)}refuser/").content.decode()


def test_beside_the_same_file_each_has_its_line_and_the_key_compares_the_same_file(
    member: Member, paper: Document, photo: Document, agent: Account, desk: Client, words: Words
) -> None:
    again = sent(member, invoice(FORM, 1), "encore.pdf")
    in_hand(agent, again)
    page = desk.get(screen(again))
    assert "Même fichier, envoyé le" in words(page)
    assert SAID in words(page)
    html = page.content.decode()
    assert html.count('data-key="W"') == 1
    assert f'href="/gestion/documents/{again.pk}/comparer/{paper.pk}/?treating=1" data-key="W"' in html
    assert [twin.document for twin in sent_before(again).same] == [paper]
    assert alike(again) == [photo]


def test_what_is_the_same_file_is_not_looked_for_again_by_its_looks(
    member: Member, paper: Document, django_assert_num_queries: Any
) -> None:
    sent(member, invoice(FORM, 1))
    again = sent(member, invoice(FORM, 1))
    # Who has its bytes, those documents, its member, decisions; what is compared, the pages of both.
    with django_assert_num_queries(6):
        before = sent_before(again)
    assert len(before.same) == 2
    assert before.alike == []


def test_two_that_look_like_it_are_told_in_the_records_column(
    member: Member, paper: Document, photo: Document, agent: Account, desk: Client, words: Words
) -> None:
    third = sent(member, scanned(drawn(invoice(FORM, 1)), 2), "scan.jpg")
    deciding.accept(agent=agent, item=in_hand(agent, paper))
    assert alike(third) == [paper, photo]  # what was accepted comes first
    in_hand(agent, third)
    shown = words(desk.get(screen(third)))
    assert "2 documents en tout" in shown
    assert "même modèle" in shown


def test_another_members_paper_is_nobodys_to_know_not_even_a_responsables(
    paper: Document, agent: Account, words: Words
) -> None:
    eve = Member.objects.get(account=open_account(EVE))
    theirs = sent(eve, photographed(drawn(invoice(FORM, 1)), 1), "photo.jpg")
    assert alike(theirs) == []
    chief = signed_in(make_agent(Role.SUPERVISOR))
    assert SAID not in words(chief.get(f"/gestion/documents/{theirs.pk}/"))
    assert chief.get(f"/gestion/documents/{theirs.pk}/comparer/{paper.pk}/").status_code == 404


def test_what_was_asked_for_in_place_of_another_is_alike_because_it_should_be(
    member: Member, paper: Document, agent: Account
) -> None:
    deciding.refuse(agent=agent, item=in_hand(agent, paper), **NEEDED)
    Document.objects.filter(pk=paper.pk).update(state=State.REFUSED)
    better = sent(member, scanned(drawn(invoice(FORM, 1)), 1), "mieux.jpg", answers=paper)
    assert alike(better) == []
    assert alike(paper) == []
    again = sent(member, scanned(drawn(invoice(FORM, 1)), 2), "encore.jpg")
    assert set(alike(again)) == {better, paper}


def test_what_its_member_took_back_is_none(member: Member, paper: Document, photo: Document) -> None:
    assert alike(photo) == [paper]
    erasing.take_back(acting=on_own_file(member), document_id=paper.pk)
    assert alike(photo) == []


def test_parts_are_compared_by_their_pages_and_never_with_their_original(
    member: Member, paper: Document, agent: Account
) -> None:
    """Two papers in one file: each part is compared for itself."""
    both = sent(member, two_papers(), "deux.pdf")
    assert alike(both) == []  # its second page is on no other paper
    assert alike(paper) == [both]
    place = Place("rib", None)
    items = splitting.split(
        agent=agent, item=in_hand(agent, both), slices=[Slice(1, 1, place), Slice(2, 2, place)]
    )
    first, second = (Document.objects.get(pk=item.document_id) for item in items)
    assert alike(first) == [paper]
    assert alike(second) == []
    assert alike(paper) == [first]


def test_what_an_agent_joined_is_compared_by_all_its_pages_and_not_with_what_it_is_made_of(
    member: Member, paper: Document, agent: Account
) -> None:
    """Two documents of one sending: each was alike for itself, and their whole is no page of another paper."""
    first = sent(member, scanned(drawn(invoice(FORM, 1)), 1), "un.jpg")
    second = sent(member, invoice(8, 1), "deux.pdf")
    assert alike(first) == [paper]
    whole = Document.objects.create(
        deposit=first.deposit,
        rank=9,
        member=member,
        kind="rib",
        content_type="image/jpeg",
        size=0,
        storage_name="whole",
        joined_count=2,
        page_count=2,
        next_attempt_at=None,
        state=State.CHECKED,
    )
    for rank, source in enumerate((first, second), start=1):
        Document.objects.filter(pk=source.pk).update(joined_into=whole, joined_rank=rank, joined_at=whole.at)
    assert alike(whole) == []  # the second page is on no other paper
    assert alike(paper) == [whole]
    for source in Document.objects.filter(joined_into=whole):
        assert whole not in alike(source)
        assert source not in alike(paper)


def test_a_value_that_is_proven_on_both_and_differs_makes_two_papers_of_them(
    paper: Document, photo: Document
) -> None:
    """The one thing that tells two papers on one form apart."""
    read(paper, "total", "12.00")
    assert alike(photo) == [paper]
    value = read(photo, "total", "13.00")
    read(photo, "holder", "same")
    assert alike(photo) == []
    assert alike(paper) == []
    PaperField.objects.filter(pk=value.pk).update(judgement=Judgement.WRONG)
    assert alike(photo) == [paper]  # an agent found it wrong


def test_how_a_name_compares_is_no_value_of_the_paper(paper: Document, photo: Document) -> None:
    read(paper, "holder", "same")
    read(photo, "holder", "near")
    assert alike(photo) == [paper]


def two_papers() -> bytes:
    """The paper, and another one on another form behind it."""
    written = io.BytesIO()
    with pikepdf.new() as made:
        for content in (invoice(FORM, 1), invoice(8, 1)):
            with pikepdf.open(io.BytesIO(content)) as one:
                made.pages.extend(one.pages)
        made.save(written)
    return written.getvalue()


def read(document: Document, code: str, value: str) -> PaperField:
    reading, _ = PaperReading.objects.get_or_create(document=document)
    rank = reading.fields.count() + 1
    return PaperField.objects.create(reading=reading, rank=rank, code=code, value=value, page=1)
