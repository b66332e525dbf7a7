"""A bucket on an S3 server."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from adherents.storage.objects.contract import NoSuchObject, ObjectWriter, StorageFailed

PART_BYTES = 5 << 20  # the smallest part that S3 takes


class Bucket:
    """The bucket of a django-storages storage."""

    def __init__(self, storage: S3Storage) -> None:
        self._storage, self._bucket = storage, storage.bucket_name
        self._client = storage.connection.meta.client

    def begin(self, name: str) -> ObjectWriter:
        at = {"Bucket": self._bucket, "Key": name}
        return _S3Writer(self._client, at, self._storage.get_object_parameters(name))

    def open(self, name: str) -> BinaryIO:
        with _failures_as_ours():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=name)
            except ClientError as error:
                if _is_missing(error):
                    raise NoSuchObject(name) from error
                raise
        return cast(BinaryIO, _S3Body(answer["Body"]))

    def delete(self, name: str) -> None:
        with _failures_as_ours():
            for upload in self._uploads(name):
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def size(self, name: str) -> int | None:
        with _failures_as_ours():
            try:
                return int(self._client.head_object(Bucket=self._bucket, Key=name)["ContentLength"])
            except ClientError as error:
                if _is_missing(error):
                    return None
                raise

    def is_begun(self, name: str) -> bool:
        with _failures_as_ours():
            return bool(self._uploads(name))

    def probe(self) -> None:
        with _failures_as_ours():
            self._client.head_bucket(Bucket=self._bucket)

    def make(self) -> None:
        region = self._client.meta.region_name
        # On AWS, a bucket of any other region than the first says which; that one must not be named.
        place = {} if region in {None, "us-east-1"} else {"LocationConstraint": region}
        with _failures_as_ours():
            self._client.create_bucket(
                Bucket=self._bucket, **({"CreateBucketConfiguration": place} if place else {})
            )

    def names(self, under: str = "") -> Iterator[tuple[str, bool]]:
        of = {"Bucket": self._bucket, "Prefix": under}
        with _failures_as_ours():
            for page in self._client.get_paginator("list_objects_v2").paginate(**of):
                for entry in page.get("Contents", []):
                    yield entry["Key"], True
            for page in self._client.get_paginator("list_multipart_uploads").paginate(**of):
                for upload in page.get("Uploads", []):
                    yield upload["Key"], False

    def _uploads(self, name: str) -> list[dict[str, Any]]:
        answer = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=name)
        return cast(list[dict[str, Any]], answer.get("Uploads", []))


@contextmanager
def _failures_as_ours() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StorageFailed(str(error)) from error


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}


class _S3Writer:
    """A multipart upload in parts of 5 MiB; one plain request when the object is smaller than that."""

    def __init__(self, client: Any, at: dict[str, str], parameters: dict[str, Any]) -> None:
        self.closed = False
        self._client, self._at, self._parameters = client, at, parameters
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
