"""`adherents create_agent EMAIL --role ROLE [--name NAME]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import MaxLengthValidator, validate_email

from adherents.accounts.models import AGENT_ROLES
from adherents.accounts.services.agents import AlreadyThere, invite
from adherents.insurer.profile import profile

ROLES = [role.value for role in AGENT_ROLES]


class Command(BaseCommand):
    help = "Invite an agent: opens the account and mails the link that lets set a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--role", required=True, metavar="ROLE", help=", ".join(ROLES))
        parser.add_argument("--name", default="", help="as the desk shows it, « C. Morel »")
        parser.add_argument("--language", default="fr", choices=["fr", "en"], help="of the agent's mails")

    def handle(self, *args: Any, **options: Any) -> None:
        email, role = options["email"].strip(), options["role"].strip().lower()
        try:
            validate_email(email)
            MaxLengthValidator(254)(email)  # as the column
        except ValidationError:
            raise CommandError(f"“{email}” is not an e-mail address.") from None
        if role not in ROLES:
            raise CommandError(f"“{role}” is not a role. Choose one of: {', '.join(ROLES)}.")
        try:
            account = invite(
                email=email, role=role, name=options["name"].strip(), language=options["language"]
            )
        except AlreadyThere:
            raise CommandError(f"{email.lower()} is an agent already: nothing was sent.") from None
        minutes = profile().password.link_validity_minutes
        self.stdout.write(
            f"{account.identifier} is invited as {role}: the mail leaves with the worker, "
            f"its link lives {minutes} minutes."
        )
