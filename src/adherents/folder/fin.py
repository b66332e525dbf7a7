"""`NAME.fin`: the SHA-256 of each file of a batch, as `sha256sum` writes it. It comes last, and says that the batch is whole."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from adherents.folder import disk
from adherents.folder.disk import UnfitFile

SUFFIX = ".fin"
MOST_BYTES = 1 << 20
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


UNREAD = "unread"  # the digest of one that cannot be read


@dataclass(frozen=True)
class Fin:
    """The `.fin` of a batch, as it was read. `why`: why it cannot be, in words."""

    content: bytes = b""
    why: str = ""

    @property
    def digest(self) -> str:
        return UNREAD if self.why else hashlib.sha256(self.content).hexdigest()

    def digests(self, *, most: int) -> dict[str, str]:
        """Of each file that it names. Raises `UnfitFile`."""
        if self.why:
            raise UnfitFile(self.why)
        return parsed(self.content, most=most)


def fin_of(name: str, fd: int) -> Fin | None:
    """Of the batch of this name; None where there is none. Raises `LeftAlone`."""
    try:
        return Fin(b"".join(list(disk.read(f"{name}{SUFFIX}", fd, most=MOST_BYTES))))
    except FileNotFoundError:
        return None
    except UnfitFile as error:
        return Fin(why=str(error))


def parsed(content: bytes, *, most: int) -> dict[str, str]:
    """The digest of each file, whose name is in one form (`disk.one_form`), in the order of the lines. Raises `UnfitFile`."""
    try:
        lines = content.decode().removeprefix("\ufeff").splitlines()
    except UnicodeDecodeError:
        raise UnfitFile(_("Le fichier .fin n’est pas en UTF-8.")) from None
    digests: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            words = _("Le fichier .fin, ligne %(line)d : ce n’est pas une ligne de sha256sum.")
            raise UnfitFile(words % {"line": number})
        if not disk.is_plain(found[2]):
            words = _(
                "Le fichier .fin, ligne %(line)d : un nom a un chemin, un point au début ou un caractère invisible. "
                "Lancez sha256sum dans le dossier du lot."
            )
            raise UnfitFile(words % {"line": number})
        name = disk.one_form(found[2])
        if name in digests:
            raise UnfitFile(
                _("Le fichier .fin, ligne %(line)d : ce fichier est déjà nommé.") % {"line": number}
            )
        digests[name] = found[1].lower()
        if len(digests) > most:
            raise UnfitFile(_("Le fichier .fin nomme trop de fichiers : %(most)d au plus.") % {"most": most})
    if not digests:
        raise UnfitFile(_("Le fichier .fin ne nomme aucun fichier."))
    return digests


def written(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


class Hashing:
    """The digest of the bytes that pass."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._hash = chunks, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
