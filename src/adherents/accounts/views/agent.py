"""The agents' sign-in page: an e-mail address and a password; the second factor comes after it."""

from urllib.parse import urlencode

from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from adherents.accounts import allauth_internals as allauth
from adherents.accounts.browser import address_of, client_of, offered_number
from adherents.accounts.by_directory import directory
from adherents.accounts.decorators import ENDED, LEFT, account_of
from adherents.accounts.limits import hit
from adherents.accounts.models import normalise_identifier
from adherents.accounts.next_page import NEXT, agents_page_wanted, takes_a_password
from adherents.accounts.second_factor.forms import AgentSignInForm
from adherents.accounts.services import sign_in
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.sign_in import Expired, SignInRefused
from adherents.accounts.views.sessions import OLD_PAGE, ended_in_words
from adherents.ui.pages import page

SAY_LEFT_FROM = 2  # tries


@takes_a_password("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """The answers are always the same: an unknown address is counted and locked like a known one (G11)."""
    if request.user.is_authenticated and account_of(request).is_agent and request.method != "POST":
        return redirect(page("desk"))
    offered = {"identifier": offered_number(request, of_agents=True)}
    wanted = agents_page_wanted(request)
    form = AgentSignInForm(request.POST or None, initial=offered)
    if not form.is_valid():
        return _door(request, form, wanted=wanted, ended=ended_in_words(request))
    identifier = normalise_identifier(form.cleaned_data["identifier"])
    hit("sign_in", address=address_of(request), identifier=identifier)
    try:
        account = sign_in.check_credentials(
            identifier=identifier,
            password=form.cleaned_data["password"],
            client=client_of(request),
            agents=True,
        )
    except SignInRefused as refusal:
        form.add_error(None, refusal_in_words(refusal.left))
        return _door(request, form, wanted=wanted)
    except Locked as lock:
        return render(request, "accounts/locked.html", {"until": lock.until, "waits": lock.waits})
    except Expired:
        return render(request, "accounts/expired.html")
    # « reauthenticated »: the password was typed just now, adding a second factor need not ask for it again.
    allauth.record_proof(request, account, "password", reauthenticated=True)
    return allauth.sign_in(request, Login(user=account, redirect_url=wanted))  # type: ignore[no-any-return]


def sign_in_again(request: HttpRequest) -> HttpResponse:
    """A person signed in or out in another tab after this page was opened: show it again, with the address as it was typed."""
    form = AgentSignInForm(initial={"identifier": request.POST.get("identifier", "")[:254]})
    return _door(request, form, wanted=agents_page_wanted(request), ended=str(OLD_PAGE))


def _door(request: HttpRequest, form: AgentSignInForm, *, wanted: str, ended: str = "") -> HttpResponse:
    context = {
        "form": form,
        "wanted": wanted,
        "ended": ended,
        "directory": directory(),
        "way_there": f"{reverse('accounts:directory')}{f'?{urlencode({NEXT: wanted})}' if wanted else ''}",
        "left": request.GET.get(ENDED) == LEFT,
    }
    return render(request, "accounts/agent_sign_in.html", context)


def refusal_in_words(left: int) -> str:
    """The same words for a wrong address and a wrong password; near the lock, how many tries are left."""
    words = _("Adresse e-mail ou mot de passe incorrect. Vérifiez votre saisie en cliquant sur l’œil.")
    if left > SAY_LEFT_FROM:
        return words
    return f"{words} " + ngettext("Il vous reste %(left)s essai.", "Il vous reste %(left)s essais.", left) % {
        "left": left
    }
