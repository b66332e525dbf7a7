"""What an insurer does with the exchange folder: puts batches in, looks at what became of them, fetches what is given."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adherents.folder.disk import ExchangeFolder
from adherents.folder.endings import Ending
from adherents.folder.services.rounds import go_round
from adherents.folder.services.watching import Turn, leave_watch, take_watch
from adherents.members.intake.facts import BENEFICIARY_COLUMNS, MEMBER_COLUMNS
from tests.members.member_file import Line, write

INDEX_COLUMNS = ("numero_adherent", "nature", "rang", "nom", "fichier")


def fin_of(files: Mapping[str, bytes]) -> str:
    """As `sha256sum` writes it."""
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def index_of(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerows([INDEX_COLUMNS, *lines])
    return text.getvalue().encode()


@dataclass
class Exchange:
    """`go` does a round; `said` is what it said."""

    path: Path
    folder: ExchangeFolder
    said: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["Exchange"]:
        with ExchangeFolder(path) as folder:
            assert folder.take_lock()
            yield cls(path, folder)

    def put_register(self, name: str, lines: Sequence[Line], covered: Sequence[Line] | None = None) -> None:
        if covered is not None:
            self.put_covered(name, covered)
        self._put_sheet("members", name, lines, MEMBER_COLUMNS)

    def put_covered(self, name: str, lines: Sequence[Line]) -> None:
        self._put_sheet("beneficiaries", name, lines, BENEFICIARY_COLUMNS)

    def _put_sheet(self, kind: str, name: str, lines: Sequence[Line], columns: Sequence[str]) -> None:
        file = write(self.path / kind / f"{name}.csv", lines, columns=columns)
        (self.path / kind / f"{name}.fin").write_text(fin_of({file.name: file.read_bytes()}))

    def put_papers(
        self, name: str, lines: Sequence[Sequence[str]], files: Mapping[str, bytes], *, fin: str | None = None
    ) -> Path:
        batch = self.path / "documents" / name
        batch.mkdir()
        whole = {"index.csv": index_of(lines), **files}
        for file, content in whole.items():
            (batch / file).write_bytes(content)
        (self.path / "documents" / f"{name}.fin").write_text(fin_of(whole) if fin is None else fin)
        return batch

    def go(self, *, allow_gone: float = 20, is_stopping: Callable[[], bool] = lambda: False) -> Ending:
        self.said = []
        token = take_watch(folder=self.folder.identity)
        try:
            turn = Turn(token, is_stopping=is_stopping)
            return go_round(folder=self.folder, turn=turn, say=self.said.append, allow_gone=allow_gone)
        finally:
            leave_watch(token)

    def files(self, subfolder: str) -> list[str]:
        """The paths of what lies there, without the number that a batch or a delivery was given."""
        place = self.path / subfolder
        return sorted(str(file.relative_to(place)) for file in place.rglob("*") if not file.is_dir())

    def report(self) -> str:
        """Of the batch that was taken last."""
        [*_, last] = sorted(
            [*self.path.glob("done/*"), *self.path.glob("refused/*")], key=lambda place: place.name
        )
        return (last / "rapport.txt").read_text()

    def rows(self, subfolder: str) -> list[dict[str, str]]:
        """What all the lists there say."""
        lists = sorted((self.path / subfolder).glob("*.csv"))
        texts = [file.read_bytes().decode("utf-8-sig") for file in lists]
        return [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";")]
