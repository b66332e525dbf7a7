"""A request as the views read it."""

from collections.abc import Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """What is sent is read as UTF-8, no matter which charset it says.

    Browsers and programs send nothing else here. Python knows « charsets » that are none (`hex`, `undefined`), and on those
    Django breaks before any view is asked: anybody could fill the log with errors.
    """

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        """Django's own, which looks at the charset, is not called."""
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
