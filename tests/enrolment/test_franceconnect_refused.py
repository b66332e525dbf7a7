"""Who does not come in by FranceConnect: a wrong answer, one that comes again, a person who is in the register twice."""

import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.members.models import Member
from tests.accounts.steps import text_of
from tests.cast import CAMILLE, EVE
from tests.enrolment.franceconnect import DOOR, HOME, come_in, go, refused_why, told
from tests.factories import add_to_register
from tests.openid_provider import SECRET, TestProvider, Wrongs, back

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another nonce": ({"claims": lambda said: said | {"nonce": "another"}}, "nonce"),
    "another audience": ({"claims": lambda said: said | {"aud": "another"}}, "audience"),
    "another issuer": ({"claims": lambda said: said | {"iss": "https://elsewhere.example"}}, "issuer"),
    "no eidas": ({"claims": lambda said: said | {"acr": "eidas0"}}, "acr"),
    "expired": ({"claims": lambda said: said | {"exp": int(time.time()) - 120}}, "expired"),
    "alg none": ({"sign": "none"}, "algorithm"),
    "a stranger's key": ({"sign": "strangers"}, "signature"),
    "no PKCE": ({"forgets_verifier": True}, "code"),
    "unsigned userinfo": ({"told_signed": "not"}, "token"),
    "userinfo of alg none": ({"told_signed": "none"}, "algorithm"),
    "userinfo with the public key as a secret": ({"told_signed": "public key as a secret"}, "algorithm"),
    "userinfo of a stranger's key": ({"told_signed": "strangers"}, "signature"),
    "userinfo of another issuer": (
        {"told": lambda said: said | {"iss": "https://elsewhere.example"}},
        "issuer",
    ),
    "userinfo for another": ({"told": lambda said: said | {"aud": "another"}}, "audience"),
    "userinfo of another person": ({"told": lambda said: said | {"sub": "eve"}}, "token"),
    "no birth date": ({"told": lambda said: said | {"birthdate": ""}}, "token"),
    "no sex": ({"told": lambda said: said | {"gender": "unknown"}}, "token"),
    "no country": ({"told": lambda said: {k: v for k, v in said.items() if k != "birthcountry"}}, "token"),
}


@any_database
@pytest.mark.parametrize("answer_is", WRONG)
def test_an_answer_that_is_wrong_is_refused_in_words_and_opens_nothing(
    client: Client, there: TestProvider, answer_is: str, caplog: pytest.LogCaptureFixture
) -> None:
    add_to_register(CAMILLE)
    changes, why = WRONG[answer_is]
    address = go(client, there)
    there.wrong = Wrongs(**changes)
    answer = client.get(back(address))
    assert answer.status_code == 400
    assert "La connexion n’a pas abouti" in text_of(answer)  # type: ignore[arg-type]
    assert refused_why() == [why]
    assert not Account.objects.exists()
    ours = [str(record.__dict__) for record in caplog.records if record.name.startswith("adherents")]
    assert not [line for line in ours if "eyJ" in line or SECRET in line or CAMILLE.birth_name in line]


@any_database
def test_the_same_answer_again_and_another_browsers_are_refused(client: Client, there: TestProvider) -> None:
    add_to_register(CAMILLE)
    address = back(go(client, there))
    assert Client().get(address).status_code == 400
    carried = client.cookies["franceconnect"].value
    assert client.get(address).headers["Location"] == HOME
    client.logout()
    client.cookies["franceconnect"] = carried
    assert client.get(address).status_code == 400
    replayed = back(go(client, there), code=address.split("code=")[1].split("&")[0])
    assert client.get(replayed).status_code == 400
    assert refused_why() == ["state", "state", "code"]
    assert len(parse_qs(urlsplit(client.get(DOOR).headers["Location"]).query)["nonce"][0]) >= 22


@any_database
def test_who_is_in_the_register_twice_or_not_now_is_nobody(client: Client, there: TestProvider) -> None:
    add_to_register(CAMILLE)
    add_to_register(replace(CAMILLE, number="70100099"))
    assert "un adhérent, et un seul" in text_of(come_in(client, there))
    Member.objects.filter(number="70100099").update(end_date="2020-01-01")
    assert come_in(client, there).headers["Location"] == HOME
    Member.objects.all().delete()
    there.say_of("nobody", **told(EVE))
    assert come_in(Client(), there, "nobody").status_code == 400
    assert refused_why() == ["nobody", "nobody"]
