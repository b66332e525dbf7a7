from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from adherents.accounts.browser import DEVICE_DAYS
from adherents.accounts.models import (
    AccessLink,
    DirectoryIdentity,
    EndedSession,
    KnownDevice,
    RateCounter,
    Session,
    SignInCounter,
    UsedToken,
)
from adherents.insurer.profile import profile
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import (
    BY_NOTHING,
    BY_PURGE,
    BY_USE,
    BY_WORKER,
    Kept,
    impersonal,
    in_words,
    keeps,
)

LINKS_KEPT_FOR = timedelta(days=30)
COUNTERS_KEPT_FOR = timedelta(days=90)
DIRECTORY_REQUEST_DAYS = 30


@purge
def accounts() -> Iterable[Due]:
    """Links and sessions that no longer work, and counts that lock no account. A lock stays until a new password (G11)."""
    now = timezone.now()
    links = AccessLink.objects.filter(expires_at__lt=now - LINKS_KEPT_FOR)
    yield rows("links", f"ended more than {LINKS_KEPT_FOR.days} days ago", links)
    yield rows("sessions", "over", Session.objects.over())
    yield rows("ended sessions", "over", EndedSession.objects.filter(expire_date__lt=now))
    yield rows("used tokens", "over", UsedToken.objects.filter(expires_at__lt=now))
    yield rows("hits", "counted in a window that is over", RateCounter.objects.over())
    asked = DirectoryIdentity.objects.filter(
        linked_at=None, asked_at__lt=now - timedelta(days=DIRECTORY_REQUEST_DAYS)
    )
    yield rows("people of the directory who wait", f"not linked within {DIRECTORY_REQUEST_DAYS} days", asked)
    counters = SignInCounter.objects.filter(locked_at__isnull=True, touched_at__lt=now - COUNTERS_KEPT_FOR)
    forgotten = KnownDevice.objects.filter(last_seen_at__lt=now - timedelta(days=DEVICE_DAYS))
    yield rows("known browsers", f"not seen for {DEVICE_DAYS} days: their cookie is gone", forgotten)
    yield rows("sign-in counters", f"untouched for {COUNTERS_KEPT_FOR.days} days, without a lock", counters)


@keeps
def kept_accounts() -> Iterable[Kept]:
    """What signing in keeps."""
    yield Kept(
        "Comptes des adhérents et des agents : identifiant, e-mail, date de naissance, langue, rôle, nom (scellé), hash du mot "
        "de passe",
        ("accounts.Account",),
        f"ce que la page « Données personnelles » annonce : « {profile().legal.account_retention.fr} »",
        BY_NOTHING,
    )
    yield Kept(
        "Hash de tous les anciens mots de passe (G3)",
        ("accounts.FormerPassword",),
        "comme le compte",
        BY_NOTHING,
    )
    yield Kept(
        "Seconds facteurs : secret TOTP et codes de secours (scellés), clés d’accès (part publique)",
        ("mfa.Authenticator",),
        "leur retrait",
        BY_USE,
    )
    yield Kept(
        "Demandes de nouveau second facteur d’un agent, avec la raison donnée",
        ("accounts.FactorRequest",),
        "comme le compte",
        BY_NOTHING,
    )
    yield Kept(
        "Agents dans l’annuaire de l’organisme : émetteur et identifiant là-bas ; de qui attend d’être relié, le nom (scellé)",
        ("accounts.DirectoryIdentity",),
        f"comme le compte ; {DIRECTORY_REQUEST_DAYS} jours sans être relié",
        f"{BY_NOTHING}, ou {BY_PURGE}",
    )
    yield Kept(
        "Navigateurs connus : hash d’un jeton, première et dernière visite",
        ("accounts.KnownDevice",),
        f"{DEVICE_DAYS} jours sans connexion (la durée de leur cookie), ou « ce n’était pas moi »",
        f"{BY_PURGE}, ou {BY_USE}",
    )
    hours = profile().session.absolute_hours
    yield Kept(
        "Sessions : hash de leur clé, nom du navigateur, heures. Ni adresse IP, ni contenu de page",
        ("accounts.Session", "accounts.EndedSession"),
        f"{hours} heures au plus (adhérent inactif : {profile().session.idle_minutes} minutes ; agent : "
        f"{profile().agents.idle_minutes} minutes)",
        f"{BY_WORKER}, ou {BY_PURGE}",
    )
    yield Kept(
        "Liens et codes d’accès : hash, compte, but, moments",
        ("accounts.AccessLink",),
        f"{in_words(LINKS_KEPT_FOR)} après leur fin (un lien vit {profile().password.link_validity_minutes} minutes, le code "
        f"d’un courrier {profile().password.letter_validity_days} jours)",
        BY_PURGE,
    )
    yield Kept(
        "Demandes de lien : identifiant tapé (scellé)",
        ("accounts.ResetRequest",),
        "leur traitement, en secondes",
        BY_WORKER,
    )
    yield Kept(
        "Hash des jetons déjà utilisés",
        ("accounts.UsedToken",),
        "la fin de leur validité",
        f"{BY_WORKER}, ou {BY_PURGE}",
    )
    yield Kept(
        "Compteurs de mots de passe faux : hash sous clé de l’identifiant",
        ("accounts.SignInCounter",),
        f"{in_words(COUNTERS_KEPT_FOR)} sans changement ; un blocage reste",
        BY_PURGE,
    )
    yield Kept(
        "Compteurs de limites : hash sous clé d’une adresse IP, d’un réseau ou d’un identifiant",
        ("accounts.RateCounter",),
        "la fin de la fenêtre (une heure dans les profils fournis)",
        f"{BY_WORKER}, ou {BY_PURGE}",
    )


impersonal("account.EmailAddress", "rien : table de django-allauth, que le portail n’emploie pas")
impersonal("account.EmailConfirmation", "rien : table de django-allauth, que le portail n’emploie pas")
