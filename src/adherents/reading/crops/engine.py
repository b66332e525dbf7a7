"""What is written in a run of words on pixels, by the second engine. Runs in the confined process only.

A run is cut out and put level first: a photo is never straight. The engine scores each word; one of a low score is doubtful.
"""

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import cv2
import numpy as np
import tesserocr

from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.reading.text_layer import QUARTER

SURE = 60  # of 100: below it a word is doubtful
HEIGHT = 48  # pixels of a run that is cut out: the engine was taught with letters of some thirty
LONGEST = 4_000  # pixels
AROUND = 0.12  # of a run's height, left free above and below it: more would show the next line
EDGE = 12  # pixels of paper around a run: the engine reads nothing that touches the edge
Letter = tuple[int, int, int, int, int, bool]


class ScoredWord(NamedTuple):
    text: str
    score: float


def ready() -> Callable[[Any], list[ScoredWord]]:
    """Load the letters and use them once, while files can still be opened."""
    cv2.setNumThreads(0)
    with_letters = str(files("adherents.reading").joinpath("assets"))
    api = tesserocr.PyTessBaseAPI(
        path=with_letters, lang="fra", oem=tesserocr.OEM.LSTM_ONLY, psm=tesserocr.PSM.SINGLE_LINE
    )
    api.SetVariable(
        "debug_file", ""
    )  # else what it says of an empty run is the end: that file cannot be opened any more
    page = np.full((120, 480), 255, np.uint8)
    cv2.putText(page, "FR76 3000", (30, 75), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0,), 3)
    corners = [place * QUARTER for place in (20, 35, 460, 35, 460, 85, 20, 85)]
    if not _words(api, level(page, corners)):  # and so all that reading needs is imported
        raise RuntimeError("the engine reads nothing")
    return lambda picture: _words(api, picture)


def grey(data: bytes, width: int, height: int) -> Any:
    """The page, one byte a pixel."""
    picture = np.frombuffer(data, np.uint8).reshape(height, width, PIXEL_BYTES)
    return cv2.cvtColor(picture[:, :, :3], cv2.COLOR_RGB2GRAY)


def level(picture: Any, corners: Sequence[int]) -> Any:
    """A run cut out between its corners (quarters of a pixel), with a little of the paper around it."""
    places = np.array(corners, np.float32).reshape(4, 2) / QUARTER
    down = ((places[3] - places[0]) + (places[2] - places[1])) / 2
    along = ((places[1] - places[0]) + (places[2] - places[3])) / 2
    high, long = float(np.hypot(*down)), float(np.hypot(*along))
    if high < 1 or long < 1:
        return np.full((HEIGHT, HEIGHT), 255, np.uint8)
    room = AROUND * down
    places += np.array([-room, -room, room, room], np.float32)
    wide = int(min(max(long * HEIGHT / (high * (1 + 2 * AROUND)), 8), LONGEST))
    onto = np.array([(0, 0), (wide, 0), (wide, HEIGHT), (0, HEIGHT)], np.float32)
    cut = cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(places, onto), (wide, HEIGHT), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    paper = int(np.sort(cut, axis=None)[cut.size * 4 // 5])
    return cv2.copyMakeBorder(cut, EDGE, EDGE, EDGE, EDGE, cv2.BORDER_CONSTANT, value=(paper,))


def letters_of(
    recognise: Callable[[Any], list[ScoredWord]], picture: Any
) -> tuple[tuple[int, int], list[Letter]]:
    """The sides of a run that was cut out, and its letters, as `LETTER` packs them: each as wide as the others."""
    words = recognise(picture)
    high, wide = picture.shape[0] * QUARTER, picture.shape[1] * QUARTER
    step = wide / max(1, sum(len(word.text) for word in words) + len(words) - 1)
    letters, at = list[Letter](), 0
    for word in words:
        for sign in word.text:
            doubtful = word.score < SURE or (sign.isdecimal() and not sign.isascii())
            letters.append((ord(sign), int(at * step), 0, int((at + 1) * step), high, doubtful))
            at += 1
        at += 1
    return (wide, high), letters


def _words(api: Any, picture: Any) -> list[ScoredWord]:
    picture = np.ascontiguousarray(picture)
    api.SetImageBytes(picture.tobytes(), picture.shape[1], picture.shape[0], 1, picture.shape[1])
    api.SetSourceResolution(300)  # not guessed from a height of one line
    if not api.Recognize():
        return []
    level_of = tesserocr.RIL.WORD
    found = tesserocr.iterate_level(api.GetIterator(), level_of)
    return [
        ScoredWord(text, float(one.Confidence(level_of)))
        for one in found
        if (text := "".join((_text(one, level_of)).split()))
    ]


def _text(one: Any, level_of: Any) -> str:
    """Of a page without a word the iterator is there, and has no text."""
    try:
        return str(one.GetUTF8Text(level_of))
    except RuntimeError:
        return ""
