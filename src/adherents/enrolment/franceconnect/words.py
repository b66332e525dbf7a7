"""What is said to a member whose sign-in by FranceConnect went wrong: what happened, and what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.openid.refusals import OpenIdReason

UNBELIEVED = _(
    "La réponse de FranceConnect n’est pas celle que nous attendions : nous ne pouvons pas savoir qui vous êtes. Recommencez, ou "
    "connectez-vous avec votre numéro d’adhérent."
)
WORDS: dict[OpenIdReason, str | Promise] = {
    OpenIdReason.AWAY: _(
        "FranceConnect ne répond pas. Réessayez dans un moment, ou connectez-vous avec votre numéro d’adhérent."
    ),
    OpenIdReason.CANCELLED: _(
        "Vous avez quitté FranceConnect avant la fin, ou FranceConnect n’a pas pu vous identifier."
    ),
    OpenIdReason.STATE: _(
        "Cette connexion a déjà servi, a trop attendu, ou n’a pas commencé dans ce navigateur. Recommencez."
    ),
}


def words_for(reason: OpenIdReason) -> str | Promise:
    return WORDS.get(reason, UNBELIEVED)
