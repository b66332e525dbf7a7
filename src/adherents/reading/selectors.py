"""What was read on a document, as its member and as an agent are shown it. Nothing of a document that is erased or set aside."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.crypto.rows import readable
from adherents.insurer.profile import profile
from adherents.members import nir
from adherents.reading.ages import is_over_three_months, is_school_year_over
from adherents.reading.boxes import LARGEST
from adherents.reading.codes.comparison import OTHER, SAME
from adherents.reading.codes.reading import CODE
from adherents.reading.codes.trust import Worth
from adherents.reading.codes.two_d_doc import name_of
from adherents.reading.models import (
    Judgement,
    MemberAnswer,
    PaperField,
    PaperReading,
    PrintedCode,
    ReadingOutcome,
)
from adherents.reading.papers import RIB, RIGHTS
from adherents.reading.places import CutOut, around, in_pixels
from adherents.reading.school import CERTIFICATE
from adherents.reading.words import HOLDERS, LABELS, PAID, PROOFS, WHY_NOT
from adherents.ui.moments import day, frdate
from adherents.ui.numbers import euros
from adherents.vault.models import Document, State

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:]{5})?\Z")
PATIENCE = timedelta(minutes=15)  # after that « lecture en cours » would be a promise that nobody keeps
IN_SIGHT = {"iban", "valid_until", "total", "school_year"}
DAYS_OF_MEMBER = {"valid_until", "date", "school_year"}
INSURED = "88"  # of a signed code: the number of an insured person, which has no key
AGES = {RIGHTS, CERTIFICATE}  # papers that are asked for anew: an old bill is a bill
COMPARED = [
    "holder",
    "person",
]  # how a name is like the people's of the contract, who change: no value of the paper
ASKS = [State.RECEIVED, State.CHECKED, State.IN_PROGRESS]


@dataclass(frozen=True)
class ShownField:
    """A value for an agent. `copied`: what a key copies, "" for what is only compared. `warns`: it should be looked at twice."""

    field: PaperField
    label: str
    value: str
    copied: str
    proofs: list[str]
    warns: bool = False
    remark: str = ""
    is_french: bool = False  # the label is the specification's, which has no other language

    def place(self, width: int, height: int) -> CutOut | None:
        """Where the value is on its page, whose sides are in pixels; None where that is not known."""
        field = self.field
        if field.left is None or field.top is None or field.right is None or field.bottom is None:
            return None
        return in_pixels((field.left, field.top, field.right, field.bottom), width, height)

    @property
    def turned(self) -> int:
        """Degrees by which its page is turned to read it."""
        return self.field.turned


@dataclass(frozen=True)
class ShownCode:
    """A 2D-Doc for an agent: what its signature is worth, and its values where it is believed. `why_not`: in words, else ""."""

    code: PrintedCode
    fields: list[ShownField]
    why_not: str

    @property
    def differs(self) -> bool:
        """Whether the page around it says something else: the strongest sign of fraud there is."""
        return any(field.warns for field in self.fields)

    @property
    def warns(self) -> bool:
        return self.differs or self.code.worth in {Worth.ALTERED, Worth.REVOKED}

    def place(self, width: int, height: int) -> CutOut | None:
        """A rectangle around it on its page, whose sides are in pixels; None where that is not known."""
        return in_pixels(around(self.code.corners), width, height) if self.code.corners else None

    @property
    def turned(self) -> int:
        return 0

    def points(self, width: int, height: int) -> str:
        """Its four corners, as an SVG's polygon; "" where they are not known."""
        return " ".join(
            f"{round(across * width / LARGEST)},{round(down * height / LARGEST)}"
            for across, down in self.code.corners or ()
        )


@dataclass(frozen=True)
class ReadOnDocument:
    """For an agent. `proposed`: a kind that the paper proves and that is not the document's own, in words; or ""."""

    reading: PaperReading
    fields: list[ShownField]
    codes: list[ShownCode]
    proposed: str

    @property
    def waits(self) -> bool:
        return self.reading.outcome == ReadingOutcome.WAITS

    @property
    def first_copied(self) -> "ShownField | None":
        """What the key copies."""
        return next((field for field in self.fields if field.copied), None)

    @property
    def in_sight(self) -> "list[ShownField]":
        """What is read before the decision: the account, the total, until when a paper holds, and whatever warns."""
        return [one for one in self.fields if one.warns or one.field.code in IN_SIGHT]

    @property
    def codes_in_sight(self) -> "list[ShownCode]":
        return [one for one in self.codes if one.warns]


