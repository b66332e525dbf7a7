"""FranceConnect, by which members may sign in: the table `[franceconnect]` of a profile (decision 49)."""

from adherents.insurer.directory import Issuer
from adherents.insurer.pictures import Picture
from adherents.insurer.values import Facts, Text


class Button(Facts):
    """FranceConnect's own drawings of its button, as it gives them to its partners: nobody else may hand them on.

    Those that are not given are the one on a light ground, at rest.
    """

    light: Picture
    light_hover: Picture | None = None
    dark: Picture | None = None
    dark_hover: Picture | None = None


class FranceConnect(Facts):
    """`issuer`: that of FranceConnect v2, in production or for trials, to the letter."""

    issuer: Issuer
    client_id: Text
    button: Button | None = None
