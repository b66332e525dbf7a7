"""Accounts of what does something by itself, as a program of the insurer does: nobody signs in as one."""

from django.contrib.auth.hashers import make_password

from adherents.accounts.models import Account, Role


def system_account(identifier: str, *, name: str) -> tuple[Account, bool]:
    """The account that has this identifier, and whether it was made now, with this name and no password that opens it.

    An identifier with a small letter cannot be typed on a sign-in page, where it would be upper case.
    """
    return Account.objects.get_or_create(
        identifier=identifier,
        defaults={"role": Role.CLIENT, "display_name": name, "password": make_password(None)},
    )