@dataclass(frozen=True)
class ReadForMember:
    """For the document's own member. `asks`: the account that the member may say yes or no to. `proposed`: as for an agent, while
    it is open. `signers`: of its codes.
    """

    waits: bool
    nothing: bool
    accounts: list[tuple[PaperField, str]]
    valid_until: str
    is_over: bool
    old_since: str
    year_over: str
    proposed: str
    asks: bool
    signers: list[str]


def proven_values(documents: Iterable[Document]) -> dict[uuid.UUID, dict[str, set[str]]]:
    """What each of these papers proves, by code: not how a name compares, and nothing that an agent found wrong. One query."""
    fields = PaperField.objects.filter(reading__document__in=[document.pk for document in documents])
    fields = fields.exclude(code__in=COMPARED).exclude(judgement=Judgement.WRONG).select_related("reading")
    found: dict[uuid.UUID, dict[str, set[str]]] = {}
    for field in fields:
        if field.clear:
            found.setdefault(field.reading.document_id, {}).setdefault(field.code, set()).add(field.clear)
    return found


def say_otherwise(one: Mapping[str, set[str]], other: Mapping[str, set[str]]) -> bool:
    """Whether two papers prove different values of one code, and so are two papers."""
    return any(values.isdisjoint(other[code]) for code, values in one.items() if code in other)


def for_agent(document: Document) -> ReadOnDocument | None:
    """What was read on a document, for an agent who may open it; None where it is not read. Three queries, one more of a NIR."""
    found = _found(document)
    if found is None:
        return None
    reading, fields = found
    shown = [_shown(field, document) for field in fields if not field.of_code]
    codes = [_shown_code(code, fields) for code in _codes(reading)]
    return ReadOnDocument(reading, shown, codes, _proposed(reading, document))


def _proposed(reading: PaperReading, document: Document) -> str:
    kinds = {kind.code for kind in profile().documents.kinds}
    proposed = reading.kind if reading.kind in kinds and reading.kind != document.kind else ""
    return profile().documents.kind_label(proposed) if proposed else ""


def for_member(document: Document) -> ReadForMember | None:
    """What its member reads of it; None where there is nothing to say, or the paper concerns another member."""
    found = _found(document) if document.relocated_at is None else None
    if found is None:
        return None
    reading, fields = found
    waits = reading.outcome == ReadingOutcome.WAITS and reading.at > timezone.now() - PATIENCE
    tried = reading.outcome in {ReadingOutcome.NOTHING, ReadingOutcome.FAILED} and document.kind in {
        RIB,
        RIGHTS,
    }
    open_ = document.state in ASKS
    accounts = [(field, masked_iban(field.clear)) for field in fields if field.code == "iban" and field.clear]
    said = {field.code: clear for field in fields if field.code in DAYS_OF_MEMBER and (clear := field.clear)}
    today, until, years = timezone.localdate(), said.get("valid_until", ""), said.get("school_year", "")
    signers = [one.signer for one in _codes(reading) if one.worth == Worth.SIGNED]
    ends = date.fromisoformat(until) if until else None
    issued = date.fromisoformat(said["date"]) if open_ and reading.kind in AGES and "date" in said else None
    over = years if open_ and years and is_school_year_over(years, today) else ""
    old = (
        issued is not None
        and not over
        and not (ends and ends < today)
        and is_over_three_months(issued, today)
    )
    proposed = _proposed(reading, document) if open_ else ""
    if not (accounts or until or over or old or proposed or signers) and not (open_ and (waits or tried)):
        return None
    return ReadForMember(
        waits=waits and open_,
        nothing=tried and open_,
        accounts=accounts,
        valid_until=day(ends) if ends else "",
        is_over=ends is not None and ends < today,
        old_since=day(issued) if issued and old else "",
        year_over=over,
        proposed=proposed,
        asks=open_,
        signers=list(dict.fromkeys(signers)),
    )


def confirmed_values(document: Document) -> list[PaperField]:
    """What an agent said is right, in the paper’s order, for the insurer’s systems. [] where it concerns another member."""
    found = _found(document) if document.relocated_at is None else None
    return [field for field in found[1] if field.judgement == Judgement.RIGHT] if found else []


def masked_iban(iban: str) -> str:
    """« FR76 … 015 »: enough to know one's own account by."""
    return f"{iban[:4]} … {iban[-3:]}"


