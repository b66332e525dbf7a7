"""A member's record, and what an agent does there: a form that asks why, one call, back to the record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Purpose
from adherents.accounts.permissions import Act, acts_of
from adherents.crypto.rows import readable
from adherents.desk.forms import ChangeEmailForm, ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import member_record
from adherents.desk.services import account_actions, consulting, handing_over
from adherents.desk.services.account_actions import AccountActRefused
from adherents.drafts.form_sheets import Sheet
from adherents.members import nir
from adherents.members.models import Member
from adherents.members.services.accounts import NotAnAddress
from adherents.vault.views.own import zip_response

NIR_SHOWN = "desk.nir"


@dataclass(frozen=True)
class Asks:
    """What an action's page says; its explanation is a template of its own."""

    act: Act
    title: str | Promise
    button: str | Promise
    kind: str = "primary"
    gives_a_file: bool = False

    @property
    def explanation(self) -> str:
        return f"desk/acts/{self.act.value}.html"


ASKS = {
    asks.act: asks
    for asks in (
        Asks(Act.CHANGE_EMAIL, gettext_lazy("Changer l’adresse e-mail"), gettext_lazy("Changer l’adresse")),
        Asks(Act.END_LOCK, gettext_lazy("Mettre fin au blocage"), gettext_lazy("Mettre fin au blocage")),
        Asks(Act.SEND_LINK, gettext_lazy("Envoyer le lien"), gettext_lazy("Envoyer le lien")),
        Asks(
            Act.CLOSE_ACCOUNT,
            gettext_lazy("Fermer le compte"),
            gettext_lazy("Fermer le compte"),
            kind="danger",
        ),
        Asks(Act.REOPEN_ACCOUNT, gettext_lazy("Rouvrir le compte"), gettext_lazy("Rouvrir le compte")),
        Asks(
            Act.WRITE_LETTER,
            gettext_lazy("Préparer un courrier avec un code"),
            gettext_lazy("Préparer le courrier"),
        ),
        Asks(
            Act.END_SESSIONS,
            gettext_lazy("Mettre fin aux connexions"),
            gettext_lazy("Mettre fin aux connexions"),
        ),
        Asks(
            Act.HAND_OVER_EXPORT,
            gettext_lazy("Remettre les documents"),
            gettext_lazy("Télécharger le zip"),
            gives_a_file=True,
        ),
        Asks(Act.SHOW_NIR, gettext_lazy("Montrer le NIR"), gettext_lazy("Montrer le NIR")),
    )
}


def _member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("account"), pk=pk)


