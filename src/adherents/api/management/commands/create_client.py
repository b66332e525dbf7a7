"""`adherents create_client NAME --scopes members:read,documents:read`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adherents.api.forms import MOST_CALLS, MOST_DAYS
from adherents.api.models import CALLS_A_MINUTE
from adherents.api.scopes import NoSuchScope, Scope, scopes_in
from adherents.api.services.clients import (
    KEY_DAYS,
    NameTaken,
    NoScope,
    NotAName,
    NotANetwork,
    create_client,
    networks_in,
)


class Command(BaseCommand):
    help = "Let a program of the insurer call the API: prints its key, once, alone on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", metavar="NAME", help="lower case letters, digits and hyphens: its client_id"
        )
        parser.add_argument("--scopes", required=True, help=",".join(Scope))
        parser.add_argument(
            "--networks", default="", help="from where it may call: 192.0.2.0/24,2001:db8::/32"
        )
        parser.add_argument("--calls", type=int, default=CALLS_A_MINUTE, help="at most, a minute")
        parser.add_argument("--days", type=int, default=KEY_DAYS, help="that the key lives")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["calls"] <= MOST_CALLS or not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--calls are {MOST_CALLS} at most, --days {MOST_DAYS}, and both 1 at least.")
        try:
            client, key = create_client(
                name=options["name"],
                scopes=scopes_in(options["scopes"]),
                networks=networks_in(options["networks"]),
                calls_a_minute=options["calls"],
                key_days=options["days"],
            )
        except NoSuchScope as unknown:
            raise CommandError(f"“{unknown}” is not a scope. There are: {', '.join(Scope)}.") from None
        except NotAName:
            raise CommandError("A name has lower case letters, digits and hyphens, 40 at most.") from None
        except NotANetwork:
            raise CommandError("--networks takes addresses or networks, such as 192.0.2.0/24.") from None
        except NameTaken:
            raise CommandError(f"“{options['name']}” is there already: no key was made.") from None
        except NoScope:
            raise CommandError("--scopes names none: no key was made.") from None
        self.stderr.write(
            f"{client.name} may call the API for {options['days']} days. Its scopes: {' '.join(client.scopes)}.\n"
            "Its key is shown this once, and cannot be found again:"
        )
        self.stdout.write(key)
