"""How a file to check is received: in memory, and no more of it than a receipt can have."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest


class BoundedUploadHandler(FileUploadHandler):
    """Keeps the first file in memory, never on the disk; of a file that is too large, one byte too many, which shows it. Keeps
    nothing of other files.
    """

    chunk_size = 1 << 16

    def __init__(self, request: HttpRequest, *, most: int) -> None:
        super().__init__(request)
        self.most = most
        self.kept = bytearray()
        self.files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.files == 1:
            self.kept += raw_data[: self.most + 1 - len(self.kept)]

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        kept = bytes(self.kept) if self.files == 1 else b""
        return SimpleUploadedFile(self.file_name or "", kept, self.content_type or "")
