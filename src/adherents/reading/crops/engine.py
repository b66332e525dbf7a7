"""What is written in a run of words on pixels, by the second engine. Runs in the confined process only.

A run is cut out and put level first: a photo is never straight. The engine scores each word; one of a low score is doubtful.
Where there is one, the run may be a row of boxes with a sign in each: the signs are then taken out of them, and put side by side.
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
ROW_HEIGHT = 100  # pixels, of what may be a row of boxes
FEWEST_SIGNS = 12  # of such a row
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
    page = np.full((100, 900), 255, np.uint8)
    cv2.putText(page, "FR7630006000011234567890", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, (0,), 2)
    corners = [place * QUARTER for place in (0, 0, 900, 0, 900, 100, 0, 100)]
    signs = _signs_side_by_side(level(page, corners, high=ROW_HEIGHT))  # and so all that it needs is imported
    if signs is None or not _words(api, level(page, corners)):
        raise RuntimeError("the engine reads nothing")
    return lambda picture: _words(api, picture)


def grey(data: bytes, width: int, height: int) -> Any:
    """The page, one byte a pixel."""
    picture = np.frombuffer(data, np.uint8).reshape(height, width, PIXEL_BYTES)
    return cv2.cvtColor(picture[:, :, :3], cv2.COLOR_RGB2GRAY)


def level(picture: Any, corners: Sequence[int], *, high: int = HEIGHT) -> Any:
    """A run cut out between its corners (quarters of a pixel), `high` pixels high, with a little of the paper around it."""
    places = np.array(corners, np.float32).reshape(4, 2) / QUARTER
    down = ((places[3] - places[0]) + (places[2] - places[1])) / 2
    along = ((places[1] - places[0]) + (places[2] - places[3])) / 2
    tall, long = float(np.hypot(*down)), float(np.hypot(*along))
    if tall < 1 or long < 1:
        return np.full((high, high), 255, np.uint8)
    room = AROUND * down
    places += np.array([-room, -room, room, room], np.float32)
    wide = int(min(max(long * high / (tall * (1 + 2 * AROUND)), 8), LONGEST))
    onto = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    cut = cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(places, onto), (wide, high), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    paper = int(np.sort(cut, axis=None)[cut.size * 4 // 5])
    return _with_edge(cut, paper)


def _with_edge(picture: Any, paper: int) -> Any:
    return cv2.copyMakeBorder(picture, EDGE, EDGE, EDGE, EDGE, cv2.BORDER_CONSTANT, value=(paper,))


def _signs_side_by_side(row: Any) -> Any:
    """The signs of one line that stand alone, without the frames around them; None where there are few.

    A sign is a piece of ink of a sign's size: the frames hang together, and are larger.
    """
    ink = cv2.adaptiveThreshold(row, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 51, 12)
    _, pieces, sizes, centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, wide, high = (
        sizes[:, kind] for kind in (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)
    )
    most = 0.45 * ROW_HEIGHT
    signs = np.flatnonzero((high > 0.14 * ROW_HEIGHT) & (high < most) & (wide < most))
    if len(signs) < FEWEST_SIGNS:
        return None
    usual = float(np.median(high[signs]))
    signs = signs[np.abs(high[signs] - usual) < 0.25 * usual]
    across, down = centres[signs, 0], centres[signs, 1]
    # Of all slopes between two signs the one in the middle: what stands on another line hardly moves it.
    first, second = np.triu_indices(len(signs), 1)
    apart = np.abs(across[second] - across[first]) > usual
    slopes = ((down[second] - down[first]) / np.where(apart, across[second] - across[first], 1))[apart]
    flat = down - (float(np.median(slopes)) if len(slopes) else 0.0) * across
    signs = signs[np.abs(flat - np.median(flat)) < 0.4 * usual]
    if len(signs) < FEWEST_SIGNS:
        return None
    return _with_edge(_joined(row, pieces, left, top, wide, high, signs), 255)


def _joined(row: Any, pieces: Any, left: Any, top: Any, wide: Any, high: Any, signs: Any) -> Any:
    most = int(high[signs].max()) + 8
    cells = []
    for sign in sorted(signs, key=lambda one: int(left[one])):
        x, y = max(int(left[sign]) - 2, 0), max(int(top[sign]) - 2, 0)
        right, bottom = int(left[sign] + wide[sign]) + 2, int(top[sign] + high[sign]) + 2
        cut = row[y:bottom, x:right].copy()
        own = cv2.dilate((pieces[y:bottom, x:right] == sign).astype(np.uint8), np.ones((3, 3), np.uint8))
        cut[own == 0] = 255
        above = (most - cut.shape[0]) // 2
        cells.append(
            cv2.copyMakeBorder(
                cut, above, most - cut.shape[0] - above, 3, 3, cv2.BORDER_CONSTANT, value=(255,)
            )
        )
    return np.concatenate(cells, axis=1)


def letters_of(
    recognise: Callable[[Any], list[ScoredWord]], picture: Any, corners: Sequence[int]
) -> tuple[tuple[int, int], list[Letter]]:
    """The sides of a run that was cut out, and its letters, as `LETTER` packs them: each as wide as the others."""
    cut = level(picture, corners)
    words = recognise(cut)
    if not words or any(word.score < SURE for word in words):
        side_by_side = _signs_side_by_side(level(picture, corners, high=ROW_HEIGHT))
        alone = recognise(side_by_side) if side_by_side is not None else []
        if alone and all(word.score >= SURE for word in alone):
            words = alone
    high, wide = cut.shape[0] * QUARTER, cut.shape[1] * QUARTER
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
