"""Compile every room's translations that changed. Babel does it, so that no gettext program is needed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

for source in sorted(Path("src").glob("adherents/*/locale/*/LC_MESSAGES/django.po")):
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        continue
    with source.open("rb") as read, target.open("wb") as written:
        write_mo(written, read_po(read, locale=source.parts[-3]))
