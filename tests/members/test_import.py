"""The insurer's file against the register: what it would change, and what it changes."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import time_machine

from adherents.accounts.models import Account
from adherents.demo import invented
from adherents.journal.models import Entry
from adherents.members.intake import apply as applying
from adherents.members.intake import compare as comparing
from adherents.members.intake.compare import RefusedRow
from adherents.members.models import Beneficiary, Member
from adherents.members.selectors import find
from adherents.members.services.accounts import attach_account, change_email
from adherents.members.services.import_files import TooManyGone, import_files
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, NO_MAIL, TWIN_LEA, TWIN_ZOE
from tests.database_contents import as_stored
from tests.members.importing import CAST, counts, run
from tests.members.member_file import child_of, line_of, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def register() -> list[dict[str, object]]:
    """Everything that the register holds, sealed NIRs included."""
    return as_stored(Member.objects.order_by("number")) + as_stored(Beneficiary.objects.order_by("pk"))


def test_without_apply_nothing_changes_and_the_plan_is_told(folder: Path) -> None:
    report = run(folder, CAST, apply=False)
    assert counts(report) == (9, 0, 0, 0, 0)
    assert not report.applied
    assert not Member.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_file_becomes_the_register(folder: Path, encoding: str) -> None:
    assert counts(run(folder, CAST, encoding=encoding)) == (9, 0, 0, 0, 0)
    assert Member.objects.count() == 9
    eve = Member.objects.get(number=EVE.number)
    assert (eve.birth_name, eve.usage_name, eve.first_names) == ("Payet", "Hoarau", "Marie Ève")
    assert (eve.nir, eve.birth_date, eve.birth_department) == (EVE.nir, EVE.birth_date, "974")
    assert (eve.email, eve.language, eve.start_date, eve.end_date) == (
        EVE.email,
        "fr",
        date(2020, 1, 1),
        None,
    )
    assert Member.objects.with_nir(EVE.nir).get() == eve
    assert [hit.member for hit in find("hoarau")] == [eve]


@pytest.mark.rule("G8")
def test_an_unknown_day_and_month_of_birth_come_through(folder: Path) -> None:
    run(folder, [line_of(KARIM)])
    assert Member.objects.get().birth_date == "1962-00-00"
    assert Member.objects.get().birth_date_shown == "00/00/1962"


def test_the_same_file_twice_changes_nothing(folder: Path) -> None:
    run(folder, CAST, beneficiaries=[child_of(EVE)])
    before = register()
    report = run(folder, CAST, beneficiaries=[child_of(EVE)])
    assert counts(report) == (0, 0, 9, 0, 0)
    assert report.members.empty
    assert report.beneficiaries
    assert report.beneficiaries.empty
    assert register() == before


def test_another_encoding_or_another_order_of_columns_is_the_same_file(folder: Path) -> None:
    run(folder, CAST)
    before = register()
    assert counts(run(folder, CAST, encoding="cp1252")) == (0, 0, 9, 0, 0)
    path = write(folder / "order.csv", CAST, columns=reversed(list(CAST[0])))
    assert counts(import_files(members=path, apply=True)) == (0, 0, 9, 0, 0)
    assert register() == before


def test_a_changed_line_changes_its_member_only(folder: Path) -> None:
    run(folder, CAST)
    lines = [
        line_of(EVE, nom_usage="Grondin") if line["numero_adherent"] == EVE.number else line for line in CAST
    ]
    assert counts(run(folder, lines)) == (0, 1, 8, 0, 0)
    assert [hit.member.number for hit in find("grondin")] == [EVE.number]
    assert find("hoarau") == []


def test_a_member_who_is_no_longer_in_the_file_is_ended_and_never_deleted(folder: Path) -> None:
    run(folder, CAST, beneficiaries=[child_of(CAMILLE)])
    with time_machine.travel("2026-07-14 12:00:00+02:00"):
        report = run(folder, CAST[1:])
        assert counts(report) == (0, 0, 8, 1, 0)
        gone = Member.objects.get(number=CAMILLE.number)
        assert gone.end_date == date(2026, 7, 14)
        assert gone.gone_at is not None
        assert gone not in Member.objects.present()
        assert not Beneficiary.objects.present().exists()
        assert counts(run(folder, CAST[1:])) == (0, 0, 8, 0, 0)


def test_a_person_who_comes_back_is_a_member_again(folder: Path) -> None:
    run(folder, CAST)
    run(folder, CAST[1:])
    assert counts(run(folder, CAST)) == (0, 1, 8, 0, 0)
    back = Member.objects.get(number=CAMILLE.number)
    assert (back.gone_at, back.end_date) == (None, None)
    assert back in Member.objects.present()


@pytest.mark.parametrize(
    ("start", "end", "ended"), [("01/01/2030", "", "2030-01-01"), ("", "01/02/2026", "2026-02-01")]
)
@time_machine.travel("2026-07-14 12:00:00+02:00")
def test_the_end_of_a_membership_is_never_before_its_start_nor_put_off(
    folder: Path, start: str, end: str, ended: str
) -> None:
    run(folder, [*CAST[1:], line_of(CAMILLE, date_debut=start, date_fin=end)])
    run(folder, CAST[1:])
    assert str(Member.objects.get(number=CAMILLE.number).end_date) == ended


def test_a_file_that_would_end_a_fifth_of_the_register_is_refused(folder: Path) -> None:
    run(folder, CAST)
    before = register()
    with pytest.raises(TooManyGone) as refused:
        run(folder, CAST[:4])
    assert "5" in str(refused.value.message)
    assert "--allow-gone 56" in str(refused.value.message)
    assert register() == before
    assert counts(run(folder, CAST[:4], allow_gone=56, expect_rows=4)) == (0, 0, 4, 5, 0)


def test_an_empty_file_ends_nobody(folder: Path) -> None:
    run(folder, CAST)
    with pytest.raises(TooManyGone):
        run(folder, [])


def test_a_refused_line_stops_no_other_and_leaves_its_member_as_it_was(folder: Path) -> None:
    run(folder, CAST)
    refused: list[RefusedRow] = []
    lines = [line_of(CAMILLE, email="nowhere", nir="1"), *CAST[1:]]
    assert counts(run(folder, lines, refused=refused)) == (0, 0, 8, 0, 1)
    assert [(line.line, line.key) for line in refused] == [(2, CAMILLE.number)]
    assert [reason.column for reason in refused[0].reasons] == ["nir", "email"]
    camille = Member.objects.get(number=CAMILLE.number)
    assert (camille.email, camille.gone_at) == (CAMILLE.email, None)


def test_the_second_line_with_a_number_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[RefusedRow] = []
    lines = [
        line_of(CAMILLE),
        line_of(EVE),
        line_of(EVE, nom_usage="Autre"),
        line_of(CAMILLE, numero_adherent=" 701 00001"),
    ]
    for batch in (2000, 1):
        monkeypatch.setattr(comparing, "_BATCH", batch)
        refused.clear()
        assert counts(run(folder, lines, apply=False, refused=refused)) == (2, 0, 0, 0, 2)
        assert [(line.line, line.key) for line in refused] == [(4, EVE.number), (5, CAMILLE.number)]
        assert "ligne 3" in str(refused[0].reasons[0].message)
        assert "ligne 2" in str(refused[1].reasons[0].message)


def test_twins_are_two_members(folder: Path) -> None:
    lines = [line_of(TWIN_LEA), line_of(replace(TWIN_ZOE, nir13=TWIN_LEA.nir13))]
    assert counts(run(folder, lines)) == (2, 0, 0, 0, 0)
    assert Member.objects.with_nir(TWIN_LEA.nir).count() == 2


def test_with_a_line_whose_number_cannot_be_read_nobody_is_gone(folder: Path) -> None:
    run(folder, CAST)
    report = run(folder, [line_of(CAMILLE, numero_adherent=""), *CAST[1:]])
    assert counts(report) == (0, 0, 8, 0, 1)
    assert report.members.unnumbered == 1
    assert Member.objects.get(number=CAMILLE.number).gone_at is None


def test_a_line_with_a_column_too_many_is_refused_and_ends_nobody(folder: Path) -> None:
    run(folder, CAST)
    path = write(folder / "wide.csv", CAST)
    path.write_text(path.read_text().replace("dupont@", "dupont;@").replace("camille@", ";camille@"))
    refused: list[RefusedRow] = []
    report = import_files(members=path, apply=True, on_refused=lambda _, line: refused.append(line))
    assert counts(report) == (0, 0, 8, 0, 1)
    assert "colonnes" in str(refused[0].reasons[0].message)


@pytest.mark.rule("G10")
@pytest.mark.usefixtures("register_with_accounts")
def test_an_agent_s_correction_of_an_address_stands_until_the_file_brings_another(folder: Path) -> None:
    run(folder, CAST)
    camille = Member.objects.get(number=CAMILLE.number)
    change_email(member=camille, email="New@example.org", actor="agent:1", reason="appel du 14/07")

    def address() -> tuple[str, str]:
        camille.refresh_from_db()
        return camille.email, Account.objects.get(pk=camille.account_id).email

    run(folder, CAST)
    assert address() == ("New@example.org", "New@example.org")
    run(folder, [line_of(CAMILLE, telephone="0476605636"), *CAST[1:]])
    assert address() == ("New@example.org", "New@example.org")
    run(folder, [line_of(CAMILLE, email="other@example.org"), *CAST[1:]])
    assert address() == ("other@example.org", "other@example.org")


@pytest.fixture
def register_with_accounts(folder: Path) -> None:
    run(folder, CAST)
    for member in Member.objects.filter(number__in=[CAMILLE.number, JEAN_FRANCOIS.number]):
        attach_account(member=member)


@pytest.mark.usefixtures("register_with_accounts")
def test_what_changes_in_the_file_is_pushed_to_the_account(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "_PUSHED_AT_ONCE", 1)
    changed = [
        line_of(CAMILLE, email="c2@example.org", date_naissance="06/03/1954", langue="en"),
        line_of(JEAN_FRANCOIS, prenoms="Jean"),
        *CAST[2:],
    ]
    assert counts(run(folder, changed)) == (0, 2, 7, 0, 0)
    account = Account.objects.get(identifier=CAMILLE.number)
    assert (account.email, account.birth_date, account.language) == ("c2@example.org", "1954-03-06", "en")
    assert Account.objects.get(identifier=JEAN_FRANCOIS.number).display_name == "Jean L’HÉRITIER-MÜLLER"


@pytest.mark.usefixtures("register_with_accounts")
def test_the_language_chosen_in_the_portal_stands(folder: Path) -> None:
    Account.objects.filter(identifier=CAMILLE.number).update(language="en")
    run(folder, [line_of(CAMILLE, email="c2@example.org"), *CAST[1:]])
    account = Account.objects.get(identifier=CAMILLE.number)
    assert (account.email, account.language) == ("c2@example.org", "en")


def test_the_journal_counts_and_names_nobody(folder: Path) -> None:
    run(folder, [*CAST, line_of(CAMILLE)], beneficiaries=[child_of(EVE)])
    entry = Entry.objects.get(event="register.imported")
    assert entry.details["new"] == 9
    assert entry.details["refused"] == 1
    assert entry.details["beneficiaries_new"] == 1
    assert all(isinstance(value, int) for value in entry.details.values())


def test_beneficiaries_are_new_changed_and_gone(folder: Path) -> None:
    children = [child_of(EVE, 1), child_of(EVE, 2, prenoms="Inès"), child_of(CAMILLE, 1, nir=TWIN_ZOE.nir)]
    report = run(folder, CAST, beneficiaries=children)
    assert report.beneficiaries
    assert report.beneficiaries.new == 3
    eve = Member.objects.get(number=EVE.number)
    assert [child.first_names for child in Beneficiary.objects.of(eve)] == ["Noé", "Inès"]
    assert Beneficiary.objects.get(member__number=CAMILLE.number).nir == TWIN_ZOE.nir

    changed = [child_of(EVE, 1, prenoms="Noé Paul"), children[2]]
    report = run(folder, CAST, beneficiaries=changed, allow_gone=40)
    assert report.beneficiaries
    plan = report.beneficiaries
    assert (plan.new, plan.changed, plan.unchanged, plan.gone) == (0, 1, 1, 1)
    assert [child.first_names for child in Beneficiary.objects.present().of(eve)] == ["Noé Paul"]


def test_a_beneficiary_needs_a_member(folder: Path) -> None:
    run(folder, [line_of(NO_MAIL)])
    refused: list[RefusedRow] = []
    report = run(
        folder,
        [line_of(NO_MAIL, email="x"), line_of(EVE, email="x"), line_of(CAMILLE)],
        beneficiaries=[
            child_of(NO_MAIL),
            child_of(CAMILLE),
            child_of(EVE),
            child_of(KARIM),
            child_of(CAMILLE),
        ],
        refused=refused,
    )
    assert report.beneficiaries
    assert (report.beneficiaries.new, report.beneficiaries.refused) == (2, 3)
    assert {child.member.number for child in Beneficiary.objects.all()} == {NO_MAIL.number, CAMILLE.number}
    assert [line.key for line in refused[2:]] == [
        f"{EVE.number}/1",
        f"{KARIM.number}/1",
        f"{CAMILLE.number}/1",
    ]


def test_ten_thousand_members_come_in_and_again_change_nothing(folder: Path) -> None:
    path = folder / "many.csv"
    invented.write_member_file(path, invented.members(10_000))
    messages: list[str] = []

    def imported() -> tuple[int, int, int, int, int]:
        return counts(
            import_files(members=path, apply=True, on_refused=lambda _, line: messages.append(str(line.line)))
        )

    assert imported() == (10_000, 0, 0, 0, 0)
    assert imported() == (0, 0, 10_000, 0, 0)
    assert messages == []
    someone = invented.member(7_777)
    member = Member.objects.with_nir(someone.nir).get()
    assert (member.number, member.nir) == (someone.numero_adherent, someone.nir)
    invented.write_member_file(path, invented.members(10_000, first=501))
    assert imported() == (500, 0, 9_500, 500, 0)
    assert Member.objects.present().count() == 10_000
