"""The reasons that agents type end in the journal, which names no person: a reason that does is refused under the field."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test import Client

from adherents.desk import agent_forms
from adherents.desk import forms as desk_forms
from adherents.desk.forms import ReasonForm
from adherents.desk.reasons import ReasonField, names_no_person
from adherents.journal.models import Entry
from adherents.members.models import Member

NUMBER = "Retirez ce long numéro"
ADDRESS = "Retirez l’adresse e-mail"


@pytest.mark.parametrize(
    "typed",
    [
        "NIR 1850578006084",
        "son numéro est 1 85 05 78 006 084 36",
        "1.85.05.78.006.084",
        "1-85-05-78-006-084/36",
        "1/85/05/78/006/084",
        "1_85_05_78_006_084",
        "1\u00a085\u202f05 78 006 084",
        "18505\u200b78006084",
        "１８５０５７８００６０８４",
        "2 69 05 2A 123 456",
        "269052b123456 en Corse",
        "carte 4970 1012 3456 7890",
        "FR76 3000 4000 0312 3456 7890 143",
    ],
)
def test_thirteen_digits_are_refused_however_they_are_written(typed: str) -> None:
    form = ReasonForm({"reason": typed})
    assert NUMBER in str(form.errors["reason"])


@pytest.mark.parametrize("typed", ["écrit de camille@example.org", "camille ＠ example", "@camille"])
def test_an_address_is_refused(typed: str) -> None:
    form = ReasonForm({"reason": typed})
    assert ADDRESS in str(form.errors["reason"])


@pytest.mark.parametrize(
    "typed",
    [
        "Appel du 12/03/2026, rappel le 14/03/2026",
        "du 12/03/2026 - 14/04/2026",
        "Dossier D-2026-000123",
        "Appelle du 04 76 60 56 36",
        "Demande de 2026, 3e relance",
        "Bloqué depuis 24 h, vu par le 2A du service",
    ],
)
def test_what_names_nobody_is_accepted(typed: str) -> None:
    names_no_person(typed)
    assert ReasonForm({"reason": typed}).is_valid()


def test_every_form_that_asks_for_free_words_to_be_journalled_uses_this_field() -> None:
    for module in (desk_forms, agent_forms):
        for form in vars(module).values():
            if isinstance(form, type) and issubclass(form, forms.Form):
                field = form.base_fields.get("reason")
                assert field is None or isinstance(field, ReasonField | forms.ChoiceField), form


@pytest.mark.django_db
def test_it_is_said_under_the_field_what_was_typed_stays_and_nothing_is_journalled(
    member: Member, desk: Client
) -> None:
    answer = desk.post(f"/gestion/adherents/{member.pk}/fermeture/", {"reason": "NIR 1 85 05 78 006 084"})
    page = answer.content.decode()
    assert NUMBER in page
    assert 'aria-invalid="true"' in page
    assert "1 85 05 78 006 084" in page
    assert not [entry for entry in Entry.objects.all() if "reason" in entry.details]
    member.refresh_from_db()
    assert member.account is not None
    assert member.account.closed_at is None


def test_a_validator_raises_what_forms_understand() -> None:
    with pytest.raises(ValidationError):
        names_no_person("1850578006084")
