"""What is said to an agent whose sign-in by the directory went wrong: what happened, and what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.openid.refusals import OpenIdReason

UNBELIEVED = _(
    "La réponse de l’annuaire n’est pas celle que le portail attendait : il ne peut pas savoir qui vous êtes. Recommencez ; si "
    "cela se répète, donnez la référence ci-dessous à un administrateur."
)
WORDS: dict[OpenIdReason, str | Promise] = {
    OpenIdReason.AWAY: _("L’annuaire ne répond pas. Réessayez dans un moment."),
    OpenIdReason.MISCONFIGURED: _(
        "L’annuaire et le portail ne s’entendent pas : c’est un réglage, que vous ne pouvez pas changer. Prévenez "
        "un administrateur."
    ),
    OpenIdReason.CANCELLED: _(
        "L’annuaire n’a pas terminé la connexion : elle a été abandonnée, ou refusée là-bas."
    ),
    OpenIdReason.STATE: _(
        "Cette connexion a déjà servi, a trop attendu, ou n’a pas commencé dans ce navigateur. Recommencez depuis la page de "
        "connexion."
    ),
    OpenIdReason.CODE: _(
        "L’annuaire n’accepte plus cette connexion : elle a déjà servi, ou elle a trop attendu. Recommencez."
    ),
    OpenIdReason.EXPIRED: _(
        "La réponse de l’annuaire n’est plus valable. Recommencez ; l’heure du portail ou de l’annuaire peut être fausse."
    ),
    OpenIdReason.ACR: _(
        "L’annuaire vous a laissé entrer avec une preuve plus faible que celle que le portail demande. Recommencez, avec le "
        "moyen le plus sûr que l’annuaire vous propose."
    ),
}


def words_for(why: OpenIdReason) -> str | Promise:
    return WORDS.get(why, UNBELIEVED)
