from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.members.intake.staging import LEFT_AFTER, drop_left_over, left_over
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_NOTHING, BY_PURGE, Kept, impersonal, in_words, keeps


@purge
def imports() -> Iterable[Due]:
    """Tables of PostgreSQL that hold what a file said."""
    hours = LEFT_AFTER.total_seconds() / 3600
    left = len(left_over())
    if left:
        yield Due(
            "import tables", f"left by a killed import, {hours:g} hours ago", left, lambda _: drop_left_over()
        )


@keeps
def kept_register() -> Iterable[Kept]:
    """What the register keeps."""
    promised = f"ce que la page « Données personnelles » annonce : « {profile().legal.account_retention.fr} »"
    yield Kept(
        "Adhérents : NIR (scellé), noms, prénoms, naissance, n° adhérent, e-mail, téléphone, langue, dates du contrat. Qui n’est "
        "plus dans le fichier est « terminé », jamais effacé",
        ("members.Member",),
        promised,
        BY_NOTHING,
    )
    yield Kept(
        "Bénéficiaires : NIR (scellé), noms, prénoms, naissance, lien, dates du contrat",
        ("members.Beneficiary",),
        "comme l’adhérent",
        BY_NOTHING,
    )
    yield Kept(
        "Anciennes adresses e-mail (scellées)", ("members.FormerAddress",), "comme l’adhérent", BY_NOTHING
    )
    yield Kept(
        "Ordre du dernier fichier de l’organisme : les numéros d’adhérent, ligne par ligne",
        ("members.LastMemberLine", "members.LastBeneficiaryLine"),
        "le fichier suivant",
        "l’import suivant",
    )
    yield Kept(
        "Fichier de l’organisme en cours d’import (tables `intake_…` de PostgreSQL, hors des modèles)",
        (),
        f"la fin de l’import ; {in_words(LEFT_AFTER)} s’il a été tué",
        f"l’import, ou {BY_PURGE}",
    )


impersonal("members.LastFile", "le nombre de lignes du dernier fichier, et un hash de leur ordre")
