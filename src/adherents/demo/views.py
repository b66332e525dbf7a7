"""The pages of the mail catcher: the mails, the agents' codes, and who can sign in.

The templates have an engine of their own: the portal's would add what its session, its account and its urls say.
"""

import re
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Engine
from django.views.decorators.http import require_safe

from adherents.accounts.allauth_internals import totp_code
from adherents.demo import mailbox
from adherents.demo.people import PASSWORD, PERSONAS
from adherents.demo.seeding import codes
from adherents.insurer.profile import profile

FOLDER = Path(__file__).parent
SHOWN = 200
CODE_SECONDS = 30
# A message is a stranger's page: no script, no form, nothing loaded, an origin of its own. Its links open another tab.
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HEAD = re.compile(r"(<head[^>]*>)", re.IGNORECASE)


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    return _page("mails.html", {"mails": list(mailbox.newest(SHOWN)), "refresh": 4})


@require_safe
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    return _page("mail.html", {"mail": _kept(mail_id)})


@require_safe
def mail_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML as it was sent, for the frame in the mail's page."""
    html = _kept(mail_id).html
    if not html:
        raise Http404
    page = _HEAD.sub(r'\1<base target="_blank">', html, count=1)
    return HttpResponse(page, headers={"Content-Security-Policy": MESSAGE_POLICY})


@require_safe
def agent_codes(request: HttpRequest) -> HttpResponse:
    left = CODE_SECONDS - int(time.time()) % CODE_SECONDS
    return _page("codes.html", {"agents": _codes_now(), "left": left, "refresh": min(left, 6)})


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    return _page("people.html", {"personas": PERSONAS, "files": settings.DATA_DIR / "exemples"})


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    sheet = (FOLDER / "static" / "demo" / "mailbox.css").read_text("utf-8")
    return HttpResponse(sheet, content_type="text/css; charset=utf-8")


def missing() -> HttpResponse:
    return _page("missing.html", {}, status=404)


def _kept(mail_id: str) -> mailbox.CaughtMail:
    mail = mailbox.read(mail_id)
    if mail is None:
        raise Http404
    return mail


def _page(template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    values = {"portal": settings.BASE_URL, "insurer": profile().insurer, "password": PASSWORD, **context}
    return HttpResponse(_engine().get_template(f"demo/{template}").render(Context(values)), status=status)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(FOLDER / "templates")], builtins=["django.templatetags.tz"])


def _codes_now() -> list[dict[str, Any]]:
    """What an authenticator app would show for each agent, and whether that code has been used up."""
    step = int(time.time()) // CODE_SECONDS
    used = {
        factor.user.identifier: factor.data.get("last_step", 0)
        for factor in Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user")
    }
    return [
        {
            "agent": agent,
            "secret": secret,
            "code": totp_code(secret, step) if secret else "",
            "used": used.get(agent.email, 0) >= step,
        }
        for agent, secret in codes()
    ]
