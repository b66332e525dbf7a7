"""How long the worker spends on a document: a short time in its turn, or a longer time behind the others.

Most documents take less than a second. One that takes longer is begun again where it delays no other one: in the lane of the
long drawings, with the processor time that no other work wants.
"""

import math
import time
from dataclasses import dataclass

from adherents.inspection import antivirus
from adherents.inspection.rasteriser import process
from adherents.inspection.rasteriser.process import Drawing, OutOfTime
from adherents.vault.models import Document
from adherents.vault.models.files import NamedFile

QUICK_SECONDS = 6
QUICK_SCAN_SECONDS = 15
SLOW_SECONDS = 240  # of all the photos that are gathered in one document; of one file: `process.SECONDS`


@dataclass(frozen=True, slots=True)
class Budget:
    """The time that a document may take from now on. `behind`: it runs in the lane of the long drawings."""

    ends: float
    scan_seconds: float
    behind: bool

    @classmethod
    def of(cls, document: Document) -> "Budget":
        seconds = SLOW_SECONDS if document.slow else QUICK_SECONDS
        scan_seconds = antivirus.SECONDS if document.slow else min(QUICK_SCAN_SECONDS, antivirus.SECONDS)
        return cls(time.monotonic() + seconds, scan_seconds, document.slow)

    def drawing(self, file: NamedFile, *, unpack: bool = False) -> Drawing:
        """The process that draws a file, or unpacks it, within the time that is left. Raises `OutOfTime` if none is left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise OutOfTime(computing=True)
        seconds = min(math.ceil(left), process.SECONDS)
        return Drawing(file.content_type, file.size, seconds=seconds, unpack=unpack, behind=self.behind)
