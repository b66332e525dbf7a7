"""What `adherents check --connect` says of one engine."""

from collections.abc import Iterable

from adherents.config.connecting.remarks import Gravity, Remark, without_secrets


def said(remarks: Iterable[Remark]) -> list[tuple[str, str]]:
    """How bad each remark is, and its words."""
    return [(remark.gravity.value, without_secrets(remark.words)) for remark in remarks]


def wrong(remarks: Iterable[Remark]) -> list[str]:
    """The words of what is no praise."""
    bad = {Gravity.FAULT, Gravity.WARNING}
    return [without_secrets(remark.words) for remark in remarks if remark.gravity in bad]
