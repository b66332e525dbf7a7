"""What a profile says of documents: their kinds, what is accepted, the reasons to refuse one, how agents share them."""

from typing import Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from adherents.insurer.values import Code, Facts, SignedType, Text, Words, wrong

FILE_TYPES: dict[str, str] = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/heic": "HEIC",
    "image/webp": "WebP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
FileType = Literal[
    "application/pdf", "image/jpeg", "image/png", "image/heic", "image/webp", "image/tiff", "image/avif"
]
Use = Literal["refuse", "correct"]
Picture = Literal[
    "bank", "statement", "health", "tooth", "glasses", "care", "quote", "prescription", "school", "paper"
]
# The code of what a member sent without knowing its kind: no kind of the profile. An agent says which it is.
UNKNOWN_KIND = "inconnu"
# The code of what comes or goes with a message: no kind of the profile either.
ATTACHMENT_KIND = "piece_jointe"
_TAKEN = {UNKNOWN_KIND: "what a member could not name", ATTACHMENT_KIND: "what comes with a message"}
# Phones and PCs name no type for these.
PICKED_BY_EXTENSION = {"image/heic": (".heic", ".heif"), "image/avif": (".avif",)}


class Kind(Facts):
    """A kind of document that a member can send. `picture`: what is drawn beside its name on the page that sends.

    `accept_signed`: the types of 2D-Doc (two signs of its specification, such as "01") whose signature may accept a document of
    this kind without an agent; none, and nothing is ever accepted by itself. `signed_days`: how old that signature may be.
    """

    code: Code
    fr: Text
    en: Text
    treatment_days: int = Field(ge=0, le=90)
    retention_months: int = Field(ge=1, le=600)
    picture: Picture = "paper"
    accept_signed: tuple[SignedType, ...] = ()
    signed_days: int = Field(default=92, ge=1, le=3660)

    @property
    def label(self) -> str:
        """The kind's name in the reader's language."""
        return str(Words(fr=self.fr, en=self.en))

    def __str__(self) -> str:
        return self.label


class Reason(Facts):
    """Why a document is refused or incomplete: a label for the agent, and the words of the member unless the agent edits them.

    `kinds`: the codes of the kinds that it is for, `UNKNOWN_KIND` among them; none stands for all. `when`: for a refusal, a
    correction, or both. `asks`: whether another document is expected instead. `announced`: only where the member had said
    which kind it is. `same_file`: proposed by itself to refuse what the member had sent as the very same bytes, and what was
    accepted then.
    """

    code: Code
    kinds: tuple[Code, ...] = ()
    when: tuple[Use, ...] = Field(default=("refuse", "correct"), min_length=1)
    asks: bool = True
    announced: bool = False
    same_file: bool = False
    fr: Text
    en: Text
    words: Words

    @property
    def label(self) -> str:
        """The reason's name in the reader's language."""
        return str(Words(fr=self.fr, en=self.en))

    def is_for(self, kind: str, use: str, *, announced: bool) -> bool:
        return (
            use in self.when and (not self.kinds or kind in self.kinds) and (announced or not self.announced)
        )


class Room(Facts):
    """How much one member may send, in a day and in all. What the insurer deposits does not count."""

    files_a_day: int = Field(default=200, ge=1, le=10_000)
    mb_a_day: int = Field(default=1000, ge=1, le=1_000_000)
    files: int = Field(default=3000, ge=1, le=1_000_000)
    mb: int = Field(default=6000, ge=1, le=10_000_000)

    @model_validator(mode="after")
    def a_day_fits_in(self) -> "Room":
        if self.files < self.files_a_day or self.mb < self.mb_a_day:
            raise wrong("a table where files and mb are not below files_a_day and mb_a_day")
        return self


