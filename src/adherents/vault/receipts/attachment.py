"""The receipt that a PDF carries, taken out without reading the rest of the PDF.

The web process reads a file that any visitor may send, so it uses no PDF library. It reads only the streams that are attached
files, a few of them, and inflates all of them together to at most the size of one receipt. A PDF that was opened and saved
again keeps them; an encrypted one does not.
"""

import re
import zlib

from adherents.vault.receipts.statement import MOST_ENVELOPE_BYTES, Envelope, MalformedReceipt, read_envelope

MOST_STREAMS = 32
_DICTIONARY_BYTES = 2048
_FILE = re.compile(rb"/Type\s*/EmbeddedFile(?![A-Za-z0-9])")
_STREAM = re.compile(rb"stream\r?\n")


def receipts_in(pdf: bytes) -> list[Envelope]:
    """Each different receipt attached to a PDF, mostly one. An attachment that is none is passed over."""
    envelopes: list[Envelope] = []
    left = MOST_ENVELOPE_BYTES
    for count, place in enumerate(_FILE.finditer(pdf)):
        if count == MOST_STREAMS or not left:
            break
        content = _content(pdf, place.start(), left)
        left -= len(content)
        try:
            envelope = read_envelope(content)
        except MalformedReceipt:
            continue
        if envelope not in envelopes:
            envelopes.append(envelope)
    return envelopes


def claims_one(pdf: bytes) -> bool:
    """Whether one is announced, readable or not: what was damaged is not what was never there."""
    return bool(_FILE.search(pdf))


def _content(pdf: bytes, inside: int, most: int) -> bytes:
    """The clear bytes, `most` of them, of the stream whose dictionary holds the place `inside`; none where it cannot be read."""
    begin = pdf.rfind(b" obj", max(0, inside - _DICTIONARY_BYTES), inside)
    stream = _STREAM.search(pdf, inside, inside + _DICTIONARY_BYTES)
    if begin < 0 or stream is None:
        return b""
    dictionary = pdf[begin : stream.start()]
    end = pdf.find(b"endstream", stream.end(), stream.end() + MOST_ENVELOPE_BYTES)
    if end < 0:
        return b""
    raw = pdf[stream.end() : end]
    if b"/Filter" not in dictionary:
        return raw.rstrip(b"\r\n")[:most]
    if b"/FlateDecode" not in dictionary:
        return b""
    inflating = zlib.decompressobj()
    try:
        return inflating.decompress(raw, most)
    except zlib.error:
        return b""
