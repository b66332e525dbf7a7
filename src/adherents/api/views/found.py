"""What an address names, or the problem that there is none, or that it cannot be written now."""

from adherents.api.problems import Problem, Refused
from adherents.members.models import Member
from adherents.members.selectors import member_numbered

BUSY_SECONDS = 10


def member_or_refused(number: str) -> Member:
    """Raises `Refused`: the register has no such number."""
    member = member_numbered(number)
    if member is None:
        raise Refused(Problem.NOT_FOUND)
    return member


def register_busy() -> Refused:
    headers = {"Retry-After": str(BUSY_SECONDS)}
    return Refused(Problem.UNAVAILABLE, "The register is being written.", headers=headers)
