from collections.abc import Iterable

from adherents.reading.models import PaperReading
from adherents.reading.services.forgetting import forget_erased
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_WORKER, Kept, impersonal, keeps


@purge
def readings() -> Iterable[Due]:
    count = PaperReading.objects.of_the_erased().count()
    yield Due("reading(s) of papers", "their document is destroyed", count, forget_erased)


@keeps
def kept_readings() -> Iterable[Kept]:
    """What was read on papers."""
    yield Kept(
        "Valeurs lues sur un document (scellées) et codes signés, ce qui les prouve, ce que l’adhérent et l’agent en ont dit",
        ("reading.PaperReading", "reading.PaperField", "reading.PrintedCode"),
        "jusqu’à la destruction du document, dans la même transaction",
        BY_WORKER,
    )


impersonal(
    "reading.FieldTally",
    "combien de valeurs lues étaient justes ou fausses, par semaine et par code, sans valeur",
)
impersonal(
    "reading.TrustedList",
    "les autorités dont les codes signés sont crus, une liste publique et ses certificats",
)
