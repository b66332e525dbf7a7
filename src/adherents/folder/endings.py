"""How a round of the folder, or one batch, ended: for cron, in the numbers that `import_members` has."""

from enum import Enum


class Ending(Enum):
    """The gravest last: a round ends as the gravest of its batches."""

    WELL = 0
    CHANGED_MEANWHILE = (
        5  # another import was applied while this one was read: it is taken again at the next round
    )
    DOUBTFUL = 4
    TOO_MANY = 3
    REFUSED = 2
    TROUBLE = 6  # something cannot be read or written: it waits

    @classmethod
    def gravest(cls, *endings: "Ending") -> "Ending":
        return max(endings, key=list(cls).index, default=cls.WELL)


FAILED, BUSY = 1, 8  # the whole command: what nobody foresaw; another process watches the folder
