"""What the pages about agents show: read here, drawn by the templates. Nothing is written."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account, DirectoryIdentity, FactorRequest, Session, SignInCounter
from adherents.accounts.permissions import TABLE, Act
from adherents.accounts.policy import Standing
from adherents.crypto.index import blind_indexes
from adherents.desk.models import Absence, Specialty
from adherents.desk.selectors.member_record import ENTRIES_SHOWN, STANDING_WORDS, JournalLine, journal_lines
from adherents.insurer.profile import profile
from adherents.journal.models import Entry

STATE_WORDS: dict[str, str | Promise] = {
    "invited": _("invité"),
    "suspended": _("suspendu"),
    "active": _("en activité"),
    "awaits_factor": _("attend son second facteur"),
}
TONES = {
    "invited": "info",
    "suspended": "neutral",
    "active": "success",
    "awaits_factor": "warning",
    Standing.LOCKED: "refusal",
    Standing.EXPIRED: "warning",
}


FACTOR_WORDS: dict[str, str | Promise] = {
    Authenticator.Type.TOTP: _("application"),
    Authenticator.Type.WEBAUTHN: _("clé d’accès"),
    Authenticator.Type.RECOVERY_CODES: _("codes de secours"),
}


@dataclass(frozen=True)
class AgentLine:
    """An agent as the list shows them. `tone`: of the badge."""

    account: Account
    state: str
    words: str | Promise
    tone: str
    has_factor: bool
    sessions: int
    request: FactorRequest | None
    identity: DirectoryIdentity | None

    @property
    def name(self) -> str:
        return self.account.shown_name


def agent_lines(*pks: int) -> list[AgentLine]:
    """Every agent (or these) by name, the suspended ones last. Five queries, whatever their number."""
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    chosen = Account.objects.agents().filter(pk__in=pks) if pks else Account.objects.agents()
    agents = list(chosen.annotate(factor=Exists(factors)))
    open_ones = Session.objects.filter(account__in=agents).open()
    sessions = dict(open_ones.order_by().values_list("account").annotate(Count("pk")))
    waiting = {request.account_id: request for request in FactorRequest.objects.waiting()}
    locked = _locked_among(agents)
    identities = {row.account_id: row for row in DirectoryIdentity.objects.filter(account__in=agents)}
    lines = [
        _line(
            agent,
            locked=agent.pk in locked,
            sessions=sessions.get(agent.pk, 0),
            request=waiting.get(agent.pk),
            identity=identities.get(agent.pk),
        )
        for agent in agents
    ]
    return sorted(lines, key=lambda line: (line.state == "suspended", line.name.casefold()))


def _line(
    agent: Account,
    *,
    locked: bool,
    sessions: int,
    request: FactorRequest | None,
    identity: DirectoryIdentity | None,
) -> AgentLine:
    linked = identity is not None and identity.linked_at is not None
    has_factor = bool(agent.factor)  # type: ignore[attr-defined]
    if agent.closed_at is not None:
        state = "suspended"
    elif not agent.has_usable_password() and not linked:
        state = "invited"
    elif locked:
        state = Standing.LOCKED.value
    elif agent.is_expired:
        state = Standing.EXPIRED.value
    else:
        state = "active" if has_factor or linked else "awaits_factor"
    words = STATE_WORDS.get(state) or STANDING_WORDS[Standing(state)]
    return AgentLine(agent, state, words, TONES[state], has_factor, sessions, request, identity)


def factor_requests(agent: Account) -> int:
    """How many new second factors wait for this agent to agree, as the second person."""
    return FactorRequest.objects.answerable_by(agent).count()


def _locked_among(agents: list[Account]) -> set[int]:
    indexes = {index: agent.pk for agent in agents for index in blind_indexes("sign-in", agent.identifier)}
    rows = SignInCounter.objects.filter(identifier_index__in=list(indexes), locked_at__isnull=False)
    return {indexes[bytes(row.identifier_index)] for row in rows}


def teams() -> list[str]:
    """The groups that agents are in, by name."""
    names = Account.objects.agents().exclude(team="").order_by("team").values_list("team", flat=True)
    return list(dict.fromkeys(names))


def in_words(specialty: Specialty) -> str:
    """« RIB, Devis ; français », in the reader's language; "" where it is everything."""
    kinds = [str(profile().documents.kind_label(kind)) for kind in specialty.kinds]
    names: dict[str, str] = dict(settings.LANGUAGES)
    languages = [str(_(names.get(code, code))).lower() for code in specialty.languages]
    return "\u00a0; ".join(", ".join(named) for named in (kinds, languages) if named)


@dataclass(frozen=True)
class AgentRecord:
    """An agent's page. `treats`: the kinds and languages that « Suivant » gives; "" for all."""

    line: AgentLine
    treats: str
    absences: list[Absence]
    factors: list[str | Promise]
    sessions: list[Session]
    requests: list[FactorRequest]
    journal: list[JournalLine]


def agent_record(agent: Account, *, reader: Account) -> AgentRecord:
    """What is known of an agent, with the journal where the reader may read it."""
    kinds = Authenticator.objects.filter(user=agent).order_by("type").values_list("type", flat=True)
    settled = agent.factor_requests.select_related("asked_by", "settled_by").order_by("-asked_at")
    entries = (
        Entry.objects.about(agent.subject)[:ENTRIES_SHOWN] if reader.role in TABLE[Act.READ_JOURNAL] else []
    )
    return AgentRecord(
        line=agent_lines(agent.pk)[0],
        absences=list(Absence.objects.to_come().filter(account=agent).prefetch_related("substitute")),
        treats=in_words(Specialty.objects.of(agent)),
        factors=[FACTOR_WORDS[kind] for kind in dict.fromkeys(kinds)],
        sessions=list(Session.objects.filter(account=agent).open().newest_first()),
        requests=list(settled[:5]),
        journal=journal_lines(list(entries), reader=reader),
    )
