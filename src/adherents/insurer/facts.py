"""What a profile says of an insurer, table by table: the keys of `profiles/*.toml` are these fields."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from adherents.insurer.colours import PAPER, READABLE, WHITE, contrast
from adherents.insurer.directory import Directory
from adherents.insurer.pictures import Picture
from adherents.insurer.values import (
    Address,
    Colour,
    Email,
    Expected,
    Facts,
    Hours,
    Limit,
    LongWords,
    Optional,
    Phone,
    Rate,
    Span,
    Text,
    Words,
    wrong,
)

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEPARTMENTS_WITH_OTHER_HOLIDAYS = ("57", "67", "68", "971", "972", "973", "974", "976")
Language = Literal["fr", "en"]


class Insurer(Facts):
    """Who the portal belongs to. `indexed`: search engines may show its public pages."""

    short_name: Text
    legal_name: Text
    space_name: Words
    website: Address
    indexed: bool = False


class Brand(Facts):
    """One accent, one ink, a logo (a file beside the profile); the theme derives the rest."""

    accent: Colour
    ink: Colour
    logo: Picture | None = None

    @field_validator("accent", "ink")
    @classmethod
    def can_be_read(cls, colour: str) -> str:
        """Under 4.5:1 it is refused. From there on the theme takes darker shades of it for words, which read at 7:1."""
        for name, ground in {"white": WHITE, f"the paper ({PAPER})": PAPER}.items():
            if contrast(colour, ground) < READABLE:
                raise wrong(
                    "a darker colour: text in it on {name} has a contrast of {found:.2f}:1, "
                    "and the least that people can read with ease is {least:g}:1",
                    name=name,
                    found=contrast(colour, ground),
                    least=READABLE,
                )
        return colour


class HomeScreen(Facts):
    """The portal on a phone's home screen (decision 56): its name there, whether a service worker stores the look and a page
    for who is offline, and the words of that page; ours where there are none.
    """

    name: Words | None = None
    worker: bool = True
    offline: LongWords = LongWords()


class Mail(Facts):
    """What members see of the mails: the sender, and the line that closes them."""

    sender_name: Text
    sender_address: Email
    signature: Words


class Week(Facts):
    """Hours of each day of the week; a day without any is closed."""

    monday: tuple[Hours, ...] = ()
    tuesday: tuple[Hours, ...] = ()
    wednesday: tuple[Hours, ...] = ()
    thursday: tuple[Hours, ...] = ()
    friday: tuple[Hours, ...] = ()
    saturday: tuple[Hours, ...] = ()
    sunday: tuple[Hours, ...] = ()

    @field_validator(*DAYS)
    @classmethod
    def in_order(cls, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        if any(later.start <= earlier.end for earlier, later in pairwise(spans)):
            raise wrong("hours one after the other, that neither meet nor overlap")
        return spans

    def on(self, weekday: int) -> tuple[Span, ...]:
        """The hours of a weekday, 0 for Monday."""
        spans: tuple[Span, ...] = getattr(self, DAYS[weekday])
        return spans


def _open_some_day(week: Week) -> Week:
    if not any(week.on(weekday) for weekday in range(7)):
        raise wrong("a table where at least one day has hours")
    return week


class English(Facts):
    """The line where English is spoken (G14)."""

    how: Words
    hours: Week

    _open_some_day = field_validator("hours")(_open_some_day)


class Holidays(Facts):
    """Days when the service is closed: the French public holidays, and the insurer's own."""

    departments: tuple[Annotated[str, Expected("a list of department codes")], ...] = ()
    extra_closed: tuple[Annotated[date, Expected("a date such as 2026-12-24, without quotes")], ...] = ()

    @field_validator("departments")
    @classmethod
    def have_their_own(cls, departments: tuple[str, ...]) -> tuple[str, ...]:
        for department in departments:
            if department not in DEPARTMENTS_WITH_OTHER_HOLIDAYS:
                raise wrong(
                    "a list of departments that have holidays of their own: {all}",
                    all=", ".join(f'"{code}"' for code in DEPARTMENTS_WITH_OTHER_HOLIDAYS),
                )
        return departments


class Contact(Facts):
    """How a member reaches the service (G14)."""

    email: Email
    phone: Phone
    phone_internal: Phone | None = None
    phone_internal_from: Words | None = None
    hours: Week
    quiet_hours: tuple[Hours, ...] = ()
    english: English | None = None
    holidays: Holidays = Holidays()

    @property
    def phone_unbroken(self) -> str:
        """The number for the middle of a sentence: it never breaks at the end of a line."""
        return self.phone.replace(" ", "\u00a0")

    _open_some_day = field_validator("hours")(_open_some_day)


