from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.work.retention import BY_NOTHING, Kept, impersonal, keeps


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


impersonal("members.LastFile", "le nombre de lignes du dernier fichier, et un hash de leur ordre")
