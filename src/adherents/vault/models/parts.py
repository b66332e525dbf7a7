"""What an agent made of files: parts of one, one of several; and one that went to another member’s file."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from adherents.inspection.file_type import PHOTOS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

INDEXES_OF_MADE = [
    models.Index(
        fields=["part_of", "first_page"],
        condition=models.Q(part_of__isnull=False),
        name="documents_parts",
    ),
    models.Index(
        fields=["joined_into", "joined_rank"],
        condition=models.Q(joined_into__isnull=False),
        name="documents_joined",
    ),
]
RULES_OF_MADE = [
    models.CheckConstraint(
        condition=models.Q(part_of__isnull=True, first_page__isnull=True, last_page__isnull=True)
        | models.Q(
            part_of__isnull=False,
            split_at__isnull=True,
            wrapped_key=b"",
            first_page__isnull=False,
            last_page__isnull=False,
            first_page__gte=1,
            last_page__gte=models.F("first_page"),
        ),
        name="a_part_is_pages",
    ),
    models.CheckConstraint(
        condition=models.Q(joined_into__isnull=True, joined_rank__isnull=True, joined_at__isnull=True)
        | models.Q(
            joined_into__isnull=False,
            joined_rank__isnull=False,
            joined_at__isnull=False,
            part_of__isnull=True,
            split_at__isnull=True,
            joined_count=0,
        ),
        name="joined_once",
    ),
    models.CheckConstraint(
        condition=models.Q(joined_count=0)
        | models.Q(
            joined_count__gte=2,
            part_of__isnull=True,
            split_at__isnull=True,
            wrapped_key=b"",
            sha256="",
            photo_count=0,
        ),
        name="made_of_several",
    ),
]


class Divisible(models.Model):
    """What a document is if an agent split it, or made it of the pages of another one (`services/splitting.py`), or of several
    ones, or joined it to others (`services/joining.py`), or filed it with another member (`services/relocating.py`).
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

    joined_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="joined_from",
        help_text="the one that an agent made of it and of others, which is treated in its place",
    )
    joined_rank = models.PositiveSmallIntegerField(null=True, help_text="among these, from 1")
    joined_at = models.DateTimeField(null=True, help_text="since when")
    joined_count = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="of how many others an agent made it"
    )

    relocated_at = models.DateTimeField(
        null=True, help_text="since when a copy of it is treated in another member’s file, in its place"
    )

    parts: "RelatedManager[Any]"
    joined_from: "RelatedManager[Any]"

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

    @property
    def has_no_bytes(self) -> bool:
        """Whether an agent made it: its pages are those of what its member sent, and it was sent under no other name."""
        return self.first_page is not None or self.joined_count > 0

    @property
    def joined_documents(self) -> list[Self]:
        """What it was made of, in the order of its pages."""
        rows: list[Self] = list(self.joined_from.all()) if self.joined_count else []
        return sorted(rows, key=lambda row: row.joined_rank or 0)

    @property
    def joined_words(self) -> str:
        """« 3 photos réunies », « 3 documents réunis »; "" for what was not made of others."""
        if not self.joined_count:
            return ""
        if self.content_type in PHOTOS:  # type: ignore[attr-defined]
            words = ngettext("%(count)d photo réunie", "%(count)d photos réunies", self.joined_count)
        else:
            words = ngettext("%(count)d document réuni", "%(count)d documents réunis", self.joined_count)
        return words % {"count": self.joined_count}

    @property
    def joined_with_words(self) -> str:
        """« Réuni avec vos 2 autres photos »; "" for what was not joined to others."""
        if self.joined_into is None:
            return ""
        others = self.joined_into.joined_count - 1
        if self.joined_into.content_type in PHOTOS:  # type: ignore[attr-defined]
            words = ngettext("Réuni avec votre autre photo", "Réuni avec vos %(count)d autres photos", others)
        else:
            words = ngettext(
                "Réuni avec votre autre document", "Réuni avec vos %(count)d autres documents", others
            )
        return words % {"count": others}
