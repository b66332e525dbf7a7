"""What an administrateur sees and does: a secret shown once, an act that says why, what went wrong in words."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Role
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.webhooks.models import Endpoint, EndpointState
from adherents.webhooks.services import endpoints
from adherents.webhooks.services.delivering import deliver_due
from tests.agents import make_agent, signed_in
from tests.feed.announcing import happen
from tests.webhooks.receiver import Receiver, answers

pytestmark = pytest.mark.django_db
HERE = "/gestion/webhooks/"
WHY = "Nouveau logiciel"
Act = Callable[..., Any]


@pytest.fixture
def desk(clock: time_machine.Traveller) -> Client:
    return signed_in(make_agent(Role.ADMINISTRATOR))


def words(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def create(desk: Client, **given: Any) -> Any:
    return desk.post(
        f"{HERE}nouveau/", {"name": "Gestion", "url": "https://insurer.example/e", "reason": WHY} | given
    )


def act(desk: Client, endpoint: Endpoint, path: str, **given: Any) -> Any:
    return desk.post(f"{HERE}{endpoint.pk}/{path}/", {"reason": WHY} | given, follow=True)


def shown(desk: Client, endpoint: Endpoint, path: str) -> str:
    """What a page that changes the secrets says of those that there are."""
    return str(desk.get(f"{HERE}{endpoint.pk}/{path}/").context["form"]["secrets_seen"].value())


def test_a_new_one_shows_its_secret_once_and_the_list_never_does(desk: Client) -> None:
    assert "Aucun pour l’instant." in words(desk.get(HERE))
    answer = create(desk, types=["document.decided", "document.received"])
    endpoint = Endpoint.objects.get()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", endpoint.secret)
    assert endpoint.secret in words(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert endpoint.types == ["document.decided", "document.received"]
    for page in (HERE, f"{HERE}{endpoint.pk}/"):
        shown = words(desk.get(page))
        assert "whsec_" not in shown
        assert "insurer.example" in shown
    assert Entry.objects.get(event=Event.WEBHOOK_MADE).details == {"reason": WHY}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "nowhere"}, "Écrivez une adresse complète"),
        ({"url": "http://insurer.example/"}, "L’adresse commence par http://"),
        ({"url": "https://2130706433/"}, "L’adresse mène à un réseau privé ou réservé"),
        ({"name": ""}, "Donnez-lui un nom."),
        ({"types": ["document.exploded"]}, "Sélectionnez un choix valide"),
        ({"reason": ""}, "pourquoi"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_makes_nothing(
    desk: Client, given: dict[str, Any], said: str
) -> None:
    assert said in words(create(desk, **given))
    assert not Endpoint.objects.exists()


def test_two_of_one_name_are_not_made(desk: Client) -> None:
    create(desk)
    assert "Un webhook porte déjà ce nom." in words(create(desk))
    assert Endpoint.objects.count() == 1


def test_every_act_from_the_page_does_what_it_says(
    desk: Client, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    create(desk, url=receiver.url)
    endpoint = Endpoint.objects.get()
    former = receiver.secret = endpoint.secret
    assert "Mis en pause." in words(act(desk, endpoint, "pause"))
    happen(number=1)
    deliver_due()
    assert receiver.requests == []
    assert "En pause" in words(desk.get(HERE))
    assert "il reprend où il s’était arrêté" in words(act(desk, endpoint, "reprise"))
    deliver_due()
    assert len(receiver.taken) == 1

    answer = act(desk, endpoint, "secret", secrets_seen=shown(desk, endpoint, "secret"))
    endpoint.refresh_from_db()
    assert endpoint.secret in words(answer)
    assert endpoint.former_secret == former
    assert "Le secret précédent signe encore" in words(answer)
    act(desk, endpoint, "ancien-secret", secrets_seen=shown(desk, endpoint, "ancien-secret"))
    endpoint = Endpoint.objects.get()
    assert endpoint.former_secret == ""
    receiver.secret = endpoint.secret

    clock.shift(timedelta(minutes=10))
    since = timezone.localtime() - timedelta(minutes=20)
    assert "1 événement repart." in words(act(desk, endpoint, "rejouer", since=f"{since:%Y-%m-%dT%H:%M}"))
    deliver_due()
    assert [event["data"]["number"] for event in receiver.taken] == [1, 1]
    too_old = words(act(desk, endpoint, "rejouer", since="2020-01-01T00:00"))
    assert "Choisissez un moment des trente derniers jours." in too_old

    receiver.answer = answers(400)
    happen(number=2)
    deliver_due()
    page = words(desk.get(f"{HERE}{endpoint.pk}/"))
    assert "N’arrive pas" in page
    assert "400" in page
    assert "Le serveur répond par un refus ou une erreur." in page
    assert "document.checked" in page
    assert "vous avez vu" in words(act(desk, endpoint, "passer"))
    form = desk.get(f"{HERE}{endpoint.pk}/passer/").context["form"]
    seen = str(form["position"].value())
    assert "les suivants partent" in words(act(desk, endpoint, "passer", position=seen))
    assert "Aucun événement n’attend." in words(act(desk, endpoint, "passer"))

    assert "Webhook supprimé." in words(act(desk, endpoint, "suppression"))
    assert not Endpoint.objects.exists()
    said = {event for event in Event if event.value.startswith("webhook.")} - {Event.WEBHOOK_SET_ASIDE}
    assert set(Entry.objects.filter(event__startswith="webhook.").values_list("event", flat=True)) == said


@pytest.mark.parametrize(("path", "secrets"), [("secret", 2), ("ancien-secret", 1)])
def test_a_stale_page_changes_no_secret(desk: Client, path: str, secrets: int) -> None:
    """Two people at once, or one who goes back: the receiver's own secret would end."""
    create(desk)
    endpoint = Endpoint.objects.get()
    act(desk, endpoint, "secret", secrets_seen=shown(desk, endpoint, "secret"))
    seen = shown(desk, endpoint, path)
    assert "Les secrets ont changé" not in words(act(desk, endpoint, path, secrets_seen=seen))
    after = Endpoint.objects.get()
    assert len(after.secrets) == secrets
    assert "Les secrets ont changé" in words(act(desk, endpoint, path, secrets_seen=seen))
    assert Endpoint.objects.get().secrets == after.secrets


def test_the_page_of_the_systems_leads_to_them(desk: Client) -> None:
    page = desk.get("/gestion/systemes/")
    assert f'<a href="{HERE}">' in page.content.decode()
    assert "Webhooks" not in words(page).partition("Se déconnecter")[0]


def test_one_that_is_set_aside_is_counted_in_the_menu_and_explained(desk: Client) -> None:
    create(desk)
    Endpoint.objects.update(state=EndpointState.SET_ASIDE, next_attempt_at=None)
    endpoint = Endpoint.objects.get()
    assert "mis de côté" in words(desk.get("/gestion/installation/"))
    assert "Rien n’est perdu" in words(desk.get(f"{HERE}{endpoint.pk}/"))


def test_the_pages_are_whole_in_english(desk: Client) -> None:
    create(desk)
    endpoint = Endpoint.objects.get()
    desk.cookies.load({"langue": "en"})
    desk.post("/langue/", {"language": "en", "next": HERE})
    page = words(desk.get(f"{HERE}{endpoint.pk}/"))
    assert "Left to take" in page
    assert "Pause" in page


def test_only_so_many_are_made(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    create(desk)
    assert "Il y a déjà cinquante webhooks" in words(create(desk, name="Autre"))
