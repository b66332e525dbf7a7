"""Bars: shapes that the stylesheet colours, patterns that need no colour, words that are only words."""

import re
from itertools import pairwise, product
from xml.etree import ElementTree

from adherents.ui.moments import duration
from adherents.ui.plots import Bars, Series

SVG = "{http://www.w3.org/2000/svg}"


def drawn(bars: Bars) -> ElementTree.Element:
    return ElementTree.fromstring(bars.svg)


def hovered(tree: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in tree.iter(f"{SVG}title") if not node.get("id")]


def test_series_differ_by_pattern_and_each_bar_says_its_value() -> None:
    tree = drawn(
        Bars(
            name="essai",
            title="Titre",
            text="Texte",
            labels=["Un", "Deux"],
            series=[Series("Accepté", [3, 1]), Series("Refusé", [2, 0], "refusal")],
        )
    )
    assert {"Un · Accepté · 3", "Deux · Accepté · 1", "Un · Refusé · 2"} <= set(hovered(tree))
    fills = {node.get("fill") for node in tree.iter() if node.get("fill")}
    assert fills == {"url(#essai-refusal)"}
    assert {node.get("id") for node in tree.iter(f"{SVG}pattern")} == {"essai-refusal"}


def test_the_axis_of_counts_has_no_halves_and_reaches_the_longest_bar() -> None:
    def marks(*values: int) -> list[str]:
        bars = Bars("essai", "Titre", "Texte", ["Un", "Deux"], [Series("A", values), Series("B", values)])
        axis = next(node for node in drawn(bars).iter(f"{SVG}g") if node.get("class") == "axis y")
        return [str(node.text) for node in axis.iter(f"{SVG}text")]

    assert marks(1, 0) == ["0", "1", "2"]
    assert marks(0, 0) == ["0", "1"]
    assert marks(3, 140) == ["0", "100", "200", "300"]


def test_what_the_axes_and_the_bars_say_never_meets_and_stays_in_the_picture() -> None:
    """The longest words that the figures have: times on a lying axis, long kinds beside it, thirteen weeks under bars."""
    kinds = ["Attestation de Sécurité sociale de l’année", "RIB"]

    def texts(tree: ElementTree.Element, group: str) -> list[tuple[float, float]]:
        """Where each begins and ends: written around its place on an axis, after it at a bar's end."""
        [found] = [node for node in tree.iter(f"{SVG}g") if node.get("class") == group]
        places = []
        for node in found.iter(f"{SVG}text"):
            wide, at = len(str(node.text)) * 7.2, float(node.get("x", "0"))
            begins = at + 6 if group == "text-overlay" else at - wide / 2
            places.append((begins, begins + wide))
        return sorted(places)

    steps = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 72, 120, 168)
    for hours, width in product(([108.0, 340.0], [1300.0, 3.0], [0.5, 0.25]), (540, 288)):
        bars = Bars("essai", "T", "t", kinds, [Series("A", hours)], lying=True, says=duration, steps=steps)
        tree = ElementTree.fromstring(bars.svg if width == 540 else bars.narrow_svg)
        assert tree.get("viewBox", "").startswith(f"0 0 {width} ")
        moved = re.search(r"translate\(([\d.]+)", ElementTree.tostring(tree, "unicode"))
        assert moved
        left = float(moved[1])
        axis = texts(tree, "axis x")
        assert all(one[1] <= other[0] for one, other in pairwise(axis)), axis
        assert (axis[0][0] + left >= 0, axis[-1][1] + left <= width) == (True, True)
        assert texts(tree, "text-overlay")[-1][1] + left <= width
    for label in ("23/11", "Semaine 48", "23 novembre 2026"):
        weeks = Bars(
            "essai", "T", "t", [label] * 13, [Series("A", [1.0] * 12 + [90.0])], says=duration, steps=steps
        )
        for svg, width in ((weeks.svg, 540), (weeks.narrow_svg, 288)):
            tree = ElementTree.fromstring(svg)
            moved = re.search(r"translate\(([\d.]+)", svg)
            assert moved
            above = tree.findall(f".//{SVG}g[@class='text-overlay']/{SVG}text")
            assert all(float(node.get("x", "0")) >= 7.2 * len(str(node.text)) / 2 for node in above)
            ends = [float(node.get("x", "0")) + 7.2 * len(str(node.text)) / 2 for node in above]
            assert max(ends) + float(moved[1]) <= width
            under = texts(tree, "axis x")
            assert all(one[1] <= other[0] for one, other in pairwise(under)), label


