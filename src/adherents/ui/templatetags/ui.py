"""The portal's own template tags and filters, available in every template without `{% load %}`."""

import datetime as dt
import re
from functools import cache
from pathlib import PurePath

import heroicons
from django import template
from django.conf import settings
from django.forms import BaseForm
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import pgettext

from adherents.insurer import hours
from adherents.insurer.profile import Profile, profile
from adherents.telemetry import request_ids
from adherents.ui import bundle, pages
from adherents.ui.moments import ago, clock, day, frdate, moment
from adherents.ui.numbers import WIDE, size, spaced, thousands
from adherents.ui.states import shape_of, tone_of

register = template.Library()
for words in (ago, clock, day, frdate, moment, size, spaced, thousands):
    register.filter(words)


@register.simple_tag
@cache  # the templates name a few dozen, and each page draws many of them
def icon(name: str, size: int = 24, style: str = "outline") -> SafeString:
    """An inline drawing from heroicons (`outline`, `solid`, `mini`, `micro`), silent for screen readers."""
    drawn = heroicons._render_icon(style, str(name), size, {"class": "icon", "focusable": "false"})
    return mark_safe(re.sub(r">\s+<", "><", drawn).strip())


@register.simple_tag
def colon() -> str:
    """What stands between a thing and what is said of it, where both come from elsewhere: French has a space before it."""
    return pgettext("ponctuation", "\N{NO-BREAK SPACE}:")


@register.filter
def with_code(words: str) -> SafeString:
    """The words, with what stands between backquotes as `<code>`."""
    marked = re.split(r"`([^`]+)`", words)
    pieces = (
        (format_html("<code>{}</code>", piece) if place % 2 else piece,) for place, piece in enumerate(marked)
    )
    return format_html_join("", "{}", pieces)


@register.simple_tag
def page(name: str) -> str:
    """The address of a page that stands in a room above (`ui.pages`)."""
    return pages.page(name)


@register.simple_tag(takes_context=True)
def own_address(context: template.Context) -> str:
    """The page's whole address, without its query."""
    return f"{settings.BASE_URL}{context['request'].path}"


@register.filter
def error_count(form: BaseForm) -> int:
    """How many errors the summary lists: a field may have several."""
    return sum(len(words) for words in form.errors.values())


@register.simple_tag
def insurer_profile() -> Profile:
    """The insurer's profile, where no request is at hand (mails, the page of an outage)."""
    return profile()


@register.simple_tag
def request_id() -> str:
    """The name of this request, for its error page; "" where it has none."""
    return request_ids.request_id()


@register.simple_tag
def profile_picture(name: str) -> str:
    """A picture of the profile among the static files; empty without one."""
    return bundle.picture(name)


@register.simple_tag
def opening_hours() -> list[hours.WeekLine]:
    """The service's hours, week by week the same (G14)."""
    return hours.opening_hours()


@register.simple_tag
def opening() -> hours.Opening:
    """Whether the service answers now, and until when (G14)."""
    return hours.opening()


@register.simple_tag
def time_at(at: dt.datetime) -> SafeString:
    """« 23/11/2026 à 16 h 52 », as a moment for machines too."""
    return format_html('<time datetime="{}">{}</time>', localtime(at).isoformat(), moment(at))


@register.simple_tag
def time_ago(at: dt.datetime) -> SafeString:
    """« il y a 3 h », with the moment itself in a title."""
    whole = localtime(at).isoformat()
    return format_html('<time datetime="{}" title="{}">{}</time>', whole, moment(at), ago(at))


@register.simple_tag
def heads(*names: str) -> SafeString:
    """The heads of a table's columns, in its first row."""
    return format_html_join("", '<th scope="col">{}</th>', ([name] for name in names))


@register.simple_block_tag
def notice(content: str, kind: str = "info", heading: str = "", role: str = "") -> SafeString:
    """`{% notice "warning" heading="…" %}…{% endnotice %}`: a notice whose text is more than one sentence."""
    return render_to_string(
        "ui/elements/notice.html", {"kind": kind, "heading": heading, "role": role, "content": content}
    )


@register.filter
def shape(state: object) -> str:
    """The icon of a state."""
    return shape_of(str(state))


@register.filter
def tone(state: object) -> str:
    """The tone (`info`, `success`, `warning`, `refusal`, `neutral`) in which a state is shown."""
    return tone_of(str(state))


@register.filter
def masked(value: object) -> str:
    """What may be shown of an e-mail address, a NIR or another number: enough to recognise it, no more."""
    text = str(value or "")
    name, at, domain = text.rpartition("@")
    if at:
        return f"{name[:2]}•••@{domain}"
    bare = "".join(text.split())
    if len(bare) in {13, 15} and re.fullmatch(r"[0-9]{5}[0-9AB]{2}[0-9]+", bare):
        hidden = ["••", "•••", "•••", "••"][: 3 if len(bare) == 13 else 4]
        return WIDE.join([bare[0], bare[1:3], bare[3:5], *hidden])
    return f"{'•' * max(len(bare) - 2, 3)}{bare[-2:]}" if len(bare) > 3 else "•••"


@register.filter
def telephone(value: object) -> str:
    """The target of a `tel:` link: digits and a leading +, nothing else."""
    return re.sub(r"(?!^\+)\D", "", str(value))


@register.filter
def extension(name: object) -> str:
    """« PDF » for `facture.pdf`."""
    return PurePath(str(name)).suffix.lstrip(".").upper()
