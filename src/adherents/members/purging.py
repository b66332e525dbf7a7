from collections.abc import Iterable

from adherents.members.intake.staging import LEFT_AFTER, drop_left_over, left_over
from adherents.work.purging import Due, purge


@purge
def imports() -> Iterable[Due]:
    """Tables of PostgreSQL that hold what a file said."""
    hours = LEFT_AFTER.total_seconds() / 3600
    left = len(left_over())
    if left:
        yield Due(
            "import tables", f"left by a killed import, {hours:g} hours ago", left, lambda _: drop_left_over()
        )
