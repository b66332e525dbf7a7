"""Signing in and out, and the three ways to a new password."""

from urllib.parse import urlencode

from allauth.account.models import Login
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts import sessions
from adherents.accounts.allauth_internals import sign_in_after_password
from adherents.accounts.browser import (
    address_of,
    asked_for,
    carry_link,
    client_of,
    drop_link,
    link_mark,
    link_of,
    note_asked,
    offer_number,
    offered_number,
)
from adherents.accounts.decorators import ENDED, LEFT, account_of, member_required
from adherents.accounts.forms import (
    AcceptInvitationForm,
    ChangePasswordForm,
    ForgottenForm,
    LinkForm,
    NewPasswordMixin,
    SignInForm,
)
from adherents.accounts.limits import hit
from adherents.accounts.models import AccessLink, Account, normalise_identifier
from adherents.accounts.next_page import page_wanted, takes_a_password
from adherents.accounts.services import access_link, change_password, forgotten, sign_in
from adherents.accounts.services.access_link import DeadLink, WrongBirthDate
from adherents.accounts.services.forgotten import WrongAnswer
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.passwords import PasswordChangedMeanwhile, WeakPassword
from adherents.accounts.services.sign_in import Expired, SignInRefused
from adherents.accounts.views.sessions import OLD_PAGE, ended_in_words
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.ui.criteria import password_criteria
from adherents.ui.typed import without_separators

SAY_LEFT_FROM = 2  # tries


