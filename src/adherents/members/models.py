"""The register: members and their beneficiaries, and the words in which the other rooms read it."""

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
from adherents.crypto.index import blind_indexes
from adherents.crypto.rows import SealedQuerySet
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members import nir
from adherents.members.claims import Claim, is_about
from adherents.members.fields import SearchKeyField
from adherents.members.former_addresses import FormerAddress as FormerAddress  # a table of this room
from adherents.members.last_file import LastBeneficiaryLine as LastBeneficiaryLine  # a table of this room
from adherents.members.last_file import LastFile as LastFile
from adherents.members.last_file import LastMemberLine as LastMemberLine
from adherents.members.person import INDEX_BYTES as INDEX_BYTES
from adherents.members.person import NIR_PURPOSE as NIR_PURPOSE
from adherents.members.person import Person as Person
from adherents.members.person import Source as Source
from adherents.members.person import sound_indexes
from adherents.members.pivot import Pivot
from adherents.members.search_query import PAIR_LENGTH, normalise_number
from adherents.ui.typed import without_separators

FOUND_AT_MOST = 50
MOST_BORN = 1000  # on one day


class MemberQuerySet(SealedQuerySet["Member"]):
    def present(self, on: date | None = None) -> Self:
        """Members of the insurer on that day (today by default): in its file, begun, not ended."""
        day = on or timezone.localdate()
        return self.filter(
            Q(start_date__isnull=True) | Q(start_date__lte=day),
            Q(end_date__isnull=True) | Q(end_date__gte=day),
            gone_at__isnull=True,
        )

    def matching(self, claim: Claim) -> "Member | None":
        """The one member that this claim is about (G8). None when there are two: twins may differ by nothing claimed.

        Chain it to `present()`: a person who came back under a new number is in the register twice.
        """
        try:
            read = nir.parse(claim.nir)
        except nir.WrongNir:
            return None
        bearers = self.filter(nir_index__in=blind_indexes(NIR_PURPOSE, read.text))
        hits = [member for member in bearers[:FOUND_AT_MOST] if is_about(claim, member)]
        return hits[0] if len(hits) == 1 else None

    def of_pivot(self, pivot: Pivot) -> "Member | None":
        """The one member whom FranceConnect names. None when there are two. Chain it to `present()`."""
        born = list(self.filter(birth_date__in=pivot.days_on_file).order_by()[: MOST_BORN + 1])
        hits = [member for member in born if pivot.is_about(member)]
        return hits[0] if len(hits) == 1 and len(born) <= MOST_BORN else None

    def with_nir(self, text: str) -> Self:
        """Those who bear this NIR: none, one or several."""
        try:
            return self.filter(nir_index__in=blind_indexes(NIR_PURPOSE, nir.parse(text).text))
        except nir.WrongNir:
            return self.none()

    def numbered(self, text: str) -> "Member | None":
        """The member with this n° adhérent, however it is typed."""
        number = normalise_number(text)
        by_number = {
            member.number: member for member in self.filter(number__in={number, without_separators(number)})
        }
        return by_number.get(number) or by_number.get(without_separators(number))

    def unreachable(self) -> Self:
        """« Sans adresse »: present members that no mail can reach, because the file has no address for them (G10)."""
        return self.present().filter(email_key="")

    def failing(self) -> Self:
        """« Adresse en échec »: present members with an address that its server refuses for good."""
        return self.present().filter(email_bounced_at__isnull=False)


