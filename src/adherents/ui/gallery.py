"""What the gallery of elements shows: every element in each of its states, with invented people's data."""

import datetime as dt

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone

from adherents.ui.cards import DocumentCard
from adherents.ui.fields import BirthDateField, NirInput, PasswordInput


class SampleForm(forms.Form):
    """One field of each sort."""

    number = forms.CharField(
        label="N° adhérent",
        help_text="Il figure sur votre carte de Tiers Payant.",
        widget=forms.TextInput({"autocomplete": "username"}),
    )
    nir = forms.CharField(
        label="N° Sécurité sociale",
        help_text="Saisir le numéro de sécurité sociale complet, y compris la clé",
        widget=NirInput(),
    )
    birth_date = BirthDateField()
    email = forms.EmailField(
        label="E-mail", required=False, widget=forms.EmailInput({"autocomplete": "email"})
    )
    kind = forms.ChoiceField(
        label="Quel document ?", choices=[("rib", "RIB"), ("facture", "Facture dentaire")]
    )
    language = forms.ChoiceField(
        label="Langue des mails",
        choices=[("fr", "Français"), ("en", "English")],
        widget=forms.RadioSelect(),
    )
    note = forms.CharField(label="Un mot pour nous", required=False, widget=forms.Textarea({"rows": 3}))
    attached = forms.FileField(
        label="Vos fichiers",
        help_text="PDF, JPEG, PNG ou HEIC, 20 Mo par fichier.",
        widget=forms.FileInput({"data-files": "choisis"}),
    )
    password = forms.CharField(
        label="Définir le mot de passe", widget=PasswordInput(autocomplete="new-password")
    )
    together = forms.BooleanField(label="Réunir les photos en un seul PDF")


def forms_in_each_state() -> dict[str, SampleForm]:
    """Empty, and in error with what was typed."""
    wrong = {
        "wrong-number": "7010 0001",
        "wrong-nir": "1 85 05 78 006 084 36",
        "wrong-birth_date_day": "31",
        "wrong-birth_date_month": "02",
        "wrong-birth_date_year": "1954",
        "wrong-email": "camille@",
        "wrong-kind": "autre",
    }
    return {"empty": SampleForm(auto_id="empty_%s"), "wrong": SampleForm(wrong, prefix="wrong")}


def cards() -> list[DocumentCard]:
    return [
        DocumentCard(
            1, "Facture dentaire", "Envoyée le 21/11/2026 · 2 pages", "in_progress", "En cours", format="PDF"
        ),
        DocumentCard(
            2,
            "RIB",
            "Envoyé le 18/11/2026 · n° D-2026-004812",
            "refused",
            "Refusé",
            reason="L’IBAN est coupé sur la photo.",
            format="HEIC",
        ),
        DocumentCard(
            3,
            "Attestation de Sécurité sociale de l’année",
            "Envoyée le 02/11/2026 · 1 page",
            "accepted",
            "Accepté",
            format="PDF",
        ),
        DocumentCard(
            4,
            "Certificat de scolarité",
            "Envoyé le 02/11/2026 · 1 page",
            "incomplete",
            "À compléter",
            format="JPEG",
        ),
    ]


def steps() -> list[dict[str, object]]:
    now = timezone.now()
    return [
        {"label": "Reçu", "done": True, "at": now - dt.timedelta(days=3)},
        {"label": "Vérifié", "done": True, "at": now - dt.timedelta(days=2), "state": "info"},
        {
            "label": "Refusé",
            "done": True,
            "at": now - dt.timedelta(hours=4),
            "state": "refusal",
            "text": "L’IBAN est coupé sur la photo.",
        },
        {"label": "Accepté", "done": False},
    ]


def pages(number: int) -> object:
    return Paginator(range(95), 20).get_page(number)
