from collections.abc import Iterable

from adherents.work.retention import BY_NOTHING, Kept, keeps


@keeps
def kept_zooms() -> Iterable[Kept]:
    """What is kept of how agents read."""
    yield Kept(
        "Agrandissement qu’un agent a choisi pour un type de documents ; ni adhérent, ni document",
        ("desk.Zoom",),
        "autant que le compte de l’agent",
        BY_NOTHING,
    )