@takes_a_password("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """« N° adhérent », « Mot de passe », « Valider » (G1); then the home page, or the page that was asked for."""
    offered = {"identifier": offered_number(request, of_agents=False)}
    form, wanted = SignInForm(request.POST or None, initial=offered), page_wanted(request)
    if not form.is_valid():
        context = {"form": form, "wanted": wanted, "ended": ended_in_words(request)}
        return render(request, "accounts/sign_in.html", context)
    identifier = normalise_identifier(form.cleaned_data["identifier"])
    hit("sign_in", address=address_of(request), identifier=without_separators(identifier))
    try:
        account = sign_in.check_credentials(
            identifier=identifier, password=form.cleaned_data["password"], client=client_of(request)
        )
    except SignInRefused as refusal:
        form.add_error(None, refusal_in_words(refusal.left))
        return render(request, "accounts/sign_in.html", {"form": form, "wanted": wanted, "ended": ""})
    except Locked as lock:
        return render(request, "accounts/locked.html", {"until": lock.until, "waits": lock.waits})
    except Expired:
        return render(request, "accounts/expired.html")
    return sign_in_after_password(request, {}, Login(user=account, redirect_url=wanted))  # type: ignore[no-any-return]


def sign_in_again(request: HttpRequest) -> HttpResponse:
    """A person signed in or out in another tab after this page was opened: show it again, with the number as it was typed."""
    form = SignInForm(initial={"identifier": request.POST.get("identifier", "")[:60]})
    context = {"form": form, "wanted": page_wanted(request), "ended": str(OLD_PAGE)}
    return render(request, "accounts/sign_in.html", context)


def refusal_in_words(left: int) -> str:
    """The same words for a wrong number and a wrong password; near the lock, how many tries are left."""
    words = _("N° adhérent ou mot de passe incorrect. Vérifiez votre saisie en cliquant sur l’œil.")
    if left > SAY_LEFT_FROM:
        return words
    return f"{words} " + ngettext("Il vous reste %(left)s essai.", "Il vous reste %(left)s essais.", left) % {
        "left": left
    }


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session on the server, and empties what the browser kept of it."""
    is_agent, through = False, ""
    if request.user.is_authenticated:
        account = account_of(request)
        is_agent, through = account.is_agent, sessions.way_out(request)
        record(Event.SIGNED_OUT, subject=account.subject, actor=account.subject)
        logout(request)
    left = f"{reverse('accounts:agent_sign_in')}?{urlencode({ENDED: LEFT})}"
    response = redirect(left if is_agent else through or "accounts:signed_out")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/signed_out.html")


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_page(request: HttpRequest) -> HttpResponse:
    """« Mot de passe oublié ? » (G5): the page that follows is always the same, for a known identifier or an unknown one."""
    typed = request.POST.copy() if request.method == "POST" else None
    form = ForgottenForm(typed)
    if form.is_valid():
        identifier = normalise_identifier(form.cleaned_data["identifier"])
        hit("forgotten", address=address_of(request), identifier=without_separators(identifier))
        try:
            forgotten.request_link(
                identifier=identifier,
                question=form.cleaned_data["question"],
                answer=form.cleaned_data["answer"],
                client=client_of(request),
            )
        except WrongAnswer:
            form.add_error("answer", _("Ce n’est pas le bon résultat. Voici une nouvelle question."))
        else:
            response = redirect("accounts:sent")
            note_asked(response, identifier)
            return response
    question = forgotten.ask_question()
    form.initial["question"] = question.token
    if typed is not None:
        typed["answer"], typed["question"] = "", question.token
    return render(request, "accounts/forgotten.html", {"form": form, "question": question})


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """« Vos paramètres d'accès vous ont été envoyés »: the end of a reset and of a first connection alike."""
    return render(request, "accounts/sent.html", {"links_an_hour": access_link.LINKS_AN_HOUR})


@require_safe
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """The address in the mail: changes nothing, and takes the token out of the address bar (G6)."""
    response = redirect("accounts:new_password")
    response.headers["Referrer-Policy"] = "no-referrer"
    carry_link(request, response, token)
    return response


@takes_a_password("password", "confirmation")
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """The page behind the link: « Date de naissance », the new password twice (G7)."""
    token = link_of(request)
    hit("link", address=address_of(request))
    try:
        link = access_link.open_link(token=token)
        form = _link_form(request, link)
        if form.is_valid():
            opened = access_link.use_link(
                token=token,
                birth_date=form.cleaned_data.get("birth_date", ""),
                password=form.cleaned_data["password"],
                client=client_of(request),
            )
            response = render(request, "accounts/password_set.html", {"account": opened.account})
            offer_number(response, opened.account.identifier)
            drop_link(request, response, token)
            return response
        if form.is_bound:
            access_link.look_over(
                token=token,
                birth_date=form.typed("birth_date"),
                password=form.typed("password"),
                client=client_of(request),
            )
    except (DeadLink, PasswordChangedMeanwhile):
        response = render(request, "accounts/dead_link.html", status=410)
        drop_link(request, response, token)
        return response
    except Locked as lock:
        return render(request, "accounts/locked.html", {"until": lock.until, "waits": True})
    except WrongBirthDate as refusal:
        if not refusal.left:
            response = render(request, "accounts/dead_link.html", {"why": "birth_date"}, status=410)
            drop_link(request, response, token)
            return response
        form.add_error("birth_date", wrong_birth_date(refusal.left))
        form.add_weaknesses_in_itself()
    except WeakPassword as refusal:
        form.add_weaknesses(refusal.weaknesses)
    context = {
        "form": form,
        "criteria": password_criteria(),
        "mark": link_mark(token),
        "identifier": _known_to_the_reader(request, link.account),
    }
    return render(request, "accounts/new_password.html", context)


def _known_to_the_reader(request: HttpRequest, account: Account) -> str:
    """The identifier for the browser's password manager, if the reader of the link knows it already; else "".

    An agent's is the address that the link came to. A member's number is shown where it was typed to ask for the link.
    """
    known = account.is_agent or asked_for(request, account.identifier)
    return account.identifier if known else ""


def _link_form(request: HttpRequest, link: AccessLink) -> NewPasswordMixin:
    form_class = AcceptInvitationForm if link.account.is_agent else LinkForm
    return form_class(request.POST or None)


def wrong_birth_date(left: int) -> str:
    return ngettext(
        "Cette date n’est pas celle de votre dossier. Il vous reste %(left)s essai avec ce lien.",
        "Cette date n’est pas celle de votre dossier. Il vous reste %(left)s essais avec ce lien.",
        left,
    ) % {"left": left}


@takes_a_password("old_password", "password", "confirmation")
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_password_page(request: HttpRequest) -> HttpResponse:
    """« Données personnelles » › « Mon mot de passe » (G12)."""
    form = ChangePasswordForm(request.POST or None)
    if form.is_bound:
        try:
            if form.is_valid():
                account = change_password.change_password(
                    account=account_of(request),
                    old=form.cleaned_data["old_password"],
                    new=form.cleaned_data["password"],
                    client=client_of(request),
                )
                update_session_auth_hash(request, account)
                return redirect("accounts:password_changed")
            change_password.look_over(
                account=account_of(request),
                old=form.typed("old_password"),
                new=form.typed("password"),
                client=client_of(request),
            )
        except SignInRefused as refusal:
            form.add_error("old_password", _wrong_old_password(refusal.left))
            form.add_weaknesses_in_itself()
        except WeakPassword as refusal:
            form.add_weaknesses(refusal.weaknesses)
        except PasswordChangedMeanwhile:
            form.add_error(None, _("Votre mot de passe vient d’être modifié ailleurs. Reconnectez-vous."))
        except Locked as lock:
            logout(request)
            return render(request, "accounts/locked.html", {"until": lock.until, "waits": lock.waits})
    context = {
        "form": form,
        "criteria": password_criteria(),
        "identifier": account_of(request).identifier,
    }
    return render(request, "accounts/change_password.html", context)


def _wrong_old_password(left: int) -> str:
    words = _("Ce n’est pas votre mot de passe actuel.")
    if left > SAY_LEFT_FROM:
        return words
    return f"{words} " + ngettext("Il vous reste %(left)s essai.", "Il vous reste %(left)s essais.", left) % {
        "left": left
    }


@member_required
@require_safe
def password_changed(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_changed.html")
