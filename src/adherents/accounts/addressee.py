"""The person that a mail is for: two people may share a mailbox."""

from adherents.mail.services import Value
from adherents.ui.templatetags.ui import masked


def addressee(name: str, number: str) -> dict[str, Value]:
    """What every mail says of its reader: the given name, and a few digits of the n° adhérent ("" for an agent).

    `name`: as the account shows it, « Marie Ève HOARAU ».
    """
    given, hidden = given_name(name), masked(number) if number else ""
    return {"for_name": given or hidden, "for_number": hidden if given else ""}


def given_name(name: str) -> str:
    """« Marie Ève » of « Marie Ève HOARAU »; « Marie » of « MARIE HOARAU », where nothing says where it ends."""
    words = name.split()
    given = []
    for word in words:
        if word.isupper() and len(word) > 1:
            break
        given.append(word)
    return " ".join(given) if given or not words else words[0].title()
