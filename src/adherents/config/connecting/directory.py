"""The agents' directory and FranceConnect: what they say of themselves, their keys; the account for when the first fails."""

from django.conf import settings

from adherents.accounts.models import Account
from adherents.accounts.openid.calls import ask
from adherents.accounts.openid.provider import provider_of
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.accounts.openid.tokens import ALGORITHMS
from adherents.config.connecting.remarks import Remarks, fault, ok, warning
from adherents.insurer.directory import Directory
from adherents.insurer.profile import profile


def look() -> Remarks:
    known = profile().agents.oidc
    assert known is not None
    yield from _about(known.issuer, settings.ADHERENTS_AGENTS_OIDC_SECRET, "ADHERENTS_AGENTS_OIDC_SECRET")
    yield from _break_glass(known)


def look_at_franceconnect() -> Remarks:
    known = profile().franceconnect
    assert known is not None
    yield from _about(known.issuer, settings.ADHERENTS_FRANCECONNECT_SECRET, "ADHERENTS_FRANCECONNECT_SECRET")


def _about(issuer: str, secret: str, setting: str) -> Remarks:
    try:
        facts = provider_of(issuer).facts()
        ask(facts.jwks_uri)
    except OpenIdRefused as refusal:
        hint = "Is it started, and does a firewall or a proxy stand in between?"
        if refusal.why == OpenIdReason.MISCONFIGURED:
            hint = "issuer in the profile is what it says itself, to the letter."
        yield fault(f"{issuer}: {refusal}", hint)
        return
    if not facts.signing_algorithms & ALGORITHMS:
        yield fault(
            "It signs with nothing that is believed here.",
            f"Let it sign with one of {', '.join(sorted(ALGORITHMS))}.",
        )
        return
    yield ok(f"{issuer} says where its pages and its keys are")
    if not secret:
        yield fault("The portal has no secret to prove itself with.", f"Set {setting}.")


def _break_glass(known: Directory) -> Remarks:
    if known.break_glass is None:
        return
    if not Account.objects.active_administrators().filter(identifier=known.break_glass).exists():
        yield warning(
            f"break_glass names {known.break_glass}, and no administrateur who has signed in has this address.",
            f"adherents create_agent {known.break_glass} --role administrateur, then sign in once.",
        )
