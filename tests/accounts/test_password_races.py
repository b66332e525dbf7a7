"""Guesses of a password and uses of a link, a hundred at once, on a real PostgreSQL (G3, G5, G6, G7, G11, G12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client as Browser
from django.utils import timezone

from adherents.accounts import policy
from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account, FormerPassword, KnownDevice, SignInCounter
from adherents.accounts.services import access_link, change_password, forgotten, lock, passwords, sign_in
from adherents.accounts.services.access_link import DeadLink, WrongBirthDate
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.passwords import PasswordChangedMeanwhile, WeakPassword
from adherents.accounts.services.sign_in import SignInRefused
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from tests.accounts.steps import WRONG, text_of
from tests.accounts.steps import sign_in as signs_in
from tests.at_once import at_once, kinds
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, PASSWORD
from tests.factories import open_account

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def new_link(account: Account) -> str:
    token = AccessLink.new_token()
    AccessLink.objects.create(
        account=account,
        purpose="reset",
        token_hash=hash_token(token),
        expires_at=timezone.now() + timedelta(hours=2),
    )
    return token


def use(token: str, password: str, born: str = CAMILLE.birth_date) -> object:
    return access_link.use_link(token=token, birth_date=born, password=password, client=Client())


def try_password(password: str, number: str = CAMILLE.number) -> object:
    return sign_in.check_credentials(identifier=number, password=password, client=Client())


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were compared with the account's own hash."""
    sign_in.hash_for_nothing("made once a process")
    seen: list[str] = []
    compare = get_hasher().verify

    def counted(_: object, password: str, encoded: str) -> bool:
        if encoded != sign_in._nobodys_hash[0]:
            seen.append(password)
        return compare(password, encoded)

    monkeypatch.setattr(type(get_hasher()), "verify", counted)
    return seen


@pytest.fixture
def account() -> Account:
    return open_account(CAMILLE)


@pytest.mark.rule("G11")
def test_a_hundred_wrong_passwords_at_once_evaluate_five(account: Account, evaluated: list[str]) -> None:
    results = at_once([lambda: try_password(WRONG)] * 100)
    assert len(evaluated) == 5
    assert kinds(results) == {"SignInRefused": 4, "Locked": 96}
    assert Entry.objects.filter(event=Event.SIGN_IN_REFUSED).count() == 5
    assert Entry.objects.filter(event=Event.LOCKED).count() == 1
    assert OutboxMail.objects.filter(name="accounts/locked").count() == 1
    assert SignInCounter.objects.get().failures == 5


@pytest.mark.rule("G11")
def test_a_hundred_wrong_passwords_at_once_through_the_page_evaluate_five(
    account: Account, evaluated: list[str]
) -> None:
    pages = at_once([lambda: text_of(signs_in(Browser(), CAMILLE.number, WRONG))] * 60)
    assert len(evaluated) == 5
    assert sum("ou mot de passe incorrect" in str(page) for page in pages) == 4
    assert sum("Ce compte est bloqué" in str(page) for page in pages) == 56


@pytest.mark.rule("G11")
@pytest.mark.parametrize("place", [0, 30, 99])
def test_the_right_password_among_a_hundred_buys_no_more_than_five_wrong_ones_in_a_row(
    account: Account, evaluated: list[str], place: int
) -> None:
    guesses = [WRONG] * 100
    guesses[place] = PASSWORD
    results = at_once([lambda guess=guess: try_password(guess) for guess in guesses])  # type: ignore[misc]
    counted = kinds(results)
    entered = counted["Account"]
    assert entered <= 1
    # Each right one starts the count anew: at most four before it, itself, and five after.
    assert len(evaluated) <= 5 * (1 + entered)
    assert counted["Locked"] + counted["SignInRefused"] + entered == 100
    assert SignInCounter.objects.get().locked_at is not None


@pytest.mark.rule("G11")
def test_an_unknown_number_counts_a_hundred_at_once_in_the_same_way() -> None:
    assert kinds(at_once([lambda: try_password(WRONG, "00000000")] * 60)) == {
        "SignInRefused": 4,
        "Locked": 56,
    }


@pytest.mark.rule("G11")
def test_a_stranger_who_guesses_does_not_stop_the_member_on_their_own_browser(account: Account) -> None:
    KnownDevice.objects.create(account=account, token_hash=hash_token("d" * 32))
    own = Client(device_tokens=("d" * 32,))
    acts: list[Callable[[], object]] = [lambda: try_password(WRONG)] * 40
    acts.insert(
        20, lambda: sign_in.check_credentials(identifier=CAMILLE.number, password=PASSWORD, client=own)
    )
    assert kinds(at_once(acts)) == {"SignInRefused": 4, "Locked": 36, "Account": 1}


