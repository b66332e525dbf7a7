"""Fields that several rooms ask for: a birth date in three parts, a day, a moment, a password with an eye, a NIR."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.ui import moments
from adherents.ui.typed import bare
from adherents.ui.typed_days import FIRST_DAY, LAST_DAY, is_kept

OLDEST_YEARS = 130
_PASTED = re.compile(r"\s*(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})\s*|\s*(\d{2})(\d{2})(\d{4})\s*")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def _parts_of(value: str | None) -> list[str]:
    """Day, month and year of `AAAA-MM-JJ`, or three empty texts."""
    parts = _ISO.fullmatch(value or "")
    return [parts[3], parts[2], parts[1]] if parts else ["", "", ""]


class _Part(forms.TextInput):
    def __init__(self, autocomplete: str, size: int) -> None:
        super().__init__({"inputmode": "numeric", "autocomplete": autocomplete, "size": size})


class BirthDateWidget(forms.MultiWidget):
    """« Jour », « Mois », « Année »: three inputs in a group; a date pasted in one of them is shared out."""

    template_name = "ui/elements/date_field.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        parts: dict[str, forms.Widget | type[forms.Widget]] = {
            "day": _Part("bday-day", 2),
            "month": _Part("bday-month", 2),
            "year": _Part("bday-year", 4),
        }
        super().__init__(parts, attrs)

    def decompress(self, value: str | None) -> list[str]:
        return _parts_of(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        typed = super().value_from_datadict(data, files, name)
        parts = [str(part or "").strip() for part in typed]
        filled = [part for part in parts if part]
        pasted = _PASTED.fullmatch(filled[0]) if len(filled) == 1 else None
        return [part for part in pasted.groups() if part] if pasted else parts

    def id_for_label(self, id_: str) -> str:
        """The first input: where the summary of errors leads to."""
        return f"{id_}_0" if id_ else ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        labels = (_("Jour"), _("Mois"), _("Année"))
        for part, label in zip(context["widget"]["subwidgets"], labels, strict=True):
            part["label"] = label
        return context


class BirthDateField(forms.Field):
    """A birth date as text `AAAA-MM-JJ`. `allow_unknown`: 00 stands for an unknown day or month."""

    widget = BirthDateWidget
    default_error_messages = {
        "required": gettext_lazy("Indiquez la date de naissance, par exemple 03 / 05 / 1954."),
        "incomplete": gettext_lazy("Il manque %(parts)s."),
        "digits": gettext_lazy("Écrivez la date en chiffres, par exemple 03 / 05 / 1954."),
        "year": gettext_lazy("Écrivez l’année avec ses quatre chiffres, par exemple 1954."),
        "month": gettext_lazy("Le mois va de 01 (janvier) à 12 (décembre)."),
        "day": gettext_lazy("Le jour va de 01 à 31."),
        "short_month": gettext_lazy(
            "Le %(day)s/%(month)s/%(year)s n’existe pas : ce mois a %(longest)s jours."
        ),
        "future": gettext_lazy("Cette date n’est pas encore arrivée : nous sommes le %(today)s."),
        "old": gettext_lazy("Vérifiez l’année : elle remonte à plus de %(years)s ans."),
    }

    def __init__(self, *, allow_unknown: bool = False, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Date de naissance"))
        hint = gettext_lazy("JJ / MM / AAAA. Jour ou mois inconnu de l’état civil : écrivez 00.")
        options.setdefault("help_text", hint if allow_unknown else gettext_lazy("JJ / MM / AAAA"))
        super().__init__(**options)
        self.allow_unknown = allow_unknown

    def to_python(self, value: Sequence[str] | str | None) -> str:
        if isinstance(value, str):
            value = _parts_of(value)
        parts = [bare(part) for part in value or ()]
        if not any(parts):
            return ""
        missing = [
            name
            for name, part in zip((_("le jour"), _("le mois"), _("l’année")), parts, strict=True)
            if not part
        ]
        if missing:
            raise self._refused("incomplete", parts=_(" et ").join(missing))
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise self._refused("digits")
        # Five digits are enough to see that it is wrong, and Python refuses to read thousands of them.
        day, month, year = (int(part.lstrip("0")[:5] or "0") for part in parts)
        self._refuse_out_of_range(day, month, has_year=len(parts[2]) == 4)
        self._refuse_impossible(day, month, year)
        self._refuse_implausible(day, month, year)
        return f"{year:04d}-{month:02d}-{day:02d}"

    def _refused(self, code: str, **values: object) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=values)

    def _refuse_out_of_range(self, day: int, month: int, *, has_year: bool) -> None:
        """Every part that cannot be, in their order."""
        least = 0 if self.allow_unknown else 1
        right = {"day": least <= day <= 31, "month": least <= month <= 12, "year": has_year}
        wrong = [self._refused(part) for part, is_right in right.items() if not is_right]
        if wrong:
            raise ValidationError(wrong)

    def _refuse_impossible(self, day: int, month: int, year: int) -> None:
        longest = monthrange(max(year, 1), month)[1] if month else 31
        if day > longest:
            shown = {"day": f"{day:02d}", "month": f"{month:02d}", "year": f"{year:04d}"}
            raise self._refused("short_month", longest=longest, **shown)

    def _refuse_implausible(self, day: int, month: int, year: int) -> None:
        today = timezone.localdate()
        if (year, month, day) > (today.year, today.month, today.day):
            raise self._refused("future", today=moments.day(today))
        if today.year - year > OLDEST_YEARS:
            raise self._refused("old", years=OLDEST_YEARS)

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = initial if isinstance(initial, list) else _parts_of(initial)
        return list(before or ["", "", ""]) != list(data or ["", "", ""])


_EARLY = gettext_lazy("Vérifiez l’année : c’est trop loin dans le passé.")
_LATE = gettext_lazy("Vérifiez l’année : c’est trop loin dans l’avenir.")


class DayField(forms.DateField):
    """A day, between two days that its form may set. Every typed day is one: what is out of reach gets a sentence."""

    default_error_messages = {
        "invalid": gettext_lazy("Écrivez la date en chiffres, par exemple 03/05/2026."),
        "early": _EARLY,
        "late": _LATE,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **options)
        self.between(FIRST_DAY, LAST_DAY)

    def between(self, first: date, last: date) -> None:
        """Both included. The browser proposes no other."""
        self.first, self.last = first, last
        self.widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not self.first <= value <= self.last:
            wrong = "early" if value < self.first else "late"
            raise ValidationError(self.error_messages[wrong], code=wrong)


_TO_THE_MINUTE = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A day and an hour where the insurer is, between two moments that its form may set. Every typed moment is one.

    An hour that comes twice, when the clocks go back, is the first of the two.
    """

    default_error_messages = {
        "invalid": gettext_lazy("Indiquez le jour et l’heure."),
        "early": _EARLY,
        "late": _LATE,
        "skipped": gettext_lazy("Cette heure n’existe pas : cette nuit-là, les horloges ont avancé."),
    }

    def __init__(self, **options: Any) -> None:
        shown = forms.DateTimeInput({"type": "datetime-local"}, format=_TO_THE_MINUTE)
        super().__init__(widget=shown, input_formats=[_TO_THE_MINUTE, f"{_TO_THE_MINUTE}:%S"], **options)
        bounds = (datetime.combine(FIRST_DAY, time.min), datetime.combine(LAST_DAY, time.max))
        self.between(*map(timezone.make_aware, bounds))

    def between(self, first: datetime, last: datetime) -> None:
        """Both included. The browser proposes no other."""
        self.first, self.last = first, last
        shown = {"min": first, "max": last}
        self.widget.attrs |= {
            name: f"{timezone.localtime(at):{_TO_THE_MINUTE}}" for name, at in shown.items()
        }

    def to_python(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            moment = self._at_a_change_of_clocks((error.params or {})["datetime"])
        # In its own time zone: near the ends of the calendar there may be no such moment in another.
        if moment is not None and not is_kept(moment):
            wrong = "early" if moment.year < FIRST_DAY.year else "late"
            raise ValidationError(self.error_messages[wrong], code=wrong)
        return moment

    def _at_a_change_of_clocks(self, typed: datetime) -> datetime:
        # In UTC: what comes twice here is equal to no moment of another time zone, for Python.
        moment = timezone.make_aware(typed).astimezone(UTC)
        if timezone.localtime(moment).replace(tzinfo=None) != typed:
            raise ValidationError(self.error_messages["skipped"], code="skipped")
        return moment

    def validate(self, value: datetime | None) -> None:
        super().validate(value)
        if value is not None and not self.first <= value <= self.last:
            wrong = "early" if value < self.first else "late"
            raise ValidationError(self.error_messages[wrong], code=wrong)


class FilterField(forms.ChoiceField):
    """One of the filters of a list. What it has no more, such as an agent who left, narrows nothing, and the page says so."""

    default_error_messages = {"invalid_choice": gettext_lazy("Ce choix n’existe plus : il ne filtre rien.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"required": False} | kwargs))


class LinesField(forms.CharField):
    """Words of several lines: kept as typed, but for the ends of the lines, which each system writes in its own way."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n").replace("\r", "\n") if text else text


class FilesField(forms.FileField):
    """Files that are received while the request is read, before the form: the code that receives them adds the errors here.

    The page draws its own inputs, the one for files under the id of this field.
    """

    def __init__(self, *, label: Any) -> None:
        super().__init__(label=label, required=False)


class PasswordInput(forms.PasswordInput):
    """A password with an eye to read what was typed (G1). The eye shows when the script runs."""

    template_name = "ui/widgets/password.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, *, autocomplete: str = "current-password"
    ) -> None:
        super().__init__(
            {
                "autocomplete": autocomplete,
                "autocapitalize": "none",
                "spellcheck": "false",
                **(attrs or {}),
            }
        )


class NirInput(forms.TextInput):
    """A n° de Sécurité sociale that spaces itself as on the card: 1 85 05 78 006 084 36."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        own = {"data-nir": "", "inputmode": "text", "autocomplete": "off", "spellcheck": "false", "size": 21}
        super().__init__({**own, **(attrs or {})})
