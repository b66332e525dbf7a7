from adherents.accounts.hashing import PortalHasher


class QuickHasher(PortalHasher):
    """The portal's hasher with the least work, so that a thousand tests do not cost a thousand real hashes."""

    memory_cost = 8
    time_cost = 1
