"""The questions of the help page (G16): the guide's, and those that people ask once the guide is closed."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Question:
    """One question. `anchor` is where other pages link to: `/aide/#compte-bloque`; it never changes."""

    anchor: str
    title: str | Promise

    @property
    def template(self) -> str:
        return f"portal/help/{self.anchor}.html"


@dataclass(frozen=True)
class Subject:
    title: str | Promise
    questions: tuple[Question, ...]


SUBJECTS = (
    Subject(
        pgettext_lazy("rubrique", "Se connecter"),
        (
            Question("premiere-connexion", _("Vous vous connectez pour la première fois ?")),
            Question("identifiant-perdu", _("Vous avez perdu votre n° adhérent ?")),
            Question(
                "mot-de-passe-non-reconnu",
                _("Pourquoi, lorsque je me connecte, mon mot de passe n’est pas reconnu par le système ?"),
            ),
            Question(
                "compte-bloque",
                _("Mon compte est bloqué (suite à plusieurs tentatives de connexion), que faire ?"),
            ),
            Question("navigateur", _("Quel navigateur utiliser ?")),
        ),
    ),
    Subject(
        _("Votre mot de passe"),
        (
            Question(
                "mot-de-passe-oublie",
                _("Vous avez oublié votre mot de passe, ou votre mot de passe est périmé ?"),
            ),
            Question("choisir-mot-de-passe", _("Comment choisir un mot de passe ?")),
            Question("lien", _("Le lien reçu par mail ne fonctionne pas ?")),
            Question("pas-de-mail", _("Vous ne recevez pas l’email de réinitialisation de mot de passe ?")),
            Question(
                "modifier-mot-de-passe",
                _("Est-il possible de modifier mon mot de passe depuis mon espace personnel ?"),
            ),
            Question("mail-non-demande", _("Vous avez reçu un mail que vous n’avez pas demandé ?")),
        ),
    ),
    Subject(
        _("Vos documents"),
        (
            Question("envoyer-document", _("Comment envoyer un document ?")),
            Question("documents-acceptes", _("Quels documents, et sous quelle forme ?")),
            Question("document-arrive", _("Comment savoir que mon document est bien arrivé ?")),
            Question("delai-de-reponse", _("Quand aurez-vous une réponse ?")),
            Question("document-refuse", _("Votre document est refusé ou à compléter, que faire ?")),
            Question("securite", _("Qui peut voir mes documents ?")),
        ),
    ),
)
