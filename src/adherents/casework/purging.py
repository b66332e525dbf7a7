from collections.abc import Iterable

from adherents.work.retention import BY_NOTHING, BY_USE, Kept, keeps


@keeps
def kept_decisions() -> Iterable[Kept]:
    """What the queue keeps."""
    yield Kept(
        "Traitement d’un document : agent, moments, décision, motif et mots (scellés), correction, réouverture, reclassement, "
        "changement de dossier",
        (
            "casework.Item",
            "casework.Decision",
            "casework.Correction",
            "casework.Reopening",
            "casework.Refiling",
            "casework.Relocation",
            "casework.Summary",
            "casework.SummaryLine",
        ),
        "sans limite : comme la preuve du document",
        BY_NOTHING,
    )
    yield Kept(
        "Mot d’un agent au collègue à qui il transmet un document (scellé)",
        ("casework.HandOver",),
        "la décision, ou le retour du document dans la file",
        BY_USE,
    )
    yield Kept(
        "Filtre de la file qu’un agent a enregistré sous un nom ; ni adhérent, ni document",
        ("casework.SavedFilter",),
        "autant que le compte de l’agent, ou jusqu’à ce qu’il le supprime",
        BY_NOTHING,
    )
    yield Kept(
        "Responsable qui veut l’alerte du matin, et le dernier jour où elle est partie",
        ("casework.MorningAlert",),
        "autant que le compte de l’agent, ou jusqu’à ce qu’il n’en veuille plus",
        BY_NOTHING,
    )
    yield Kept(
        "Chiffres par semaine, par jour et par groupe : ils ne nomment personne ; un groupe d’un agent n’est vu que de lui",
        ("casework.Tally", "casework.DayTally"),
        "sans limite",
        BY_NOTHING,
    )
    yield Kept(
        "Motifs par semaine et par groupe d’agents : de même",
        ("casework.ReasonTally",),
        "sans limite",
        BY_NOTHING,
    )
