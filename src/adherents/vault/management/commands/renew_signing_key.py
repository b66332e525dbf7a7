from typing import Any

from django.core.management.base import BaseCommand

from adherents.vault.receipts import signing


class Command(BaseCommand):
    help = "Sign receipts with a new key from now on. Earlier receipts stay valid, earlier public keys stay published."

    def handle(self, *args: Any, **options: Any) -> None:
        key = signing.renew()
        self.stdout.write(f"Receipts are signed by the key {key.key_id} from now on.")
