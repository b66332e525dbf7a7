"""Who a session belongs to, read together with what the register says of them."""

from django.contrib.auth.backends import ModelBackend

from adherents.accounts.models import Account


class RegisterBackend(ModelBackend):
    """Django's own, that reads the account and its line of the register in one query: nearly every page asks for both."""

    def get_user(self, user_id: int) -> Account | None:
        # One row at most, by its key, for nearly every page: `.first()` would sort it.
        account = next(iter(Account.objects.select_related("member").filter(pk=user_id)), None)
        return account if account and self.user_can_authenticate(account) else None