class Documents(Facts):
    """What a member may send (G13): sizes in MB of 1,048,576 bytes, delays in working days."""

    max_file_mb: int = Field(ge=1, le=200)
    max_files: int = Field(ge=1, le=100)
    types: tuple[FileType, ...] = Field(min_length=1)
    room: Room = Room()
    kinds: tuple[Kind, ...] = Field(min_length=1)
    reasons: tuple[Reason, ...] = Field(min_length=1)

    @field_validator("room")
    @classmethod
    def holds_one_sending(cls, room: Room, info: ValidationInfo) -> Room:
        files, mb = info.data.get("max_files", 0), info.data.get("max_file_mb", 0)
        if room.files_a_day < files or room.mb_a_day < files * mb:
            raise wrong("a table whose day holds one whole sending: max_files of max_file_mb each")
        return room

    @field_validator("kinds")
    @classmethod
    def are_distinct(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        codes = [kind.code for kind in kinds]
        for code in codes:
            if codes.count(code) > 1:
                raise wrong('a list of kinds with distinct codes: "{code}" is there twice', code=code)
        for code, what in _TAKEN.items():
            if code in codes:
                raise wrong('a list of kinds without "{code}": it is for {what}', code=code, what=what)
        return kinds

    @field_validator("reasons")
    @classmethod
    def answer_every_kind(cls, reasons: tuple[Reason, ...], info: ValidationInfo) -> tuple[Reason, ...]:
        # A document without a kind is refused too, and so is one whose kind an agent chose.
        kinds = [*(kind.code for kind in info.data.get("kinds", ())), UNKNOWN_KIND]
        codes = [reason.code for reason in reasons]
        for reason in reasons:
            if codes.count(reason.code) > 1:
                raise wrong(
                    'a list of reasons with distinct codes: "{code}" is there twice', code=reason.code
                )
            if reason.same_file and "refuse" not in reason.when:
                raise wrong(
                    'a list of reasons where the one with same_file is for a refusal: "{code}" is not',
                    code=reason.code,
                )
            for kind in reason.kinds:
                if kind not in kinds and info.data.get("kinds"):
                    raise wrong(
                        'a list of reasons for kinds of this profile: "{code}" is for "{kind}", which is none',
                        code=reason.code,
                        kind=kind,
                    )
        for kind in kinds:
            for use in get_args(Use):
                if not any(reason.is_for(kind, use, announced=False) for reason in reasons):
                    raise wrong('a list of reasons with at least one to {use} a "{kind}"', use=use, kind=kind)
        return reasons

    def reasons_for(self, kind: str, use: str, *, announced: bool) -> list[Reason]:
        """Those of a kind to `refuse` it or to ask to `correct` it: its own first, then those of every kind.

        `announced`: whether the member had said that it is of this kind.
        """
        matching = [reason for reason in self.reasons if reason.is_for(kind, use, announced=announced)]
        return sorted(matching, key=lambda reason: not reason.kinds)

    @property
    def type_names(self) -> str:
        """« PDF, JPEG, PNG, HEIC »: the types that are accepted, for people."""
        return ", ".join(FILE_TYPES[kind] for kind in self.types)

    @property
    def accept(self) -> str:
        """What a browser's file picker offers (`accept` of an input): also by extension where it knows no type for it."""
        extensions = [extension for kind in self.types for extension in PICKED_BY_EXTENSION.get(kind, ())]
        return ",".join([*self.types, *extensions])

    @property
    def kind_labels(self) -> dict[str, str]:
        """Every kind that a document may have, by its code: the profile's, and that of what a member could not name."""
        return {code: self.kind_label(code) for code in (*(kind.code for kind in self.kinds), UNKNOWN_KIND)}

    def kind_label(self, code: str) -> str:
        """A kind's name in the reader's language; its code where the profile has dropped it since."""
        if code == UNKNOWN_KIND:
            return str(Words(fr="Document à classer", en="Document to identify"))
        return next((kind.label for kind in self.kinds if kind.code == code), code)

    def kind(self, code: str) -> Kind:
        """The kind that has this code; KeyError when the profile has none."""
        for kind in self.kinds:
            if kind.code == code:
                return kind
        raise KeyError(code)


class Casework(Facts):
    """How agents share the queue: how long a document stays in hand untouched, and a decision can be undone.

    `kept_days`: how many working days an answer waits for the agent who asked for it; `handed_days`: what was handed or
    attributed to an agent waits for them. `correction_days`: the days that a
    member is given to answer, unless the agent says otherwise. `reopen_hours`: how long an agent may reopen their
    own decision; a responsable always may. `one_mail_minutes`: how long after its first decision a sending is answered, where
    not all of it is decided. `morning_hour`: when a responsable who wants it is told what breaks its promise tomorrow.
    """

    lease_minutes: int = Field(ge=2, le=240)
    undo_seconds: int = Field(ge=3, le=120)
    kept_days: int = Field(ge=0, le=20)
    handed_days: int = Field(default=3, ge=1, le=20)
    correction_days: int = Field(ge=1, le=180)
    reopen_hours: int = Field(default=24, ge=0, le=720)
    one_mail_minutes: int = Field(default=30, ge=0, le=1440)
    morning_hour: int = Field(default=8, ge=5, le=12)
