"""Storage objects, written once: a folder by default, S3 by setting (`storages["documents"]`).

A writer takes bytes as they come, in bounded memory. `commit` makes the object appear, whole and flushed to disk,
under a name that nothing had; `abort` leaves nothing behind, or answers False where nobody can be sure of that: a request
without an answer may still be carried out. Only sealed bytes come here.
"""

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone
from storages.backends.s3 import S3Storage

WRITE_BEHIND_BYTES = 4 << 20  # how much the kernel may owe the disk while the rest still arrives
PART_BYTES = 5 << 20  # the smallest part that S3 takes
PART_SUFFIX = ".part"  # of a file that is still being written


class StorageFailed(Exception):
    """The storage did not take, give or delete an object: full, away, or refusing."""


class NoSuchObject(Exception):
    """The storage has no object of this name."""


class ObjectWriter(Protocol):
    """What `begin` returns. It looks like a binary file, so that a cipher can write to it; `close` commits nothing."""

    closed: bool

    def write(self, chunk: bytes) -> int: ...
    def writable(self) -> bool: ...
    def close(self) -> None: ...
    def commit(self) -> None: ...
    def abort(self) -> bool: ...


def fresh_name() -> str:
    """A random name that was never used, in a folder of its day (`2026/11/23/…`)."""
    return f"{timezone.now():%Y/%m/%d}/{secrets.token_hex(20)}"


def begin(name: str) -> ObjectWriter:
    """Start writing the object `name`. Raises `StorageFailed`."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        return _FolderWriter(Path(storage.path(name)), storage.directory_permissions_mode or 0o700)
    if isinstance(storage, S3Storage):
        return _S3Writer(storage, name)
    raise ImproperlyConfigured(
        f"documents cannot be kept in {type(storage).__name__}: a folder or S3 is needed"
    )


def open_object(name: str) -> BinaryIO:
    """The object's bytes, from the start. Raises `NoSuchObject` or `StorageFailed`."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        try:
            return Path(storage.path(name)).open("rb")
        except FileNotFoundError as error:
            raise NoSuchObject(name) from error
        except OSError as error:
            raise StorageFailed(str(error)) from error
    try:
        found = _client(storage).get_object(Bucket=storage.bucket_name, Key=name)  # type: ignore[attr-defined]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
            raise NoSuchObject(name) from error
        raise StorageFailed(str(error)) from error
    except BotoCoreError as error:
        raise StorageFailed(str(error)) from error
    return cast(BinaryIO, _S3Body(found["Body"]))


def delete_object(name: str) -> None:
    """Delete the object, begun or whole; nothing happens when there is none. Raises `StorageFailed`."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        path = Path(storage.path(name))
        try:
            _part(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(str(error)) from error
        return
    client, bucket = _client(storage), storage.bucket_name  # type: ignore[attr-defined]
    try:
        for upload in client.list_multipart_uploads(Bucket=bucket, Prefix=name).get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        client.delete_object(Bucket=bucket, Key=name)
    except (ClientError, BotoCoreError) as error:
        raise StorageFailed(str(error)) from error


def object_size(name: str) -> int | None:
    """How many sealed bytes the object has; None when there is no such object. Raises `StorageFailed`."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        try:
            return Path(storage.path(name)).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(str(error)) from error
    try:
        found = _client(storage).head_object(Bucket=storage.bucket_name, Key=name)  # type: ignore[attr-defined]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
            return None
        raise StorageFailed(str(error)) from error
    except BotoCoreError as error:
        raise StorageFailed(str(error)) from error
    return int(found["ContentLength"])


def is_begun(name: str) -> bool:
    """Whether an object of this name is being written, or was left so. Raises `StorageFailed`."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        return _part(Path(storage.path(name))).exists()
    try:
        bucket = storage.bucket_name  # type: ignore[attr-defined]
        found = _client(storage).list_multipart_uploads(Bucket=bucket, Prefix=name)
    except (ClientError, BotoCoreError) as error:
        raise StorageFailed(str(error)) from error
    return bool(found.get("Uploads"))


def object_names() -> Iterator[tuple[str, bool]]:
    """Every object's name and whether it is whole (else: begun, and not committed), in no order, in constant memory.

    What another program put there is named too. Raises `StorageFailed`.
    """
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        try:
            for name in _files_under(str(storage.base_location), ""):
                yield name.removesuffix(PART_SUFFIX), not name.endswith(PART_SUFFIX)
        except OSError as error:
            raise StorageFailed(str(error)) from error
        return
    client, bucket = _client(storage), storage.bucket_name  # type: ignore[attr-defined]
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", []):
                yield found["Key"], True
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", []):
                yield upload["Key"], False
    except (ClientError, BotoCoreError) as error:
        raise StorageFailed(str(error)) from error


def _files_under(folder: str, prefix: str) -> Iterator[str]:
    """The files' paths below `folder`. A folder that vanishes meanwhile has none."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_under(entry.path, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART_SUFFIX)


