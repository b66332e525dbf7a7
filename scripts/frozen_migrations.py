"""The migrations that were released: they never change again, since databases were made by them.

`scripts/frozen-migrations` lists them as `sha256sum --check` reads it. `python -m scripts.frozen_migrations` adds those that are
not in it yet: run it before a release, which refuses without. A list that is only added to is all that a test can hold.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "scripts" / "frozen-migrations"


def here() -> dict[str, str]:
    """Each migration of this checkout with its SHA-256."""
    files = ROOT.glob("src/adherents/*/migrations/[0-9]*.py")
    return {str(file.relative_to(ROOT)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def frozen() -> dict[str, str]:
    lines = LIST.read_text().splitlines() if LIST.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def changed() -> list[str]:
    """Frozen ones that are not what they were."""
    present = here()
    return sorted(name for name, digest in frozen().items() if present.get(name) != digest)


def not_frozen() -> list[str]:
    return sorted(here().keys() - frozen().keys())


def main() -> None:
    if wrong := changed():
        sys.exit("A frozen migration changed: " + ", ".join(wrong))
    LIST.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(here().items())))


if __name__ == "__main__":
    main()
