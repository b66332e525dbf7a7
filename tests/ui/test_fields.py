"""A birth date in three parts, the password with an eye, the NIR."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django import forms
from django.utils import timezone, translation

from adherents.ui.fields import BirthDateField, DayField, MomentField, NirInput, PasswordInput


class Known(forms.Form):
    born = BirthDateField()


class Unknown(forms.Form):
    born = BirthDateField(allow_unknown=True, required=False)


def filled(day: str, month: str, year: str, form: type[forms.Form] = Known) -> forms.Form:
    return form({"born_day": day, "born_month": month, "born_year": year})


def refusal(day: str, month: str, year: str, form: type[forms.Form] = Known) -> str:
    answer = filled(day, month, year, form)
    assert not answer.is_valid()
    return str(answer.errors["born"][0]).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("day", "month", "year"), [("03", "05", "1954"), ("3", "5", "1954"), (" 3 ", "05", "1954")]
)
def test_a_birth_date_is_kept_as_text(day: str, month: str, year: str) -> None:
    form = filled(day, month, year)
    assert form.is_valid()
    assert form.cleaned_data["born"] == "1954-05-03"


@pytest.mark.parametrize(
    "pasted", ["03/05/1954", "3/5/1954", "03 05 1954", "03-05-1954", "03.05.1954", "03051954"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_whole_date_in_one_of_the_parts_is_shared_out(pasted: str, place: int) -> None:
    parts = ["", "", ""]
    parts[place] = pasted
    form = filled(*parts)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["born"] == "1954-05-03"


def test_the_31st_of_february_is_refused_in_words() -> None:
    assert refusal("31", "02", "1954") == "Le 31/02/1954 n’existe pas : ce mois a 28 jours."
    assert refusal("29", "02", "1955") == "Le 29/02/1955 n’existe pas : ce mois a 28 jours."
    assert filled("29", "02", "1956").is_valid()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("", "", ""), "Indiquez la date de naissance, par exemple 03 / 05 / 1954."),
        (("03", "", "1954"), "Il manque le mois."),
        (("", "05", ""), "Il manque le jour et l’année."),
        (("trois", "05", "1954"), "Écrivez la date en chiffres, par exemple 03 / 05 / 1954."),
        (("²", "05", "1954"), "Écrivez la date en chiffres, par exemple 03 / 05 / 1954."),
        (("03", "05", "54"), "Écrivez l’année avec ses quatre chiffres, par exemple 1954."),
        (("03", "13", "1954"), "Le mois va de 01 (janvier) à 12 (décembre)."),
        (("32", "05", "1954"), "Le jour va de 01 à 31."),
        (("00", "05", "1954"), "Le jour va de 01 à 31."),
        (("03", "00", "1954"), "Le mois va de 01 (janvier) à 12 (décembre)."),
        (("9" * 5000, "05", "1954"), "Le jour va de 01 à 31."),
        (("03", "9" * 5000, "1954"), "Le mois va de 01 (janvier) à 12 (décembre)."),
        (("03", "05", "9" * 5000), "Écrivez l’année avec ses quatre chiffres, par exemple 1954."),
        (("03", "05", "0000"), "Vérifiez l’année : elle remonte à plus de 130 ans."),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(parts: tuple[str, str, str], words: str) -> None:
    assert refusal(*parts) == words


@time_machine.travel("2026-11-23T10:00:00+01:00")
def test_a_date_to_come_and_one_too_far_back_are_refused() -> None:
    assert refusal("24", "11", "2026") == "Cette date n’est pas encore arrivée : nous sommes le 23/11/2026."
    assert filled("23", "11", "2026").is_valid()
    assert refusal("01", "01", "1895") == "Vérifiez l’année : elle remonte à plus de 130 ans."
    assert filled("01", "01", "1896").is_valid()


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        (("00", "05", "1954"), "1954-05-00"),
        (("00", "00", "1954"), "1954-00-00"),
        (("12", "00", "1954"), "1954-00-12"),
    ],
)
def test_an_unknown_day_or_month_may_be_zero_where_the_form_allows_it(
    parts: tuple[str, str, str], kept: str
) -> None:
    form = filled(*parts, form=Unknown)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["born"] == kept


def test_a_date_that_is_not_required_may_be_left_empty() -> None:
    form = filled("", "", "", form=Unknown)
    assert form.is_valid()
    assert form.cleaned_data["born"] == ""


def test_what_was_typed_is_kept_and_what_was_known_is_shown() -> None:
    assert 'value="31"' in str(filled("31", "02", "1954")["born"])
    assert 'value="1954"' in str(Known(initial={"born": "1954-05-03"})["born"])
    assert not filled("03", "05", "1954").fields["born"].has_changed("1954-05-03", ["03", "05", "1954"])


@pytest.mark.rule("G7")
def test_the_date_is_a_group_of_three_labelled_fields_that_browsers_can_fill() -> None:
    drawn = Known()["born"].as_field_group()
    assert "<legend>Date de naissance" in drawn
    assert "JJ / MM / AAAA" in drawn
    for label, autocomplete in (("Jour", "bday-day"), ("Mois", "bday-month"), ("Année", "bday-year")):
        assert f">{label}</label>" in drawn
        assert f'autocomplete="{autocomplete}"' in drawn


@pytest.mark.rule("G1")
def test_a_password_has_an_eye_and_is_never_written_back() -> None:
    class Form(forms.Form):
        password = forms.CharField(widget=PasswordInput(autocomplete="new-password"))

    drawn = Form({"password": "never shown again"})["password"].as_field_group()
    assert "never shown again" not in drawn
    assert 'autocomplete="new-password"' in drawn
    assert "Afficher le mot de passe</span>" in drawn
    assert 'data-hide="Masquer le mot de passe"' in drawn
    assert 'aria-pressed="false"' in drawn


def test_a_nir_is_drawn_as_a_field_that_spaces_itself() -> None:
    class Form(forms.Form):
        nir = forms.CharField(widget=NirInput())

    assert "data-nir" in Form()["nir"].as_field_group()


def test_an_error_is_above_its_field_and_named_by_it() -> None:
    drawn = filled("31", "02", "1954")["born"].as_field_group()
    assert 'aria-describedby="id_born_helptext id_born_error"' in drawn
    assert drawn.index('id="id_born_error"') < drawn.index('name="born_day"')
    assert 'aria-invalid="true"' in drawn
    summary = filled("31", "02", "1954").render()
    assert 'href="#id_born_0"' in summary


class Typed(forms.Form):
    day = DayField(required=False)
    at = MomentField(required=False)
    name = forms.CharField(required=False, max_length=3)


@pytest.mark.parametrize(
    ("typed", "french", "english"),
    [
        ({"at": "2026-03-29T02:30"}, "Cette heure n’existe pas", "This hour does not exist"),
        ({"at": "hier"}, "Indiquez le jour et l’heure", "Enter the day and the time"),
        ({"at": "0001-01-01T00:00+14:00"}, "trop loin dans le passé", "too far in the past"),
        ({"at": "9999-12-31T23:59"}, "trop loin dans l’avenir", "too far in the future"),
        ({"day": "31/02/2026"}, "Écrivez la date en chiffres", "Write the date in figures"),
        ({"name": "Anne"}, "Raccourcissez : 3 caractères au plus.", "Make it shorter: 3 characters at most."),
    ],
)
def test_what_was_typed_wrong_is_told_in_our_own_words(
    typed: dict[str, str], french: str, english: str
) -> None:
    for language, words in (("fr", french), ("en", english)):
        with translation.override(language):
            [(_, [told])] = Typed(typed).errors.items()
            assert words in str(told).replace("\u00a0", " ")


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    form = Typed({"at": "2026-10-25T02:30"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["at"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_is_between_those_that_its_form_says_and_the_browser_proposes_no_other() -> None:
    class Near(Typed):
        def __init__(self, data: dict[str, str] | None = None) -> None:
            super().__init__(data)
            day, at = self.fields["day"], self.fields["at"]
            assert isinstance(day, DayField)
            assert isinstance(at, MomentField)
            day.between(date(2026, 11, 1), date(2026, 11, 30))
            start = timezone.make_aware(datetime(2026, 11, 1, 8))
            at.between(start, start.replace(day=30))

    assert 'min="2026-11-01" max="2026-11-30"' in str(Near()["day"])
    assert 'min="2026-11-01T08:00" max="2026-11-30T08:00"' in str(Near()["at"])
    assert Near({"day": "2026-11-30", "at": "2026-11-01T08:00"}).is_valid()
    for wrong in ({"day": "2026-10-31"}, {"day": "2026-12-01"}, {"at": "2026-11-01T07:59"}):
        assert not Near(wrong).is_valid()
    assert 'min="1900-01-01"' in str(Typed()["day"])  # the other form's is its own
