from collections.abc import Iterable
from functools import partial

from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.ui.moments import day
from adherents.vault.models import PendingFile
from adherents.vault.models.turns import FORGOTTEN_AFTER
from adherents.vault.services.retention import (
    destroy,
    destroy_joined,
    destroy_split,
    joined_over,
    rules,
    split_over,
)
from adherents.vault.services.sweeping import KEPT_FOR, sweep_forgotten
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_NOTHING, BY_PURGE, BY_WORKER, Kept, impersonal, in_words, keeps


@purge
def documents() -> Iterable[Due]:
    for rule in rules():
        waiting = rule.waiting()
        sentence = f"treated before {day(rule.before)} ({rule.months} months)"
        if waiting:
            sentence += f"; {waiting} older one(s) never treated, kept"
        yield Due(f"document(s) {rule.kind}", sentence, rule.over().count(), partial(destroy, rule))
    yield Due(
        "document(s) that were split",
        "their parts are all destroyed",
        split_over().count(),
        destroy_split,
    )
    yield Due(
        "document(s) that were joined",
        "what was made of them is destroyed",
        joined_over().count(),
        destroy_joined,
    )


@purge
def pending_files() -> Iterable[Due]:
    now = timezone.now()
    for_messages = PendingFile.objects.with_no_sending().filter(at__lt=now - KEPT_FOR)
    count = for_messages.count() + PendingFile.objects.filter(sending__expires_at__lte=now).count()
    yield Due("file(s) that wait for a form", f"for more than {KEPT_FOR.days} day", count, sweep_forgotten)


@keeps
def kept_documents() -> Iterable[Kept]:
    """What the vault keeps."""
    kinds = profile().documents.kinds
    for kind in kinds:
        yield Kept(
            f"Documents « {kind.fr} » : octets et images de pages (dans le stockage), empreintes visuelles des pages (scellées), "
            "nom du fichier, note de l’adhérent",
            ("vault.Document", "vault.GatheredPhoto", "vault.Page", "vault.Thumbnail"),
            f"{kind.retention_months} mois après la décision (ou la mise de côté) ; jamais avant d’avoir été traités",
            f"{BY_PURGE}, ou l’adhérent qui reprend le document avant traitement",
        )
    yield Kept(
        "Documents d’un genre que le profil n’a plus",
        ("vault.Document", "vault.GatheredPhoto", "vault.Page", "vault.Thumbnail"),
        f"{max(kind.retention_months for kind in kinds)} mois (la plus longue des durées ci-dessus) après la décision",
        BY_PURGE,
    )
    yield Kept(
        "Preuve d’un document détruit : numéro, genre, dates, type, taille, SHA-256, pour qui, sous quelle référence un "
        "système de gestion l’a rangé. Ni clé, ni nom, ni note",
        ("vault.Document", "vault.GatheredPhoto", "vault.Deposit", "vault.Acknowledgement"),
        "sans limite",
        BY_NOTHING,
    )
    yield Kept(
        "Accusés de dépôt signés. **Ils gardent le nom des fichiers**, que leur signature protège",
        ("vault.Receipt",),
        "sans limite",
        BY_NOTHING,
    )
    yield Kept(
        "Fichiers arrivés et non envoyés, avec leur genre, leur bénéficiaire et leur note",
        ("vault.Sending", "vault.PendingFile", "vault.Upload", "vault.UploadPart"),
        f"{in_words(KEPT_FOR)} après le dernier octet (l’adhérent est prévenu)",
        f"{BY_WORKER}, ou {BY_PURGE}",
    )
    yield Kept(
        "Tour de l’adhérent pour le dessin de ses pages",
        ("vault.DrawingTurn",),
        in_words(FORGOTTEN_AFTER),
        BY_WORKER,
    )


impersonal("vault.ReceiptCounter", "le dernier numéro d’accusé de chaque année")
impersonal("vault.ReceiptBlock", "des blocs de numéros d’accusé, mis de côté d’avance")
impersonal("vault.SigningKey", "les clés qui signent les accusés (la part secrète est scellée)")
