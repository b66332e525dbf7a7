"""What an export in open formats says of each table, and what it leaves out: secrets, keys, and what only makes it quick."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from adherents.backup.tables import columns_of
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import readable
from adherents.database.reader import listed
from adherents.vault.services.verification import every_row

# Each table of ours is in one of these two lists.
EXPORTED = [
    "accounts.account", "casework.correction", "casework.daytally", "casework.decision", "casework.item", "casework.reasontally",
    "casework.refiling", "casework.relocation", "casework.reopening", "casework.tally",
    "journal.entry", "journal.head", "members.beneficiary", "members.formeraddress", "members.member", "messaging.attachment",
    "messaging.cannedanswer", "messaging.message", "messaging.messagedaytally", "messaging.messagetally",
    "messaging.thread", "notes.note", "notes.opinion",
    "reading.paperfield", "reading.paperreading", "reading.printedcode", "vault.deposit", "vault.document",
    "vault.acknowledgement", "vault.gatheredphoto",
]  # fmt: skip
LEFT_OUT = {
    "accounts.accesslink": "opens an account", "accounts.factorrequest": "told in the journal",
    "accounts.directoryidentity": "opens an account",
    "accounts.formerpassword": "a hash of a password", "accounts.knowndevice": "a browser",
    "accounts.ratecounter": "a count", "accounts.resetrequest": "work on its way",
    "accounts.session": "opens an account", "accounts.endedsession": "a browser",
    "accounts.signincounter": "a count", "accounts.usedtoken": "a browser", "backup.restoration": "of this installation",
    "casework.handover": "words that go with the decision",
    "casework.morningalert": "how agents work here",
    "casework.savedfilter": "how agents look at the queue here",
    "casework.summary": "work on its way", "casework.summaryline": "work on its way",
    "desk.absence": "how agents share the work here", "desk.specialty": "the same",
    "desk.zoom": "how large an agent reads here",
    "drafts.draft": "typed and not sent",
    "folder.folderwatch": "of this installation", "folder.folderbatch": "told in the journal",
    "folder.folderpaper": "told in the journal", "folder.folderdelivery": "told in the journal",
    "folder.folderoriginal": "told in the journal",
    "feed.announcement": "told in the journal", "feed.epoch": "of this installation",
    "webhooks.endpoint": "of this installation", "enrolment.addresstoconfirm": "not confirmed",
    "enrolment.franceconnectidentity": "opens an account",
    "api.apiclient": "of this installation", "api.apikey": "a hash of a key", "api.storedanswer": "told in the journal",
    "enrolment.identityclaim": "work on its way", "enrolment.letterbatch": "holds codes", "mail.outboxmail": "work on its way",
    "messaging.circular": "in each of its threads", "messaging.circularcopy": "the same",
    "members.lastbeneficiaryline": "the order of a file", "members.lastfile": "the order of a file",
    "members.lastmemberline": "the order of a file", "storage.erasure": "told in the journal",
    "reading.fieldtally": "a count", "reading.trustedlist": "published by France Titres",
    "storage.unclaimedobject": "work on its way", "vault.drawingturn": "work on its way",
    "vault.page": "a picture of a document that is exported", "vault.thumbnail": "the same, small",
    "vault.pendingfile": "not sent yet",
    "vault.receipt": "a file of its member", "vault.receiptblock": "a count", "vault.receiptcounter": "a count",
    "vault.sending": "not sent yet",
    "vault.signingkey": "its public half is accuses.pem", "vault.upload": "not sent yet", "vault.uploadpart": "not sent yet",
    "mail.relay": "of this installation", "work.heartbeat": "of this installation", "work.hold": "of this installation",
    "work.sweepturn": "of this installation",
}  # fmt: skip
_SECRET = {"password", "storage_name", "lease", "leased_until", "next_attempt_at", "attempts", "name_key"}


def exported_models() -> list[type[models.Model]]:
    return [apps.get_model(label) for label in EXPORTED]


def exported_columns(model: type[models.Model]) -> list[str]:
    """Keys, hashes and indexes are bytes: none of them is exported, and what is sealed is opened."""
    return [
        field.attname
        for field in columns_of(model)
        if field.attname not in _SECRET
        and not field.attname.endswith(("_key", "_pair"))
        and (isinstance(field, EncryptedTextField) or not isinstance(field, models.BinaryField))
    ]


def facts_of(row: models.Model) -> dict[str, Any]:
    """The row as JSON may write it; null where a sealed value does not open, which the log names."""
    sealed = {field.attname for field in columns_of(type(row)) if isinstance(field, EncryptedTextField)}
    return {
        name: readable(row, name, "") or None if name in sealed else getattr(row, name)
        for name in exported_columns(type(row))
    }


def rows_of(model: type[models.Model]) -> Iterator[models.Model]:
    """All of them, in the order of their keys, some at a time; with what a sealed column is bound to."""
    related = {
        path.rpartition("__")[0]
        for field in columns_of(model)
        if isinstance(field, EncryptedTextField)
        for path in field.bound_to
        if "__" in path
    }
    rows = model._base_manager.all()
    return every_row(rows.select_related(*related) if related else rows, read=listed)
