from collections.abc import Iterable

from adherents.work.retention import BY_NOTHING, Kept, keeps


@keeps
def kept_of_agents() -> Iterable[Kept]:
    """What is kept of how agents read and share the work."""
    yield Kept(
        "Agrandissement qu’un agent a choisi pour un type de documents ; ni adhérent, ni document",
        ("desk.Zoom",),
        "autant que le compte de l’agent",
        BY_NOTHING,
    )
    yield Kept(
        "Ce qu’un agent traite (types, langues), ses jours d’absence et qui le remplace, sans motif d’absence",
        ("desk.Specialty", "desk.Absence"),
        "autant que le compte de l’agent",
        BY_NOTHING,
    )
