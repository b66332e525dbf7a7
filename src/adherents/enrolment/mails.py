"""The mails of a first connection."""

from django.conf import settings
from django.urls import reverse

from adherents.insurer.profile import profile
from adherents.mail.services import post


def confirm_address(*, to: str, language: str, token: str) -> None:
    """To the address that was given, and that counts for nothing until this link is followed."""
    post(
        "enrolment/confirm_address",
        to=to,
        language=language,
        context={
            "link": settings.BASE_URL + reverse("enrolment:address_link", args=[token]),
            "link_validity_minutes": profile().password.link_validity_minutes,
        },
    )
