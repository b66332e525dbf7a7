"""A member's message on its way: its form, and the files that come with it, sealed while the request is read."""

import uuid
from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from adherents.accounts.browser import address_of
from adherents.accounts.limits import RateLimited, hit
from adherents.inspection.file_type import SHORT_NAMES
from adherents.insurer.profile import profile
from adherents.members.acting import Acting
from adherents.messaging.models import Thread
from adherents.vault.models import PendingFile, PendingFileQuerySet
from adherents.vault.services.allowance import NoRoom, allowance_of, room_of
from adherents.vault.services.attaching import keep_waiting
from adherents.vault.services.deposit import FilesGone
from adherents.vault.services.receiving import MEGABYTE, FormFiles, UploadBatch
from adherents.vault.uploads.handlers import SealingUploadHandler


class Writing:
    """A message that is being written. `sent` sends it, if it can leave. Otherwise its files wait for a day, with the form."""

    def __init__(self, request: HttpRequest, acting: Acting) -> None:
        self.request, self.acting, self.member = request, acting, acting.file
        self.intake = UploadBatch()
        self._kept: set[uuid.UUID] = set()
        if request.method == "POST":
            self.intake.room = room_of(self.member)
            request.upload_handlers = [SealingUploadHandler(request, self.intake)]

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
        else:
            self.intake.take()
            return thread
        self._keep(files.named)
        return None

    def _files_of(self, form: forms.Form) -> FormFiles | None:
        if self.request.method != "POST":
            return None
        chosen = set(self.request.POST.getlist("waiting"))
        there = [file.pk for file in self._waiting() if str(file.pk) in chosen]
        if len(there) < len(chosen):
            form.add_error("files", _("Un fichier qui attendait n’est plus là : joignez-le à nouveau."))
        for file in self.intake.refused:
            words = {"name": file.name, "why": file.sentence}
            form.add_error("files", _("« %(name)s » n’a pas été joint. %(why)s") % words)
        most = profile().documents.max_files
        if len(there) + len(self.intake.arrived) > most:
            too_many = _("%(count)d fichiers au plus par message : retirez-en.")
            form.add_error("files", too_many % {"count": most})
        if self.intake.cut_short:
            far_too_many = _(
                "Vous avez choisi beaucoup trop de fichiers à la fois : %(count)d au plus par message."
            )
            form.add_error("files", far_too_many % {"count": most})
        try:
            hit("message", address=address_of(self.request), identifier=self.member.number)
        except RateLimited:
            form.add_error(
                None, _("Vous avez envoyé beaucoup de messages en peu de temps. Réessayez dans une heure.")
            )
        if form.is_valid():
            return FormFiles(arrived=self.intake.arrived, named=there)
        self._keep(there)
        return None

    def _keep(self, there: Collection[uuid.UUID]) -> None:
        keep_waiting(member=self.member, arrived=self.intake.arrived)
        self._kept = {*there, *(file.id for file in self.intake.take())}

    def _waiting(self) -> PendingFileQuerySet:
        """What arrived for a message, and for no sending of documents."""
        return PendingFile.objects.waiting_for(self.member).with_no_sending()

    def context(self) -> dict[str, Any]:
        """What the page says of files: limits, types, and those that arrived already."""
        documents = profile().documents
        waiting = self._waiting().filter(pk__in=self._kept) if self._kept else []
        return {
            "waiting": waiting,
            "allowance": allowance_of(self.member),
            "most_files": documents.max_files,
            "most_megabytes": documents.max_file_mb,
            "most_bytes": documents.max_file_mb * MEGABYTE,
            "formats": ", ".join(SHORT_NAMES[kind] for kind in documents.types),
            "accept": documents.accept,
        }
