"""The register: members and their beneficiaries, and the words in which the other rooms read it."""

import re
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.index import blind_index, blind_indexes
from adherents.members import names, nir
from adherents.members.claims import Claim, is_about
from adherents.members.fields import SearchKeyField

NIR_PURPOSE = "nir"
INDEX_BYTES = 16
FOUND_AT_MOST = 50

_DAY_TYPED = re.compile(r"\s*(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})\s*")
_NUMBER_TYPED = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9._/-]*")


def normalise_number(text: str) -> str:
    """A n° adhérent as the register writes it: upper case, no space (G1)."""
    return "".join(text.split()).upper()


def search_key(name: str, first_names: str) -> str:
    """What the desk searches: the name and then the first names, without what does not matter in either. 240
    at most.
    """
    return (names.squeeze(name) + names.squeeze(first_names))[:240] if name else ""


class MemberQuerySet(models.QuerySet["Member"]):
    def present(self, on: date | None = None) -> Self:
        """Members of the insurer on that day (today by default): in its file, begun, not ended."""
        day = on or timezone.localdate()
        return self.filter(
            Q(start_date__isnull=True) | Q(start_date__lte=day),
            Q(end_date__isnull=True) | Q(end_date__gte=day),
            gone_at__isnull=True,
        )

    def matching(self, claim: Claim) -> "Member | None":
        """The one member whom this claim is about (G8). Nobody when there are two: twins may differ by nothing claimed.

        Chain it to `present()`: somebody who came back under a new number is twice in the register.
        """
        try:
            read = nir.parse(claim.nir)
        except nir.WrongNir:
            return None
        bearers = self.filter(nir_index__in=blind_indexes(NIR_PURPOSE, read.text))
        hits = [member for member in bearers[:FOUND_AT_MOST] if is_about(claim, member)]
        return hits[0] if len(hits) == 1 else None

    def with_nir(self, text: str) -> Self:
        """Those who bear this NIR: none, one or several."""
        try:
            return self.filter(nir_index__in=blind_indexes(NIR_PURPOSE, nir.parse(text).text))
        except nir.WrongNir:
            return self.none()

    def numbered(self, text: str) -> "Member | None":
        """The member with this n° adhérent, however it is typed."""
        return self.filter(number=normalise_number(text)).first()

    def search(self, text: str) -> Self:
        """What an agent may mean by `text`: a number, an e-mail address, a birth date, a whole NIR, or names
        in any order.

        Fifty at most, each way through an index (50 ms among a million). Numbers, addresses and names by
        their beginning; two letters at least.
        """
        found = self._search_ids(text.strip())
        return self.filter(pk__in=found).order_by("birth_key", "number")

    def _search_ids(self, text: str) -> list[int]:
        day = _DAY_TYPED.fullmatch(text)
        if day:
            born = f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}"
            return self._first_ids(Q(birth_date=born), "pk")
        if "@" in text:
            return self._first_ids(Q(email_key__prefix=text.lower()), "email_key")
        number = normalise_number(text)
        if nir.is_valid(text) and (bearers := self._first_ids(Q(pk__in=self.with_nir(text)), "pk")):
            return bearers
        if _NUMBER_TYPED.fullmatch(number):
            exact = self._first_ids(Q(number=number), "pk")
            return exact or (self._first_ids(Q(number__prefix=number), "number") if len(number) > 1 else [])
        keys = _keys_in_any_order(text)
        if not keys:
            return []
        by_birth, by_usage = Q(), Q()
        for key in keys:
            by_birth |= Q(birth_key__prefix=key)
            by_usage |= Q(usage_key__prefix=key)
        ids = self._first_ids(by_birth, "birth_key") + self._first_ids(by_usage, "usage_key")
        return list(dict.fromkeys(ids))[:FOUND_AT_MOST]

    def _first_ids(self, condition: Q, order: str) -> list[int]:
        return list(self.filter(condition).order_by(order).values_list("pk", flat=True)[:FOUND_AT_MOST])

    def unreachable(self) -> Self:
        """Members whom no mail can reach: the file has no address for them (G10). Present ones."""
        return self.present().filter(email_key="")


def _keys_in_any_order(text: str) -> list[str]:
    """« Marie Dupont » as the keys that may begin so: `mariedupont`, `dupontmarie`."""
    words = names.normalise(text).split()[:6]
    keys = ["".join(words[turn:] + words[:turn]) for turn in range(len(words))]
    return list(dict.fromkeys(key for key in keys if len(key) > 1))


