"""The files that a PDF carries, as bytes: for the antivirus, which does not find each of them by itself.

Runs in the confined process only. Only clamd reads what comes out: no code here opens it.
"""

import io
from collections.abc import Iterator

import pikepdf

from adherents.inspection.rasteriser import MOST_FILE_BYTES, MOST_FILES, CannotDraw, Fault


def ready() -> None:
    """Read a first PDF while files can still be opened. It is encrypted, because qpdf then opens a source of randomness."""
    made = io.BytesIO()
    with pikepdf.new() as empty:
        empty.save(made, encryption=pikepdf.Encryption(owner="any", user=""))
    made.seek(0)
    pikepdf.open(made).close()


def files_in(data: bytes) -> Iterator[bytes]:
    """Each file that the PDF carries, unpacked. Raises `CannotDraw` where one does not unpack, or they are more than is sane.

    A PDF that cannot be read has none: whether it can be drawn is for the drawer to say.
    """
    try:
        document = pikepdf.open(io.BytesIO(data))
    except (pikepdf.PdfError, ValueError):
        return
    left = MOST_FILE_BYTES
    for number, stream in enumerate(_carried(document), start=1):
        try:
            content = stream.read_bytes()
        # Broken, or more than this process may hold: no antivirus can look into it.
        except pikepdf.PdfError as error:
            raise CannotDraw(Fault.UNREADABLE) from error
        left -= len(content)
        if number > MOST_FILES or left < 0:
            raise CannotDraw(Fault.TOO_LARGE)
        yield content


def _carried(document: pikepdf.Pdf) -> Iterator[pikepdf.Stream]:
    """Every stream that says it is a file, or that a file's description names, once each."""
    seen = set()
    for pdf_object in document.objects:
        named = pdf_object.get("/EF") if isinstance(pdf_object, pikepdf.Dictionary) else None
        candidates = list(named.values()) if isinstance(named, pikepdf.Dictionary) else []
        if isinstance(pdf_object, pikepdf.Stream) and pdf_object.get("/Type") == "/EmbeddedFile":
            candidates.append(pdf_object)
        for stream in candidates:
            if isinstance(stream, pikepdf.Stream) and stream.objgen not in seen:
                seen.add(stream.objgen)
                yield stream
