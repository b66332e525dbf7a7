"""What the pages keep in a browser, read from the scripts themselves: `docs/security.md` says each of it, and no more."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [file for file in (ROOT / "src" / "adherents").rglob("*.js") if not file.name.endswith(".min.js")]
STORES = re.compile(r"\b(localStorage|sessionStorage|indexedDB|caches|document\.cookie|cookieStore)\b")
KEY = re.compile(r"[\"'`](adherents-[a-z-]+)")


def keeping() -> dict[Path, set[str]]:
    """The scripts that keep something in the browser, with the names under which they do."""
    return {file: set(KEY.findall(text)) for file in SCRIPTS if STORES.search(text := file.read_text())}


def said() -> set[str]:
    """The names in the table of the documentation."""
    text = (ROOT / "docs" / "security.md").read_text()
    section = text.partition("## What a browser keeps")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(adherents-[a-z-]+)", section, re.MULTILINE))


def test_every_script_that_keeps_something_does_so_under_a_name_of_ours() -> None:
    assert keeping()
    assert not {file.name for file, names in keeping().items() if not names}


def test_the_documentation_says_all_that_a_browser_keeps_and_nothing_else() -> None:
    assert said() == set().union(*keeping().values())


def test_no_script_keeps_anything_but_in_local_storage_and_the_worker_in_its_cache() -> None:
    stores = {(store, file.parent.name) for file in SCRIPTS for store in STORES.findall(file.read_text())}
    assert {store for store, folder in stores if folder not in {"worker", "leaving"}} == {"localStorage"}
    assert {store for store, folder in stores if folder in {"worker", "leaving"}} == {"caches"}


def test_the_library_that_sends_files_is_told_to_keep_nothing() -> None:
    """tus-js-client would keep a file's name, size and address there."""
    texts = [file.read_text() for file in SCRIPTS]
    [sending] = [text for text in texts if "new tus.Upload" in text or "new window.tus.Upload" in text]
    assert "storeFingerprintForResuming: false" in sending
