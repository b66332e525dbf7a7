"""A receipt on paper: PDF/UA-1 and PDF/A-3a by typst, with the signed JSON attached.

The same envelope, language and profile give the same bytes, so that a PDF can be compared with the one we would draw.
"""

from pathlib import Path

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adherents.inspection.file_type import SHORT_NAMES
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.ui import paper
from adherents.ui.moments import moment
from adherents.ui.numbers import size, thousands
from adherents.ui.paper import UNDRAWN, breakable, drawable, groups
from adherents.vault.receipts.statement import Envelope, File, Statement, read_statement

_SHEET = Path(__file__).parents[1] / "assets" / "receipt.typ"


def draw(envelope: Envelope, language: str) -> bytes:
    """The PDF, in French ("fr") or English ("en")."""
    statement = read_statement(envelope.payload)
    with translation.override(language):
        shown = _shown(statement, envelope)
    shown["lang"] = language
    return paper.draw(_SHEET, shown, standards=("a-3a", "ua-1"), at=statement.signed_at)


def _shown(statement: Statement, envelope: Envelope) -> dict[str, object]:
    facts = profile()
    files = [_file(file) for file in statement.files]
    squares = any(UNDRAWN in str(file["name"]) for file in files)
    count = len(files)
    return {
        "title": _("Accusé de dépôt n° %(number)s") % {"number": statement.number},
        "label": _("Accusé de dépôt"),
        "number_label": _("Numéro"),
        "number": statement.number,
        "brand": facts.insurer.short_name,
        "space": drawable(str(facts.insurer.space_name)),
        "accent": facts.brand.accent,
        "ink": facts.brand.ink,
        "facts": [
            *_arrival(statement),
            [_("Reçu par"), drawable(statement.insurer)],
            [_("N° adhérent"), drawable(statement.member_number)],
        ],
        "arrived": ngettext("%(count)d fichier est arrivé", "%(count)d fichiers sont arrivés", count)
        % {"count": count},
        "files": files,
        "fingerprint": _("Empreinte SHA-256"),
        "undrawn": _(
            "Un carré (□) remplace un caractère que cette page ne sait pas dessiner. Le nom exact est dans le fichier joint."
        )
        if squares
        else "",
        "sections": _sections(statement),
        "signature_title": _("Signature"),
        "signature": [
            [_("Algorithme"), ["Ed25519"]],
            [_("Clé"), groups(statement.key_id)],
            [_("Signature"), groups(envelope.signature.hex())],
        ],
        "page": _("page"),
        "attachment": f"accuse-{statement.number}.json",
        "attachment_says": _("L’accusé de dépôt signé"),
        "envelope": envelope.written().decode(),
        "signed_at": [statement.signed_at.year, statement.signed_at.month, statement.signed_at.day],
    }


def _arrival(statement: Statement) -> list[list[str]]:
    """When it came; of what came otherwise than by the portal, how and on which day, and when it was deposited."""
    if not statement.channel:
        return [[_("Reçu le"), _moment(statement)]]
    return [
        [_("Arrivée"), statement.came_in_words],
        [_("Enregistré le"), _moment(statement)],
    ]


def _file(file: File) -> dict[str, object]:
    try:
        kind = profile().documents.kind(file.kind).label
    except KeyError:
        unknown = file.kind == UNKNOWN_KIND
        kind = profile().documents.kind_label(file.kind) if unknown else file.kind_label
    octets = _("%(count)s octets") % {"count": thousands(file.size)}
    type_name = SHORT_NAMES.get(file.content_type, file.content_type)
    return {
        "name": breakable(drawable(file.name)),
        "facts": drawable(f"{kind} · {type_name} · {size(file.size)} ({octets})"),
        "groups": groups(file.sha256),
    }


def _sections(statement: Statement) -> list[dict[str, object]]:
    return [
        {
            "title": _("Ce que cet accusé prouve"),
            "paragraphs": [
                _(
                    "Il prouve que ces papiers nous sont arrivés ce jour-là, et que nous avons enregistré ces fichiers, octet "
                    "pour octet, à cette date et à cette heure : changer un seul caractère d’un fichier change son "
                    "empreinte. Il ne dit rien de leur contenu, ni de la réponse qui leur sera donnée."
                )
                if statement.channel
                else _(
                    "Il prouve que ces fichiers nous sont arrivés à cette date et à cette heure, octet pour octet : "
                    "changer un seul caractère d’un fichier change son empreinte. Il ne dit rien de leur contenu, ni de la "
                    "réponse qui leur sera donnée."
                ),
                _(
                    "Conservez ce PDF tel quel, avec vos fichiers. Imprimé ou scanné, il ne peut plus être vérifié."
                ),
            ],
        },
        {
            "title": _("Comment le vérifier"),
            "paragraphs": [
                _(
                    "Ouvrez la page ci-dessous et choisissez ce PDF : elle dit s’il est authentique, et si un fichier que "
                    "vous avez gardé est bien l’un de ceux-là."
                ),
            ],
            "link": statement.verify_at,
            "after": _(
                "Sans nous : le fichier joint à ce PDF contient l’accusé et sa signature Ed25519. Avec la clé publique, "
                "à la même adresse suivie de cle.pem, openssl suffit à les vérifier."
            ),
        },
    ]


def _moment(statement: Statement) -> str:
    at = statement.deposited_at
    offset = f"{at:%z}"
    return _("%(moment)s (heure de Paris, UTC%(offset)s)") % {
        "moment": moment(at.astimezone(timezone.get_default_timezone())),
        "offset": f"{offset[:3]}:{offset[3:]}",
    }
