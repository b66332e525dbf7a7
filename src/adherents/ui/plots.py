"""Bars drawn on the server by pygal, for the page's own stylesheet to colour: of its drawing the shapes and the words are
kept, not its script, its styles and its marks (docs/decisions/0019).

A picture to those who see it, two sentences to those who do not: the numbers are in the table that goes with it.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import pygal
from django.utils.safestring import SafeString, mark_safe
from pygal.etree import etree
from pygal.style import Style

# pygal leaves an importer behind, for maps that are not drawn here, of a kind that Python warns of at every import since.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

# What a series is filled with: a colour of the theme, and a pattern that tells it apart without any colour.
Tone = Literal["plain", "warning", "refusal"]
WIDTH, LETTERS, LETTER_WIDTH, LABELS_AT_MOST, LABEL_CHARACTERS = 540, 13, 7.2, 9, 30
VALUES_AT_MOST = 13  # side by side; more of them would meet
WHOLE = tuple(digit * 10**power for power in range(9) for digit in (1, 2, 5))
MARKS_AT_MOST = 5  # on the axis, without its zero
PATTERNS: dict[Tone, str] = {
    "warning": '<pattern id="{name}-warning" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<circle class="bar-warning" cx="3" cy="3" r="1.9"/></pattern>',
    "refusal": '<pattern id="{name}-refusal" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="bar-refusal" width="3.4" height="6"/></pattern>',
}
# All that is kept of a shape. Classes are pygal's; the stylesheet knows these.
ATTRIBUTES = {
    "class", "cx", "cy", "d", "fill", "height", "patternTransform", "patternUnits", "r", "transform", "viewBox", "width",
    "x", "y",
}  # fmt: skip
CLASSES = {
    "plot-bars",
    "lying",
    "axis",
    "x",
    "y",
    "guide",
    "text-overlay",
    "legends",
    "bar-warning",
    "bar-refusal",
}
LEFT_OUT = {"style", "script", "desc", "title"}
_SIZES = ("label", "major_label", "legend", "value", "value_label")


@dataclass(frozen=True)
class Series:
    """One value for each label; None where there is none."""

    name: str
    values: Sequence[float | None]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bars:
    """A bar for each label, the series on top of each other. `name`: plain letters, the only one of its page.

    `text` says what the picture shows, to whoever does not see it. `lying`: for labels that are words, the first one on top.
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
        chart = self._chart()
        order = -1 if self.lying else 1
        chart.x_labels = list(self.labels)[::order]
        for one in self.series:
            chart.add(one.name, list(one.values)[::order])
        if not self.lying and len(self.labels) > LABELS_AT_MOST:
            chart.x_labels_major_every = -(-len(self.labels) // LABELS_AT_MOST)
            chart.show_minor_x_labels = False
        chart.add_xml_filter(self._dressed)
        return mark_safe(str(chart.render(is_unicode=True)))

    def _chart(self) -> Any:
        several = len(self.series) > 1
        kinds = (
            (pygal.Bar, pygal.HorizontalBar),
            (pygal.StackedBar, pygal.HorizontalStackedBar),
        )
        kind = kinds[several][self.lying]
        height = len(self.labels) * 28 + 56 if self.lying else 210
        return kind(
            width=WIDTH,
            height=height + (30 if several else 0),
            css=[],
            js=[],
            classes=["plot-bars", *(["lying"] if self.lying else [])],
            defs=[PATTERNS[one.tone].format(name=self.name) for one in self.series if one.tone in PATTERNS],
            style=Style(**{f"{what}_font_size": LETTERS for what in _SIZES}),
            disable_xml_declaration=True,
            margin=8,
            margin_right=8 if several or not self.lying else 60,  # for the value beyond the longest bar
            spacing=8,
            show_legend=several,
            legend_at_bottom=True,
            legend_at_bottom_columns=len(self.series),
            truncate_legend=-1,
            truncate_label=LABEL_CHARACTERS,
            y_labels=self._marks(),
            print_values=not several and (self.lying or len(self.labels) <= VALUES_AT_MOST),
            print_values_position="top",
            print_zeroes=False,
            value_formatter=lambda value: self.says(value or 0),
        )

    def _marks(self) -> list[float]:
        """What the axis names: from nothing to at least the longest bar."""
        bars = zip(*(one.values for one in self.series), strict=True)
        longest = max((sum(value or 0 for value in bar) for bar in bars), default=0)
        step = next((step for step in self.steps if longest <= step * MARKS_AT_MOST), self.steps[-1])
        return [step * rank for rank in range(max(ceil(longest / step), 1) + 1)]

    def _dressed(self, root: Any) -> Any:
        """pygal's tree as the page shows it."""
        self._undress(root, None)
        for node in root.iter("g"):
            if node.get("class") == "legends":
                self._put_side_by_side(node)
        root.set("role", "img")
        root.set("aria-labelledby", f"{self.name}-title {self.name}-text")
        for place, (tag, mark, words) in enumerate(
            [("title", "title", self.title), ("desc", "text", self.text)]
        ):
            node = etree.Element(tag)
            node.set("id", f"{self.name}-{mark}")
            node.text = words
            root.insert(place, node)
        return root

    def _put_side_by_side(self, legends: Any) -> None:
        """Each legend after the one before: pygal gives them equal parts of the axis, where a long one meets the next."""
        legends.set("transform", re.sub(r"\(.*?,", f"({LETTERS},", legends.get("transform")))
        left = 0.0
        for legend in legends:
            box, text = legend
            box.set("x", f"{left:.1f}")
            text.set("x", f"{left + LETTERS + 4:.1f}")
            left += len(text.text) * LETTER_WIDTH + 3 * LETTERS

    def _undress(self, node: Any, within: Series | None) -> None:
        """Leave shapes and words, coloured by our classes. A pointer on a bar finds its label, its series and its value."""
        classes = str(node.get("class", "")).split()
        own = next((one for index, one in enumerate(self.series) if f"color-{index}" in classes), None)
        told = {
            str(child.get("class")): child.text for child in node if child.tag == "desc" and "bar" in classes
        }
        for child in list(node):
            known = isinstance(child.tag, str) and child.tag not in LEFT_OUT
            if not known or {"background", "tooltip-overlay"} & set(str(child.get("class", "")).split()):
                node.remove(child)
            else:
                self._undress(child, own or within)
                if child.tag == "g" and not len(child):
                    node.remove(child)
        if told:
            title = etree.SubElement(node, "title")
            name = within.name if within and len(self.series) > 1 else ""
            title.text = " · ".join(filter(None, [told.get("x_label"), name, told.get("value")]))
        for name, value in list(node.attrib.items()):
            if name not in ATTRIBUTES and not (name == "id" and node.tag == "pattern"):
                del node.attrib[name]
            elif name != "class":
                node.set(name, re.sub(r"(\.\d)\d+", r"\1", value))
        ours = [one for one in classes if one in CLASSES]
        if own and own.tone in PATTERNS:
            ours.append(f"edge-{own.tone}")
            node.set("fill", f"url(#{self.name}-{own.tone})")
        elif own:
            ours.append("bar-plain")
        if ours:
            node.set("class", " ".join(ours))
        elif "class" in node.attrib:
            del node.attrib["class"]
