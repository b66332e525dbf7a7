"""The proof of a deposit: the member's receipt to download, the page that checks one, and the public keys."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.browser import address_of
from adherents.accounts.decorators import member_required
from adherents.accounts.limits import hit
from adherents.accounts.next_page import gives_a_file, refuses_long
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.vault.models import Deposit
from adherents.vault.names import attachment_header
from adherents.vault.receipts import services, signing
from adherents.vault.receipts.forms import CheckForm
from adherents.vault.receipts.handlers import BoundedUploadHandler
from adherents.vault.receipts.keys import pem
from adherents.vault.receipts.verdict import MOST_BYTES, ProvesNothing, ReceiptFault, ReceiptVerdict


@member_required
@gives_a_file
@require_safe
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """« Télécharger l’accusé de dépôt »."""
    return _handed_out(request, number, "pdf")


@member_required
@gives_a_file
@require_safe
def receipt_json(request: HttpRequest, number: str) -> HttpResponseBase:
    """The same, for a program."""
    return _handed_out(request, number, "json")


def _handed_out(request: HttpRequest, number: str, form: str) -> HttpResponseBase:
    """HEAD makes no receipt, and is not journalled."""
    acting, language = acting_of(request, May.READ), get_language() or "fr"
    if request.method == "HEAD":
        deposit = get_object_or_404(Deposit.objects.of(acting.file), number=number)
        handed = services.ReceiptFile(
            services.name_of(deposit.number, form), services.CONTENT_TYPES[form], b""
        )
        return StreamingHttpResponse((), headers=_headers(handed))  # its length is not known yet
    try:
        handed = services.hand_out(acting=acting, number=number, form=form, language=language)
    except Deposit.DoesNotExist as error:
        raise Http404 from error
    return HttpResponse(handed.content, headers=_headers(handed))


def _headers(handed: services.ReceiptFile) -> dict[str, str]:
    return {
        "Content-Type": handed.content_type,
        "Content-Disposition": attachment_header(handed.name),
        "Accept-Ranges": "none",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _too_large(request: HttpRequest) -> HttpResponse:
    return _check_page(request, CheckForm(), status=413, fault=ReceiptFault.TOO_LARGE)


@refuses_long(_too_large)
@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """« Vérifier un accusé de dépôt », for every visitor. What is sent stays in memory, and goes with the answer."""
    if request.method == "POST":
        hit("receipt", address=address_of(request))
        request.upload_handlers = [BoundedUploadHandler(request, most=MOST_BYTES)]
    return _check(request)


@csrf_protect
def _check(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _check_page(request, CheckForm())
    form = CheckForm(request.POST, request.FILES)
    if not form.is_valid():
        return _check_page(request, form, status=422)
    sha256, receipt = form.cleaned_data["sha256"], form.cleaned_data["receipt"]
    try:
        if receipt:
            checked = services.check(receipt.read())
        else:
            statement = services.statement_with(number=form.cleaned_data["number"], sha256=sha256)
            # A person who holds one file reads about that file, and about no other one of the deposit.
            return _check_page(request, form, statement=statement, sha256=sha256)
    except ProvesNothing as error:
        return _check_page(request, form, status=_status(error.fault), fault=error.fault)
    except services.NotInIt:
        refusal = _(
            "Nous n’avons pas reçu, sous ce numéro, de fichier qui ait cette empreinte. Vérifiez l’un et l’autre."
        )
        return _check_page(request, form, status=422, refusal=refusal)
    status = 200 if checked.verdict == ReceiptVerdict.AUTHENTIC else 422
    return _check_page(request, form, status=status, checked=checked, sha256=sha256)


def _check_page(request: HttpRequest, form: CheckForm, *, status: int = 200, **shown: Any) -> HttpResponse:
    nothing = {"checked": None, "statement": None, "sha256": "", "fault": None, "refusal": ""}
    context = {"form": form, "no_receipt": ReceiptVerdict.NO_RECEIPT.label, **nothing, **shown}
    checked, sha256 = context["checked"], context["sha256"]
    context["same"] = [file for file in checked.statement.files if file.sha256 == sha256] if checked else []
    return render(request, "vault/check.html", context, status=status)


def _status(fault: ReceiptFault) -> int:
    return 413 if fault == ReceiptFault.TOO_LARGE else 422


@require_safe
def all_keys(request: HttpRequest) -> HttpResponse:
    """Every public key in PEM, the newest first, each under its id."""
    return _pem(signing.public_keys())


@require_safe
def one_key(request: HttpRequest, key_id: str) -> HttpResponse:
    """One public key: what openssl wants."""
    keys = signing.public_keys()
    if key_id not in keys:
        raise Http404
    return _pem({key_id: keys[key_id]})


def _pem(keys: dict[str, bytes]) -> HttpResponse:
    text = "".join(f"{key_id}\n{pem(public)}" for key_id, public in keys.items())
    return HttpResponse(text, content_type="application/x-pem-file")