@pytest.mark.rule("G12")
def test_wrong_old_passwords_at_once_lock_at_the_fifth(account: Account, evaluated: list[str]) -> None:

    def act() -> Account:
        return change_password.change_password(account=account, old=WRONG, new=NEW_PASSWORD, client=Client())

    assert kinds(at_once([act] * 40)) == {"SignInRefused": 4, "Locked": 36}
    assert len(evaluated) == 5


@pytest.mark.rule("G6")
def test_two_uses_of_one_link_at_once_set_one_password(account: Account) -> None:
    for turn in range(5):
        token = new_link(account)
        first, second = f"jardin-Secret-{turn}a", f"violon-Orange-{turn}b"
        results = at_once([lambda: use(token, first), lambda: use(token, second)])  # noqa: B023
        assert kinds(results) == {"OpenedAccess": 1, "DeadLink": 1}
        winner = first if type(results[0]) is not DeadLink else second
        assert Account.objects.get().check_password(winner)
        assert FormerPassword.objects.count() == turn + 1


@pytest.mark.rule("G6")
def test_twenty_uses_of_one_link_at_once_set_one_password(account: Account) -> None:
    token = new_link(account)
    results = at_once([lambda n=n: use(token, f"jardin-Secret-{n}x") for n in range(20)])  # type: ignore[misc]
    assert kinds(results) == {"OpenedAccess": 1, "DeadLink": 19}
    assert OutboxMail.objects.filter(name="accounts/password_set").count() == 1
    assert Entry.objects.filter(event=Event.PASSWORD_SET).count() == 1


@pytest.mark.rule("G3")
@pytest.mark.rule("G6")
def test_two_links_of_one_account_at_once_set_one_password(account: Account) -> None:
    for turn in range(5):
        tokens = [new_link(account), new_link(account)]
        results = at_once([lambda t=t, n=n: use(t, f"jardin-Secret-{turn}{n}") for n, t in enumerate(tokens)])  # type: ignore[misc]  # noqa: B023
        assert kinds(results) == {"OpenedAccess": 1, "DeadLink": 1}
        assert FormerPassword.objects.count() == turn + 1
        assert not AccessLink.objects.live().exists()


@pytest.mark.rule("G3")
@pytest.mark.rule("G12")
def test_a_link_and_a_change_at_once_set_one_password_and_keep_the_history(account: Account) -> None:
    token = new_link(account)
    results = at_once(
        [
            lambda: use(token, "jardin-Secret-1x"),
            lambda: change_password.change_password(
                account=account, old=PASSWORD, new="violon-Orange-1x", client=Client()
            ),
        ]
    )
    assert kinds(results)["OpenedAccess"] + kinds(results)["Account"] == 1, results
    assert any(isinstance(result, DeadLink | PasswordChangedMeanwhile | SignInRefused) for result in results)
    assert FormerPassword.objects.count() == 1


@pytest.mark.rule("G7")
def test_wrong_birth_dates_at_once_are_five_and_the_link_is_dead(account: Account) -> None:
    token = new_link(account)
    results = at_once([lambda: use(token, NEW_PASSWORD, born="1954-03-06")] * 5)
    assert kinds(results) == {"WrongBirthDate": 5}
    assert sorted(result.left for result in results if isinstance(result, WrongBirthDate)) == [0, 1, 2, 3, 4]
    with pytest.raises(DeadLink):
        use(token, NEW_PASSWORD)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The birth dates that were compared with the file's."""
    seen: list[str] = []
    compare = policy.same_birth_date

    def counted(typed: str, known: str) -> bool:
        seen.append(typed)
        return compare(typed, known)

    monkeypatch.setattr(policy, "same_birth_date", counted)
    return seen


@pytest.mark.rule("G7")
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5, 23, 39])
def test_forty_birth_dates_at_once_with_the_right_one_among_them_evaluate_five(
    account: Account, compared: list[str], place: int
) -> None:
    token = new_link(account)
    born = ["1954-04-01"] * 39
    born.insert(place, CAMILLE.birth_date)
    results = kinds(at_once([lambda born=born: use(token, NEW_PASSWORD, born=born) for born in born]))  # type: ignore[misc]
    assert len(compared) <= 5
    assert results["WrongBirthDate"] + results["OpenedAccess"] <= len(compared)
    assert results["WrongBirthDate"] + results["OpenedAccess"] + results["DeadLink"] == 40


