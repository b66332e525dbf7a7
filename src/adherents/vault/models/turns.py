"""Which member's document is drawn next, so that many documents of one member, or a slow one, do not delay another member's."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.utils import timezone

from adherents.members.models import Member
from adherents.vault.origins import Origin
from adherents.work.models import DueWorkQuerySet

FORGOTTEN_AFTER = timedelta(days=1)


class DrawingTurn(models.Model):
    """When a member's turn comes again: later if the last drawing took long. It only orders: a member alone never waits."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"turn of member {self.member_id}"

    @staticmethod
    def put_off(member_id: int, at: datetime) -> None:
        """The other members come first until `at`."""
        DrawingTurn.objects.bulk_create(
            [DrawingTurn(member_id=member_id, at=at)],
            update_conflicts=True,
            unique_fields=["member"],
            update_fields=["at"],
        )

    @classmethod
    def forget_old(cls) -> int:
        """Delete the turns of members who sent nothing for a day."""
        return cls.objects.filter(at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]


class FairQuerySet(DueWorkQuerySet):
    def in_turn(self) -> Self:
        """Members in turn, each one's oldest first; what the insurer puts in vaults, often for thousands at once, comes last."""
        turn = DrawingTurn.objects.filter(member=OuterRef("member")).values("at")
        from_insurer = Case(When(origin=Origin.INSURER, then=Value(1)), default=Value(0))
        return self.alias(turn=Subquery(turn)).order_by(
            from_insurer, F("turn").asc(nulls_first=True), "next_attempt_at", "pk"
        )
