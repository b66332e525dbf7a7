"""Run beside the portal: an agent takes a member's latest document in hand and decides, without the ten seconds of « Annuler ».

Usage: decide NUMBER accepted|refused|incomplete [DAYS]
"""

import sys
import time
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from adherents.accounts.models import Account  # noqa: E402
from adherents.casework.models import Item  # noqa: E402
from adherents.casework.services import deciding, entering, queue  # noqa: E402
from adherents.vault.models import Document, State  # noqa: E402

REASON = "rib_iban_incomplet"  # any other kind gets its profile's first reason, word for word
WORDS = "L’IBAN est coupé sur la photo. Envoyez-nous le RIB entier, avec vos nom et prénom."
ENGLISH = "The IBAN is cut off in the photo. Please send us the whole RIB, with your full name on it."
UNDECIDED = [State.RECEIVED, State.CHECKED, State.IN_PROGRESS]


def latest_of(number: str) -> Item:
    """The latest document without a decision, as soon as its checks are done: one that came before it may wait already."""
    latest = Document.objects.filter(member__number=number, state__in=UNDECIDED).latest("at")
    for _ in range(450):  # ninety seconds, as journeys wait for a worker
        entering.enter_checked()
        if (item := Item.objects.waiting().filter(document=latest).first()) is not None:
            return item
        time.sleep(0.2)
    raise SystemExit(f"the latest document of {number} does not wait")


number, outcome, *days = sys.argv[1:]
agent, _made = Account.objects.get_or_create(
    identifier="lucie.garnier@mese.example",
    defaults={"role": "conseiller", "display_name": "Lucie Garnier", "email": "lucie.garnier@mese.example"},
)
item = queue.take(agent=agent, item=latest_of(number))
reason = {"reason": REASON, "words_fr": WORDS, "words_en": ENGLISH}
if item.kind != "rib":
    template = deciding.reasons_for(item, "refuse" if outcome == "refused" else "correct")[0]
    reason = {"reason": template.code, "words_fr": template.words.fr, "words_en": template.words.en}
if outcome == "accepted":
    decision = deciding.accept(agent=agent, item=item)
elif outcome == "refused":
    decision = deciding.refuse(agent=agent, item=item, **reason)
else:
    until = timezone.localdate() + timedelta(days=int(days[0]))
    decision = deciding.ask_correction(agent=agent, item=item, until=until, **reason)
deciding.settle(decision)
