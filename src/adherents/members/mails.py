"""The mail of an import: what the file changed and what was refused. It names lines and columns, and no member."""

from django.utils.translation import gettext as _

from adherents.insurer.profile import profile
from adherents.mail.services import Value, post
from adherents.members.intake.compare import Plan, RefusedRow


def refused_line(is_members: bool, refused: RefusedRow) -> str:
    """One refused line in words, without the number of its member."""
    reasons = []
    for column, reason in refused.reasons:
        why = str(reason).replace(refused.key, "…") if refused.key else str(reason)
        reasons.append(f"{column} : {why}" if column else why)
    file = _("adhérents") if is_members else _("bénéficiaires")
    return _("%(file)s, ligne %(line)d") % {"file": file, "line": refused.line} + " : " + " ; ".join(reasons)


def import_report(
    *,
    to: str,
    outcome: str,
    message: str,
    members: Plan | None,
    beneficiaries: Plan | None,
    refused: list[str],
    refused_more: int,
) -> None:
    """`outcome`: one of `ImportOutcome`. `refused`: the first refused lines, in words; `refused_more`: how many others."""
    context: dict[str, Value] = {
        "outcome": outcome,
        "message": message,
        "refused": refused,
        "refused_more": refused_more,
        **_counts("members", members),
        **_counts("beneficiaries", beneficiaries),
    }
    post("members/import_report", to=to, language=profile().languages[0], context=context)


def _counts(sheet: str, plan: Plan | None) -> dict[str, Value]:
    if plan is None:
        return {f"has_{sheet}": False}
    return {
        f"has_{sheet}": True,
        f"{sheet}_new": plan.new,
        f"{sheet}_changed": plan.changed,
        f"{sheet}_unchanged": plan.unchanged,
        f"{sheet}_gone": plan.gone,
        f"{sheet}_refused": plan.refused,
        f"{sheet}_other_person": plan.other_person,
        f"{sheet}_given": len(plan.given),
        f"{sheet}_doubts": [str(doubt) for doubt in plan.doubts],
    }
