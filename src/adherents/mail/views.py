"""For the provider that carries the mails: it says here which of them came back."""

from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from adherents.mail.provider_events import USER, refused_address
from adherents.mail.services import record_refused_address

READERS: dict[str, type[AnymailBaseWebhookView]] = {
    "brevo": BrevoTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
}


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def provider_tells(request: HttpRequest, name: str) -> HttpResponse:
    """200 once all of it is noted; 403 without the secret; 400 for what no provider writes; 404 for another provider."""
    events = settings.ADHERENTS_MAIL_EVENTS
    if events is None or name != events.provider:
        raise Http404
    reader = READERS[name](webhook_secret=[f"{USER}:{events.secret}"])
    try:
        reader.run_validators(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(status=403)
    if request.method == "HEAD":  # asked by some when the address is given to them
        return HttpResponse()
    try:
        addresses = [refused_address(name, event) for event in reader.parse_events(request)]
    except (AnymailConfigurationError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    for address in filter(None, addresses):
        record_refused_address(address)
    return HttpResponse()
