"""Bars as SVG, for the page's own stylesheet to colour: the places are worked out here, `elements/bars.svg` writes them.

Those who see it get a picture; those who do not get two sentences, and the numbers in the table that goes with it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from django.template.defaultfilters import truncatechars
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

# What a series is filled with: a colour of the theme, and a pattern that tells it apart without any colour.
Tone = Literal["plain", "warning", "refusal"]
WHOLE = tuple(digit * 10**power for power in range(9) for digit in (1, 2, 5))
MARKS_AT_MOST = 5  # on the axis, without its zero
LABELS_AT_MOST = 9  # side by side; more of them would meet
LABEL_CHARACTERS = 36
# In the picture's own units, which are pixels of the page at its usual width.
WIDTH, NARROW, MARGIN, LETTER_WIDTH, LETTERS = 540, 288, 8, 7.2, 13
TOP = 20  # a value stands above the highest bar
UPRIGHT_LENGTH, LYING_SLOT, BAR_IN_SLOT = 160.0, 30.0, 0.77
ABOVE = 18.0  # for the words above a lying bar, where there is no room beside it
UNDER, LEGEND, LEGEND_LINE = 26, 30, 20  # below the bars: what the axis says, and what the series are called
BEFORE_VALUE = 6  # between the end of a lying bar and its value


@dataclass(frozen=True)
class Series:
    """One value for each label; None where there is none."""

    name: str
    values: Sequence[float | None]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bars:
    """A bar for each label, the series on top of each other. `name`: plain letters, unique in its page.

    `text` says what the picture shows, for those who do not see it. `lying`: for labels that are words, the first one on top.
    `says` writes a value, `steps` are what may lie between two marks of the axis. `caption`: what stands above it where it has
    neighbours.
    """

    name: str
    title: str
    text: str
    labels: Sequence[str]
    series: Sequence[Series]
    lying: bool = False
    says: Callable[[float], str] = "{:g}".format
    steps: Sequence[float] = WHOLE
    caption: str = ""

    @property
    def svg(self) -> SafeString:
        return self._drawn(self.name, WIDTH)

    @property
    def narrow_svg(self) -> SafeString:
        """The same for a phone, in letters of the same size: words stand above lying bars, and not beside them."""
        return self._drawn(f"{self.name}-narrow", NARROW)

    def _drawn(self, name: str, width: float) -> SafeString:
        marks, several = self._marks(), len(self.series) > 1
        stacked = self.lying and width < WIDTH
        names = [truncatechars(label, LABEL_CHARACTERS) for label in self.labels]
        said = list(map(self.says, marks))
        left = self._left_of(names, said, stacked)
        if self.lying:
            length = width - left - self._right_of(marks, several)
            slot, above = (LYING_SLOT + ABOVE, ABOVE) if stacked else (LYING_SLOT, 0.0)
        else:
            right = MARGIN if several else max(MARGIN, self._widest_value() / 2 - LETTERS / 2)
            length, slot, above = UPRIGHT_LENGTH, (width - left - right) / len(names), 0.0
        frame = _Frame(self.lying, length, slot, length / marks[-1], above)
        breadth = round(slot * len(names), 1)
        top, foot = (MARGIN, breadth) if self.lying else (TOP, length)
        bottom = top + foot + UNDER
        bars = list(self._bars(frame))
        each_mark = _every(said, length / (len(marks) - 1)) if self.lying else 1
        each_name = 1 if self.lying else _every(names, slot)
        legends = list(self._legends(width)) if several else []
        places = {
            "name": name,
            "stacked": stacked,
            "left": left,
            "top": top,
            "height": bottom + (LEGEND + legends[-1]["y"] if legends else 0),
            "legend_top": bottom + 9,
            "foot": foot,
            "length": length,
            "breadth": breadth,
            "marks": [
                {"text": text, **frame.point(mark, 0)}
                for mark, text in list(zip(marks, said, strict=True))[::each_mark]
            ],
            "labels": [{"text": words, **frame.label(rank)} for rank, words in enumerate(names)][::each_name],
            "bars": bars,
            "values": [] if several else bars if self.lying else _legible(bars),
            "legends": legends,
        }
        given = {"plot": self, "tones": {series.tone for series in self.series}, "width": width}
        return render_to_string("ui/elements/bars.svg", given | places)

    def _left_of(self, names: Sequence[str], said: Sequence[str], stacked: bool) -> float:
        """The room for what stands left of the bars; for half of the axis' first words where nothing does."""
        if stacked:
            return round(max(MARGIN, _wide(said[0]) / 2), 1)
        return round(2 * MARGIN + LETTER_WIDTH * max(map(len, names if self.lying else said)), 1)

    def _right_of(self, marks: Sequence[float], several: bool) -> float:
        """The room right of the longest lying bar: for half of the axis' last words, or for the longest value."""
        half = _wide(self.says(marks[-1])) / 2
        return half if several else max(half, BEFORE_VALUE + self._widest_value())

    def _widest_value(self) -> float:
        return max(_wide(self.says(value or 0)) for series in self.series for value in series.values)

    def _marks(self) -> list[float]:
        """What the axis names: from nothing to at least the longest bar."""
        bars = zip(*(series.values for series in self.series), strict=True)
        longest = max((sum(value or 0 for value in bar) for bar in bars), default=0)
        step = next((step for step in self.steps if longest <= step * MARKS_AT_MOST), self.steps[-1])
        return [step * rank for rank in range(max(ceil(longest / step), 1) + 1)]

    def _bars(self, frame: "_Frame") -> Iterator[dict[str, Any]]:
        """Each bar's place, what fills it, and what a pointer on it finds: its label, its series and its value."""
        for rank, label in enumerate(self.labels):
            foot = 0.0
            for series in self.series:
                if not (value := series.values[rank]):
                    continue
                words = (
                    [label, series.name, self.says(value)]
                    if len(self.series) > 1
                    else [label, self.says(value)]
                )
                yield {
                    "tone": series.tone,
                    "title": " · ".join(words),
                    "value": self.says(value),
                    "end": frame.middle(foot + value, rank),
                    **frame.rectangle(foot, value, rank),
                }
                foot += value

    def _legends(self, width: float) -> Iterator[dict[str, Any]]:
        """Each series' name, after the one before, or under it where it would leave the picture."""
        left, line = 0.0, 0
        for series in self.series:
            wide = len(series.name) * LETTER_WIDTH + 3 * LETTERS
            if left and left + wide > width:
                left, line = 0.0, line + LEGEND_LINE
            yield {"name": series.name, "tone": series.tone, "x": round(left, 1), "y": line}
            left += wide