class Person(models.Model):
    """What the register knows of a member and of a beneficiary alike."""

    nir = EncryptedTextField(default="", help_text="15 characters, or empty where unknown")
    nir_index = models.BinaryField(
        max_length=INDEX_BYTES, null=True, help_text="keyed hash of the NIR; several people may have the same"
    )
    birth_name = models.CharField(max_length=120)
    usage_name = models.CharField(max_length=120, blank=True)
    first_names = models.CharField(max_length=120, blank=True)
    birth_date = models.CharField(max_length=10, blank=True, help_text="AAAA-MM-JJ, 00 where unknown")
    start_date = models.DateField(null=True)
    end_date = models.DateField(null=True, help_text="last day of membership")
    row_digest = models.BinaryField(
        max_length=INDEX_BYTES, default=b"", help_text="keyed hash of the line of the insurer's file"
    )
    gone_at = models.DateTimeField(null=True, help_text="when the insurer's file stopped naming this person")

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name to call this person by: « Marie Ève DURAND »."""
        given = re.split(r"[,;/]", self.first_names)[0].strip()
        return f"{given} {(self.usage_name or self.birth_name).upper()}".strip()

    @property
    def masked_nir(self) -> str:
        """« 2 90 02 •• ••• ••• •• », or nothing where it is unknown."""
        return nir.mask(self.nir) if self.nir else ""

    @property
    def birth_date_shown(self) -> str:
        """JJ/MM/AAAA, with 00 where unknown, as the file writes it."""
        return "/".join(reversed(self.birth_date.split("-")))

    def set_nir(self, text: str) -> None:
        """Store a NIR and what finds it again. Raises `nir.WrongNir`; the empty text takes it away."""
        self.nir = nir.parse(text).text if text else ""
        self.nir_index = blind_index(NIR_PURPOSE, self.nir) if self.nir else None


class Member(Person):
    """Someone insured in their own name: a line of the insurer's member file."""

    number = SearchKeyField(max_length=32, unique=True, help_text="n° adhérent: upper case, no space")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="member"
    )
    birth_department = models.CharField(max_length=3, blank=True)
    email = models.CharField(max_length=254, blank=True)
    email_key = SearchKeyField(max_length=254, blank=True, help_text="the address in lower case")
    email_in_file = models.CharField(
        max_length=254,
        blank=True,
        help_text="what the file says: an agent's correction stands until it changes",
    )
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=2, default="fr")
    birth_key = SearchKeyField(max_length=240, blank=True)
    usage_key = SearchKeyField(max_length=240, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["nir_index"], name="member_nir"),
            models.Index(fields=["birth_date"], name="member_birth_date"),
            *(
                models.Index(fields=[key], name=f"member_{key}", opclasses=["varchar_pattern_ops"])
                for key in ("birth_key", "usage_key", "email_key")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gt="") & ~Q(number__contains=" "), name="member_number"
            ),
            models.CheckConstraint(
                condition=Q(birth_date="") | Q(Exact(Length("birth_date"), 10)), name="member_birth_date_text"
            ),
            models.CheckConstraint(condition=Q(language__in=["fr", "en"]), name="member_language"),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True)
                | Q(end_date__isnull=True)
                | Q(end_date__gte=F("start_date")),
                name="member_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """How the journal names this member."""
        return f"member:{self.pk}"


class Relation(models.TextChoices):
    SPOUSE = "conjoint", _("Conjoint")
    CHILD = "enfant", _("Enfant")
    PARENT = "ascendant", _("Ascendant")
    OTHER = "autre", _("Autre")


class BeneficiaryQuerySet(models.QuerySet["Beneficiary"]):
    def present(self, on: date | None = None) -> Self:
        """Those covered on that day (today by default)."""
        day = on or timezone.localdate()
        return self.filter(
            Q(start_date__isnull=True) | Q(start_date__lte=day),
            Q(end_date__isnull=True) | Q(end_date__gte=day),
            gone_at__isnull=True,
        )

    def of(self, member: Member) -> Self:
        """A member's, in their order."""
        return self.filter(member=member).order_by("rank")


class Beneficiary(Person):
    """Someone covered through a member: a line of the beneficiaries' file."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="beneficiaries")
    rank = models.PositiveSmallIntegerField(help_text="rang: 1 to 99, the insurer's own order")
    relation = models.CharField(max_length=10, choices=Relation.choices, default=Relation.OTHER)

    objects = BeneficiaryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "beneficiaries"
        indexes = [models.Index(fields=["nir_index"], name="beneficiary_nir")]
        constraints = [
            models.UniqueConstraint(fields=["member", "rank"], name="one_beneficiary_a_rank"),
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=99), name="beneficiary_rank"),
            models.CheckConstraint(
                condition=Q(birth_date="") | Q(Exact(Length("birth_date"), 10)),
                name="beneficiary_birth_date_text",
            ),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True)
                | Q(end_date__isnull=True)
                | Q(end_date__gte=F("start_date")),
                name="beneficiary_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"beneficiary:{self.pk}"
