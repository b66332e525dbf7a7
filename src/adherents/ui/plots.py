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
WIDTH, MARGIN, LETTER_WIDTH, LETTERS = 540, 8, 7.2, 13
TOP = 20  # a value stands above the highest bar
UPRIGHT_LENGTH, LYING_SLOT, BAR_IN_SLOT = 160.0, 30.0, 0.77
UNDER, LEGEND = 26, 30  # below the bars: what the axis says, and what the series are called
AFTER_MARK, AFTER_VALUE = 24, 60  # right of the longest lying bar


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
        marks, several = self._marks(), len(self.series) > 1
        names = [truncatechars(label, LABEL_CHARACTERS) for label in self.labels]
        beside = names if self.lying else list(map(self.says, marks))
        left = round(2 * MARGIN + LETTER_WIDTH * max(map(len, beside)), 1)
        if self.lying:
            length, slot = WIDTH - left - (AFTER_MARK if several else AFTER_VALUE), LYING_SLOT
        else:
            length, slot = UPRIGHT_LENGTH, (WIDTH - left - MARGIN) / len(names)
        frame = _Frame(self.lying, length, slot, length / marks[-1])
        breadth = round(slot * len(names), 1)
        top, foot = (MARGIN, breadth) if self.lying else (TOP, length)
        bottom = top + foot + UNDER
        bars = list(self._bars(frame))
        every = 1 if self.lying else ceil(len(names) / LABELS_AT_MOST)
        places = {
            "left": left,
            "top": top,
            "height": bottom + (LEGEND if several else 0),
            "legend_top": bottom + 9,
            "foot": foot,
            "length": length,
            "breadth": breadth,
            "marks": [{"text": self.says(mark), **frame.point(mark, 0)} for mark in marks],
            "labels": [{"text": name, **frame.point(0, rank + 0.5)} for rank, name in enumerate(names)][
                ::every
            ],
            "bars": bars,
            "values": [] if several else bars if self.lying else _legible(bars),
            "legends": list(self._legends()) if several else [],
        }
        given = {"plot": self, "tones": {series.tone for series in self.series}, "width": WIDTH}
        return render_to_string("ui/elements/bars.svg", given | places)

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
                    "end": frame.point(foot + value, rank + 0.5),
                    **frame.rectangle(foot, value, rank),
                }
                foot += value

    def _legends(self) -> Iterator[dict[str, Any]]:
        """Each series' name, after the one before."""
        left = 0.0
        for series in self.series:
            yield {"name": series.name, "tone": series.tone, "x": round(left, 1)}
            left += len(series.name) * LETTER_WIDTH + 3 * LETTERS


def _legible(bars: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The upright bars whose values are written above them: those that meet no higher bar and no other value."""
    highest_first = sorted(bars, key=lambda bar: bar["end"]["y"])
    written: list[dict[str, Any]] = []
    for rank, bar in enumerate(highest_first):
        covered = any(
            _apart(bar, higher) < _half(bar) + higher["width"] / 2 for higher in highest_first[:rank]
        )
        met = any(_apart(bar, other) < _half(bar) + _half(other) for other in written)
        if not covered and not met:
            written.append(bar)
    return written


def _apart(bar: dict[str, Any], other: dict[str, Any]) -> float:
    return float(abs(bar["end"]["x"] - other["end"]["x"]))


def _half(bar: dict[str, Any]) -> float:
    """Half the width of a bar's value, with the space around it."""
    return (len(bar["value"]) + 1) * LETTER_WIDTH / 2


@dataclass(frozen=True)
class _Frame:
    """From a value and the rank of its label to a place. `slot`: how wide a label's place is; `scale`: how long 1 is."""

    lying: bool
    length: float
    slot: float
    scale: float

    def point(self, value: float, rank: float) -> dict[str, float]:
        along, across = round(value * self.scale, 1), round(rank * self.slot, 1)
        return {"x": along, "y": across} if self.lying else {"x": across, "y": round(self.length - along, 1)}

    def rectangle(self, foot: float, value: float, rank: int) -> dict[str, float]:
        along, across = round(value * self.scale, 1), round(BAR_IN_SLOT * self.slot, 1)
        corner = self.point(foot if self.lying else foot + value, rank + (1 - BAR_IN_SLOT) / 2)
        width, height = (along, across) if self.lying else (across, along)
        return corner | {"width": width, "height": height}