def is_nir(field: PaperField) -> bool:
    """Whether the value is a NIR, or may be one: that of a signed code is whatever its issuer put there."""
    if field.code == "nir":
        return True
    if not field.code.startswith(CODE):
        return False
    number = nir.normalise(field.clear)
    return nir.is_valid(number) or (field.code == f"{CODE}{INSURED}" and len(number) == nir.LENGTH - 2)


def _found(document: Document) -> tuple[PaperReading, Sequence[PaperField]] | None:
    if document.erased_at is not None or document.set_aside or document.state == State.WITHDRAWN:
        return None
    if document.joined_count:  # each of those that it was made of is read
        return None
    reading: PaperReading | None = PaperReading.objects.filter(document=document.pk).first()
    if reading is None:
        return None
    if reading.outcome != ReadingOutcome.READ:
        return reading, []
    return reading, list(reading.fields.select_related("reading").order_by("rank"))


def _codes(reading: PaperReading) -> list[PrintedCode]:
    if reading.outcome != ReadingOutcome.READ:
        return []
    return list(reading.codes.order_by("rank"))


def _shown_code(code: PrintedCode, fields: Sequence[PaperField]) -> ShownCode:
    own = [_shown_signed(field) for field in fields if field.of_code == code.rank]
    return ShownCode(code, own, str(WHY_NOT.get(code.worth, "")))


def _shown_signed(field: PaperField) -> ShownField:
    clear = field.clear
    value = f"{frdate(clear[:10])}{clear[10:].replace('T', ' ')}" if _DAY.match(clear) else clear
    copied = value
    if is_nir(field):
        value, copied = nir.mask(clear), ""
    proofs = [str(PROOFS[proof]) for proof in field.proofs if proof in PROOFS]
    if field.on_page == SAME:
        proofs.append(_("la page dit la même chose"))
    differs = field.on_page == OTHER
    remark = _("La page dit autre chose.") if differs else ""
    label = name_of(field.code.removeprefix(CODE))
    return ShownField(field, label, value, copied, proofs, warns=differs, remark=remark, is_french=True)


def _shown(field: PaperField, document: Document) -> ShownField:
    label = str(LABELS.get(field.code, field.code))
    proofs = [str(PROOFS[proof]) for proof in field.proofs if proof in PROOFS]
    clear = field.clear
    if field.code == "iban":
        spaced = " ".join(clear[place : place + 4] for place in range(0, len(clear), 4))
        no = field.member_answer == MemberAnswer.NO
        remark = _("L’adhérent dit que ce n’est pas le sien.") if no else ""
        return ShownField(field, label, spaced, clear, proofs, warns=no, remark=remark)
    if field.code in {"holder", "person"}:
        words = str(HOLDERS.get(clear, clear))
        return ShownField(field, label, words, "", proofs, warns=clear == "other")
    if field.code == "nir":
        whose = _whose(clear, document)
        remark = "" if whose else _("Ce n’est plus le numéro d’une personne du contrat.")
        value = f"{nir.mask(clear)} – {whose}" if whose else nir.mask(clear)
        return ShownField(field, label, value, "", proofs, warns=not whose, remark=remark)
    if field.code in {"valid_from", "valid_until", "date"} and clear:
        remark = _remark_on_day(field, date.fromisoformat(clear))
        return ShownField(
            field, label, frdate(clear), frdate(clear), proofs, warns=bool(remark), remark=remark
        )
    if field.code == "total":
        return ShownField(field, label, euros(clear), clear.replace(".", ","), proofs)
    if field.code == "paid":
        return ShownField(field, label, str(PAID), "", proofs)
    if field.code == "school_year" and clear:
        over = is_school_year_over(clear, timezone.localdate())
        remark = _("Cette année scolaire est finie.") if over else ""
        return ShownField(field, label, clear, clear, proofs, warns=over, remark=remark)
    return ShownField(field, label, clear, clear, proofs)


def _remark_on_day(field: PaperField, found: date) -> str:
    today = timezone.localdate()
    if field.code == "valid_until" and found < today:
        return _("Cette attestation n’est plus valable.")
    if field.code == "date" and found > today:
        return _("Cette date est à venir.")
    if field.code == "date" and field.reading.kind in AGES and is_over_three_months(found, today):
        return _("Il y a plus de trois mois.")
    return ""


def _whose(number: str, document: Document) -> str:
    """The person of the contract who has this number today; "" for nobody."""
    member = document.member
    people = (member, *member.beneficiaries.filter(gone_at__isnull=True))
    return next((person.name for person in people if number and readable(person, "nir") == number), "")
