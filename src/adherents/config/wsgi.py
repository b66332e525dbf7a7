"""The WSGI application that gunicorn (or any other server) runs."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
application = get_wsgi_application()

from adherents.config.checks import refuse_what_is_unsafe  # noqa: E402 (it needs the settings)
from adherents.config.serving.requests import Utf8Request  # noqa: E402
from adherents.insurer.hours import opening  # noqa: E402

application.request_class = Utf8Request
refuse_what_is_unsafe()
opening()  # nearly every page says it: the holidays are loaded before the first visitor
_ = get_resolver().url_patterns  # so is every view, and before this process forks
