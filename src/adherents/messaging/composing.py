"""A message on its way: its form, and the files that come with it, sealed while the request is read."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from adherents.accounts.browser import address_of
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.models import Account
from adherents.accounts.services.acts import ActRefused
from adherents.inspection.file_type import SHORT_NAMES
from adherents.insurer.profile import profile
from adherents.members.acting import Acting
from adherents.members.models import Member
from adherents.messaging.models import Thread
from adherents.messaging.services.answer_files import sending_of
from adherents.messaging.services.threads import MessageRefused
from adherents.vault.models import PendingFile, PendingFileQuerySet
from adherents.vault.services.allowance import NoRoom, RoomLeft, allowance_of, room_of, room_of_agent
from adherents.vault.services.attaching import keep_for_answer, keep_waiting, waiting_for_answer
from adherents.vault.services.deposit import FilesGone
from adherents.vault.services.preparing import TooManyOpen
from adherents.vault.services.receiving import MEGABYTE, FormFiles, RefusedFile, UploadBatch
from adherents.vault.uploads.handlers import SealingUploadHandler


class Composing(ABC):
    """A message that is being written. `sent` sends it, if it can leave. Otherwise its files wait for a day, with the form."""

    def __init__(self, request: HttpRequest, *, takes: bool = True) -> None:
        """`takes`: the request may bring files, and is not read yet."""
        self.request = request
        self.intake = UploadBatch()
        if takes and request.method == "POST":
            self.intake.room = self._room()
            request.upload_handlers = [SealingUploadHandler(request, self.intake)]

    @abstractmethod
    def _room(self) -> RoomLeft:
        """How much the writer may still send."""

    @abstractmethod
    def _named(self, form: forms.Form) -> list[uuid.UUID]:
        """The files that arrived before and still go. One that is not there may be an error of the form."""

    @abstractmethod
    def _keep(self, named: Collection[uuid.UUID], form: forms.Form) -> None:
        """Keep what arrived, and those that arrived before and still go: the message does not leave."""

    @abstractmethod
    def _waiting(self) -> Iterable[PendingFile]:
        """What the page shows of what arrived already."""

    @abstractmethod
    def _check_pace(self, form: forms.Form) -> None:
        """An error of the form where too many messages were sent in a short time."""

    @property
    def data(self) -> Any:
        """What the form is bound to; None on a fresh page."""
        return self.request.POST if self.request.method == "POST" else None

    def sent(self, form: forms.Form, send: Callable[[FormFiles], Thread]) -> Thread | None:
        """The thread that `send` wrote the message in. None when it did not leave: the form says why, where it was posted.

        A waiting file may be deleted meanwhile, and another sending may take the room: then the other files wait.
        """
        files = self._files_of(form)
        if files is None:
            return None
        try:
            thread = send(files)
        except NoRoom as refusal:
            form.add_error("files", str(refusal.reason.label))
        except FilesGone:
            form.add_error("files", _("Un fichier qui attendait n’est plus là : joignez-le à nouveau."))
        except ActRefused:
            form.add_error(None, _("Vos droits ont changé : vous ne pouvez plus joindre de fichiers."))
        except MessageRefused as refusal:
            form.add_error(refusal.field or None, str(refusal.message))
        else:
            self.intake.take()
            return thread
        self._keep(files.named, form)
        return None

    def _files_of(self, form: forms.Form) -> FormFiles | None:
        if self.request.method != "POST":
            return None
        named = self._named(form)
        for file in self.intake.refused:
            form.add_error("files", self._refused_words(file))
        most = profile().documents.max_files
        if len(named) + len(self.intake.arrived) > most:
            too_many = _("%(count)d fichiers au plus par message : retirez-en.")
            form.add_error("files", too_many % {"count": most})
        if self.intake.cut_short:
            far_too_many = _(
                "Vous avez choisi beaucoup trop de fichiers à la fois : %(count)d au plus par message."
            )
            form.add_error("files", far_too_many % {"count": most})
        self._check_pace(form)
        if form.is_valid():
            return FormFiles(arrived=self.intake.arrived, named=named)
        self._keep(named, form)
        return None

    @staticmethod
    def _refused_words(file: RefusedFile) -> str:
        return _("« %(name)s » n’a pas été joint. %(why)s") % {"name": file.name, "why": file.sentence}

    def context(self) -> dict[str, Any]:
        """What the page says of files: limits, types, and those that arrived already."""
        documents = profile().documents
        return {
            "waiting": self._waiting(),
            "most_files": documents.max_files,
            "most_megabytes": documents.max_file_mb,
            "most_bytes": documents.max_file_mb * MEGABYTE,
            "formats": ", ".join(SHORT_NAMES[kind] for kind in documents.types),
            "accept": documents.accept,
        }


class Writing(Composing):
    """A member's message."""

    def __init__(self, request: HttpRequest, acting: Acting) -> None:
        self.acting, self.member = acting, acting.file
        self._kept: set[uuid.UUID] = set()
        super().__init__(request)

    def _room(self) -> RoomLeft:
        return room_of(self.member)

    def _named(self, form: forms.Form) -> list[uuid.UUID]:
        chosen = set(self.request.POST.getlist("waiting"))
        there = [file.pk for file in self._all_waiting() if str(file.pk) in chosen]
        if len(there) < len(chosen):
            form.add_error("files", _("Un fichier qui attendait n’est plus là : joignez-le à nouveau."))
        return there

    def _keep(self, named: Collection[uuid.UUID], form: forms.Form) -> None:
        keep_waiting(member=self.member, arrived=self.intake.arrived)
        self._kept = {*named, *(file.id for file in self.intake.take())}

    def _all_waiting(self) -> PendingFileQuerySet:
        """What arrived for a message, and for no sending of documents."""
        return PendingFile.objects.waiting_for(self.member).with_no_sending()

    def _waiting(self) -> Iterable[PendingFile]:
        return self._all_waiting().filter(pk__in=self._kept) if self._kept else []

    def _check_pace(self, form: forms.Form) -> None:
        try:
            hit("message", address=address_of(self.request), identifier=self.member.number)
        except RateLimited:
            form.add_error(
                None, _("Vous avez envoyé beaucoup de messages en peu de temps. Réessayez dans une heure.")
            )

    def context(self) -> dict[str, Any]:
        return {**super().context(), "allowance": allowance_of(self.member)}