@pytest.mark.rule("G7")
def test_a_weak_password_buys_no_more_birth_dates(account: Account, compared: list[str]) -> None:
    """A right date with a weak password was told from a wrong one, however often the link had been refused."""
    token = new_link(account)
    born = ["1954-04-01"] * 40
    born[20:20] = [CAMILLE.birth_date] * 3
    results = kinds(at_once([lambda born=born: use(token, "trop-court", born=born) for born in born]))  # type: ignore[misc]
    assert compared.count("1954-04-01") <= 5
    assert results["WrongBirthDate"] == compared.count("1954-04-01")
    assert results["WeakPassword"] <= compared.count(CAMILLE.birth_date)
    for date in (CAMILLE.birth_date, "1954-04-01"):
        with pytest.raises(DeadLink):
            use(token, "trop-court", born=date)


@pytest.mark.rule("G7")
def test_a_right_birth_date_with_a_weak_password_gives_its_attempt_back(account: Account) -> None:
    token = new_link(account)
    at_once([lambda: use(token, "trop-court")] * 30, threads=4)
    assert AccessLink.objects.get().birth_date_failures == 0
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongBirthDate) as refusal:
            use(token, NEW_PASSWORD, born="1954-04-01")
        assert refusal.value.left == left
        with pytest.raises(WeakPassword):
            use(token, "trop-court")
    assert use(token, NEW_PASSWORD)


@pytest.mark.rule("G11")
def test_a_lock_that_falls_while_a_link_is_used_stops_it_or_comes_after_it(account: Account) -> None:
    for turn in range(4):
        SignInCounter.objects.all().delete()
        before = Account.objects.get().password
        token = new_link(account)
        acts: list[Callable[[], object]] = [lambda: try_password(WRONG)] * 5
        acts.insert(2, lambda: use(token, f"jardin-Secret-{turn}x"))  # noqa: B023
        used = at_once(acts)[2]
        changed = Account.objects.get().password != before
        assert changed == (not isinstance(used, Locked)), used
        if not changed:
            assert AccessLink.objects.live().filter(token_hash=hash_token(token)).exists()


@pytest.mark.rule("G11")
def test_a_lock_committed_after_the_first_check_is_seen_by_the_last(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, checked = new_link(account), passwords.encode_new

    def meanwhile_elsewhere(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        assert kinds(at_once([lambda: try_password(WRONG)] * 5))["Locked"] == 1
        return encoded

    monkeypatch.setattr(passwords, "encode_new", meanwhile_elsewhere)
    with pytest.raises(Locked):
        use(token, NEW_PASSWORD)
    assert Account.objects.get().check_password(PASSWORD)


@pytest.mark.rule("G3")
def test_one_new_password_through_two_links_of_two_accounts_is_nobodys_business(account: Account) -> None:
    tokens = [(new_link(account), CAMILLE.birth_date), (new_link(open_account(EVE)), EVE.birth_date)]
    results = at_once([lambda t=t, b=b: use(t, NEW_PASSWORD, b) for t, b in tokens])  # type: ignore[misc]
    assert kinds(results) == {"OpenedAccess": 2}
    with pytest.raises(WeakPassword):
        use(new_link(account), NEW_PASSWORD)


@pytest.mark.rule("G11")
def test_a_first_count_made_twice_at_once_is_one_count() -> None:
    results = at_once([lambda: lock.take_try("NEW", None)] * 12)
    assert SignInCounter.objects.count() == 1
    assert sorted(result.number for result in results if isinstance(result, lock.Attempt)) == [1, 2, 3, 4, 5]


@pytest.mark.rule("G5")
def test_two_answers_to_one_question_at_once_make_one_request() -> None:
    question = forgotten.ask_question()
    answer = question.left + question.right

    def ask() -> None:
        forgotten.request_link(
            identifier=CAMILLE.number, question=question.token, answer=answer, client=Client()
        )

    assert kinds(at_once([ask] * 12)) == {"NoneType": 1, "WrongAnswer": 11}


@pytest.mark.rule("G5")
def test_four_workers_send_one_link_for_one_request(account: Account) -> None:
    for _ in range(4):
        question = forgotten.ask_question()
        forgotten.request_link(
            identifier=CAMILLE.number,
            question=question.token,
            answer=question.left + question.right,
            client=Client(),
        )
    assert sum(at_once([forgotten.settle_due] * 8)) == 4  # type: ignore[arg-type]
    assert AccessLink.objects.count() == 4
