from collections.abc import Iterable

from adherents.api.models import ANSWERS_KEPT_FOR, StoredAnswer
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import BY_NOTHING, BY_PURGE, Kept, in_words, keeps


@purge
def answers() -> Iterable[Due]:
    """Delete the answers that no call can get again."""
    yield rows(
        "API answers", f"kept for {ANSWERS_KEPT_FOR.days} day", StoredAnswer.objects.over(), order="at"
    )


@keeps
def kept_answers() -> Iterable[Kept]:
    """What the API keeps of people."""
    yield Kept(
        "API : réponses aux appels portant une clé d’idempotence (scellées)",
        ("api.StoredAnswer",),
        in_words(ANSWERS_KEPT_FOR),
        BY_PURGE,
    )
    yield Kept(
        "Systèmes de gestion de la mutuelle : nom, droits, réseaux, empreintes scellées des clés. Rien d’une personne",
        ("api.ApiClient", "api.ApiKey"),
        "sans limite : le journal les nomme",
        BY_NOTHING,
    )