class _FolderWriter:
    """A file beside its final name: flushed, then given that name, which it never takes from another."""

    def __init__(self, path: Path, folder_mode: int) -> None:
        self.closed = False
        self._path, self._part = path, _part(path)
        self._written = self._flushing = 0
        self._named = False
        try:
            _make_folders(path.parent, folder_mode)
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(str(error)) from error
        self._open = True

    def writable(self) -> bool:
        return True

    def write(self, chunk: bytes) -> int:
        if not self._open:  # aborted: the cipher may still want to write its last segment
            return len(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._written += len(chunk)
        if self._written - self._flushing >= WRITE_BEHIND_BYTES:
            _start_flushing(self._file, self._flushing, self._written - self._flushing)
            self._flushing = self._written
        return len(chunk)

    def close(self) -> None:
        self.closed = True

    def commit(self) -> None:
        try:
            os.fsync(self._file)
            self._release()
            os.link(self._part, self._path)
            self._named = True
            self._part.unlink()
            _flush_folder(self._path.parent)
        except OSError as error:
            self.abort()
            raise StorageFailed(str(error)) from error

    def abort(self) -> bool:
        self._release()
        try:
            self._part.unlink(missing_ok=True)
        except OSError:
            return False
        return not self._named

    def _release(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)


def _make_folders(folder: Path, mode: int) -> None:
    """Make the folder and its parents, and flush each new name to disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(mode=mode)
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _start_flushing(descriptor: int, start: int, length: int) -> None:
    """Let the kernel begin to write what came, so that the final flush has little left to wait for."""
    with suppress(OSError, AttributeError):
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


class _S3Writer:
    """A multipart upload in parts of 5 MiB; one plain request when the object is smaller than that."""

    def __init__(self, storage: S3Storage, name: str) -> None:
        self.closed = False
        self._client, self._at = _client(storage), {"Bucket": storage.bucket_name, "Key": name}
        self._parameters: dict[str, Any] = storage.get_object_parameters(name)
        self._buffer = bytearray()
        self._upload = ""
        self._parts: list[dict[str, Any]] = []
        self._over = self._unsure = False

    def writable(self) -> bool:
        return True

    def write(self, chunk: bytes) -> int:
        if self._over:
            return len(chunk)
        self._buffer += chunk
        if len(self._buffer) >= PART_BYTES:
            self._send_part()
        return len(chunk)

    def close(self) -> None:
        self.closed = True

    def commit(self) -> None:
        try:
            if not self._upload:
                self._client.put_object(**self._at, **self._parameters, Body=bytes(self._buffer))
            else:
                if self._buffer:
                    self._send_part()
                self._client.complete_multipart_upload(
                    **self._at, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
                )
        except (ClientError, BotoCoreError, StorageFailed) as error:
            self._unsure = True
            self.abort()
            raise StorageFailed(str(error)) from error
        self._over = True

    def abort(self) -> bool:
        """After a request that failed, no other one is made: it would wait as long, and the sweep does it later."""
        self._over = True
        self._buffer = bytearray()
        if self._upload and not self._unsure:
            try:
                self._client.abort_multipart_upload(**self._at, UploadId=self._upload)
            except (ClientError, BotoCoreError):
                self._unsure = True
            self._upload = ""
        return not self._unsure

    def _send_part(self) -> None:
        try:
            if not self._upload:
                begun = self._client.create_multipart_upload(**self._at, **self._parameters)
                self._upload = begun["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(
                **self._at, UploadId=self._upload, PartNumber=number, Body=io.BytesIO(self._buffer)
            )
        except (ClientError, BotoCoreError) as error:
            self._unsure = True
            raise StorageFailed(str(error)) from error
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._buffer = bytearray()


class _S3Body(io.RawIOBase):
    """A response's body, read as a file. `failed`: it stopped half-way, which a cipher tells as a file that was cut."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.failed = False

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        try:
            return cast(bytes, self._body.read(None if size is None or size < 0 else size))
        except BotoCoreError as error:
            self.failed = True
            raise OSError(str(error)) from error

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def _client(storage: Any) -> Any:
    return storage.connection.meta.client