def test_on_a_phone_words_stand_above_their_bars_and_the_series_names_wrap() -> None:
    names = ("Accepté", "Correction demandée", "Refusé")
    bars = Bars("essai", "T", "t", ["Un", "Deux"], [Series(name, [1, 2]) for name in names], lying=True)
    tree = ElementTree.fromstring(bars.narrow_svg)
    [labels] = [node for node in tree.iter(f"{SVG}g") if node.get("class") == "axis y"]
    rows = [float(node.get("y", "0")) for node in labels.iter(f"{SVG}text")]
    tops = sorted(
        {float(node.get("y", "0")) for node in tree.iter(f"{SVG}rect") if node.get("height") != "12"}
    )
    assert rows[0] < tops[0] < rows[1] < tops[1]
    legends = [node for node in tree.iter(f"{SVG}rect") if node.get("height") == "12"]
    ends = [
        float(node.get("x", "0")) + 17 + 7.2 * len(name) for node, name in zip(legends, names, strict=True)
    ]
    assert max(ends) + 13 <= 288
    assert [node.get("y") for node in legends] == ["0", "0", "20"]


def test_values_above_bars_meet_neither_each_other_nor_a_higher_bar() -> None:
    def written(*values: float | None) -> list[str]:
        labels = [str(rank) for rank in range(len(values))]
        tree = drawn(Bars("essai", "Titre", "Texte", labels, [Series("Temps", values)], says=duration))
        return [
            str(node.text)
            for group in tree.iter(f"{SVG}g")
            if group.get("class") == "text-overlay"
            for node in group
        ]

    crowd: list[float | None] = [None] * 9 + [108.0, 100.0, 80.0, 84.0]
    assert written(*crowd) == ["4 j 12 h", "3 j 12 h"]  # the neighbours of each would be written over it
    assert written(48.0, None, 84.0) == ["3 j 12 h", "2 j"]  # nothing is near: all of them


def test_what_is_not_there_has_no_bar_and_words_are_no_markup() -> None:
    bars = Bars(
        name="essai",
        title="A & B",
        text="<script>",
        labels=["<b>Un</b>", "Deux", "Trois"],
        series=[Series("Temps", [30.0, None, 60.0])],
        lying=True,
        says=duration,
    )
    assert "<b>" not in bars.svg
    assert "<script>" not in bars.svg
    assert sorted(hovered(drawn(bars))) == ["<b>Un</b> · 30 h", "Trois · 2 j 12 h"]


def test_no_bar_leaves_the_picture_and_a_long_label_leaves_it_room() -> None:
    long = "Facture d’optique ou d’audioprothèse, très longue"
    for lying in (True, False):
        for values in ([3], [5000] * 52, [0.3, 10.0, 500.0]):
            labels = [f"{long} {rank}" for rank in range(len(values))]
            series = [Series("A", values), Series("B", values, "warning")]
            for several in (series[:1], series):
                tree = drawn(Bars("essai", "Titre", "Texte", labels, several, lying=lying))
                width, height = map(float, tree.get("viewBox", "").split()[2:])
                frame = next(node for node in tree.iter(f"{SVG}g") if node.get("transform"))
                left, top = map(float, re.findall(r"[\d.]+", frame.get("transform", "")))
                bars = [node for node in frame.iter(f"{SVG}rect") if node.get("x")]
                assert len(bars) == len(values) * len(several)
                for bar in bars:
                    x, y, wide, high = (float(bar.get(name, "")) for name in ("x", "y", "width", "height"))
                    assert x >= 0
                    assert y >= -0.1
                    assert left + x + wide <= width
                    assert top + y + high <= height
                assert left < width / 2 + 10
                assert hovered(tree)[0].startswith(labels[0])


def test_a_time_is_said_in_as_many_words_as_it_takes() -> None:
    texts = [duration(hours) for hours in (0, 0.66, 1.2, 47.4, 48, 52, 239, 300)]
    assert texts == ["0 min", "40 min", "1 h", "47 h", "2 j", "2 j 4 h", "9 j 23 h", "12 j"]