def record_context(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the panes beside the page need; the look is journalled."""
    agent = account_of(request)
    if request.method != "HEAD":
        consulting.consult(agent=agent, member=member)
    return {
        "may": acts_of(agent),
        "record": member_record.record_of(member),
        "member": member,
        "nir": _nir_shown(request, member),
    }


def _nir_shown(request: HttpRequest, member: Member) -> str:
    """The whole NIR while the reason given for it lasts, else nothing."""
    shown = request.session.get(NIR_SHOWN)
    if not isinstance(shown, dict) or shown.get("member") != member.pk:
        return ""
    if shown["until"] <= timezone.now().timestamp():
        return ""
    whole = readable(member, "nir")
    return nir.spaced(whole) if whole else ""


@allowed_to(Act.CONSULT)
@require_safe
def member_page(request: HttpRequest, pk: int) -> HttpResponse:
    member = _member(pk)
    context = record_context(request, member) | {
        "lines": member_record.journal_about(member, reader=account_of(request))
    }
    return render(request, "desk/member_record.html", context)


@allowed_to(Act.CHANGE_EMAIL)
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: HttpRequest, pk: int) -> HttpResponse:
    """Another address (G10)."""
    member = _member(pk)
    draft = reason_draft(request, pk, "email")
    form = ChangeEmailForm(request.POST or None, initial=draft.begin(), member=member)
    if form.is_valid():
        old, again = member.email, member.email == form.cleaned_data["email"].strip()
        try:
            account_actions.change_email(agent=account_of(request), member=member, **form.cleaned_data)
        except (AccountActRefused, NotAnAddress) as refusal:
            form.add_error("email", str(refusal.message))
        else:
            draft.done()
            if again:
                messages.success(request, _("Adresse vérifiée : les mails y partent à nouveau."))
                return redirect("desk:member", pk)
            told = _("L’ancienne et la nouvelle adresse sont prévenues.") if old else _("Elle est prévenue.")
            messages.success(request, _("Adresse e-mail changée.") + " " + told)
            return redirect("desk:member", pk)
    return _ask(request, member, form, Act.CHANGE_EMAIL, draft)


@allowed_to(Act.END_LOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def end_lock(request: HttpRequest, pk: int) -> HttpResponse:
    """The end of a lock before its time (G11)."""

    def do(member: Member, reason: str) -> str:
        account_actions.end_lock(agent=account_of(request), member=member, reason=reason)
        return _("Blocage levé. L’adhérent est prévenu : il lui reste à créer un nouveau mot de passe.")

    return _act(request, pk, Act.END_LOCK, do)


@allowed_to(Act.SEND_LINK)
@require_http_methods(["GET", "HEAD", "POST"])
def send_link(request: HttpRequest, pk: int) -> HttpResponse:
    """The link that sets a password, once more."""

    def do(member: Member, reason: str) -> str:
        purpose = account_actions.send_link(agent=account_of(request), member=member, reason=reason)
        if purpose == Purpose.FIRST_CONNECTION:
            return _("Lien de première connexion envoyé à l’adresse du dossier.")
        return _("Lien de nouveau mot de passe envoyé à l’adresse du dossier.")

    return _act(request, pk, Act.SEND_LINK, do)


@allowed_to(Act.CLOSE_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def close_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody signs in any more."""

    def do(member: Member, reason: str) -> str:
        account_actions.close_account(agent=account_of(request), member=member, reason=reason)
        return _("Compte fermé. Ses connexions sont terminées, ses liens et ses courriers n’ouvrent plus.")

    return _act(request, pk, Act.CLOSE_ACCOUNT, do)


@allowed_to(Act.REOPEN_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen_account(request: HttpRequest, pk: int) -> HttpResponse:
    """A closed account opens again, with a new password."""

    def do(member: Member, reason: str) -> str:
        account_actions.reopen_account(agent=account_of(request), member=member, reason=reason)
        return _(
            "Compte rouvert. Il reste à l’adhérent à créer un nouveau mot de passe, par un lien ou un courrier."
        )

    return _act(request, pk, Act.REOPEN_ACCOUNT, do)


@allowed_to(Act.HAND_OVER_EXPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All the documents of a former holder of a number, as a zip that is given to them."""
    member = _member(pk)
    draft = reason_draft(request, pk)
    form = ReasonForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            zipped = handing_over.hand_over_export(
                agent=account_of(request), member=member, reason=form.cleaned_data["reason"]
            )
        except AccountActRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            return zip_response(zipped)
    return _ask(request, member, form, Act.HAND_OVER_EXPORT, draft)


@allowed_to(Act.WRITE_LETTER)
@require_http_methods(["GET", "HEAD", "POST"])
def write_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """A code on paper, for whom no mail can reach (G10). Leads to where it is downloaded."""
    member = _member(pk)
    draft = reason_draft(request, pk)
    form = ReasonForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            batch = account_actions.write_letter(
                agent=account_of(request), member=member, **form.cleaned_data
            )
        except AccountActRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            return redirect("desk:letters", batch.pk)
    return _ask(request, member, form, Act.WRITE_LETTER, draft)


@allowed_to(Act.END_SESSIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def end_member_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every session of the member, at once: a lost phone, a shared computer."""

    def do(member: Member, reason: str) -> str:
        account_actions.end_sessions(agent=account_of(request), member=member, reason=reason)
        return _("Connexions terminées. Un mail prévient l’adhérent.")

    return _act(request, pk, Act.END_SESSIONS, do)


@allowed_to(Act.SHOW_NIR)
@require_http_methods(["GET", "HEAD", "POST"])
def show_nir(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole NIR for two minutes, to whoever says why."""

    def do(member: Member, reason: str) -> str:
        consulting.show_nir(agent=account_of(request), member=member, reason=reason)
        until = timezone.now() + member_record.NIR_SHOWN_FOR
        request.session[NIR_SHOWN] = {"member": member.pk, "until": until.timestamp()}
        return _("Le numéro de Sécurité sociale est affiché pendant deux minutes.")

    return _act(request, pk, Act.SHOW_NIR, do)


def _act(request: HttpRequest, pk: int, act: Act, do: Callable[[Member, str], str]) -> HttpResponse:
    member = _member(pk)
    draft = reason_draft(request, pk)
    form = ReasonForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            done = do(member, form.cleaned_data["reason"])
        except AccountActRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            messages.success(request, done)
            return redirect("desk:member", pk)
    return _ask(request, member, form, act, draft)


def _ask(request: HttpRequest, member: Member, form: ReasonForm, act: Act, draft: Sheet) -> HttpResponse:
    context = record_context(request, member) | {"form": form, "asks": ASKS[act], "draft": draft}
    return render(request, "desk/act.html", context)
