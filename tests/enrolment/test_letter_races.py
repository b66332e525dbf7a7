"""One code in several hands at once, and letters made by several workers, on a real PostgreSQL (G10)."""

from collections.abc import Callable

import pytest
from django.db import transaction

from adherents.accounts import policy
from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account
from adherents.accounts.services import closing, letter
from adherents.accounts.services.letter import WrongLetterCode
from adherents.enrolment.models import LetterBatch
from adherents.enrolment.services import activation, letters
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from tests.at_once import at_once, kinds
from tests.cast import NO_MAIL
from tests.enrolment.letters import AGENT, REASON, letter_to
from tests.factories import add_to_register

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.rule("G10"),
]


@pytest.fixture
def odette() -> Member:
    return add_to_register(NO_MAIL)


def ticket_for(code: str, born: str = NO_MAIL.birth_date) -> str:
    return letter.open_letter(code=letter.read_code(code), birth_date=born, client=Client())


def use(ticket: str, password: str, address: str = "") -> object:
    return activation.open_by_letter(ticket=ticket, password=password, address=address, client=Client())


def test_one_code_used_twenty_times_at_once_opens_once(odette: Member) -> None:
    ticket = ticket_for(letter_to(odette))
    acts = [lambda n=n: use(ticket, f"jardin-Secret-{n}x", f"o{n}@example.org") for n in range(20)]  # type: ignore[misc]
    assert kinds(at_once(acts)) == {"OpenedAccess": 1, "DeadLink": 19}
    assert Entry.objects.filter(event=Event.PASSWORD_SET).count() == 1
    assert OutboxMail.objects.filter(name="enrolment/confirm_address").count() == 1
    assert list(broken_chains()) == []


def test_a_code_used_while_its_account_is_closed_opens_before_or_not_at_all(odette: Member) -> None:
    for turn in range(4):
        ticket = ticket_for(letter_to(odette))
        account = Account.objects.get(identifier=NO_MAIL.number)
        used, _ = at_once(
            [
                lambda: use(ticket, f"jardin-Secret-{turn}x"),  # noqa: B023
                lambda: closing.close(account=account, actor=AGENT, reason=REASON),  # noqa: B023
            ]
        )
        assert type(used).__name__ in {"OpenedAccess", "DeadLink", "PasswordChangedMeanwhile"}
        account.refresh_from_db()
        assert account.closed_at is not None
        assert not AccessLink.objects.live().exists()
        closing.reopen(account=account, actor=AGENT, reason=REASON)


def test_forty_wrong_birth_dates_at_once_count_five(odette: Member) -> None:
    code = letter_to(odette)
    acts: list[Callable[[], object]] = [lambda: ticket_for(code, "1945-06-29")] * 40
    assert kinds(at_once(acts)) == {"WrongLetterCode": 40}
    assert Entry.objects.filter(event=Event.BIRTH_DATE_REFUSED).count() == 5
    with pytest.raises(WrongLetterCode):
        ticket_for(code)


@pytest.mark.parametrize("place", [0, 20, 39])
def test_forty_birth_dates_at_once_with_the_right_one_among_them_evaluate_five(
    odette: Member, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    code, compared, compare = letter_to(odette), [], policy.same_birth_date

    def counted(typed: str, known: str) -> bool:
        compared.append(typed)
        return compare(typed, known)

    monkeypatch.setattr(policy, "same_birth_date", counted)
    born = ["1945-06-29"] * 39
    born.insert(place, NO_MAIL.birth_date)
    results = at_once([lambda born=born: ticket_for(code, born) for born in born])  # type: ignore[misc]
    assert compared.count("1945-06-29") <= 5
    assert kinds(results)["str"] <= 1
    with pytest.raises(WrongLetterCode):
        ticket_for(code)


def test_two_letters_made_at_once_leave_one_code_that_opens(odette: Member) -> None:
    with transaction.atomic():
        first = letters.write_one(member=odette, actor=AGENT, reason=REASON)
    assert first.count == 1
    made = at_once([lambda: letters.write_one(member=odette, actor=AGENT, reason=REASON)] * 6)
    assert kinds(made) == {"LetterBatch": 6}
    assert AccessLink.objects.live().letters().count() == 1


def test_four_workers_make_each_batch_once() -> None:
    for number in range(6):
        member = add_to_register(NO_MAIL) if not number else None
        keys = [member.pk] if member else [Member.objects.get().pk]
        LetterBatch.objects.create(actor=AGENT, reason=REASON, members=keys)
    at_once([lambda: [letters.prepare_due() for _ in range(6)]] * 4)
    assert set(LetterBatch.objects.values_list("count", "attempts")) == {(1, 1)}
    assert Entry.objects.filter(event=Event.LETTERS_READY).count() == 6
    assert list(broken_chains()) == []