class AgentWriting(Composing):
    """An agent's message to a member. `about`: as for `sending_of`, so that its files are there again when the page is."""

    def __init__(
        self, request: HttpRequest, *, agent: Account, member: Member, about: str, takes: bool = True
    ) -> None:
        self.agent, self.member, self.sending_id = agent, member, sending_of(agent, about)
        super().__init__(request, takes=takes)

    def _room(self) -> RoomLeft:
        return room_of_agent(self.agent)

    def _named(self, form: forms.Form) -> list[uuid.UUID]:
        """As the page says: the same form pressed again names files that have left with the message."""
        chosen = self.request.POST.getlist("waiting")
        named = [key for text in dict.fromkeys(chosen) if (key := _uuid(text))]
        if len(named) < len(chosen):
            form.add_error("files", _("Un fichier qui attendait n’est plus là : joignez-le à nouveau."))
        return named

    def keep(self) -> list[str]:
        """Keep the files of a form that was posted to change its words, not to send. Which did not arrive, in words."""
        told = [self._refused_words(file) for file in self.intake.refused]
        chosen = (_uuid(text) for text in self.request.POST.getlist("waiting"))
        return told + self._kept({key for key in chosen if key})

    def _keep(self, named: Collection[uuid.UUID], form: forms.Form) -> None:
        for words in self._kept(named):
            form.add_error("files", words)

    def _kept(self, named: Collection[uuid.UUID]) -> list[str]:
        try:
            keep_for_answer(
                agent=self.agent,
                member=self.member,
                sending_id=self.sending_id,
                arrived=self.intake.arrived,
                chosen=named,
            )
        except (ActRefused, TooManyOpen):
            return [_("Les fichiers n’ont pas pu être gardés : choisissez-les à nouveau.")]
        self.intake.take()
        return []

    def _check_pace(self, form: forms.Form) -> None:
        """An agent answers as many as there are."""

    def _waiting(self) -> Iterable[PendingFile]:
        return waiting_for_answer(agent=self.agent, member=self.member, sending_id=self.sending_id)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
