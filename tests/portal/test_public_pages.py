"""Contact (G14), browsers (G15), help (G16), legal pages, language, health."""

import re
from html import unescape
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse

from adherents.insurer.profile import load_profile
from adherents.portal.questions import SUBJECTS
from adherents.storage.objects import folder
from adherents.work.registry import lanes
from adherents.work.services import beat
from tests.cast import CAMILLE
from tests.factories import open_account

PROFILES = Path(__file__).parents[2] / "profiles"
PUBLIC = ["contact", "help", "legal", "privacy", "accessibility", "browser"]
MONDAY_AT_TEN = "2026-11-23T10:00:00+01:00"
NIGHT = "2026-12-24T23:00:00+01:00"


@pytest.fixture
def page(client, db):
    """The words of a page, as somebody reads them: no markup, one plain space between words."""

    def read(name: str, language: str = "fr") -> str:
        client.cookies["langue"] = language
        response = client.get(reverse(f"portal:{name}"))
        assert response.status_code == 200
        assert f'<html lang="{language}">' in response.text
        return words_of(response.text)

    return read


def words_of(markup: str) -> str:
    bare = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", "", markup, flags=re.S)
    return " ".join(unescape(bare).replace("\u202f", " ").split())


@pytest.fixture
def _example(settings):
    settings.ADHERENTS_PROFILE = load_profile(PROFILES / "exemple.toml")


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_page_is_there_in_both_languages(page, name):
    assert page(name, "fr") != page(name, "en")


@pytest.mark.parametrize("name", PUBLIC)
def test_no_french_is_left_on_an_english_page(client, db, name):
    client.cookies["langue"] = "en"
    markup = client.get(reverse(f"portal:{name}")).text
    english = words_of(markup[markup.index("<main") : markup.index("</main>")])
    assert not re.search(r"\b(votre|vous|nous|avec|cette|jours|heures)\b", english, re.I)


@pytest.mark.usefixtures("_example")
@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_page_is_there_for_another_insurer(page, name):
    words = page(name)
    assert "Mutuelle Exemple" in words
    assert "MESE" not in words
    assert "Schneider" not in words


def test_the_portals_address_leads_to_signing_in(client):
    assert client.get("/").headers["Location"] == "/adherent/"


@pytest.mark.rule("G14")
@time_machine.travel(MONDAY_AT_TEN, tick=False)
def test_the_contact_page_says_everything_that_the_guide_says(page):
    words = page("contact")
    for fact in [
        "fr-contact@mese.se.com",
        "04 76 60 56 36",
        "26 26 depuis un site Schneider Electric",
        "Du lundi au vendredi de 8 h 30 à 18 h 30",
        "Pour attendre moins longtemps, appelez plutôt de 9 h à 9 h 30, de 11 h 45 à 13 h 45 et de 16 h à 18 h 30.",
        "Ouvert aujourd’hui jusqu’à 18 h 30.",
        "Peu d’attente de 11 h 45 à 13 h 45.",
    ]:
        assert fact in words
    english = page("contact", "en")
    assert "To select the English support, please press 2." in english
    assert "Monday to Thursday from 9 am to noon and from 1:30 pm to 5 pm" in english
    assert "Friday from 9 am to noon and from 1:30 pm to 4 pm" in english


@pytest.mark.rule("G14")
@time_machine.travel(NIGHT, tick=False)
def test_at_night_the_contact_page_says_when_somebody_will_answer(page):
    words = page("contact")
    assert "Fermé pour l’instant. Ouvre lundi à 8 h 30." in words
    assert "Prochains jours de fermeture : 25/12/2026, 01/01/2027." in words


@pytest.mark.rule("G15")
def test_a_page_says_which_browsers_work(page):
    words = page("browser")
    for browser in ["Chrome", "Firefox", "Edge", "Safari"]:
        assert browser in words
    assert "N’utilisez pas Internet Explorer" in words


@pytest.mark.rule("G16")
def test_the_help_page_has_each_question_of_the_guide(page):
    words = page("help")
    for question in [
        "Pourquoi, lorsque je me connecte, mon mot de passe n’est pas reconnu par le système ?",
        "Mon compte est bloqué (suite à plusieurs tentatives de connexion), que faire ?",
        "Est-il possible de modifier mon mot de passe depuis mon espace personnel ?",
        "Vous ne recevez pas l’email de réinitialisation de mot de passe ?",
        "Vous vous connectez pour la première fois ?",
        "Vous avez oublié votre mot de passe, ou votre mot de passe est périmé ?",
    ]:
        assert words.count(question) == 2  # in the list, and above its answer
    for fact in ["180 jours", "120 minutes", "24 heures", "Après 5 tentatives", "12 caractères", "20 Mo"]:
        assert fact in words


@pytest.mark.rule("G16")
def test_other_pages_can_link_to_each_question(client):
    markup = client.get("/aide/").text
    anchors = [question.anchor for subject in SUBJECTS for question in subject.questions]
    assert len(anchors) == len(set(anchors))
    for anchor in anchors:
        assert f'id="{anchor}"' in markup
        assert f'href="#{anchor}"' in markup
    assert {
        "mot-de-passe-non-reconnu",
        "compte-bloque",
        "modifier-mot-de-passe",
        "pas-de-mail",
        "premiere-connexion",
        "lien",
        "delai-de-reponse",
        "document-refuse",
    } <= set(anchors)


