"""A file that holds several documents, and the parts that an agent made of it; one that went to another member’s file."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class Divisible(models.Model):
    """What a document is if an agent split it, or made it of the pages of another one (`services/splitting.py`), or filed it with
    another member (`services/relocating.py`).
    """

    part_of = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        db_index=False,
        related_name="parts",
        help_text="the one that was sent, of which an agent made several",
    )
    first_page = models.PositiveIntegerField(null=True, help_text="of the one that was sent")
    last_page = models.PositiveIntegerField(null=True)
    split_at = models.DateTimeField(null=True, help_text="since when its parts are treated in its place")

    relocated_at = models.DateTimeField(
        null=True, help_text="since when a copy of it is treated in another member’s file, in its place"
    )

    parts: "RelatedManager[Any]"

    class Meta:
        abstract = True

    @property
    def original(self) -> Self:
        """What its member sent: the document itself, or the one that it is a part of."""
        whole: Self = self.part_of or self  # type: ignore[assignment]
        return whole

    @property
    def original_pages(self) -> list[int]:
        """Of a part: which pages of its original it is, from 1."""
        if self.first_page is None or self.last_page is None:
            return []
        return list(range(self.first_page, self.last_page + 1))

    @property
    def pages_words(self) -> str:
        """« page 3 » or « pages 1 à 2 » of its original; "" for what is no part."""
        if self.first_page is None:
            return ""
        if self.first_page == self.last_page:
            return str(_("page %(first)s") % {"first": self.first_page})
        return str(_("pages %(first)s à %(last)s") % {"first": self.first_page, "last": self.last_page})
