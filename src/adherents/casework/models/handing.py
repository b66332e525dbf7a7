"""What an agent says to the colleague whom a document goes to."""

from django.db import models
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models.queue import Item
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import ALTERED, SealedQuerySet, readable


class HandOver(models.Model):
    """Who handed an item over last, and why. It goes with the item's decision, or once the item is free again: the journal
    keeps who and when, and no words.
    """

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="hand_over")
    giver = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="hand_overs")
    at = models.DateTimeField(default=timezone.now)
    words = EncryptedTextField(bound_to=["item_id", "giver_id", "at"], default="", blank=True)

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"hand-over of item {self.item_id}"

    @property
    def shown_words(self) -> str:
        """For a page; a sentence where they do not open."""
        return readable(self, "words", str(ALTERED))
