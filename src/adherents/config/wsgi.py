"""The WSGI application that gunicorn (or any other server) runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
application = get_wsgi_application()

from adherents.config.checks import refuse_what_is_unsafe  # noqa: E402 (it needs the settings)

refuse_what_is_unsafe()
