"""Several requests for one upload at the same moment, on a real PostgreSQL: one wins, and the file stays whole."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.reading import clear_bytes
from adherents.vault.models import PendingFile, Upload, UploadPart
from adherents.vault.uploads import services as resuming
from tests.vault.conftest import pdf

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
LARGE = pdf(60)
AT_ONCE = 8


def test_of_eight_that_bring_the_same_bytes_one_wins_each_time(member: Member) -> None:
    begun = resuming.begin_upload(member=member, name="a.pdf", length=len(LARGE))
    for start, end in ((0, 6000), (6000, 9000), (9000, len(LARGE))):
        together = threading.Barrier(AT_ONCE)

        def bring(
            number: int, start: int = start, end: int = end, together: threading.Barrier = together
        ) -> str:
            together.wait(20)
            try:
                resuming.receive(
                    member=member,
                    upload_id=begun.pk,
                    offset=start,
                    length=end - start,
                    chunks=[LARGE[at : min(at + 700, end)] for at in range(start, end, 700)],
                )
            except (resuming.Busy, resuming.WrongOffset, Upload.DoesNotExist) as error:
                return type(error).__name__
            finally:
                connection.close()
            return "kept"

        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(bring, range(AT_ONCE)))
        assert outcomes.count("kept") == 1, outcomes
    assert b"".join(clear_bytes(PendingFile.objects.get())) == LARGE
    assert not UploadPart.objects.exists()
    assert not UnclaimedObject.objects.exists()


def test_no_more_files_are_begun_at_once_than_the_profile_allows(member: Member) -> None:
    sending_id = uuid.uuid4()

    def begin(number: int) -> bool:
        try:
            resuming.begin_upload(member=member, name=f"{number}.pdf", length=10, sending_id=sending_id)
        except resuming.NotAccepted:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(begin, range(40))) == 20
    assert Upload.objects.count() == 20
