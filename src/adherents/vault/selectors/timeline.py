"""A document's line of time for its owner: what happened, where it is, and what happens next and by when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.ui import moments
from adherents.vault.legibility import what_to_do_about_blank, what_to_send, why_set_aside
from adherents.vault.models import Deposit, Document, State
from adherents.vault.origins import Origin
from adherents.vault.selectors.history import refiled_words, without_undone

_ANSWERS: dict[str, State] = {
    Event.DOCUMENT_ACCEPTED: State.ACCEPTED,
    Event.DOCUMENT_REFUSED: State.REFUSED,
    Event.CORRECTION_ASKED: State.INCOMPLETE,
}
ANSWERED = {State.ACCEPTED, State.REFUSED, State.INCOMPLETE}


def steps_of(document: Document, entries: Iterable[Entry] = ()) -> list[dict[str, Any]]:
    """Reçu, Vérifié, En cours, and the answer: each with its moment, and what comes next. `entries`: its journal."""
    steps = [_arrival(document)]
    if document.erased_at is not None:
        if document.is_decided or document.state == State.INCOMPLETE:
            steps.append(_step(document.state, document.get_state_display(), document.state_at))
        return [*steps, _step("withdrawn", document.shown_state[1], document.erased_at)]
    if document.is_from_insurer:
        return steps
    if document.set_aside and document.state not in ANSWERED:
        why = why_set_aside(document)
        return [*steps, _step("refused", document.shown_state[1], document.state_at, why)]
    steps.append(_checked(document))
    if document.origin == Origin.MESSAGE:
        return steps
    if document.split_at is not None:
        why = _("Votre fichier contient plusieurs documents : chacun est traité à part.")
        return [*steps, _step("split", _("Réparti"), document.split_at, why)]
    if document.joined_at is not None:
        words = {"with": document.joined_with_words}
        why = _("%(with)s. Nous traitons l’ensemble comme un seul document.") % words
        return [*steps, *_refiled(entries), _step("joined", _("Réuni"), document.joined_at, why)]
    if document.relocated_at is not None:
        why = _(
            "Il ne vous concerne pas, ou concerne un autre contrat. L’original reste ici, avec son accusé."
        )
        return [
            *steps,
            *_refiled(entries),
            _step("relocated", document.shown_state[1], document.relocated_at, why),
        ]
    again = _reopened(entries)
    if document.state not in ANSWERED and not again:
        steps += [_in_progress(document, entries), *_refiled(entries)]
        return [*steps, _to_come(_("Réponse"), expected(document))]
    if (taken := _taken_at(entries)) is not None:
        steps.append(_step("in_progress", _("En cours de traitement"), taken))
    steps += _refiled(entries)
    steps += again
    if document.state not in ANSWERED:
        return [*steps, _to_come(_("Nouvelle réponse"), expected(document))]
    answered_at = document.reply.at if document.reply else document.state_at
    steps.append(_step(document.state, document.get_state_display(), answered_at))
    if document.state != State.ACCEPTED and document.answered_at is not None:
        steps.append(_step("accepted", _("Vous avez répondu"), document.answered_at))
    elif document.state == State.INCOMPLETE:
        deadline = document.reply.deadline if document.reply else ""
        steps.append(_to_come(_("Votre réponse"), deadline))
    return steps


def what_next(document: Document) -> str:
    """« Et maintenant ? »: who has to do what, and by when. "" when nothing is left to say."""
    if document.erased_at is not None or document.origin != Origin.MEMBER:
        return ""
    if document.split_at is not None and not document.set_aside:
        return _("Votre fichier contient plusieurs documents : un conseiller les traite un par un.")
    if document.joined_at is not None and not document.set_aside:
        return _("Un conseiller traite l’ensemble comme un seul document : vous recevrez une seule réponse.")
    if document.relocated_at is not None:
        return _(
            "Ce document est classé dans un autre dossier : vous n’avez rien à faire. Si c’est une erreur, écrivez-nous."
        )
    if document.answered_at is not None:
        return _("Vous avez envoyé un autre document à la place : c’est lui que nous traitons.")
    if document.state == State.ACCEPTED:
        return _("C’est terminé : vous n’avez rien d’autre à faire.")
    if document.reply and not document.reply.asks:
        return _("Vous n’avez rien à envoyer à la place.")
    if document.state == State.REFUSED:
        return _(
            "Nous n’en ferons rien tel quel. Envoyez le bon document : il sera traité comme un nouvel envoi."
        )
    if document.state == State.INCOMPLETE:
        return _("Nous attendons votre réponse. Elle reviendra d’abord au conseiller qui vous l’a demandée.")
    if document.set_aside:
        return f"{_('Nous ne pouvons pas traiter ce document tel quel.')} {what_to_send(document)}"
    now = {
        State.RECEIVED: _("Nous vérifions que votre document s’ouvre bien, puis un conseiller le traite."),
        State.CHECKED: _("Votre document attend son tour : un conseiller va le traiter."),
        State.IN_PROGRESS: _("Votre document est en cours de traitement."),
    }[State(document.state)]
    if document.reopened is not None:
        now = _("Nous avons rouvert notre décision : un conseiller examine à nouveau votre document.")
    wanted = _("Réponse %(expected)s") % {"expected": expected(document)}
    return f"{now} {wanted}"


def promised_of(deposit: Deposit, sent: Sequence[Document]) -> list[Document]:
    """Whose promise a receipt tells: those that wait of what was sent, and of what an agent joined or split of it."""
    documents = list(sent)
    if any(document.joined_at or document.split_at for document in sent):
        made = deposit.documents.exclude(part_of=None, joined_count=0)
        documents += made.defer("wrapped_key").order_by("rank", "pk")
    return [document for document in documents if document.waits_for_answer]


def promise_now(document: Document) -> str:
    """What has become of the promise of a receipt, for a document that waits for its answer; "" while it is as it was made."""
    if document.reopened is None and timezone.localdate() <= document.answer_expected_on:
        return ""
    return what_next(document)


def expected(document: Document) -> str:
    """« attendue avant le 30/11/2026. », in working days; once it is past, that we are late."""
    wanted = document.reopened.expected_on if document.reopened else document.answer_expected_on
    day = {"date": moments.day(wanted)}
    if timezone.localdate() > wanted:
        return _("attendue avant le %(date)s : nous avons du retard, votre document n’est pas oublié.") % day
    return _("attendue avant le %(date)s.") % day


def _step(state: str, label: str, at: datetime | None, text: str = "") -> dict[str, Any]:
    return {"state": state, "label": label, "done": True, "at": at, "text": text}


def _to_come(label: str, text: str = "") -> dict[str, Any]:
    return {"state": "", "label": label, "done": False, "at": None, "text": text}


def _arrival(document: Document) -> dict[str, Any]:
    if came := document.came_in_words:
        arrival = _("Enregistré") if document.deposit.way else _("Reçu")
        return _step("received", arrival, document.at, f"{came[0].upper()}{came[1:]}.")
    words = {
        Origin.INSURER.value: _("Déposé par votre mutuelle"),
        Origin.ANSWER.value: _("Joint à un message par votre mutuelle"),
    }
    return _step("received", words.get(document.origin) or _("Reçu"), document.at)


def _checked(document: Document) -> dict[str, Any]:
    if document.checked_at is None and document.state == State.RECEIVED:
        return _to_come(_("Vérifié"))
    return _step("checked", _("Vérifié"), document.checked_at, what_to_do_about_blank(document))


def _in_progress(document: Document, entries: Iterable[Entry]) -> dict[str, Any]:
    label = _("En cours de traitement")
    if document.state != State.IN_PROGRESS:
        return _to_come(label)
    return _step("in_progress", label, _taken_at(entries) or document.state_at)


def _refiled(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Each time that it was filed anew: as what, or for whom."""
    refiled = [entry for entry in without_undone(entries) if entry.event == Event.DOCUMENT_REFILED]
    return [
        _step("in_progress", _("Reclassé"), entry.at, refiled_words(entry)) for entry in reversed(refiled)
    ]


def _reopened(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Each answer that stands no more, and « Décision rouverte », in their order."""
    steps, answer = list[dict[str, Any]](), None
    for entry in reversed(list(entries)):
        if entry.event in _ANSWERS:
            answer = entry
        elif entry.event == Event.DECISION_REOPENED:
            if answer is not None:
                state = _ANSWERS[answer.event]
                steps.append(_step(state, str(state.label), answer.at))
            why = _("Cette réponse ne vaut plus : nous examinons à nouveau votre document.")
            steps.append(_step("in_progress", _("Décision rouverte"), entry.at, why))
    return steps


def _taken_at(entries: Iterable[Entry]) -> datetime | None:
    """When an agent first took it in hand. The journal's entries come newest first."""
    moments = [entry.at for entry in entries if entry.event == Event.DOCUMENT_TAKEN]
    return moments[-1] if moments else None
