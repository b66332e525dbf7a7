"""Colours and whether people can read them: the contrast of WCAG 2.2."""

WHITE, BLACK = "#ffffff", "#000000"
PAPER = "#f7f5f0"
READABLE, COMFORTABLE = 4.5, 7.0  # levels AA (1.4.3) and AAA (1.4.6)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, from 1.0 (the same) to 21.0 (black on white)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _parts(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = []
    for part in _parts(colour):
        share = part / 255
        linear.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
