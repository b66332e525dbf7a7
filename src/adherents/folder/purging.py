from collections.abc import Iterable

from adherents.folder.models import ROWS_KEPT_FOR, FolderBatch, FolderDelivery
from adherents.insurer.profile import profile
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import BY_PURGE, Kept, impersonal, in_words, keeps

BY_WATCH = "`adherents watch_folder`, à son passage"


@purge
def batches() -> Iterable[Due]:
    """The rows alone: the files go when the folder is watched."""
    rule = f"taken {ROWS_KEPT_FOR.days} days ago"
    yield rows("batches of the folder", rule, FolderBatch.objects.old())
    rule = f"given {ROWS_KEPT_FOR.days} days ago"
    yield rows("deliveries of the folder", rule, FolderDelivery.objects.old())


@keeps
def kept_batches() -> Iterable[Kept]:
    """What lies in the folder, and what the rows say of it."""
    rules = profile().folder
    yield Kept(
        "Dossier d’échange, `done` et `refused` : les fichiers reçus de la mutuelle (registre, papiers), **en clair**, et leur "
        "rapport",
        (),
        f"{rules.kept_days} jours après leur prise",
        BY_WATCH,
    )
    yield Kept(
        "Dossier d’échange, `decisions` : numéro d’adhérent, décision, motif, texte écrit à l’adhérent, **en clair**",
        (),
        f"{rules.kept_days} jours après leur remise, si la mutuelle ne les a pas retirés avant",
        BY_WATCH,
    )
    yield Kept(
        "Dossier d’échange, `originals` : documents des adhérents, "
        + ("scellés pour la mutuelle" if rules.recipient else "**en clair**")
        + ("" if rules.originals else " (**le profil n’en remet pas**)"),
        (),
        f"{rules.originals_days} jours après leur remise ; aussitôt repris ou effacés",
        BY_WATCH,
    )
    yield Kept(
        "Lots du dossier d’échange : nom du lot, rapport (numéros d’adhérent et motifs de refus, vidé avec les fichiers), "
        "empreinte de chaque papier déposé ; documents remis dans `originals`, et quand",
        ("folder.FolderBatch", "folder.FolderPaper", "folder.FolderDelivery", "folder.FolderOriginal"),
        f"{in_words(ROWS_KEPT_FOR)} après leur prise ou leur remise",
        BY_PURGE,
    )


impersonal(
    "folder.FolderWatch", "qui regarde le dossier d’échange, et jusqu’où il a lu le fil des événements"
)
