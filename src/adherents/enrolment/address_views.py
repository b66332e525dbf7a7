"""The pages of an address that the member changes, and of « ce n’était pas moi » from the former one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.addressee import given_name
from adherents.accounts.browser import address_of, carry_link, client_of, drop_link, link_mark, link_of
from adherents.accounts.decorators import account_of, member_required, proven_lately
from adherents.accounts.limits import hit
from adherents.accounts.services.access_link import DeadLink, WrongBirthDate
from adherents.accounts.views.member import wrong_birth_date
from adherents.enrolment.forms import AddressReportForm, NewAddressForm
from adherents.enrolment.models import AddressToConfirm
from adherents.enrolment.services import confirming, taking_back
from adherents.enrolment.services.confirming import CannotChange
from adherents.members.models import Member
from adherents.members.services.accounts import NotAnAddress
from adherents.ui.pages import page

REPORT_COOKIE = f"{settings.COOKIE_PREFIX}adresse-changee"


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven_lately
def change_address_page(request: HttpRequest) -> HttpResponse:
    """« Données personnelles » › « Modifier mon adresse e-mail », after signing in again."""
    member = Member.objects.filter(account=account_of(request)).first()
    if member is None:  # the register has let go of this person: only the service knows more
        return redirect(page("personal_data"))
    form = NewAddressForm(request.POST or None)
    if form.is_valid():
        try:
            confirming.ask_for_change(
                member=member, address=form.cleaned_data["email"], client=client_of(request)
            )
        except (CannotChange, NotAnAddress) as refusal:
            form.add_error("email", str(refusal.message))
        else:
            return redirect("enrolment:address_asked")
    return render(request, "enrolment/change_address.html", {"form": form, "account": account_of(request)})


@member_required
@require_safe
def address_asked(request: HttpRequest) -> HttpResponse:
    """« Un message vient de partir »: to which address, and that nothing has changed yet."""
    waiting = AddressToConfirm.objects.waiting().filter(member__account=account_of(request)).first()
    if waiting is None:
        return redirect(page("personal_data"))
    return render(request, "enrolment/address_asked.html", {"address": waiting.address})


@require_safe
def report_link(request: HttpRequest, token: str) -> HttpResponse:
    """The address in the mail to the former address: changes nothing, since mail scanners open it too."""
    response = redirect("enrolment:report_page")
    response.headers["Referrer-Policy"] = "no-referrer"
    carry_link(request, response, token, REPORT_COOKIE)
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def report_page(request: HttpRequest) -> HttpResponse:
    """« Ce n’était pas moi », from the former address: the birth date, then everything is shut (G7)."""
    token = link_of(request, REPORT_COOKIE)
    hit("link", address=address_of(request))
    form = AddressReportForm(request.POST or None)
    try:
        row = taking_back.open_change(token=token)
        if form.is_valid():
            account = taking_back.take_back(token=token, birth_date=form.cleaned_data["birth_date"])
            response = render(request, "enrolment/address_put_back.html", {"address": account.email})
            drop_link(request, response, token, REPORT_COOKIE)
            return response
    except WrongBirthDate as refusal:
        if refusal.left:
            form.add_error("birth_date", wrong_birth_date(refusal.left))
        else:
            return _dead_report(request, token, "birth_date")
    except DeadLink:
        return _dead_report(request, token, "")
    context = {"form": form, "change": row, "name": given_name(row.member.name), "mark": link_mark(token)}
    return render(request, "enrolment/address_report.html", context)


def _dead_report(request: HttpRequest, token: str, why: str) -> HttpResponse:
    response = render(request, "enrolment/dead_report.html", {"why": why}, status=410)
    drop_link(request, response, token, REPORT_COOKIE)
    return response
