from adherents.vault.drawing.process import kept_ready
from adherents.vault.services.preparing import tell_what_waits
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.resuming import sweep_expired
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.work.registry import sweep


@sweep("vault.pages", around=kept_ready)
def draw() -> int:
    return draw_due()


@sweep("vault.forgotten")
def forget() -> int:
    return sweep_forgotten()


@sweep("vault.uploads")
def give_up_uploads() -> int:
    return sweep_expired()


@sweep("vault.unsent", every=60)
def tell_of_unsent() -> int:
    return tell_what_waits()
