from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.work.retention import BY_NOTHING, Kept, impersonal, keeps


@keeps
def kept_of_all() -> Iterable[Kept]:
    """What rooms below `work` keep, and what is in no table."""
    yield Kept(
        "Journal : connexions, refus, liens, changements, consultations. Identifiants internes et codes, ni nom ni adresse ; les "
        "raisons écrites par les agents. Chaîné par hash",
        ("journal.Entry", "journal.Head"),
        f"ce que la page « Données personnelles » annonce : « {profile().legal.journal_retention.fr} »",
        BY_NOTHING,
    )
    yield Kept(
        "Liste des effacements : identifiant de ce qui a été effacé, pourquoi, quand (scellée, dans le stockage sous "
        "`erasures/`)",
        ("storage.Erasure",),
        "sans limite : une restauration efface à nouveau ce qu’elle nomme",
        BY_NOTHING,
    )
    yield Kept(
        "Figures et traces pour machines (`/metrics`, OpenTelemetry) : aucune donnée personnelle",
        (),
        "ce que l’exploitant règle dans ses outils",
        "l’exploitant",
    )
    yield Kept(
        "Logs du portail et du worker : route, état, durée, nom de la requête. Ni chemin, ni adresse IP, ni nom",
        (),
        "ce que l’exploitant règle (sortie d’erreur des services)",
        "l’exploitant",
    )
    yield Kept(
        "Logs du mandataire (nginx, HAProxy) : **adresse IP**, chemin sans lien secret, état",
        (),
        "ce que l’exploitant règle : à fixer par le DPO",
        "l’exploitant",
    )


impersonal(
    "storage.UnclaimedObject", "le nom, tiré au hasard, d’un objet que rien ne possède ; effacé après un jour"
)
impersonal("work.Hold", "le travail retenu après une restauration")
impersonal("work.Heartbeat", "le signe de vie des workers")
impersonal("work.SweepTurn", "le worker dont c’est le tour")
for table in ("auth.Permission", "auth.Group", "auth.Group_permissions", "contenttypes.ContentType"):
    impersonal(table, "table de Django : le nom des tables et des droits")
