"""From `create_agent` to the desk."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from adherents.accounts.models import Account, Role
from tests.agents import SIGN_IN, enter, make_agent
from tests.cast import NEW_PASSWORD
from tests.conftest import Mail

pytestmark = pytest.mark.django_db
ADDRESS = "c.morel@mese.example"


def create(*arguments: str) -> str:
    output = StringIO()
    call_command("create_agent", *arguments, stdout=output)
    return output.getvalue()


def test_an_invited_agent_sets_a_password_and_reaches_the_second_factor(
    client: Client, mails: Callable[[], list[Mail]]
) -> None:
    output = create("C.Morel@MESE.example", "--role", "conseiller", "--name", "Claire Morel")
    assert output == (
        f"{ADDRESS} is invited as conseiller: the mail leaves with the worker, its link lives 120 minutes.\n"
    )
    agent = Account.objects.get(identifier=ADDRESS)
    assert (agent.role, agent.display_name, agent.has_usable_password()) == (
        Role.ADVISER,
        "Claire Morel",
        False,
    )
    (mail,) = mails()
    assert mail.to == ADDRESS
    page = client.get(mail.link, follow=True)
    assert "Date de naissance" not in page.content.decode()
    chosen = {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD}
    answer = client.post(page.redirect_chain[-1][0], chosen)
    assert f'href="{SIGN_IN}"' in answer.content.decode()
    enter(client, agent, NEW_PASSWORD)
    assert client.get("/gestion/").url == "/compte/securite/"  # type: ignore[attr-defined]


LONG = f"m@{'a.' * 130}fr"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["morel", "--role", "conseiller"], "“morel” is not an e-mail address."),
        ([LONG, "--role", "conseiller"], f"“{LONG}” is not an e-mail address."),
        (
            [ADDRESS, "--role", "chef"],
            "“chef” is not a role. Choose one of: conseiller, responsable, administrateur, auditeur.",
        ),
        ([ADDRESS, "--role", "member"], "“member” is not a role."),
    ],
)
def test_a_wrong_address_or_role_is_said_in_one_line(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError) as refusal:
        create(*arguments)
    assert str(refusal.value).startswith(said)
    assert refusal.value.returncode == 1
    assert not Account.objects.exists()


def test_the_same_agent_twice_is_refused(mails: Callable[[], list[Mail]]) -> None:
    agent = make_agent()
    with pytest.raises(CommandError, match="is an agent already: nothing was sent"):
        create(agent.identifier.upper(), "--role", "responsable")
    assert mails() == []
    assert Account.objects.get().role == Role.ADVISER
