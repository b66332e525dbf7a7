"""What is written on pixels, as letters that stand on straight lines. Runs in the confined process only.

The engine finds runs of words, each in a box of four corners, and gives each run a score. A run of a low score is doubtful
as a whole. A photo is never straight: the boxes are put back on level lines by the slope that they have in common, which may
change from the top of the page to its bottom. Beside that, each letter keeps the place that it has on the page as it is shown.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from rapidocr import RapidOCR

from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.reading.text_layer import MOST_LETTERS, QUARTER

SURE = 0.8  # of 1: below it a run of words is doubtful
UPSIDE_DOWN = 0.75  # of 1: when the runs of a page have less, on average, it may stand on its head
LONGEST_SIDE = 1280  # pixels, for finding runs: with more, the engine holds more memory than it may
_PUNCTUATION = str.maketrans("：，。（）／－；", ":,.()/-;")
Runs = list["Run"]
Letter = tuple[int, int, int, int, int, bool]  # as `LETTER` packs it
Place = tuple[float, float, float, float]  # left, top, right, bottom


class Run(NamedTuple):
    """Words in a box: its corners on the picture (x and y of four), its centre, its length, its height, its slope (radians); and
    the place of each of its signs but spaces.
    """

    corners: tuple[float, ...]
    text: str
    score: float
    x: float
    y: float
    length: float
    height: float
    slope: float
    places: list[Place]


class FoundLetters(NamedTuple):
    """The letters of a page, their runs as `RUN` packs them, the place of each letter on the page as it was given, and by how
    many quarters that was turned to the right.
    """

    letters: list[Letter]
    runs: list[tuple[int, ...]]
    places: list[tuple[int, int, int, int]]
    quarters: int


def ready() -> Callable[[Any], Runs]:
    """Load the models and use each once, while files can still be opened."""
    cv2.setNumThreads(0)
    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": LONGEST_SIDE,
            "Rec.rec_batch_num": 1,
        }
    )
    sample = np.full((120, 480, 3), 255, np.uint8)
    cv2.putText(sample, "FR76 3000", (30, 75), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    if not _runs(engine(sample)):
        raise RuntimeError("the engine reads nothing")
    return lambda picture: _runs(engine(picture))


def letters_of(recognise: Callable[[Any], Runs], data: bytes, width: int, height: int) -> FoundLetters:
    """The letters of a page. It is turned by quarters only where it seems to be turned."""
    picture = np.frombuffer(data, np.uint8).reshape(height, width, PIXEL_BYTES)[:, :, 2::-1].copy()
    runs, lefts = recognise(picture), 0
    long = [run for run in runs if len(run.text) > 3]
    if long and sum(run.length < run.height for run in long) > len(long) / 2:
        picture = np.rot90(picture).copy()
        runs, lefts = recognise(picture), 1
    if runs and sum(run.score for run in runs) / len(runs) < UPSIDE_DOWN:
        runs, lefts = max(
            (runs, lefts),
            (recognise(np.rot90(picture, 2).copy()), lefts + 2),
            key=lambda found: sum(run.score for run in found[0]),
        )
    letters, counts = _letters(runs, picture.shape[1])
    corners = (_turned_back(run.corners, lefts, width, height) for run in runs)
    places = [_on_page(place, lefts, width, height) for run in runs for place in run.places]
    return FoundLetters(
        letters,
        [(*four, count) for four, count in zip(corners, counts, strict=True) if count],
        places[: len(letters)],
        -lefts % 4,
    )


def _turned_back(corners: Sequence[float], quarters: int, width: int, height: int) -> list[int]:
    """Corners of a picture that was turned by quarters, against the clock, on the page as it was given."""
    places = list[int]()
    for x, y in zip(corners[::2], corners[1::2], strict=True):
        back = [(x, y), (width - 1 - y, x), (width - 1 - x, height - 1 - y), (y, height - 1 - x)][quarters]
        places += map(_bounded, back)
    return places


def _runs(result: Any) -> Runs:
    if result.boxes is None or result.txts is None:
        return []
    runs = []
    signs_of = (
        result.word_results if len(result.word_results or ()) == len(result.txts) else [()] * len(result.txts)
    )
    for box, text, score, signs in zip(result.boxes, result.txts, result.scores, signs_of, strict=True):
        (x1, y1), (x2, y2), (x3, y3), (x4, y4) = (tuple(map(float, corner)) for corner in box)
        length = (math.hypot(x2 - x1, y2 - y1) + math.hypot(x3 - x4, y3 - y4)) / 2
        height = (math.hypot(x4 - x1, y4 - y1) + math.hypot(x3 - x2, y3 - y2)) / 2
        slope = math.atan2(y2 - y1 + y3 - y4, x2 - x1 + x3 - x4)
        centre = (x1 + x2 + x3 + x4) / 4, (y1 + y2 + y3 + y4) / 4
        places = _places(text, box, signs)
        corners = (x1, y1, x2, y2, x3, y3, x4, y4)
        text = text.translate(_PUNCTUATION)
        runs.append(Run(corners, text, float(score), *centre, length, height, slope, places))
    return runs


def _places(text: str, box: Any, signs: Sequence[Any]) -> list[Place]:
    """Where each sign of a run stands, but spaces: as the engine says, or evenly where it says another number of them."""
    at = [place for place, sign in enumerate(text) if not sign.isspace()]
    if len(signs) == len(at):
        return [_around(corners) for _sign, _score, corners in signs]
    upper_left, upper_right, lower_right, lower_left = (np.array(corner, float) for corner in box)
    across, below = (upper_right - upper_left) / len(text), (lower_right - lower_left) / len(text)
    return [
        _around(
            [
                upper_left + n * across,
                upper_left + (n + 1) * across,
                lower_left + n * below,
                lower_left + (n + 1) * below,
            ]
        )
        for n in at
    ]


def _around(corners: Sequence[Any]) -> Place:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _on_page(place: Place, lefts: int, width: int, height: int) -> tuple[int, int, int, int]:
    """A place of a picture that was turned to the left so often, on the picture of these sides that it was before."""
    left, top, right, bottom = place
    before = {
        0: (left, top, right, bottom),
        1: (width - bottom, left, width - top, right),
        2: (width - right, height - bottom, width - left, height - top),
        3: (top, height - right, bottom, height - left),
    }[lefts]
    return _bounded(before[0]), _bounded(before[1]), _bounded(before[2]), _bounded(before[3])


def _letters(runs: Sequence[Run], width: int) -> tuple[list[Letter], list[int]]:
    """The letters of all runs, and how many each has."""
    slope_at = _slopes(runs)
    letters, counts = list[Letter](), list[int]()
    for run in runs:
        y = run.y - math.tan(slope_at(run.y)) * (run.x - width / 2)
        top, bottom = _bounded(y - run.height / 2), _bounded(y + run.height / 2)
        step = run.length / max(1, len(run.text))
        before = len(letters)
        for at, sign in enumerate(run.text):
            left = run.x - run.length / 2 + at * step
            if not sign.isspace() and len(letters) < MOST_LETTERS:
                doubtful = run.score < SURE or (sign.isdecimal() and not sign.isascii())
                letters.append((ord(sign), _bounded(left), top, _bounded(left + step), bottom, doubtful))
        counts.append(len(letters) - before)
    return letters, counts


def _bounded(pixels: float) -> int:
    return int(min(max(pixels * QUARTER, 0), 0xFFFF))


def _slopes(runs: Sequence[Run]) -> Callable[[float], float]:
    """The slope of lines at each height of the page, by the runs that are long enough to have one."""
    long = [run for run in runs if run.length > 4 * run.height and abs(run.slope) < math.pi / 8]
    if len(long) < 4:
        middle = sorted(run.slope for run in long)[len(long) // 2] if long else 0.0
        return lambda _: middle
    rise, at_top = np.polyfit(
        [run.y for run in long], [run.slope for run in long], 1, w=[run.length for run in long]
    )
    return lambda y: float(at_top + rise * y)