def _wide(text: str) -> float:
    """How wide it is written, with the space around it."""
    return (len(text) + 1) * LETTER_WIDTH


def _every(texts: Sequence[str], apart: float) -> int:
    """Every how many of these texts, of which two are `apart`, can be written without any meeting the next one."""
    return max(ceil(max(map(_wide, texts)) / apart), ceil(len(texts) / LABELS_AT_MOST))


def _legible(bars: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The upright bars whose values are written above them: those that meet no higher bar, no other value and no
    word of the axis."""
    highest_first = sorted(bars, key=lambda bar: bar["end"]["y"])
    written: list[dict[str, Any]] = []
    for rank, bar in enumerate(highest_first):
        covered = any(
            _apart(bar, higher) < _half(bar) + higher["width"] / 2 for higher in highest_first[:rank]
        )
        met = any(_apart(bar, other) < _half(bar) + _half(other) for other in written)
        if not covered and not met and bar["end"]["x"] >= _half(bar):
            written.append(bar)
    return written


def _apart(bar: dict[str, Any], other: dict[str, Any]) -> float:
    return float(abs(bar["end"]["x"] - other["end"]["x"]))


def _half(bar: dict[str, Any]) -> float:
    """Half the width of a bar's value, with the space around it."""
    return _wide(bar["value"]) / 2


@dataclass(frozen=True)
class _Frame:
    """From a value and the rank of its label to a place. `slot`: how wide a label's place is, of which `above` is for the label
    itself; `scale`: how long 1 is.
    """

    lying: bool
    length: float
    slot: float
    scale: float
    above: float = 0

    def point(self, value: float, across: float) -> dict[str, float]:
        along, beside = round(value * self.scale, 1), round(across, 1)
        return {"x": along, "y": beside} if self.lying else {"x": beside, "y": round(self.length - along, 1)}

    def middle(self, value: float, rank: int) -> dict[str, float]:
        """Where a value ends, in the middle of its bar."""
        return self.point(value, rank * self.slot + (self.slot + self.above) / 2)

    def label(self, rank: int) -> dict[str, float]:
        return self.point(0, rank * self.slot + LETTERS) if self.above else self.middle(0, rank)

    def rectangle(self, foot: float, value: float, rank: int) -> dict[str, float]:
        bar = self.slot - self.above
        along, across = round(value * self.scale, 1), round(BAR_IN_SLOT * bar, 1)
        begins = rank * self.slot + self.above + (1 - BAR_IN_SLOT) / 2 * bar
        corner = self.point(foot if self.lying else foot + value, begins)
        width, height = (along, across) if self.lying else (across, along)
        return corner | {"width": width, "height": height}
