"""What the register keeps of a person, whether a member or a beneficiary, and what named them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.index import blind_index
from adherents.crypto.rows import readable
from adherents.members import names, near_names, nir
from adherents.members.fields import SearchKeyField
from adherents.members.search_query import FIRST_LENGTH, search_keys

NIR_PURPOSE = "nir"
INDEX_BYTES = 16


class Source(models.TextChoices):
    """What names people in the register. An import ends only those that its own source named last."""

    FILE = "file", _("fichier")
    API = "api", _("API")
    FOLDER = "folder", _("dossier d’échange")


def sound_indexes(whose: str) -> list[models.Index]:
    """For those who share a key of sounds. With the day of birth: of thousands who share it, those of one year are read alone."""
    return [
        models.Index(
            fields=[name, "birth_date"],
            name=f"{whose}_{name}",
            opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
        )
        for name in ("birth_sound", "usage_sound")
    ]


class Person(models.Model):
    """What the register knows of a member and of a beneficiary alike."""

    nir: "EncryptedTextField"  # bound to the person's place in the register, which a member and a beneficiary each say otherwise
    nir_index = models.BinaryField(
        max_length=INDEX_BYTES, null=True, help_text="keyed hash of the NIR; several people may have the same"
    )
    birth_name = models.CharField(max_length=120)
    usage_name = models.CharField(max_length=120, blank=True)
    first_names = models.CharField(max_length=120, blank=True)
    birth_date = models.CharField(max_length=10, blank=True, help_text="AAAA-MM-JJ, 00 where unknown")
    start_date = models.DateField(null=True)
    end_date = models.DateField(null=True, help_text="last day of membership")
    row_digest = models.BinaryField(
        max_length=INDEX_BYTES, default=b"", help_text="keyed hash of the line of the insurer's file"
    )
    gone_at = models.DateTimeField(null=True, help_text="when the insurer's file stopped naming this person")
    # Null: from before there were these keys. `adherents rebuild_search_keys` fills them.
    first_key = SearchKeyField(
        max_length=FIRST_LENGTH, null=True, help_text="the first names, to be found by"
    )
    birth_sound = SearchKeyField(
        max_length=near_names.KEY_LENGTH, null=True, help_text="what names that sound alike have in common"
    )
    usage_sound = SearchKeyField(max_length=near_names.KEY_LENGTH, null=True)
    source = models.CharField(
        max_length=6, choices=Source.choices, db_default=Source.FILE, help_text="what named this person last"
    )

    class Meta:
        abstract = True

    # What finds this person by name. A beneficiary has fewer of them.
    found_by: tuple[str, ...]

    def set_name_keys(self) -> None:
        """What the desk finds this person by, from the names."""
        for name, key in self.name_keys().items():
            setattr(self, name, key)

    def name_keys(self) -> dict[str, str]:
        keys = search_keys(self.birth_name, self.usage_name, self.first_names)
        return {name: getattr(keys, name) for name in self.found_by}

    @property
    def name(self) -> str:
        """The name to call this person by: « Marie Ève DURAND »."""
        given = names.first_given_name(self.first_names)
        return f"{given} {(self.usage_name or self.birth_name).upper()}".strip()

    @property
    def masked_nir(self) -> str:
        """« 2 90 02 •• ••• ••• •• », nothing where it is unknown, a word for it where it does not open."""
        known = readable(self, "nir", str(_("illisible")))
        return nir.mask(known) if known[:1].isdigit() else known

    @property
    def birth_date_shown(self) -> str:
        """JJ/MM/AAAA, with 00 where unknown, as the file writes it."""
        return "/".join(reversed(self.birth_date.split("-")))

    def set_nir(self, text: str) -> None:
        """Store a NIR and what finds it again. Raises `nir.WrongNir`; the empty text takes it away."""
        self.nir = nir.parse(text).text if text else ""
        self.nir_index = blind_index(NIR_PURPOSE, self.nir) if self.nir else None
