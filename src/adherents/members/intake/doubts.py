"""Whether a file may be cut: a person who is not in it may still be a member. A file in doubt ends no member."""

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from adherents.members.intake.compare import Plan
from adherents.members.intake.staging import Staging
from adherents.members.models import LastFile

# Members leave one by one: when more than this are gone from the end of the last file, or from its count, it is no accident.
FEW = 3


def doubts_about(plan: Plan, staging: Staging, *, expected: int | None = None) -> list[str | Promise]:
    """Why the file may be cut, in words; nothing where it may be trusted. `plan.gone` is counted already.

    `expected`: how many lines the exporting side says that the file has, without header and blank lines. A file of that
    many lines is whole, but for a last line that is short: it may name another person.
    """
    doubts: list[str | Promise] = []
    if plan.ends_short:
        doubts.append(_("la dernière ligne n’a pas toutes ses colonnes"))
    if expected is not None and expected != plan.lines:
        doubts.append(
            _("il a %(lines)d lignes, et --expect-rows en annonce %(expected)d")
            % {"lines": plan.lines, "expected": expected}
        )
    if plan.gone and plan.unnumbered:
        doubts.append(_("des lignes n’ont pas de numéro lisible : chacune peut être n’importe qui"))
    if expected == plan.lines:
        return doubts
    if not plan.is_closed:
        doubts.append(_("la dernière ligne n’a pas de fin de ligne"))
    if plan.gone:
        doubts += _against_the_last_file(plan, staging)
    return doubts


def _against_the_last_file(plan: Plan, staging: Staging) -> list[str | Promise]:
    last = LastFile.objects.filter(sheet=staging.sheet.name).first()
    if last is None:
        return []
    doubts: list[str | Promise] = []
    refused = plan.refused + plan.other_person
    if refused and last.lines - plan.lines > FEW:
        doubts.append(
            _("il a %(fewer)d lignes de moins que le précédent, et des lignes refusées")
            % {"fewer": last.lines - plan.lines}
        )
    missing = _missing_at_the_end(staging)
    if missing > FEW:
        doubts.append(
            _("les %(missing)d personnes qu’il ne nomme plus étaient les dernières du fichier précédent")
            % {"missing": missing}
        )
    return doubts


def _missing_at_the_end(staging: Staging) -> int:
    """How many people of the register were named by the last lines of the last file, and are by none of this one."""
    lines = staging.sheet.last_lines._meta.db_table
    not_named = f"NOT EXISTS (SELECT 1 FROM {staging.seen} s WHERE s.key = l.key)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT key FROM {lines} ORDER BY rank DESC LIMIT {FEW + 1}) l "  # noqa: S608
            f"WHERE {not_named}"
        )
        if cursor.fetchone()[0] <= FEW:  # the usual case, without a look at every line
            return 0
        cursor.execute(
            f"SELECT count(*) FROM {lines} l WHERE {not_named} AND l.rank > coalesce("  # noqa: S608
            f"(SELECT max(l.rank) FROM {lines} l WHERE NOT {not_named}), 0) "
            f"AND l.key IN ({staging.present})"
        )
        return int(cursor.fetchone()[0])
