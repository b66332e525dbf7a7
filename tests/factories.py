"""Members and accounts in the standing that a test needs, made through the services wherever there is one."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.services.register import ensure_account
from adherents.members.models import Member
from tests.cast import PASSWORD, Person


def add_to_register(person: Person) -> Member:
    member = Member(
        number=person.number,
        birth_name=person.birth_name,
        usage_name=person.usage_name,
        first_names=person.first_names,
        birth_date=person.birth_date,
        birth_department=person.department,
        email=person.email,
        language=person.language,
    )
    member.set_nir(person.nir)
    member.set_search_keys()
    member.save()
    return member


def open_account(person: Person, *, password: str = PASSWORD) -> Account:
    """An account whose password was set just now; the member is in the register too."""
    member = Member.objects.filter(number=person.number).first() or add_to_register(person)
    with transaction.atomic():
        account = ensure_account(
            identifier=person.number,
            email=person.email,
            birth_date=person.birth_date,
            language=person.language,
            display_name=member.name,
        )
    Member.objects.filter(pk=member.pk).update(account=account)
    account.password, account.password_changed_at = make_password(password), timezone.now()
    account.save()
    return account
