from adherents.feed import services
from adherents.feed.models import Announcement
from adherents.work.registry import sweep


# A reader does it too; where none comes, nothing would ever be old enough to be forgotten.
@sweep("feed", every=5, woken_by=lambda row: isinstance(row, Announcement))
def give_positions() -> int:
    return services.give_positions()
