"""Mixing colours for the theme. A colour is `#rrggbb`; the contrast is WCAG's, from the insurer's room."""

import colorsys

from adherents.insurer.colours import contrast

CALM = 0.55


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, into: str, share: float) -> str:
    """`share` (0 to 1) of `colour` laid over `into`."""
    parts = (
        round(top * share + under * (1 - share))
        for top, under in zip(_channels(colour), _channels(into), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*parts)


def towards(colour: str, goal: str, against: list[str], ratio: float) -> str:
    """The nearest step from `colour` to `goal` that reads at `ratio` on every colour of `against`."""
    for step in range(0, 101, 2):
        candidate = mix(goal, colour, step / 100)
        if all(contrast(candidate, under) >= ratio for under in against):
            return candidate
    return goal


def brightened(colour: str, against: list[str], ratio: float) -> str:
    """The same hue, lighter (and calmer, for dark grounds) until it reads at `ratio` on all of `against`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _channels(colour)))
    candidate = colour
    for step in range(round(lightness * 100), 101):
        parts = colorsys.hls_to_rgb(hue, step / 100, min(saturation, CALM))
        candidate = "#{:02x}{:02x}{:02x}".format(*(round(part * 255) for part in parts))
        if all(contrast(candidate, under) >= ratio for under in against):
            break
    return candidate
