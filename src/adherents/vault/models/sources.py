"""Who put a document in the vault, and what follows from it."""

from datetime import datetime

from django.db import models

from adherents.vault.origins import FROM_INSURER, WITH_MESSAGE, Origin


class Sourced(models.Model):
    """What a document is by its `origin`."""

    origin: "models.CharField[str, str]"
    checked_at: "models.DateTimeField[datetime | None, datetime | None]"
    set_aside: "models.CharField[str, str]"

    class Meta:
        abstract = True

    @property
    def is_from_insurer(self) -> bool:
        """Whether the insurer gives it to the member, and not the member to the insurer."""
        return self.origin in FROM_INSURER

    @property
    def came_with_message(self) -> bool:
        """Whether it belongs to a message, of the member's or to the member."""
        return self.origin in WITH_MESSAGE

    @property
    def is_held_back(self) -> bool:
        """Whether an agent attached it, and its checks are not done or set it aside: its member never gets it so."""
        return self.origin == Origin.ANSWER and (self.checked_at is None or self.set_aside != "")
