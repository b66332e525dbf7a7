"""What the terminal says once the portal answers: where it is, and who to sign in as."""

from pathlib import Path

from django.conf import settings

from adherents.demo.people import PASSWORD, PERSONAS
from adherents.demo.ports import pages_port, smtp_port
from adherents.demo.seeding import codes


def text(port: int, folder: Path) -> str:
    """Plain text, no colour: it is read in a terminal, a log or a chat alike."""
    portal, mail = settings.BASE_URL, f"http://127.0.0.1:{pages_port(port)}"
    rows = [
        ["N° adhérent", "Mot de passe", "Ce que cela montre"],
        *([persona.number, PASSWORD if persona.opened else "à créer", persona.shows] for persona in PERSONAS),
    ]
    agents = [
        ["Adresse e-mail", "Mot de passe", "Rôle", "Secret du second facteur"],
        *([agent.email, PASSWORD, agent.role, secret or "retiré"] for agent, secret in codes()),
    ]
    return "\n".join(
        [
            "",
            f"  Le portail      {portal}/adherent/",
            f"  La gestion      {portal}/gestion/",
            f"  Le courrier     {mail}/  (tous les mails ; SMTP sur le port {smtp_port(port)})",
            f"  Les codes       {mail}/codes/  (le second facteur des agents, sans téléphone)",
            f"  Les personnes   {mail}/personnes/  (ce que « Première connexion » demande)",
            f"  Les données     {folder}",
            "",
            *_table(rows),
            "",
            *_table(agents),
            "",
            f"  Un seul mot de passe pour tous : {PASSWORD}",
            "  Ctrl-C arrête tout ; la prochaine fois retrouve les données. Pour repartir de zéro, effacez le dossier.",
            "",
        ]
    )


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [lines[0], "  " + "  ".join("─" * width for width in widths), *lines[1:]]
