import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from adherents.crypto.fields import EncryptedTextField
from adherents.insurer.profile import profile
from adherents.work.retention import IMPERSONAL, kept

HEAD = """# Durées de conservation

Écrit par `adherents retention` à partir du profil et du code : ne pas modifier à la main. Organisme : {insurer}.
« Ce qui efface » dit ce qui met fin à la conservation. `adherents purge --apply` est à lancer chaque nuit ; sans lui, rien
de ce qui lui revient n’est effacé. Une sauvegarde garde ce qui a été effacé après elle, pendant {backups} jours au plus."""


class Command(BaseCommand):
    help = "Says what is kept of people and until when, as a table in French (Markdown), from the profile and the code."

    def handle(self, *args: Any, **options: Any) -> None:
        for paragraph in _paragraphs():
            self.stdout.write(_unbroken(paragraph))


def _paragraphs() -> Iterator[str]:
    yield HEAD.format(insurer=profile().insurer.legal_name, backups=profile().backups.kept_days)
    yield "\n## Ce qui concerne des personnes"
    yield ""
    yield _row("Données", "Tables", "Conservées jusqu’à", "Ce qui efface")
    yield _row(*["---"] * 4)
    for line in kept():
        yield _row(
            line.what,
            ", ".join(f"`{_place(label)}`" for label in line.tables) or "–",
            line.until,
            line.ended_by,
        )
    yield "\n## Colonnes scellées par la clé maîtresse"
    yield ""
    yield "Un voleur de la base seule ne les lit pas (AES-256-GCM, lié à la ligne : décision 30)."
    yield ""
    yield _row("Table", "Colonnes")
    yield _row("---", "---")
    for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
        sealed = [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]
        if sealed:
            yield _row(f"`{model._meta.db_table}`", ", ".join(f"`{name}`" for name in sealed))
    yield "\n## Tables sans donnée personnelle"
    yield ""
    yield _row("Table", "Ce qu’elle contient")
    yield _row("---", "---")
    for label in sorted(IMPERSONAL):
        yield _row(f"`{_place(label)}`", IMPERSONAL[label])


def _place(label: str) -> str:
    return str(apps.get_model(label)._meta.db_table)


def _unbroken(text: str) -> str:
    """With the spaces that French typography wants unbroken: before : ; ! ? » and after «."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
