"""What waits and no agent treats: read here, drawn by the templates. Nothing is written."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account, Role
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models import Availability, HandOver, Item
from adherents.desk.models import Absence, Specialty
from adherents.desk.selectors.absences import away_words
from adherents.insurer.profile import profile
from adherents.vault.models import Document

HANDED_SHOWN = 20


def handed_to(agent: Account) -> list[HandOver]:
    """What colleagues handed over to this agent, or to one whom they stand in for, and nobody has taken; the first due first."""
    free = Item.objects.free().kept_for(agent).oldest_due_first()
    rows = HandOver.objects.filter(item__in=free.values("pk").order_by())
    rows = (
        rows.prefetch_related("item__reserved_for")
        .select_related("item__document__member", "giver")
        .order_by("item__due_on", "at")
    )
    return list(rows.defer("item__document__wrapped_key")[:HANDED_SHOWN])


def handed_over(document: Document) -> HandOver | None:
    """Who handed this document over last, while it waits."""
    rows = HandOver.objects.filter(item__document=document).select_related("giver")
    return rows.first()


@dataclass(frozen=True)
class Untreated:
    """Free items of one kind and one language that « Suivant » gives to nobody today."""

    kind: str
    language: str
    count: int

    @property
    def label(self) -> str:
        """« Devis (anglais) » ; the language only where there are several."""
        kind = str(profile().documents.kind_label(self.kind))
        names: dict[str, str] = dict(settings.LANGUAGES)
        language = str(_(names.get(self.language, self.language)))
        return f"{kind} ({language.lower()})" if len(names) > 1 else kind


def who_shares() -> list[Specialty]:
    """What each agent treats who takes « Suivant » today: the conseillers who have signed in once and are at work, and the
    responsables and administrateurs for whom something was chosen. Two queries.

    All of these where there is no such conseiller: a small service has none.
    """
    open_ones = Account.objects.filter(role__in=TABLE[Act.TREAT], closed_at=None)
    agents = list(open_ones.exclude(pk__in=Absence.objects.on().values("account")))
    chosen = {row.account_id: row for row in Specialty.objects.filter(account__in=agents)}
    sharing = [
        agent
        for agent in agents
        if (agent.role == Role.ADVISER and agent.last_sign_in_at is not None) or agent.pk in chosen
    ]
    return [chosen.get(agent.pk) or Specialty(account=agent) for agent in sharing or agents]


def untreated() -> list[Untreated]:
    """What waits for nobody today, by kind and language, most first. Two queries, and one more where not everything is treated
    by somebody.
    """
    shares = who_shares()
    if any(not share.kinds and not share.languages for share in shares):
        return []
    free = Item.objects.in_place(Availability.FREE).order_by()
    language = Coalesce("document__member__account__language", "document__member__language")
    rows = free.annotate(language=language).values("kind", "language").annotate(count=Count("pk"))
    lines = [Untreated(**row) for row in rows]
    left = [line for line in lines if not any(share.covers(line.kind, line.language) for share in shares)]
    return sorted(left, key=lambda line: (-line.count, line.label))


@dataclass
class Load:
    """What one agent holds: in hand and kept for them, and how much of both is late or due today."""

    agent: Account
    away: str = ""
    in_hand: int = 0
    kept: int = 0
    late: int = 0
    today: int = 0


def loads(agents: list[Account]) -> list[Load]:
    """Those of these agents who hold something or are away, by name. Three queries."""
    away = away_words(agents)
    found = {agent.pk: Load(agent, away.get(agent.pk, "")) for agent in agents}
    today = timezone.localdate()
    counted = {
        "count": Count("pk"),
        "late": Count("pk", filter=Q(due_on__lt=today)),
        "today": Count("pk", filter=Q(due_on=today)),
    }
    for place, column, name in (
        (Availability.IN_HAND, "agent", "in_hand"),
        (Availability.KEPT, "reserved_for", "kept"),
    ):
        for row in Item.objects.in_place(place).order_by().values(column).annotate(**counted):
            load = found.get(row[column])
            if load is not None:
                setattr(load, name, row["count"])
                load.late += row["late"]
                load.today += row["today"]
    return [load for load in found.values() if load.in_hand or load.kept or load.away]
