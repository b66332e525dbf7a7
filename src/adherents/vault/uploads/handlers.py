"""Django's way into the vault: an upload handler that seals a form's files while the request is read."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from adherents.vault.services.receiving import UploadBatch


class SealingUploadHandler(FileUploadHandler):
    """The only handler of its request: no file of it is kept in memory, and none in clear on the disk.

    What arrived and what was refused is in `intake`; `request.FILES` stays empty. Of a form with more files than anybody
    chooses on purpose the rest is passed over, the fields that follow too: `intake.cut_short` says so.
    """

    # Fewer than Django reads at all (`DATA_UPLOAD_MAX_NUMBER_FILES`), where it counts the inputs that are empty too.
    most_looked_at = 90
    chunk_size = 1 << 18  # measured: half as much or twice as much takes longer

    def __init__(self, request: HttpRequest, intake: UploadBatch) -> None:
        super().__init__(request)
        self.intake = intake
        self.named: list[str] = []  # the form's name for each file

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.intake.count >= self.most_looked_at:
            self.intake.cut_short = True
            raise StopUpload  # what follows is read and dropped: a browser reads the answer once it has sent everything
        self.named.append(self.field_name or "")
        self.intake.begin(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.intake.current is not None:
            self.intake.current.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.intake.end()
