"""The browser of the tests, a real one."""

import os
import shutil

from playwright.sync_api import Browser, Playwright, expect

PATIENCE = 45_000  # milliseconds: it costs time only where a test fails, and a busy machine needs it
expect.set_options(timeout=PATIENCE)

# The shell first: the same engine without the machinery of a window, which only costs time here.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WHOLE = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# In the shell, what draws without a graphics card needs no process of its own: a third less for the browser itself.
IN_THE_SHELL = [*ARGUMENTS, "--in-process-gpu"]


def launch(playwright: Playwright) -> Browser:
    """`CHROMIUM` names another one."""
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return playwright.chromium.launch(executable_path=executable, args=IN_THE_SHELL)


def whole_chromium() -> str:
    """A Chromium with all that a person's has, its password manager too; `CHROMIUM_WHOLE` names another one."""
    executable = os.environ.get("CHROMIUM_WHOLE") or next(filter(None, map(shutil.which, WHOLE)), None)
    assert executable, "no whole Chromium on this machine: scripts/system-packages browser installs it"
    return executable
