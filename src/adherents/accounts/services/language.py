"""The language that a person chose to be written to in."""

from adherents.accounts.models import Account


def choose_language(*, account: Account, language: str) -> None:
    """Write this account's mails in `language` ("fr" or "en") from now on."""
    Account.objects.filter(pk=account.pk).exclude(language=language).update(language=language)
