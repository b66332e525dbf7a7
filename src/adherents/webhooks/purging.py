from collections.abc import Iterable

from adherents.work.retention import Kept, keeps


@keeps
def kept_endpoints() -> Iterable[Kept]:
    """Nothing of a member."""
    yield Kept(
        "Webhooks : nom et adresse du programme appelé, secrets (scellés), dernière réponse. Rien d’un adhérent",
        ("webhooks.Endpoint",),
        "leur suppression par un administrateur",
        "un administrateur",
    )
