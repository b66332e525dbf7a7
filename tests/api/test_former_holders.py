"""A number that was given again: what programs were told of the person before still leads to that person, and to nobody else."""

import json

import pytest
from django.db import transaction
from django.utils import timezone

from adherents.members.intake.former import take_number_from
from adherents.members.models import Beneficiary, Member
from adherents.members.services.one_person import put_member
from tests.api.systems import System, code_of
from tests.cast import KARIM
from tests.database_contents import as_stored
from tests.members.doors import said
from tests.messaging.exchanges import asked
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_whatever_names_a_former_holder_leads_to_them_and_not_to_who_has_the_number_now(
    member: Member,
) -> None:
    system, number = System(), member.number
    document, thread = deposited(member, pdf()), asked(member)
    Beneficiary.objects.create(member=member, rank=1, birth_name="Petit", first_names="Lou")
    Member.objects.filter(pk=member.pk).update(gone_at=timezone.now())
    with transaction.atomic():
        take_number_from(number, actor="agent:1")
    put_member(number=number, said=said(KARIM, number=number), actor=system.client.subject)
    now = Member.objects.get(number=number)
    assert now.pk != member.pk

    called = system.get(f"documents/{document.pk}").json()["member"]
    assert called == system.get(f"threads/{thread.pk}").json()["member"] == f"former:{member.pk}"
    [known] = system.get(f"members?id={member.pk}").json()["items"]
    assert (known["id"], known["number"], known["former_number"]) == (member.pk, called, number)
    assert known["birth_name"] == member.birth_name
    assert known["end_date"] == system.get(f"members/{called}").json()["end_date"]
    assert system.get(f"members/{called}").json() == known
    assert system.get(f"members/{called}/beneficiaries/1").json()["first_names"] == "Lou"
    assert [row["id"] for row in system.get(f"documents?member={called}").json()["items"]] == [
        str(document.pk)
    ]
    assert [row["id"] for row in system.get(f"threads?member={called}").json()["items"]] == [str(thread.pk)]

    assert system.get(f"members/{number}").json()["id"] == now.pk
    assert system.get(f"members/{number}").json()["former_number"] is None
    for path in (f"documents?member={number}", f"threads?member={number}"):
        assert system.get(path).json()["items"] == []
    assert [row["id"] for row in system.get("members").json()["items"]] == [now.pk]
    for nobody in ("former:", "former:0", f"former:{now.pk}", f"FORMER:{member.pk}", "former:1e1"):
        assert code_of(system.get(f"members/{nobody}")) == "not-found"
        assert system.get(f"documents?member={nobody}").json()["items"] == []

    before = as_stored(Member.objects.order_by("pk"))
    for method, path, body in (
        ("PATCH", "", {"phone": "0102030405"}),
        ("PUT", "", said(KARIM, number="")),
        ("DELETE", "", {}),
        ("PUT", "/beneficiaries/2", {"birth_name": "Petit", "first_names": "Zoé"}),
        ("POST", "/threads", {"subject": "S", "words": "W"}),
    ):
        sent = system.call(
            method, f"members/{called}{path}", data=json.dumps(body), content_type="application/json"
        )
        assert sent.status_code in {404, 422}, (method, path)
    assert as_stored(Member.objects.order_by("pk")) == before
