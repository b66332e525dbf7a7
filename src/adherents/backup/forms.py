from django import forms

from adherents.desk.forms import ReasonForm


class LiftForm(ReasonForm):
    """Why, and how many objects without a row the page showed. It takes no focus: what stands above it is read first."""

    first = ""

    unowned = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
