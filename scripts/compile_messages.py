"""Compile every room's translations that changed. Babel does it, so that no gettext program is needed."""

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

NO_DAY = datetime(1970, 1, 1, tzinfo=UTC)


def compiled(source: bytes, language: str) -> bytes:
    """The same translations give the same bytes on any day: Babel would write the present time into them."""
    catalogue = read_po(io.BytesIO(source), locale=language)
    catalogue.creation_date = catalogue.revision_date = NO_DAY
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    for source in sorted(Path("src").glob("adherents/*/locale/*/LC_MESSAGES/django.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        target.write_bytes(compiled(source.read_bytes(), source.parts[-3]))


if __name__ == "__main__":
    main()
