"""A portal inside the tests' own process: its profile is that of the test, at each moment. It asks nothing of the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler


class Quiet(WSGIRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def portal_of_this_process() -> Iterator[str]:
    """Its address."""
    with make_server("localhost", 0, StaticFilesHandler(WSGIHandler()), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def change(settings: Any, table: str, **values: object) -> None:
    """The same profile with other values in one of its tables."""
    ours = settings.ADHERENTS_PROFILE
    changed = getattr(ours, table).model_copy(update=values)
    settings.ADHERENTS_PROFILE = ours.model_copy(update={table: changed})
