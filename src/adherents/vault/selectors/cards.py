"""A document as a line of a list, in words for the member."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from adherents.ui.cards import DocumentCard
from adherents.ui.moments import day, moment
from adherents.vault.models import Document
from adherents.vault.origins import Origin

WORDS_SHOWN = 24


def cards_of(documents: Iterable[Document], *, brief: bool = False) -> list[DocumentCard]:
    """A card a document, in their order. They are read `with_what_a_card_shows` and `with_answers`, and have their replies.

    `brief`: the day instead of the file's name and the hour.
    """
    return [_card(document, brief=brief) for document in documents]


def _card(document: Document, *, brief: bool) -> DocumentCard:
    state, state_label = document.shown_state
    reason, reason_language = _reason(document)
    return DocumentCard(
        key=document.pk,
        name=document.kind_label,
        meta="" if brief else _meta(document),
        day=day(document.came_on) if brief else "",
        state=state,
        state_label=state_label,
        reason=reason,
        reason_language=reason_language,
        note=_note(document),
        format=document.type_name,
        picture=reverse("vault:thumbnail", args=[document.pk]) if document.has_pages else "",
    )


def _meta(document: Document) -> str:
    at = moment(document.at)
    if came := document.came_in_words:
        return f"{document.name or document.deposit.number}, {came}"
    if document.origin == Origin.INSURER:
        return _("%(name)s, déposé le %(at)s") % {"name": document.name, "at": at}
    if document.part_of_id is not None:
        words = {"pages": document.pages_words, "name": document.name or document.deposit.number, "at": at}
        return _("%(pages)s de %(name)s, envoyé le %(at)s") % words
    if document.joined_count:
        return _("%(documents)s, envoi du %(at)s") % {"documents": document.joined_words, "at": at}
    if document.name:
        return _("%(name)s, envoyé le %(at)s") % {"name": document.name, "at": at}
    return _("%(number)s, envoyé le %(at)s") % {"number": document.deposit.number, "at": at}


def _note(document: Document) -> str:
    if document.joined_at and not document.erased_at:
        return f"{document.joined_with_words}."
    if document.answered_at:
        return _("Vous avez répondu le %(day)s.") % {"day": day(document.answered_at)}
    if document.answers_id and not document.erased_at:
        return _("À la place d’un document qui n’allait pas.")
    if document.is_asked_again:
        return document.reply.deadline if document.reply else ""
    return "" if document.is_decided else document.blank_words


def _reason(document: Document) -> tuple[str, str]:
    """The beginning of what the service replied, and its language where it is not the page's."""
    reply = document.reply
    if reply is None or not reply.words or document.answered_at:
        return "", ""
    words = Truncator(reply.words).words(WORDS_SHOWN, truncate=" …")
    shown = _("Le %(day)s : %(words)s") % {"day": day(reply.at), "words": words}
    return shown, "" if reply.language == (get_language() or "fr")[:2] else reply.language
