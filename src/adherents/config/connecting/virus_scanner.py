"""clamd: is it there, does it find what it should, are its signatures of this week, does it take our largest file?"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from adherents.config.connecting.remarks import Remark, Remarks, absent, fault, ok, warning
from adherents.inspection import antivirus
from adherents.inspection.antivirus import NotScanned, Unscanned
from adherents.insurer.profile import profile

SETTING = "ADHERENTS_ANTIVIRUS_URL"
OLD = timedelta(days=7)
PIECE = bytes(1 << 20)
# In two halves: scanners look for the whole in files such as this one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
_ENGINE = re.compile(r"ClamAV ([^/]+)(?:/(\d+)/(.+))?")


def look() -> Remarks:
    if not antivirus.is_set():
        yield absent("nothing is scanned")
        return
    try:
        verdict = antivirus.scan([EICAR])
    except NotScanned as error:
        yield _not_scanned(error)
        return
    yield from _about_engine(verdict.engine)
    if not verdict.threat:
        yield fault(
            "It takes the test file of all antivirus (EICAR) for clean: it has no signatures.",
            "Run freshclam, and look at its log.",
        )
    yield from _largest_file()


def _not_scanned(error: NotScanned) -> Remark:
    where = f"{settings.ADHERENTS_ANTIVIRUS}"
    if error.why == Unscanned.AWAY:
        return fault(
            f"Nothing listens at {where}, or it may not be opened.",
            f"Is clamav-daemon started, and is the service's account in the group of its socket? Look at {SETTING}.",
        )
    if error.why == Unscanned.SLOW:
        return fault("It does not answer.", "Look at the log of clamd.")
    return fault("It answers, and not as clamd does.", f"Look at {SETTING} and at the log of clamd.")


def _about_engine(engine: str) -> Remarks:
    """`ClamAV 1.4.3/27811/Sat Nov 28 09:41:30 2026`; without official signatures, the name and version alone."""
    known = _ENGINE.fullmatch(engine.strip())
    if not known:
        yield warning(f"It is no ClamAV that is known here: {engine[:60]}")
        return
    yield ok(f"ClamAV {known[1]}")
    if not known[3]:
        yield warning(
            "It has no official signatures: it finds only what was put there by hand.", "Run freshclam."
        )
        return
    try:
        made_at = timezone.make_aware(datetime.strptime(known[3], "%a %b %d %H:%M:%S %Y"))  # noqa: DTZ007
    except ValueError:
        return
    age = timezone.now() - made_at
    if age > OLD:
        yield warning(
            f"Its signatures are {age.days} days old ({made_at:%Y-%m-%d}).",
            "Start clamav-freshclam, and look at its log.",
        )


def _largest_file() -> Remarks:
    """Zeros as long as the largest file that the profile lets a member send."""
    largest = profile().documents.max_file_mb
    try:
        antivirus.scan(_zeros(largest))
    except NotScanned as error:
        if error.why == Unscanned.TOO_LARGE:
            yield fault(
                f"It refuses a file of {largest} MB, which members may send: such documents would wait for ever.",
                f"Set StreamMaxLength and MaxFileSize above {largest}M in clamd.conf, or lower max_file_mb.",
            )
        else:
            yield fault(
                f"It did not scan a file of {largest} MB ({error.why.value}).", "Look at the log of clamd."
            )


def _zeros(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield PIECE
