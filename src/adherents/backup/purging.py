from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.work.retention import Kept, impersonal, keeps


@keeps
def kept_backups() -> Iterable[Kept]:
    """What lies beside the portal."""
    yield Kept(
        "Sauvegardes faites par `adherents backup` (scellées, clés à part) : tout ce qui précède",
        (),
        f"{profile().backups.kept_days} jours, ce que la commande et le manifeste disent",
        "l’exploitant, qui détruit chaque sauvegarde à son jour",
    )
    yield Kept(
        "Export complet par `adherents export_all`, **en clair**",
        (),
        "sa remise",
        "l’exploitant",
    )


impersonal("backup.Restoration", "quand le portail a été restauré, et combien d’objets n’ont pas de ligne")
