"""The folder or the bucket of sealed documents: one object is written, read back and deleted."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone

from adherents.config.connecting import tls
from adherents.config.connecting.remarks import Remark, Remarks, about_clocks, fault, ok
from adherents.storage import objects
from adherents.storage.objects import StorageFailed

SETTING = "ADHERENTS_STORAGE_URL"
CREATE = "Run: adherents check --connect --create-bucket"
REASONS = {
    "NoSuchBucket": ("There is no such bucket.", CREATE),
    "404": ("There is no such bucket.", CREATE),
    "InvalidAccessKeyId": ("The server does not know the access key.", f"Look at {SETTING}."),
    "SignatureDoesNotMatch": (
        "The server refuses the secret key.",
        f"Look at {SETTING}; special characters of a secret are percent-encoded (/ is %2F).",
    ),
    "AccessDenied": (
        "The key may not do what the portal does there.",
        "It needs ListBucket, GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListBucketMultipartUploads.",
    ),
    "RequestTimeTooSkewed": (
        "The clock of the storage and this machine's are too far apart.",
        "Let both follow a time server (timedatectl, chronyc tracking).",
    ),
    "AuthorizationHeaderMalformed": ("The bucket is in another region.", f"Add ?region=… to {SETTING}."),
    "PermanentRedirect": ("The bucket is in another region.", f"Add ?region=… to {SETTING}."),
}


def look(*, create: bool) -> Remarks:
    """`create`: make the bucket where there is none."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        where = f"the folder {storage.base_location}"
    else:
        where = f"the bucket {storage.bucket_name}"  # type: ignore[attr-defined]
        faults = list(_bucket(storage, create=create))
        yield from faults
        if any(remark.gravity == "fault" for remark in faults):
            return
    try:
        objects.probe()
        objects.try_out()
    except StorageFailed as error:
        yield _reason(error)
    else:
        yield ok(f"{where}; an object was written, read back and deleted")


def _bucket(storage: Any, *, create: bool) -> Remarks:
    from botocore.exceptions import BotoCoreError, ClientError

    endpoint = urlsplit(storage.endpoint_url or "")
    if endpoint.scheme == "https" and endpoint.hostname:
        found = list(tls.look(endpoint.hostname, endpoint.port or 443))
        yield from found
        if any(remark.gravity == "fault" for remark in found):
            return
    client, bucket = storage.connection.meta.client, storage.bucket_name
    before = timezone.now()
    try:
        answer = client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        if create and code in {"NoSuchBucket", "404"}:
            yield from _created()
        else:
            yield _of_code(code)
    except BotoCoreError as error:
        yield _of_network(error)
        return
    yield from _clocks(answer, before)


def _clocks(answer: Mapping[str, Any], before: Any) -> Remarks:
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        theirs = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return
    yield from about_clocks("the storage", theirs, before, timezone.now())


def _created() -> Remarks:
    try:
        objects.make_bucket()
    except StorageFailed as error:
        yield _reason(error)
    else:
        yield ok("the bucket was made")


def _reason(failed: StorageFailed) -> Remark:
    """From the error that made it fail: its words may quote an address."""
    from botocore.exceptions import BotoCoreError, ClientError

    cause = failed.__cause__
    if isinstance(cause, ClientError):
        return _of_code(str(cause.response.get("Error", {}).get("Code", "")))
    if isinstance(cause, BotoCoreError):
        return _of_network(cause)
    return fault(
        f"Documents cannot be kept: {failed}.",
        "Free some disk, or chown the folder to the service's account.",
    )


def _of_code(code: str) -> Remark:
    words, hint = REASONS.get(
        code, (f"The server refuses: {code or 'without a reason'}.", f"Look at {SETTING}.")
    )
    return fault(words, hint)


def _of_network(error: Exception) -> Remark:
    names = {type(known).__name__ for known in (error, getattr(error, "kwargs", {}).get("error")) if known}
    if names & {"ConnectTimeoutError", "ReadTimeoutError"}:
        return fault("The server does not answer.", "Is a firewall in between?")
    if "SSLError" in names:
        return fault(
            "TLS is refused by one of the two sides.", f"Is it really TLS? &tls=0 in {SETTING} if not."
        )
    if names & {"EndpointConnectionError", "ConnectionClosedError", "NewConnectionError"}:
        return fault(
            "Nothing listens there, or no machine has this name.", f"Look at host and port in {SETTING}."
        )
    if names & {"NoCredentialsError", "PartialCredentialsError"}:
        return fault("No key is given.", f"{SETTING} should be like s3://key:secret@host:port/bucket")
    return fault(f"No connection ({type(error).__name__}).", f"Look at {SETTING}.")
