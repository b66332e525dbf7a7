"""The rules of a password as a list that ticks itself while the password is typed (G2, G3)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from adherents.insurer.profile import profile


@dataclass(frozen=True)
class Criterion:
    """One rule: what the script looks at (`rule`, `value`), and the words. Without a rule it is only said."""

    text: str
    rule: str = ""
    value: int = 0


def password_criteria() -> list[Criterion]:
    """The profile's rules, in the order of the guide."""
    rules = profile().password
    listed = [
        Criterion(
            _("faire %(count)s caractères au minimum") % {"count": rules.min_length},
            "length",
            rules.min_length,
        )
    ]
    if rules.lowercase_required:
        listed.append(Criterion(_("contenir des minuscules"), "lowercase", 1))
    if rules.classes_required:
        words = _(
            "contenir au moins %(count)s de ces éléments : un chiffre, un caractère spécial, une majuscule"
        )
        listed.append(Criterion(words % {"count": rules.classes_required}, "classes", rules.classes_required))
    listed.append(Criterion(_("ne jamais avoir été utilisé dans le passé")))
    return listed
