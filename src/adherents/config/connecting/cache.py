"""Valkey (or Redis): is it there, does it take what we write, and does it keep it?"""

import secrets
from datetime import UTC, datetime
from ssl import SSLCertVerificationError
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from redis.exceptions import NoPermissionError

from adherents.config.connecting.remarks import Remark, Remarks, about_clocks, absent, fault, ok, warning
from adherents.config.connecting.tls import refused

SETTING = "ADHERENTS_CACHE_URL"
OLDEST = (6, 2)
SECONDS = 5


def look() -> Remarks:
    if not settings.ADHERENTS_CACHE_URL:
        yield absent("this process's memory: enough for one web process")
        return
    client = redis.Redis.from_url(
        settings.ADHERENTS_CACHE_URL, socket_connect_timeout=SECONDS, socket_timeout=SECONDS
    )
    try:
        yield from _asked(client)
    except redis.RedisError as error:
        yield _reason(error)
    finally:
        client.close()


def _asked(client: Any) -> Remarks:
    before = timezone.now()
    seconds, microseconds = client.time()
    theirs = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    after = timezone.now()
    key, written = f"check:{secrets.token_hex(8)}", secrets.token_hex(8)
    client.set(key, written, ex=30)
    kept = client.get(key)
    client.delete(key)
    if kept is None or kept.decode() != written:
        yield fault("What was written there is not found again.")
        return
    info = client.info("server")
    version = str(info.get("valkey_version") or info["redis_version"])
    name = "Valkey" if "valkey_version" in info else "Redis"
    yield ok(f"{name} {version}; a value was written, read back and deleted")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield fault(f"{name} {version} is too old.", f"Upgrade it to {'.'.join(map(str, OLDEST))} or newer.")
    yield from about_clocks("the cache", theirs, before, after)
    policy = str(client.info("memory").get("maxmemory_policy", ""))
    if policy.startswith("allkeys"):
        yield warning(
            "When its memory is full it forgets counters of attempts before their time.",
            "Set maxmemory-policy noeviction or volatile-ttl, and memory enough.",
        )


def _reason(error: redis.RedisError) -> Remark:
    said, cause = str(error), error.__cause__ or error.__context__
    if isinstance(cause, SSLCertVerificationError):
        return fault(*refused(cause))
    if isinstance(error, redis.AuthenticationError) or "NOAUTH" in said or "WRONGPASS" in said:
        return fault(
            "The server refuses the password.",
            f"{SETTING} should be like valkey://:password@host:6379/0; special characters are percent-encoded.",
        )
    if isinstance(error, redis.ReadOnlyError):
        return fault("Nothing can be written: it is a copy.", f"Name the primary server in {SETTING}.")
    if isinstance(error, NoPermissionError):
        return fault(
            "The user may not do what the portal does there.",
            "Give it +@read +@write +@scripting +time +info.",
        )
    if isinstance(error, redis.OutOfMemoryError):
        return fault("Its memory is full.", "Raise maxmemory.")
    if isinstance(error, redis.BusyLoadingError):
        return fault("It is starting.", "Try again in a minute.")
    if isinstance(error, redis.TimeoutError):
        return fault("The server does not answer.", "Is a firewall in between?")
    if "SSL" in said:
        return fault(
            "TLS is refused by one of the two sides.", f"Is it really TLS? valkey:// in {SETTING} if not."
        )
    if "Name or service not known" in said or "name resolution" in said:
        return fault("No machine has this name.", f"Look at the host in {SETTING}.")
    if isinstance(error, redis.ConnectionError) and "refused" in said:
        return fault(
            "Nothing listens there.", f"Is the server started, and are host and port of {SETTING} right?"
        )
    return fault(f"No connection: {said}", f"Look at {SETTING}.")
