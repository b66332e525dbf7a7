"""A connection that broke, for what runs outside a request."""

from django.db import close_old_connections, connection


def drop_broken_connection() -> None:
    """The next query opens another. In a transaction nothing is dropped, since that would end it."""
    if not connection.in_atomic_block:
        close_old_connections()
