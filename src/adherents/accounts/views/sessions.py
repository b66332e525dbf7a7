"""« Mes connexions »: the member's open sessions, ended one by one or all but this one."""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts import sessions
from adherents.accounts.decorators import ENDED, KEPT, NOT_DONE, account_of, member_required, proven_lately
from adherents.accounts.models import Session, SessionEndReason
from adherents.accounts.services import end_sessions
from adherents.accounts.services.end_sessions import NothingOpen
from adherents.accounts.tokens import hash_token

ENDED_WORDS = {
    SessionEndReason.ELSEWHERE: gettext_lazy(
        "Votre compte vient d’être ouvert dans un autre navigateur : cette connexion-ci est terminée. "
        "Si ce n’était pas vous, prévenez-nous sans attendre."
    ),
    SessionEndReason.OWNER: gettext_lazy("Vous avez mis fin à cette connexion depuis un autre appareil."),
    SessionEndReason.SERVICE: gettext_lazy("Le service a mis fin à cette connexion. Un mail vous le dit."),
    SessionEndReason.STRANGER: gettext_lazy(
        "Tout a été fermé à la suite d’un signalement « ce n’était pas moi ». "
        "Suivez « Mot de passe oublié ? » pour choisir un nouveau mot de passe."
    ),
    SessionEndReason.DIRECTORY: gettext_lazy(
        "Vous vous êtes déconnecté de l’annuaire : cette connexion-ci est terminée aussi."
    ),
    KEPT: gettext_lazy(
        "Votre connexion avait pris fin : rien n’a été envoyé. Ce que vous aviez écrit est gardé, et vous attend "
        "sur sa page après la connexion."
    ),
    NOT_DONE: gettext_lazy(
        "Votre connexion avait pris fin : ce que vous veniez de valider n’a pas été fait. Connectez-vous, puis recommencez."
    ),
}

OLD_PAGE = gettext_lazy(
    "Une autre page de ce site s’est connectée ou déconnectée entre-temps. Tapez à nouveau votre mot de passe, puis validez."
)


def ended_in_words(request: HttpRequest) -> str:
    """Why the session of this browser was ended, and what became of the form that was posted then, for the page that one signs
    in at; "" where it was not.
    """
    reasons = dict.fromkeys([sessions.ended_why(request), *request.GET.getlist(ENDED)])
    return " ".join(str(ENDED_WORDS[why]) for why in reasons if why in ENDED_WORDS)


def current_key(request: HttpRequest) -> str:
    """How the table knows the session of this very request."""
    return hash_token(request.session.session_key or "")


@member_required
@require_safe
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Browser, since when, last seen."""
    rows = list(Session.objects.filter(account=account_of(request)).open().newest_first())
    here = current_key(request)
    context = {
        "here": next((row for row in rows if row.pk == here), None),
        "others": [row for row in rows if row.pk != here],
    }
    return render(request, "accounts/sessions.html", context)


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven_lately
def end_one_page(request: HttpRequest, reference: str) -> HttpResponse:
    """End one of them, after a new proof of identity."""
    rows = Session.objects.filter(account=account_of(request)).open().exclude(pk=current_key(request))
    chosen = next((row for row in rows if row.reference == reference), None)
    if chosen is None:
        messages.info(request, _("Cette connexion est déjà terminée."))
        return redirect("accounts:sessions")
    if request.method == "POST":
        with suppress(NothingOpen):  # it ended by itself meanwhile: what was wanted is so
            end_sessions.end_one(account=account_of(request), reference=reference)
        messages.success(request, _("Cette connexion est terminée."))
        return redirect("accounts:sessions")
    return render(request, "accounts/end_session.html", {"chosen": chosen})


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven_lately
def end_others_page(request: HttpRequest) -> HttpResponse:
    """End all but this one, after a new proof of identity."""
    if request.method == "POST":
        try:
            end_sessions.end_others(account=account_of(request), current=current_key(request))
        except NothingOpen as nothing:
            messages.info(request, str(nothing.message))
        else:
            messages.success(request, _("Toutes vos autres connexions sont terminées."))
        return redirect("accounts:sessions")
    return render(request, "accounts/end_session.html", {"chosen": None})
