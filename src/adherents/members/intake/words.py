"""What an import says, on a terminal or in a report: why a line was refused, and how many lines there were of each kind."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from adherents.members.intake.compare import Plan, RefusedRow


def refused_line(sheet: str, refused: RefusedRow) -> str:
    """It names the member, the column and why; never what the column holds."""
    file = _("adhérents") if sheet == "member" else _("bénéficiaires")
    return line_in_words(file, refused.line, refused.key, refused.reasons)


def line_in_words(file: str, line: int, key: str, reasons: Iterable[tuple[str, object]]) -> str:
    """« adhérents, ligne 3 (70100001) : nom : … ». `key`: whom the line names; "" where that is not known."""
    where = _("%(file)s, ligne %(line)d") % {"file": file, "line": line}
    why = " ; ".join(f"{column} : {reason}" if column else str(reason) for column, reason in reasons)
    return f"{where}{f' ({key})' if key else ''} : {why}"


def counts(plan: Plan) -> list[tuple[str, int]]:
    """How many lines of each kind, the common kinds first; the seldom ones only where there are some."""
    common = [
        (_("nouveaux"), plan.new),
        (_("modifiés"), plan.changed),
        (_("inchangés"), plan.unchanged),
        (_("absents du fichier"), plan.gone),
        (_("lignes refusées"), plan.refused),
        (_("changements de personne refusés"), plan.other_person),
        (_("numéros donnés à une autre personne"), len(plan.given)),
    ]
    seldom = [
        (_("absents du fichier mais gardés : une autre source les a nommés en dernier"), plan.kept),
        (_("inchangés qu’une autre source avait nommés en dernier"), plan.named_again),
        (_("lignes laissées : la personne a changé pendant la lecture du fichier"), plan.newer),
    ]
    return [*common, *((label, number) for label, number in seldom if number)]
