"""Rectangles and corners on a page's picture, as an SVG is told of them. Pure code."""

from collections.abc import Sequence
from dataclasses import dataclass

from adherents.reading.boxes import LARGEST

Sides = tuple[int, int]


@dataclass(frozen=True)
class CutOut:
    """A rectangle on a page's picture, in its pixels. As text, an SVG's viewBox."""

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.left} {self.top} {self.width} {self.height}"


@dataclass(frozen=True)
class Turning:
    """A picture that is turned to the right: the sides that it has then, and an SVG's transform; "" where it is not turned."""

    width: int
    height: int
    transform: str


@dataclass(frozen=True)
class Crop:
    """What is cut out of a picture that is turned upright before: an SVG's viewBox and its transform."""

    view: CutOut
    transform: str


def turning(width: int, height: int, degrees: int) -> Turning:
    """`degrees`: 0, 90, 180 or 270."""
    if not degrees:
        return Turning(width, height, "")
    moves = {90: f"translate({height} 0)", 180: f"translate({width} {height})", 270: f"translate(0 {width})"}
    sides = (width, height) if degrees == 180 else (height, width)
    return Turning(*sides, f"{moves[degrees]} rotate({degrees})")


def upright(cut: CutOut, width: int, height: int, degrees: int) -> Crop:
    """A rectangle of a picture of these sides, as it stands when the picture is turned by `degrees`."""
    right, bottom = cut.left + cut.width, cut.top + cut.height
    left, top = {
        0: (cut.left, cut.top),
        90: (height - bottom, cut.left),
        180: (width - right, height - bottom),
        270: (cut.top, width - right),
    }[degrees]
    sides = (cut.height, cut.width) if degrees in {90, 270} else (cut.width, cut.height)
    return Crop(CutOut(left, top, *sides), turning(width, height, degrees).transform)


def in_pixels(box: Sequence[int], width: int, height: int) -> CutOut:
    """`box`: left, top, right, bottom in ten-thousandths of the sides."""
    left, top, right, bottom = box
    across, down = round((right - left) * width / LARGEST), round((bottom - top) * height / LARGEST)
    return CutOut(round(left * width / LARGEST), round(top * height / LARGEST), max(across, 1), max(down, 1))


def around(corners: Sequence[Sequence[int]]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom around corners, with a little room, in ten-thousandths."""
    across, down = [corner[0] for corner in corners], [corner[1] for corner in corners]
    room = round((max(across) - min(across)) / 10)
    return (
        max(min(across) - room, 0),
        max(min(down) - room, 0),
        min(max(across) + room, LARGEST),
        min(max(down) + room, LARGEST),
    )


def on_picture(place: Sequence[int], page: Sides, picture: Sides) -> tuple[int, ...]:
    """Across and down, in turn, in ten-thousandths of a page of these sides, as those of the picture that is as large in its
    middle as it can be: a gathered photo stands so on its page, and it alone is shown.
    """
    scale = min(page[0] / picture[0], page[1] / picture[1])
    moved = []
    for at, one in enumerate(place):
        side, own = page[at % 2], picture[at % 2] * scale
        moved.append(min(max(round((one * side - LARGEST * (side - own) / 2) / own), 0), LARGEST))
    return tuple(moved)
