"""The register, one person at a time, as the insurer's system says it by the API: the rules are those of its file.

What a program says of a person is one line (`intake/objects.py`), which is compared and applied as an import does it. Only an
ending is said instead of found out, and is never a deletion.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.intake import apply as applying
from adherents.members.intake import last_files
from adherents.members.intake.compare import LineOutcome, Owners, RefusedRow, compare_rows
from adherents.members.intake.facts import RowReason, number_in, rank_in
from adherents.members.intake.objects import BENEFICIARY_OBJECT, MEMBER_OBJECT, ObjectForm
from adherents.members.intake.sheets import MEMBERS
from adherents.members.intake.staging import Staging
from adherents.members.models import Beneficiary, Member, Person, Source
from adherents.members.versions import is_version_of

P = TypeVar("P", bound=Person)
TURN_WITHIN = 5.0  # seconds


class NobodyThere(Exception):
    """The register has nobody under this number, or this rank."""

    message = _("Le registre n’a personne sous ce numéro.")


class PersonChanged(Exception):
    """The number, or the rank, would be given to another person: an import alone can do that, when it is asked to."""

    message = _(
        "Changement de personne : le registre a quelqu’un d’autre sous ce numéro. L’API ne le redonne pas : s’il l’a vraiment "
        "été, l’exploitant du portail importe le fichier en le disant (--new-person, --new-beneficiary)."
    )


class ChangedSince(Exception):
    """The person was changed since they were read."""

    message = _("Cette personne a été changée depuis qu’elle a été lue.")


class Ended(Exception):
    """The person is no longer in the register. Named again as a whole, they are."""

    message = _("Cette personne est terminée : nommez-la de nouveau en entier.")


class WrongFacts(Exception):
    """What was said cannot be true, or cannot be read. `fields`: each wrong field with why ("" for the object as a whole)."""

    message = _("Des champs sont refusés.")

    def __init__(self, fields: list[RowReason]) -> None:
        super().__init__()
        self.fields = fields


def put_member(
    *,
    number: str,
    said: Mapping[str, Any],
    versions: Collection[str] | None = None,
    actor: str,
    source: Source = Source.API,
) -> LineOutcome:
    """Name a member: new, changed or unchanged. What is not said of them is empty from now on.

    `versions`: what the member must still be one of (`versions.version_of`).

    Raises `WrongFacts`, `PersonChanged`, `ChangedSince`; and `RegisterBusy`, as all that is here.
    """
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _member(number)
        _check_version(member, versions)
        return _name_member(number, said, actor=actor, source=source)


def change_member(
    *,
    number: str,
    said: Mapping[str, Any],
    versions: Collection[str] | None = None,
    actor: str,
    source: Source = Source.API,
) -> LineOutcome:
    """As `put_member`, for a member who is there; what is not said of them stays as the insurer said it last.

    Raises `NobodyThere` and `Ended` too.
    """
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _present(_member(number), versions)
        return _name_member(
            number, {**_last_said_of_member(member, said), **said}, actor=actor, source=source
        )


def end_member(
    *, number: str, versions: Collection[str] | None = None, actor: str, source: Source = Source.API
) -> bool:
    """End a member today, with their beneficiaries; nothing is deleted. False: they were ended already.

    Raises `NobodyThere`, `ChangedSince`.
    """
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _member(number)
        if member is None:
            raise NobodyThere
        _check_version(member, versions)
        if member.gone_at is not None:
            return False
        applying.end_member(member, source=source)
        record(Event.MEMBER_ENDED, subject=member.subject, actor=actor)
    return True


def put_beneficiary(
    *,
    number: str,
    rank: str,
    said: Mapping[str, Any],
    versions: Collection[str] | None = None,
    actor: str,
    source: Source = Source.API,
) -> LineOutcome:
    """As `put_member`, for a person whom a member covers. Raises `NobodyThere` and `Ended` where that member is not there."""
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _present(_member(number))
        _check_version(_beneficiary(member, rank), versions)
        return _name_beneficiary(member, rank, said, actor=actor, source=source)


def change_beneficiary(
    *,
    number: str,
    rank: str,
    said: Mapping[str, Any],
    versions: Collection[str] | None = None,
    actor: str,
    source: Source = Source.API,
) -> LineOutcome:
    """As `change_member`, for a beneficiary."""
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _present(_member(number))
        person = _present(_beneficiary(member, rank), versions)
        whole = {**_last_said_of_beneficiary(person, said), **said}
        return _name_beneficiary(member, rank, whole, actor=actor, source=source)


def end_beneficiary(
    *,
    number: str,
    rank: str,
    versions: Collection[str] | None = None,
    actor: str,
    source: Source = Source.API,
) -> bool:
    """As `end_member`, for a beneficiary."""
    with transaction.atomic():
        last_files.take_turn(within=TURN_WITHIN)
        member = _member(number)
        person = _beneficiary(member, rank) if member else None
        if member is None or person is None:
            raise NobodyThere
        _check_version(person, versions)
        if person.gone_at is not None:
            return False
        applying.end_beneficiary(person, source=source)
        record(Event.BENEFICIARY_ENDED, subject=member.subject, actor=actor, beneficiary=person.pk)
    return True


def _member(number: str) -> Member | None:
    """Under lock: what the line is compared with must be what it is applied to."""
    key = number_in(number)
    return Member.objects.select_for_update().filter(number=key).first() if key else None


def _beneficiary(member: Member, rank: str) -> Beneficiary | None:
    place = rank_in(rank)
    people = Beneficiary.objects.select_for_update(of=("self",)).select_related("member")
    return people.filter(member=member, rank=place).first() if place else None


def _check_version(person: Person | None, versions: Collection[str] | None) -> None:
    if versions is not None and (person is None or not is_version_of(person, versions)):
        raise ChangedSince


def _present(person: P | None, versions: Collection[str] | None = None) -> P:
    if person is None:
        raise NobodyThere
    _check_version(person, versions)
    if person.gone_at is not None:
        raise Ended
    return person


def _name_member(number: str, said: Mapping[str, Any], *, actor: str, source: Source) -> LineOutcome:
    outcome = _name(MEMBER_OBJECT, said, {"number": number}, source, actor=actor)
    if outcome is not LineOutcome.UNCHANGED:
        member = Member.objects.only("pk").get(number=number_in(number))
        record(Event.FACTS_CHANGED, subject=member.subject, actor=actor, outcome=outcome.value)
    return outcome


def _name_beneficiary(
    member: Member, rank: str, said: Mapping[str, Any], *, actor: str, source: Source
) -> LineOutcome:
    place = {"number": member.number, "rank": rank}
    outcome = _name(BENEFICIARY_OBJECT, said, place, source, actor=actor)
    if outcome is not LineOutcome.UNCHANGED:
        person = Beneficiary.objects.only("pk").get(member=member, rank=rank_in(rank))
        record(
            Event.BENEFICIARY_CHANGED,
            subject=member.subject,
            actor=actor,
            beneficiary=person.pk,
            outcome=outcome.value,
        )
    return outcome


@needs_transaction
def _name(
    form: ObjectForm, said: Mapping[str, Any], place: Mapping[str, str], source: Source, *, actor: str
) -> LineOutcome:
    """One line through the comparison and the application of an import. `place`: what the address names; `said` may repeat it.

    Must be called in a transaction.
    """
    for key, value in place.items():
        if not _says_the_same(key, said.get(key), value):
            raise WrongFacts([RowReason(key, _("Ce n’est pas celui de l’adresse appelée."))])
    refused: list[RefusedRow] = []
    outcomes: list[LineOutcome] = []
    with Staging(form.sheet, source=source, is_brief=True) as staging:
        plan = compare_rows(
            [form.row({**said, **place})],
            staging,
            on_refused=refused.append,
            on_accepted=lambda line, key, outcome: outcomes.append(outcome),
            owners=None if form.sheet is MEMBERS else lambda numbers: Owners(numbers, set()),
        )
        if refused:
            raise _refusal(form, refused[0])
        if form.sheet is MEMBERS:
            applying.write_members(plan, staging, actor=actor)
        else:
            applying.write_beneficiaries(plan, staging, actor=actor)
    return outcomes[0]


def _says_the_same(key: str, said: object, value: str) -> bool:
    if said is None or said == "":
        return True
    text = str(said)
    return number_in(text) == number_in(value) if key == "number" else rank_in(text) == rank_in(value)


def _refusal(form: ObjectForm, refused: RefusedRow) -> PersonChanged | WrongFacts:
    if refused.is_other_person:
        return PersonChanged()
    return WrongFacts(form.in_its_words(refused.reasons))


def _last_said_of_member(member: Member, said: Mapping[str, Any]) -> dict[str, str]:
    return _last_said(member, said) | {
        "birth_department": member.birth_department,
        # What the insurer says; another one may have been given in the portal, and stands (G10).
        "email": member.email_in_file,
        "phone": member.phone,
        "language": member.language,
    }


def _last_said_of_beneficiary(person: Beneficiary, said: Mapping[str, Any]) -> dict[str, str]:
    return _last_said(person, said) | {"relation": person.relation}


def _last_said(person: Person, said: Mapping[str, Any]) -> dict[str, str]:
    return {
        "nir": "" if "nir" in said else person.nir,
        "birth_name": person.birth_name,
        "usual_name": person.usage_name,
        "first_names": person.first_names,
        "birth_date": person.birth_date,
        "start_date": person.start_date.isoformat() if person.start_date else "",
        "end_date": person.end_date.isoformat() if person.end_date else "",
    }