class Password(Facts):
    """What a password must be and how long it lives (G2, G4, G6, G7)."""

    min_length: int = Field(ge=8, le=128)
    max_length: int = Field(ge=64, le=1024)
    lowercase_required: bool
    classes_required: int = Field(ge=0, le=3)
    renewal_days: int = Field(ge=0, le=3650)
    renewal_notice_days: tuple[Annotated[int, Field(ge=1, le=365)], ...] = ()
    link_validity_minutes: int = Field(ge=5, le=1440)
    letter_validity_days: int = Field(default=30, ge=3, le=90)
    birth_date_tries: int = Field(ge=1, le=20)
    forbidden_words: tuple[Text, ...] = ()

    @field_validator("max_length")
    @classmethod
    def above_the_least(cls, most: int, info: ValidationInfo) -> int:
        if most < info.data.get("min_length", 0):
            raise wrong("a whole number that is not under min_length")
        return most

    @field_validator("renewal_notice_days")
    @classmethod
    def before_the_end(cls, notices: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if info.data.get("renewal_days") and any(days >= info.data["renewal_days"] for days in notices):
            raise wrong("a list of days that are all under renewal_days")
        return tuple(sorted(notices, reverse=True))

    @property
    def renewal_is_on(self) -> bool:
        return self.renewal_days > 0


class Lock(Facts):
    """How many wrong passwords in a row lock an account, and for how long (G11)."""

    tries: int = Field(ge=3, le=20)
    hours: int = Field(ge=1, le=168)


def _before_idle(warning: int, info: ValidationInfo) -> int:
    if warning >= info.data.get("idle_minutes", 1000):
        raise wrong("a whole number under idle_minutes")
    return warning


class SessionRules(Facts):
    """How long a member stays signed in, and on how many browsers at once."""

    idle_minutes: int = Field(ge=2, le=240)
    warning_minutes: int = Field(ge=1, le=60)
    absolute_hours: int = Field(ge=1, le=72)
    max_sessions: int = Field(ge=1, le=1000)

    before_idle = field_validator("warning_minutes")(_before_idle)


class Agents(Facts):
    """How long an agent stays signed in and in how many browsers; how long a second person has to agree to a new factor; the
    directory by which agents sign in, where there is one.
    """

    idle_minutes: int = Field(default=15, ge=2, le=240)
    warning_minutes: int = Field(default=2, ge=1, le=60)
    max_sessions: int = Field(default=1, ge=1, le=20)
    second_factor_hours: int = Field(default=24, ge=1, le=168)
    oidc: Directory | None = None

    before_idle = field_validator("warning_minutes")(_before_idle)


class OpenRates(Facts):
    """How often one thing may be asked by anybody: by an address, by a network (IPv4 /24, IPv6 /64)."""

    per_address: Limit
    per_network: Limit


class Rates(OpenRates):
    """The same, and how often on one member."""

    per_identifier: Limit


class IdentityRates(Rates):
    """« Première connexion »: also how often about one person, whatever n° de Sécurité sociale is given for them."""

    per_person: Limit = Rate(30, 3600)


class Limits(Facts):
    """The bounds that sit on top of the lock, one table an action."""

    sign_in: Rates
    forgotten: Rates
    first_connection: IdentityRates
    link: Rates
    letter: Rates = Field(
        default_factory=lambda: Rates.model_validate(
            {"per_address": "30/hour", "per_network": "150/hour", "per_identifier": "20/hour"}
        )
    )
    deposit: Rates
    message: Rates
    draft: Rates = Field(
        default_factory=lambda: Rates.model_validate(
            {"per_address": "6000/hour", "per_network": "12000/hour", "per_identifier": "2400/hour"}
        )
    )
    object: Rates = Field(
        default_factory=lambda: Rates.model_validate(
            {"per_address": "300/hour", "per_network": "1200/hour", "per_identifier": "60/hour"}
        )
    )
    key: OpenRates = Field(  # keys of the API that are refused
        default_factory=lambda: OpenRates.model_validate(
            {"per_address": "600/hour", "per_network": "2400/hour"}
        )
    )
    receipt: OpenRates = Field(
        default_factory=lambda: OpenRates.model_validate(
            {"per_address": "120/hour", "per_network": "600/hour"}
        )
    )


class Messages(Facts):
    """Messages with the service: the delay that is announced, in working days, how long a closed thread is kept, and to how many
    members one message may be written at once.
    """

    answer_days: int = Field(ge=0, le=90)
    retention_months: int = Field(ge=1, le=600)
    many_at_most: int = Field(default=500, ge=2, le=5000)


class Backups(Facts):
    """How long a backup may be kept, in days: what was erased lives on in the backups made before, and no longer than this."""

    kept_days: int = Field(default=30, ge=1, le=400)


class ExchangeRules(Facts):
    """The exchange folder (`adherents watch_folder`): how many days what was taken and given lies there, and whether members'
    documents go out, sealed to a public key of age where there is one (decision 50).
    """

    kept_days: int = Field(default=30, ge=1, le=400)
    originals: bool = False
    originals_days: int = Field(default=7, ge=1, le=90)
    recipient: (
        Annotated[
            str,
            Expected('a public key of age, such as "age1…"'),
            Field(pattern=r"^age1[02-9ac-hj-np-z]{58}$"),
        ]
        | None
    ) = None


class Vault(Facts):
    """The words that the pages use for the safe where documents are kept (G13)."""

    name: Words
    promise: Words


class Legal(Facts):
    """What the law asks a site to say. Empty texts stay out of the pages; `adherents check` names them."""

    publisher: LongWords = LongWords()
    publication_director: Optional = ""
    host: LongWords = LongWords()
    dpo_email: Email
    dpo_address: Optional = ""
    account_retention: Words
    journal_retention: Words
    complaint: Words
    accessibility_state: Literal["non", "partiellement", "totalement"]
    accessibility_date: date | None = None