class Member(Person):
    """Someone insured in their own name: a line of the insurer's member file."""

    nir = EncryptedTextField(
        bound_to=["number"], default="", help_text="15 characters, or empty where unknown"
    )
    number = SearchKeyField(max_length=32, unique=True, help_text="n° adhérent: upper case, no space")
    former_number = SearchKeyField(
        max_length=32,
        null=True,
        help_text="the n° adhérent that is another person’s now; `number` is then one that nobody can type",
    )
    number_given_at = models.DateTimeField(null=True, help_text="when the number became another person’s")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="member"
    )
    birth_department = models.CharField(max_length=3, blank=True)
    email = models.CharField(max_length=254, blank=True)
    email_key = SearchKeyField(max_length=254, blank=True, help_text="the address in lower case")
    email_in_file = models.CharField(
        max_length=254,
        blank=True,
        help_text="what the file says now",
    )
    email_chosen_at = models.DateTimeField(
        null=True,
        help_text="when an agent or the member gave the address: the file replaces it by a new one only; null: the file's",
    )
    email_bounced_at = models.DateTimeField(
        null=True, help_text="when its server refused the address for good; null again when it changes"
    )
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=2, default="fr")
    birth_key = SearchKeyField(max_length=240, blank=True)
    usage_key = SearchKeyField(max_length=240, blank=True)
    birth_pair = SearchKeyField(max_length=PAIR_LENGTH, blank=True, db_default="")
    usage_pair = SearchKeyField(max_length=PAIR_LENGTH, blank=True, db_default="")

    found_by = (
        "birth_key",
        "usage_key",
        "birth_pair",
        "usage_pair",
        "first_key",
        "birth_sound",
        "usage_sound",
    )
    objects = MemberQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["nir_index"], name="member_nir"),
            models.Index(fields=["birth_date"], name="member_birth_date"),
            # « camille dupont » is one entry of either, and not every Camille Du… nor every Dupont: which of the two is
            # read is the database's guess, and neither guess may cost thousands of rows.
            *(
                models.Index(
                    fields=[f"{name}_{first}", f"{name}_{other}"],
                    name=f"member_{name}_{first}",
                    opclasses=["varchar_pattern_ops"] * 2,
                )
                for name in ("birth", "usage")
                for first, other in (("key", "pair"), ("pair", "key"))
            ),
            models.Index(fields=["first_key"], name="member_first_key", opclasses=["varchar_pattern_ops"]),
            *sound_indexes("member"),
            models.Index(fields=["phone"], name="member_phone"),
            # The number is there for « Sans adresse », which is read in its order.
            models.Index(
                fields=["email_key", "number"],
                name="member_email",
                opclasses=["varchar_pattern_ops", "varchar_ops"],
            ),
            models.Index(
                fields=["number"], name="member_failing", condition=Q(email_bounced_at__isnull=False)
            ),
            models.Index(
                fields=["former_number"], name="member_former", condition=Q(former_number__isnull=False)
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
                condition=Q(email_bounced_at__isnull=True) | Q(email_key__gt=""),
                name="member_failing_address",
            ),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True)
                | Q(end_date__isnull=True)
                | Q(end_date__gte=F("start_date")),
                name="member_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(former_number__isnull=True, number_given_at__isnull=True)
                | Q(former_number__gt="", number_given_at__isnull=False, gone_at__isnull=False),
                name="member_former_is_gone",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """How the journal names this member."""
        return subject_of(SubjectKind.MEMBER, self.pk)

    @property
    def is_former_holder(self) -> bool:
        """Whether this person's number was given to another: the account can no longer sign in, the file is kept."""
        return self.former_number is not None

    @property
    def shown_number(self) -> str:
        """The n° adhérent as people know it; of a former holder, the one they had."""
        return str(self.former_number or self.number)

    def set_search_keys(self) -> None:
        """What the desk finds this member by, from the names and the address."""
        self.set_name_keys()
        self.email_key = self.email.lower()

    @property
    def file_says_another_address(self) -> bool:
        """Whether the insurer's file still names another address than the one that was given here."""
        return self.email_chosen_at is not None and self.email_in_file.lower() not in {"", self.email_key}

    @property
    def is_reachable(self) -> bool:
        """Whether a mail may arrive: there is an address, and its server did not refuse it (G10)."""
        return bool(self.email) and self.email_bounced_at is None

    @property
    def mail_to(self) -> tuple[str, str]:
        """Where mails go ("" without an address) and in which language: as the account says, else the register."""
        account = self.account
        return (account.email if account else "") or self.email, (account or self).language


class Relation(models.TextChoices):
    SPOUSE = "conjoint", _("Conjoint")
    CHILD = "enfant", _("Enfant")
    PARENT = "ascendant", _("Ascendant")
    OTHER = "autre", _("Autre")


class BeneficiaryQuerySet(SealedQuerySet["Beneficiary"]):
    def present(self, on: date | None = None) -> Self:
        """Those covered on that day (today by default)."""
        day = on or timezone.localdate()
        return self.filter(
            Q(start_date__isnull=True) | Q(start_date__lte=day),
            Q(end_date__isnull=True) | Q(end_date__gte=day),
            gone_at__isnull=True,
        )

    def with_nir(self, text: str) -> Self:
        """Those who bear this NIR: none, one or several."""
        try:
            return self.filter(nir_index__in=blind_indexes(NIR_PURPOSE, nir.parse(text).text))
        except nir.WrongNir:
            return self.none()

    def of(self, member: Member) -> Self:
        """A member's, in their order."""
        return self.filter(member=member).order_by(F("rank").asc(nulls_last=True), "pk")


class Beneficiary(Person):
    """Someone covered through a member: a line of the beneficiaries' file."""

    nir = EncryptedTextField(
        bound_to=["member__number", "rank"], default="", help_text="15 characters, or empty where unknown"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="beneficiaries")
    rank = models.PositiveSmallIntegerField(
        null=True, help_text="rang: 1 to 99, the insurer's own order; null once it is another person's"
    )
    relation = models.CharField(max_length=10, choices=Relation.choices, default=Relation.OTHER)
    birth_key = SearchKeyField(max_length=240, null=True)
    usage_key = SearchKeyField(max_length=240, null=True)

    found_by = ("birth_key", "usage_key", "first_key", "birth_sound", "usage_sound")
    objects = BeneficiaryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "beneficiaries"
        indexes = [
            models.Index(fields=["nir_index"], name="beneficiary_nir"),
            *(
                models.Index(
                    fields=fields,
                    name=f"beneficiary_{fields[0]}",
                    opclasses=["varchar_pattern_ops"] * len(fields),
                )
                for fields in (
                    ["birth_key", "first_key"],
                    ["usage_key", "first_key"],
                    ["first_key", "birth_key"],
                )
            ),
            *sound_indexes("beneficiary"),
        ]
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
        return subject_of(SubjectKind.BENEFICIARY, self.pk)
