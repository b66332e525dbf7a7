"""FranceConnect, by which members may sign in: the table `[franceconnect]` of a profile (decision 49)."""

from adherents.insurer.directory import Issuer
from adherents.insurer.values import Facts, Text


class FranceConnect(Facts):
    """`issuer`: that of FranceConnect v2, in production or for trials, to the letter."""

    issuer: Issuer
    client_id: Text
