"""Numbers for people, in the reader's language."""

from django.utils.translation import get_language

NARROW, WIDE = "\u202f", "\u00a0"  # spaces at which no line breaks


def is_french() -> bool:
    """Whether the reader's language is French."""
    return (get_language() or "fr").startswith("fr")


def size(octets: int) -> str:
    """A file's size for people: « 5,9 Mo » in French, "5.9 MB" in English (1 Mo = 1,000,000 octets)."""
    french = is_french()
    units = ("o", "ko", "Mo", "Go") if french else ("B", "kB", "MB", "GB")
    amount, unit = float(octets), units[0]
    for bigger in units[1:]:
        if round(amount) < 1000:
            break
        amount, unit = amount / 1000, bigger
    digits = 1 if unit in units[2:] and amount < 100 else 0
    number = f"{amount:.{digits}f}".removesuffix(".0")
    return f"{number.replace('.', ',') if french else number}{WIDE}{unit}"


def thousands(number: int) -> str:
    """A large number for people: « 3 000 » in French, "3,000" in English."""
    return f"{number:,}".replace(",", NARROW if is_french() else ",")


def euros(amount: str) -> str:
    """« 1 234,56 € » of `1234.56`; "€1,234.56" in English."""
    whole, _, cents = amount.partition(".")
    said = thousands(int(whole))
    return f"{said},{cents}{WIDE}€" if is_french() else f"€{said}.{cents}"


def spaced(value: object, every: int = 4) -> str:
    """A long number in groups: « 7010 0001 »."""
    text = str(value)
    return WIDE.join(text[start : start + every] for start in range(0, len(text), every))
