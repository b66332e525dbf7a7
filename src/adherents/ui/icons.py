"""The icons of a home screen, drawn by typst from the profile's mark: the same profile gives the same bytes on every machine.

They are drawn in a process of their own (`python -m adherents.ui.icons`). typst keeps threads: a process that has drawn and is
then forked leaves its children without them, and the first receipt that a child draws never ends.
"""

import json
import logging
import subprocess
import sys
from base64 import b64decode, b64encode
from functools import cache
from importlib.resources import files

from adherents.insurer.profile import profile

SIZES = (192, 512)  # pixels a side: what Chromium asks of a portal that is to be installed
WITHIN = 60  # seconds
_POINTS = 512
log = logging.getLogger("adherents.icons")
Icons = dict[tuple[int, bool], bytes]


def icon(side: int, *, full: bool) -> bytes:
    """A PNG of `side` pixels. `full`: to its edges, as phones want it that cut icons to a shape of their own (« maskable »)."""
    facts = profile()
    logo = facts.brand.logo
    mark = (logo.suffix.lower(), logo.read_bytes()) if logo else ("", b"")
    return _icons(facts.brand.accent, facts.insurer.short_name[:1], *mark)[side, full]


@cache
def _icons(accent: str, initial: str, kind: str, logo: bytes) -> Icons:
    """All of them, in one process. Where the logo cannot be drawn, the initial stands for it."""
    wanted = {"accent": accent, "initial": initial, "kind": kind, "logo": b64encode(logo).decode()}
    command = [sys.executable, "-I", "-m", "adherents.ui.icons"]
    done = subprocess.run(
        command, input=json.dumps(wanted).encode(), capture_output=True, timeout=WITHIN, check=False
    )
    if done.returncode == 0:
        return {(side, full): b64decode(drawn) for side, full, drawn in json.loads(done.stdout)}
    why = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    if not kind:
        raise RuntimeError(f"no icon can be drawn: {why}")
    log.warning("the logo cannot be drawn as an icon: the initial stands for it (%s)", why)
    return _icons(accent, initial, "", b"")


def _draw() -> None:
    """In the process of its own: what is wanted comes as JSON, and so do the icons go."""
    import typst

    wanted = json.load(sys.stdin)
    logo = f"logo{wanted['kind']}" if wanted["kind"] else ""
    parts = {"main.typ": files("adherents.ui").joinpath("assets/icon.typ").read_bytes()}
    if logo:
        parts[logo] = b64decode(wanted["logo"])
    drawn = []
    for side in SIZES:
        for full in (False, True):
            shown = {"full": full, "accent": wanted["accent"], "initial": wanted["initial"], "logo": logo}
            # Several files in memory, as typst's README shows them: its stubs do not know of it.
            png = typst.compile(  # type: ignore[call-overload]
                parts,
                format="png",
                ppi=72 * side / _POINTS,
                sys_inputs={"shown": json.dumps(shown)},
                ignore_system_fonts=True,
            )
            drawn.append([side, full, b64encode(png).decode()])
    json.dump(drawn, sys.stdout)


if __name__ == "__main__":
    _draw()
