"""The words of a refusal or a correction, as its reasons are chosen: a template of the profile, and what the agent typed."""

from collections.abc import Sequence

from adherents.insurer.treatment import Reason

WORDS = ("words_fr", "words_en")
BETWEEN = "\n\n"  # a paragraph for each reason


def chosen_of(reasons: Sequence[Reason], codes: str) -> list[Reason]:
    """The reasons of a form's field, in the order in which they were chosen. A code that is none here is left out."""
    known = {reason.code: reason for reason in reasons}
    return [known[code] for code in dict.fromkeys(codes.split()) if code in known]


def codes_of(chosen: Sequence[Reason]) -> str:
    """What the form's field holds."""
    return " ".join(reason.code for reason in chosen)


def with_or_without(chosen: Sequence[Reason], one: Reason) -> list[Reason]:
    """`one` added to the chosen, or taken away; the last one stays."""
    left = [reason for reason in chosen if reason.code != one.code]
    return (left or [one]) if len(left) < len(chosen) else [*chosen, one]


def template(chosen: Sequence[Reason]) -> dict[str, str]:
    """The profile's words for these reasons, in each language."""
    return {
        "words_fr": BETWEEN.join(reason.words.fr.strip() for reason in chosen),
        "words_en": BETWEEN.join(reason.words.en.strip() for reason in chosen),
    }


def typed(written: dict[str, str], reasons: Sequence[Reason], before: Sequence[Reason]) -> dict[str, str]:
    """The words that the agent typed. Choosing a reason replaces other reasons' words, but never these."""
    own = {text for reason in reasons for text in template([reason]).values()}
    own |= set(template(before).values())
    return {name: text for name, text in _plain(written).items() if text and text not in own}


def amended(written: dict[str, str], *, before: Sequence[Reason], after: Sequence[Reason]) -> dict[str, str]:
    """The words with a paragraph for each reason that was added, and without those of a reason taken away.

    Words that were emptied in English stay so: half of what is said would be there.
    """
    mended = {}
    for name, text in _plain(written).items():
        if text == template(before)[name] or (name == "words_fr" and not text):
            mended[name] = template(after)[name]
            continue
        for reason in before:
            if reason not in after:
                text = text.replace(template([reason])[name], "")
        added = [template([reason])[name] for reason in after if reason not in before]
        paragraphs = [part.strip() for part in text.split(BETWEEN) if part.strip()]
        mended[name] = BETWEEN.join([*paragraphs, *added]) if paragraphs else ""
    return mended


def _plain(written: dict[str, str]) -> dict[str, str]:
    return {name: written.get(name, "").replace("\r\n", "\n").strip() for name in WORDS}
