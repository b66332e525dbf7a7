"""The portal's own template tags and filters, available in every template without `{% load %}`."""

import datetime as dt
import re
from functools import cache
from pathlib import PurePath

import heroicons
from django import template
from django.forms import BaseForm
from django.template.defaultfilters import date as format_date
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from adherents.insurer import hours
from adherents.insurer.profile import Profile, profile
from adherents.ui import bundle, pages
from adherents.ui.states import shape_of, tone_of

register = template.Library()
NARROW, WIDE = "\u202f", "\u00a0"


@register.simple_tag
@cache  # the templates name a few dozen, and each page draws many of them
def icon(name: str, size: int = 24, style: str = "outline") -> SafeString:
    """An inline drawing from heroicons (`outline`, `solid`, `mini`, `micro`), silent for screen readers."""
    drawn = heroicons._render_icon(style, str(name), size, {"class": "icon", "focusable": "false"})
    return mark_safe(re.sub(r">\s+<", "><", drawn).strip())


@register.simple_tag
def page(name: str) -> str:
    """The address of a page that stands in a room above (`ui.pages`)."""
    return pages.page(name)


@register.filter
def error_count(form: BaseForm) -> int:
    """How many errors the summary lists: a field may have several."""
    return sum(len(words) for words in form.errors.values())


@register.simple_tag
def insurer_profile() -> Profile:
    """The insurer's profile, where no request is at hand (mails, the page of an outage)."""
    return profile()


@register.simple_tag
def brand_logo() -> str:
    """The profile's logo among the static files; empty without one."""
    return bundle.logo()


@register.simple_tag
def opening() -> hours.Opening:
    """Whether the service answers now, and until when (G14)."""
    return hours.opening()


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
def size(octets: int) -> str:
    """A file's size for people: « 5,9 Mo » in French, "5.9 MB" in English (1 Mo = 1,000,000 octets)."""
    french = _is_french()
    units = ("o", "ko", "Mo", "Go") if french else ("B", "kB", "MB", "GB")
    amount, unit = float(octets), units[0]
    for bigger in units[1:]:
        if round(amount) < 1000:
            break
        amount, unit = amount / 1000, bigger
    digits = 1 if unit in units[2:] and amount < 100 else 0
    number = f"{amount:.{digits}f}".removesuffix(".0")
    return f"{number.replace('.', ',') if french else number}{WIDE}{unit}"


@register.filter
def thousands(number: int) -> str:
    """A large number for people: « 3 000 » in French, "3,000" in English."""
    return f"{number:,}".replace(",", NARROW if _is_french() else ",")


def _is_french() -> bool:
    return (get_language() or "fr").startswith("fr")


def _local(value: dt.datetime) -> dt.datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@register.filter
def clock(value: dt.datetime | dt.time) -> str:
    """« 16 h 52 », « 9 h » ; "4:52 pm", "9 am" in English."""
    moment = _local(value) if isinstance(value, dt.datetime) else value
    if _is_french():
        return f"{moment.hour}{WIDE}h" + (f"{WIDE}{moment.minute:02d}" if moment.minute else "")
    hour, half = moment.hour % 12 or 12, "am" if moment.hour < 12 else "pm"
    return f"{hour}:{moment.minute:02d}{WIDE}{half}" if moment.minute else f"{hour}{WIDE}{half}"


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """« 23/11/2026 », in both languages."""
    if value is None:
        return ""
    return str(format_date(_local(value) if isinstance(value, dt.datetime) else value, "d/m/Y"))


@register.filter
def moment(value: dt.datetime | None) -> str:
    """« 23/11/2026 à 16 h 52 »; "23/11/2026 at 4:52 pm" in English."""
    if value is None:
        return ""
    return _("%(day)s à %(clock)s") % {"day": day(value), "clock": clock(value)}


@register.filter
def frdate(value: str | None) -> str:
    """A date kept as text, `AAAA-MM-JJ` with zeros where unknown: « 03/05/1954 », « 05/1954 », « 1954 »."""
    year, __, rest = str(value or "").partition("-")
    month, __, in_month = rest.partition("-")
    known = [part for part in (in_month, month, year) if part.strip("0")]
    return "/".join(known)


@register.filter
def ago(value: dt.datetime) -> str:
    """« il y a 3 h », « il y a 2 j 4 h »: for the desk, with the date itself in a title."""
    minutes = max(int((timezone.now() - value).total_seconds() // 60), 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    if minutes < 1:
        return _("à l’instant")
    if minutes < 60:
        return _("il y a %(minutes)s min") % {"minutes": minutes}
    if not days:
        return _("il y a %(hours)s h") % {"hours": hours}
    if hours:
        return _("il y a %(days)s j %(hours)s h") % {"days": days, "hours": hours}
    return _("il y a %(days)s j") % {"days": days}


@register.filter
def spaced(value: object, every: int = 4) -> str:
    """A long number in groups: « 7010 0001 »."""
    text = str(value)
    return WIDE.join(text[start : start + every] for start in range(0, len(text), every))


@register.filter
def telephone(value: object) -> str:
    """The target of a `tel:` link: digits and a leading +, nothing else."""
    return re.sub(r"(?!^\+)\D", "", str(value))


@register.filter
def extension(name: object) -> str:
    """« PDF » for `facture.pdf`."""
    return PurePath(str(name)).suffix.lstrip(".").upper()
