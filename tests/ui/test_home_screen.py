"""On a phone's home screen: the manifest, the icons, and a service worker that stores a list and nothing else."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from adherents.ui import bundle, home_screen, icons

pytestmark = pytest.mark.any_database
LOGO = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 10'><rect width='40' height='10' fill='#d00000'/></svg>"


def change(settings: Any, table: str, **values: object) -> None:
    ours = settings.ADHERENTS_PROFILE
    changed = getattr(ours, table).model_copy(update=values)
    settings.ADHERENTS_PROFILE = ours.model_copy(update={table: changed})


def picture(side: int, *, full: bool) -> Image.Image:
    drawn = Image.open(io.BytesIO(icons.icon(side, full=full)))
    assert drawn.size == (side, side)
    return drawn.convert("RGBA")


def colours_in(drawn: Image.Image, share: float) -> set[tuple[int, ...]]:
    """The colours outside the circle in the middle that is `share` of the icon wide."""
    side, outside = drawn.width, set()
    for x in range(side):
        for y in range(side):
            if ((x - side / 2) ** 2 + (y - side / 2) ** 2) ** 0.5 > share * side / 2:
                outside.add(drawn.getpixel((x, y)))
    return outside  # type: ignore[return-value]


def test_the_manifest_has_the_profiles_names_and_colours_in_both_languages(
    client: Client, settings: Any
) -> None:
    change(settings, "brand", accent="#1d4ed8")
    answer = client.get("/manifest.webmanifest?language=en")
    assert answer["Content-Type"] == "application/manifest+json"
    english, french = answer.json(), client.get("/manifest.webmanifest").json()
    assert (english["name"], english["lang"]) == ("MESE Members’ Area", "en")
    assert (french["name"], french["short_name"], french["lang"]) == ("MESE Espace Adhérents", "MESE", "fr")
    assert (french["theme_color"], french["display"]) == ("#1d4ed8", "standalone")
    assert english["id"] == french["id"] == french["start_url"] == "/adherent/"
    assert {(one["sizes"], one["purpose"]) for one in french["icons"]} == {
        ("192x192", "any"), ("512x512", "any"), ("192x192", "maskable"), ("512x512", "maskable"),
    }  # fmt: skip


def test_the_icons_are_the_initial_on_the_accent_and_stay_whole_in_a_circle(settings: Any) -> None:
    change(settings, "brand", accent="#1d4ed8")
    accent = (0x1D, 0x4E, 0xD8, 255)
    assert colours_in(picture(192, full=True), 0.8) == {accent}
    tile = picture(192, full=False)
    assert tile.getpixel((0, 0)) == (0, 0, 0, 0)
    assert (255, 255, 255, 255) in {color for _, color in tile.getcolors(100_000)}  # type: ignore[union-attr]


def test_the_icons_show_the_logo_on_white_and_the_initial_where_it_cannot_be_drawn(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    change(settings, "brand", logo=logo)
    shown = picture(192, full=True)
    assert colours_in(shown, 0.8) == {(255, 255, 255, 255)}
    assert shown.getpixel((96, 96)) == (0xD0, 0, 0, 255)
    assert not caplog.records
    logo.write_text("no drawing at all")
    assert picture(192, full=True).getpixel((5, 5)) == (0x00, 0x69, 0x3E, 255)
    assert "cannot be drawn" in caplog.text


def test_what_the_worker_stores_is_the_same_for_everybody_without_form_or_cookie(client: Client) -> None:
    """And is of this portal's own look: no page of a member, of an agent or of a program is in the list."""
    for language in ("fr", "en"):
        first, *look = home_screen.stored(language)
        assert first == f"/hors-ligne/?language={language}"
        assert look == ["/static/ui/portal.css", "/static/ui/portal.js", "/static/ui/mark.svg"]
        answer = client.get(first)
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Set-Cookie" not in answer
        words = answer.content.decode()
        assert not re.search(r"<form|<input|<button|csrf", words)
        assert "04 76 60 56 36" in words
        assert answer["X-Request-Id"] not in words
        assert ("No connection" if language == "en" else "Pas de connexion") in words
        assert client.get(first).content == answer.content


def test_the_insurers_own_words_stand_on_the_page_for_who_is_offline(client: Client, settings: Any) -> None:
    words = type(settings.ADHERENTS_PROFILE.home_screen.offline)
    change(settings, "home_screen", offline=words(fr=("Nos mots à nous.",), en=("Our own words.",)))
    assert "Nos mots à nous." in client.get("/hors-ligne/").content.decode()
    assert "Our own words." in client.get("/hors-ligne/?language=en").content.decode()
    change(settings, "home_screen", offline=words())
    assert "est bien arrivé" in client.get("/hors-ligne/").content.decode()


def test_the_worker_changes_with_all_that_it_stores(client: Client, settings: Any) -> None:
    def now() -> bytes:
        return client.get("/service-worker.js").content

    before = now()
    assert now() == before
    assert client.get("/service-worker.js?language=en").content != before
    change(settings, "contact", phone="01 99 00 12 34")
    assert now() != before  # the offline page says it


def test_a_page_of_a_member_names_the_worker_and_one_of_the_desk_does_not(client: Client, db: None) -> None:
    page = client.get("/contact/").content.decode()
    assert 'href="/manifest.webmanifest?language=fr"' in page
    assert 'data-worker="/service-worker.js?language=fr"' in page
    assert "manifest" not in client.get("/gestion/connexion/").content.decode()


def test_a_profile_without_worker_sends_the_one_that_is_there_away(
    client: Client, settings: Any, db: None
) -> None:
    change(settings, "home_screen", worker=False)
    page = client.get("/contact/").content.decode()
    assert "data-worker" not in page
    assert "manifest.webmanifest" in page
    script = client.get("/service-worker.js").content.decode()
    assert "registration.unregister()" in script
    assert "fetch" not in script


@pytest.mark.parametrize("name", bundle.ICONS)
def test_each_icon_is_found_beside_the_stylesheet(name: str, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    side, full = bundle.ICONS[name]
    assert Path(bundle.BundleFinder().find(name)).read_bytes() == icons.icon(side, full=full)


DRAW_THEN_FORK = """
import os, signal, django
django.setup()
import typst
from adherents.ui import bundle
for name in bundle.made():
    bundle._content(name)
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if typst.compile({"main.typ": b"Accus"}, format="pdf").startswith(b"%PDF") else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_who_is_forked_after_the_icons_were_drawn_draws_receipts_all_the_same(tmp_path: Path) -> None:
    """typst's threads stay behind in the process that drew: a receipt of its child would never end."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
        "ADHERENTS_DATA_DIR": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", DRAW_THEN_FORK], env=environment, check=False)
    assert done.returncode == 0
