"""What stands for the n° adhérent of a person whose number is another person's now.

Nobody can type it: whatever is typed as a number is folded up, and the register's have capitals only. Programs read it, and
ask by it for what that person still has; nothing is written to it.
"""

import re

from adherents.members.intake.facts import number_in

_FORMER = re.compile(r"former:[1-9][0-9]{0,18}")


def former_number(member_id: int) -> str:
    return f"former:{member_id}"


def number_or_former(text: str) -> str | None:
    """A n° adhérent as the register writes it, or what stands for one; None where the text is neither."""
    return text if _FORMER.fullmatch(text) else number_in(text)
