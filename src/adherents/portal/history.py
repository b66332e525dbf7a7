"""The journal of an account, in words for its owner."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.subjects import SubjectKind, kind_of
from adherents.members.models import Member

WORDS: dict[str, str | Promise] = {
    Event.SIGNED_IN: _("Connexion à votre compte."),
    Event.SIGN_IN_REFUSED: _("Une connexion a été refusée : mot de passe faux."),
    Event.SIGN_IN_EXPIRED: _("Une connexion a été arrêtée : votre mot de passe était périmé."),
    Event.SIGNED_OUT: _("Déconnexion de votre compte."),
    Event.LOCKED: _("Votre compte a été bloqué après plusieurs mots de passe faux."),
    Event.LOCK_ENDED: _("Un conseiller a levé le blocage de votre compte."),
    Event.NEW_DEVICE: _("Une connexion est venue d’un nouvel appareil ; un mail vous l’a dit."),
    Event.SECOND_FACTOR_REFUSED: _("Un code de sécurité faux a été refusé."),
    Event.PASSKEY_COPIED: _(
        "Une clé d’accès a été refusée : elle semble avoir été copiée. Retirez-la, puis ajoutez-en une autre."
    ),
    Event.SECOND_FACTOR_ADDED: _("Une seconde protection a été ajoutée à votre compte."),
    Event.SECOND_FACTOR_REMOVED: _("Une seconde protection a été retirée de votre compte."),
    Event.LINK_REQUESTED: _("Un lien pour créer un mot de passe a été demandé."),
    Event.LINK_SENT: _("Un lien pour créer un mot de passe vous a été envoyé par mail."),
    Event.LINK_NOT_SENT: _("Un lien demandé n’a pas été envoyé."),
    Event.LINK_KILLED: _("Un lien a été annulé après plusieurs dates de naissance fausses."),
    Event.BIRTH_DATE_REFUSED: _("Une date de naissance fausse a été saisie derrière un lien."),
    Event.PASSWORD_SET: _("Vous avez créé votre mot de passe."),
    Event.PASSWORD_CHANGED: _("Vous avez modifié votre mot de passe."),
    Event.PASSWORD_CHANGE_REFUSED: _("Une modification du mot de passe a été refusée."),
    Event.LETTER_MADE: _("Un courrier avec un code a été préparé pour vous."),
    Event.EMAIL_PROPOSED: _("Vous avez donné une adresse e-mail, à confirmer."),
    Event.ADDRESS_TAKEN_BACK: _(
        "Un changement d’adresse e-mail a été annulé depuis l’adresse d’avant : tout a été fermé."
    ),
    Event.ADDRESS_FAILED: _("Votre adresse e-mail ne reçoit plus nos messages."),
    Event.ADDRESS_TRUSTED: _("Votre adresse e-mail a été vérifiée."),
    Event.SESSIONS_ENDED: _("Des appareils connectés à votre compte ont été déconnectés."),
    Event.STRANGER_REPORTED: _("Vous avez signalé une connexion qui n’était pas de vous : tout a été fermé."),
    Event.ACCOUNT_CREATED: _("Votre compte a été ouvert."),
    Event.ACCOUNT_CLOSED: _("Votre compte a été fermé."),
    Event.ACCOUNT_RETIRED: _("Votre numéro a été donné à une autre personne : votre compte a été fermé."),
    Event.ACCOUNT_REOPENED: _("Votre compte a été rouvert."),
    Event.OBJECT_REFUSED: _(
        "Une page qui n’existe pas, ou qui n’est pas à vous, a été demandée depuis votre compte."
    ),
    Event.EMAIL_CHANGED: _("Votre adresse email a été modifiée."),
    Event.IDENTITY_CLAIMED: _("Une première connexion a été demandée à votre nom."),
    Event.FRANCECONNECT_REFUSED: _("Une connexion par FranceConnect n’a pas abouti."),
    Event.FRANCECONNECT_ASKED: _(
        "FranceConnect vous a reconnu ; le lien avec votre compte restait à confirmer."
    ),
    Event.FRANCECONNECT_LINKED: _("Votre compte a été relié à FranceConnect."),
    Event.FRANCECONNECT_UNLINKED: _("Votre compte a été délié de FranceConnect."),
    Event.MEMBER_CONSULTED: _("Un conseiller a consulté votre dossier."),
    Event.MESSAGE_WRITTEN: _("Vous avez écrit au service."),
    Event.MESSAGE_ANSWERED: _("Le service vous a écrit."),
    Event.DOCUMENTS_EXPORTED: _("Vous avez téléchargé tous vos documents."),
    Event.FACTS_CHANGED: _("Votre mutuelle (système de gestion) a mis vos données à jour."),
    Event.BENEFICIARY_CHANGED: _(
        "Votre mutuelle (système de gestion) a mis à jour les données d’un de vos bénéficiaires."
    ),
    Event.MEMBER_ENDED: _("Votre mutuelle (système de gestion) a mis fin à votre adhésion."),
    Event.BENEFICIARY_ENDED: _(
        "Votre mutuelle (système de gestion) a mis fin aux droits d’un de vos bénéficiaires."
    ),
    Event.NIR_SHOWN: _("Un conseiller a affiché votre numéro de Sécurité sociale."),
}
# Of what a system of the insurer did.
BY_CLIENT: dict[str, str | Promise] = {
    Event.MEMBER_CONSULTED: _("Votre mutuelle (système de gestion) a consulté votre dossier."),
    Event.MESSAGE_ANSWERED: _("Votre mutuelle (système de gestion) vous a écrit."),
}
SERIOUS = {
    Event.SIGN_IN_REFUSED,
    Event.LOCKED,
    Event.LINK_KILLED,
    Event.STRANGER_REPORTED,
    Event.ADDRESS_TAKEN_BACK,
    Event.BIRTH_DATE_REFUSED,
    Event.SECOND_FACTOR_REFUSED,
    Event.PASSKEY_COPIED,
    Event.PASSWORD_CHANGE_REFUSED,
}


@dataclass(frozen=True)
class Line:
    """One thing that happened, in the past tense."""

    at: datetime
    words: str
    serious: bool


def entries_about(*, account: Account, member: Member | None) -> QuerySet[Entry]:
    """What the owner of an account may read of its journal, newest first."""
    subjects = [account.subject, *([member.subject] if member else [])]
    return Entry.objects.about(*subjects).filter(event__in=list(WORDS))


def line(entry: Entry) -> Line:
    by_client = kind_of(entry.actor) == SubjectKind.CLIENT
    words = BY_CLIENT.get(entry.event, WORDS[entry.event]) if by_client else WORDS[entry.event]
    return Line(at=entry.at, words=str(words), serious=entry.event in SERIOUS)


def previous_sign_in(account: Account) -> datetime | None:
    """When this account was last opened before now; None the first time."""
    moments = Entry.objects.about(account.subject).filter(event=Event.SIGNED_IN).values_list("at", flat=True)
    return next(iter(moments[1:2]), None)  # the second one: the first is the session that is open now