@pytest.mark.rule("G4")
@pytest.mark.rule("G16")
@pytest.mark.usefixtures("_example")
def test_where_renewal_is_off_no_answer_speaks_of_it(page):
    words = page("help")
    assert "durée de validité" not in words
    assert "au bout de" not in words
    assert "15 caractères au minimum" in words
    assert "contient" not in words
    assert "vous devez attendre 1 heure." in words
    assert "60 minutes" in words


def test_the_privacy_page_says_how_long_each_kind_of_document_is_kept(page):
    words = page("privacy")
    assert "RIB 60 mois" in words
    assert "Facture dentaire 24 mois" in words
    assert "www.cnil.fr" in words


@pytest.mark.usefixtures("_example")
def test_the_legal_page_names_publisher_director_and_host(page):
    words = page("legal")
    assert "Directeur de la publication : Camille Exemple." in words
    assert "Hébergeur Exemple" in words
    assert "Accessibilité : partiellement conforme." in words


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_page_asks_nothing_of_the_database(client, django_assert_num_queries, db, name):
    with django_assert_num_queries(0):
        client.get(reverse(f"portal:{name}"))


def test_choosing_a_language_lasts(client, db):
    response = client.post("/langue/", {"language": "en", "next": "/contact/"})
    assert response.headers["Location"] == "/contact/"
    assert "Contact us" in client.get("/contact/").text
    client.post("/langue/", {"language": "fr", "next": "/contact/"})
    assert "Nous contacter" in client.get("/contact/").text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://voleur.example/", "//voleur.example/", "/\\voleur.example", "javascript:alert(1)", ""],
)
def test_choosing_a_language_never_leads_elsewhere(client, db, elsewhere):
    response = client.post("/langue/", {"language": "en", "next": elsewhere})
    assert response.headers["Location"] == "/"


def test_an_unknown_language_changes_nothing(client, db):
    response = client.post("/langue/", {"language": "xx", "next": "/"})
    assert response.status_code == 302
    assert "langue" not in response.cookies


def test_the_language_is_not_changed_by_a_link(client, db):
    assert client.get("/langue/?language=en").status_code == 405


def test_a_member_who_changes_language_is_written_to_in_it(client, db):
    account = open_account(CAMILLE)
    client.force_login(account)
    client.post("/langue/", {"language": "en", "next": "/"})
    account.refresh_from_db()
    assert account.language == "en"


def test_the_portal_says_that_it_is_alive_and_ready(client, db):
    beat(worker="one", lanes=lanes())
    for path in ("/sante/", "/pret/"):
        response = client.get(path)
        assert response.status_code == 200
        assert response.json() == {"status": "ok", "degraded": []}, "no cache and no antivirus are configured"


def test_without_its_storage_the_portal_serves_what_it_can_and_says_so(
    client, db, settings, tmp_path, caplog
):
    in_the_way = tmp_path / "secret"
    in_the_way.touch()
    documents = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(in_the_way / "documents")},
    }
    settings.STORAGES = settings.STORAGES | {"documents": documents}
    beat(worker="one", lanes=lanes())
    response = client.get("/pret/")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "degraded": ["storage"]}
    assert "secret" not in response.text
    assert "secret" in caplog.text, "the logs say why"


def test_the_portal_is_not_ready_while_its_disk_is_full(client, db, monkeypatch, caplog):
    assert client.get("/pret/").status_code == 200
    monkeypatch.setattr(folder, "LEAST_FREE_BYTES", 1 << 60)
    beat(worker="one", lanes=lanes())
    response = client.get("/pret/")
    assert (response.status_code, response.json()) == (503, {"status": "down", "degraded": ["disk"]})
    assert client.get("/sante/").status_code == 200
    assert "full" in caplog.text


@pytest.mark.parametrize("address", ["/nulle-part/", "/adherent/nulle-part/"])
def test_an_address_that_leads_nowhere_is_told_with_the_phone_and_the_hours(client, db, address):
    response = client.get(address)
    assert response.status_code == 404
    words = words_of(response.text)
    assert "Cette page n’existe pas" in words
    assert "04 76 60 56 36" in words
    assert re.search(r"Ouvert|Fermé", words)


def test_a_form_without_its_token_is_told_in_words(db):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/langue/", {"language": "en"})
    assert response.status_code == 403
    assert "04 76 60 56 36" in words_of(response.text)


def test_when_everything_breaks_a_page_still_gives_the_phone(rf):
    from adherents.config.errors import server_error

    response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert "04 76 60 56 36" in words_of(response.text)


FOUND = [
    "/adherent/",
    "/contact/",
    "/aide/",
    "/mentions-legales/",
    "/donnees-et-confidentialite/",
    "/accessibilite/",
    "/verifier/",
]
NEVER_FOUND = [
    "/adherent/mot-de-passe-oublie/",
    "/adherent/premiere-connexion/",
    "/gestion/connexion/",
    "/hors-ligne/",
    "/navigateur/",
    "/rien/",
]
NOINDEX = '<meta name="robots" content="noindex">'


@pytest.mark.parametrize("path", [*FOUND, *NEVER_FOUND])
def test_search_engines_show_what_the_profile_lets_them(client, settings, db, path):
    assert client.get(path).content.decode().count(NOINDEX) == 1
    insurer = settings.ADHERENTS_PROFILE.insurer.model_copy(update={"indexed": True})
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"insurer": insurer})
    page = client.get(f"{path}?from=mail").content.decode()
    own = f'<link rel="canonical" href="{settings.BASE_URL}{path}">'
    assert (own in page, NOINDEX in page) == ((True, False) if path in FOUND else (False, True))
