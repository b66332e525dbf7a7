"""The portal's settings, as the tests want them: quick hashes, mail kept in memory, nothing outside a temporary folder.

`TEST_DATABASE=postgresql` replaces SQLite by a server started here: Django reads its settings before any conftest is read.
The first process starts it, those that it starts find `TEST_DATABASE_URL`. With `TEST_POOLER=pgbouncer` a PgBouncer stands before
it; `TEST_SERVER_URL` leads past it.
"""

import os
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
_folder = Path(tempfile.gettempdir()) / f"adherents-tests-{os.getuid()}" / _worker
os.environ["ADHERENTS_DATA_DIR"] = str(_folder)
os.environ["ADHERENTS_BASE_URL"] = "http://testserver"
os.environ["ADHERENTS_SECRET_KEY"] = "tests only, " * 5
os.environ["ADHERENTS_MASTER_KEY"] = "dGVzdHMgb25seSwgdGVzdHMgb25seSwgMzIgYnl0ZXM="
os.environ["ADHERENTS_LOG_LEVEL"] = "INFO"
for name in (
    "DATABASE_URL",
    "DATABASE_READER_URL",
    "SQLITE_SYNCHRONOUS",
    "STORAGE_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "PROFILE",
    "PROXIES",
    "ANTIVIRUS_URL",
    "BOUNCE_ADDRESS",
    "MAIL_EVENTS",
    "AGENTS_OIDC_SECRET",
    "WEBHOOK_NETWORKS",
    "FRANCECONNECT_SECRET",
    "FOLDER",
    "DRAWING_URL",
    "WORK_URL",
):
    os.environ.pop(f"ADHERENTS_{name}", None)
for name in ("METRICS_DIR", "METRICS_TOKEN", "METRICS_BIND", "OTLP_URL"):
    os.environ.pop(f"ADHERENTS_{name}", None)
if os.environ.get("TEST_DATABASE") == "postgresql":
    from tests import postgresql

    if not os.environ.get("TEST_DATABASE_URL"):
        os.environ["TEST_SERVER_URL"] = os.environ["TEST_DATABASE_URL"] = postgresql.start()
        if os.environ.get("TEST_POOLER") == "pgbouncer":
            from tests import pooler

            os.environ["TEST_DATABASE_URL"] = pooler.start(os.environ["TEST_SERVER_URL"])
    os.environ["ADHERENTS_DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from adherents.config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["tests.hashing.QuickHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
