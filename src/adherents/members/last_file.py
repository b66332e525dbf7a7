"""What the register keeps of the last file that it trusted: how many lines it had, and in which order.

A file that is cut at the end of a line looks whole: only the order of the file before it shows that its end is missing.
"""

from django.db import models

DIGEST_BYTES = 16


class LastFile(models.Model):
    """The last file of one kind. `imports` goes up with each import that is applied, of whatever file."""

    sheet = models.CharField(max_length=20, primary_key=True)
    imports = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0, help_text="under the header, blank ones left out")
    order = models.BinaryField(
        max_length=DIGEST_BYTES, default=b"", help_text="hash of its keys in their order"
    )

    def __str__(self) -> str:
        return f"last file: {self.sheet}"


class LastLine(models.Model):
    """The person that a line named. `rank` is the line's own place in the file, not that of the people in it."""

    rank = models.BigIntegerField(primary_key=True)
    key = models.CharField(max_length=40)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"line {self.rank}"


class LastMemberLine(LastLine):
    """A line of the member file; the key is the number."""


class LastBeneficiaryLine(LastLine):
    """A line of the beneficiaries' file; the key is number/rank."""
