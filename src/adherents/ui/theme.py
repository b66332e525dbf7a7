"""The theme that a profile's two colours give: one accent, one ink, the rest follows, light and dark.

The accent is for what bears no words: lines, edges, the mark. Words have a shade of it that reads at 7:1 wherever they are
laid (`accent_text`), and another to be laid on (`accent_fill`); tones and muted words too (decision 57).
"""

from dataclasses import dataclass, fields

from adherents.insurer.colours import BLACK, COMFORTABLE, PAPER, READABLE, WHITE, contrast
from adherents.ui.colours import brightened, mix, towards

DARK_PAPER, DARK_SURFACE, DARK_INK = "#0f1512", "#18201b", "#eaf0ec"
BRIGHT = 8.5  # on dark, an accent that only just reads looks dull

# (colour of the words, colour under them)
LIGHT_TONES = {
    "warning": ("#8a4b00", "#fdf1dd"),
    "refusal": ("#a3211a", "#fbe9e7"),
    "information": ("#1b5a9c", "#e7f0fa"),
    "success": ("#00693e", "#e4f1ea"),
}
DARK_TONES = {
    "warning": ("#f6c470", "#33260d"),
    "refusal": ("#ffaaa1", "#3b1b18"),
    "information": ("#9ccbfa", "#14293f"),
    "success": ("#7fd8ac", "#12301f"),
}
MUTED, DARK_MUTED = "#52605a", "#b0bcb5"


@dataclass(frozen=True)
class Palette:
    """One scheme's colours, by the name of their CSS variable."""

    paper: str
    surface: str
    ink: str
    muted: str
    line: str
    edge: str
    accent: str
    accent_text: str
    accent_fill: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    tones: dict[str, tuple[str, str]]

    def variables(self) -> dict[str, str]:
        named = {
            field.name.replace("_", "-"): str(getattr(self, field.name))
            for field in fields(self)
            if field.name != "tones"
        }
        for tone, (words, under) in self.tones.items():
            named[tone], named[f"{tone}-soft"] = words, under
        return named


def light(*, accent: str, ink: str) -> Palette:
    """The light scheme; the profile has already refused an accent or an ink that cannot be read on it."""
    soft = mix(accent, WHITE, 0.105)
    soft = soft if contrast(accent, soft) >= READABLE else mix(accent, WHITE, 0.04)
    pages = [PAPER, WHITE, soft]
    grounds = [*pages, *_laid_under(LIGHT_TONES)]
    words = towards(accent, BLACK, grounds, COMFORTABLE)
    return Palette(
        paper=PAPER,
        surface=WHITE,
        ink=towards(ink, BLACK, grounds, COMFORTABLE),
        muted=towards(MUTED, BLACK, grounds, COMFORTABLE),
        line="#dcd8ce",
        edge="#77827c",
        accent=accent,
        accent_text=words,
        accent_fill=towards(accent, BLACK, [WHITE], COMFORTABLE),
        accent_hover=mix(BLACK, words, 0.24),
        accent_soft=soft,
        on_accent=WHITE,
        tones=_read_with_ease(LIGHT_TONES, BLACK, pages),
    )


def dark(*, accent: str) -> Palette:
    """The dark scheme: the same accent, lightened until it reads at 7:1 on the dark pages."""
    bright = brightened(accent, [DARK_PAPER, DARK_SURFACE], BRIGHT)
    soft = mix(bright, DARK_SURFACE, 0.14)
    pages = [DARK_PAPER, DARK_SURFACE, soft]
    grounds = [*pages, *_laid_under(DARK_TONES)]
    words = towards(bright, WHITE, grounds, COMFORTABLE)
    return Palette(
        paper=DARK_PAPER,
        surface=DARK_SURFACE,
        ink=DARK_INK,
        muted=towards(DARK_MUTED, WHITE, grounds, COMFORTABLE),
        line="#2f3a34",
        edge="#7d8a83",
        accent=bright,
        accent_text=words,
        accent_fill=bright,
        accent_hover=mix(WHITE, words, 0.3),
        accent_soft=soft,
        on_accent=DARK_PAPER,
        tones=_read_with_ease(DARK_TONES, WHITE, pages),
    )


Tones = dict[str, tuple[str, str]]


def _laid_under(tones: Tones) -> list[str]:
    return [under for _, under in tones.values()]


def _read_with_ease(tones: Tones, goal: str, pages: list[str]) -> Tones:
    """The same tones, their words nearer to `goal` until they read at 7:1 on their own ground and on the pages."""
    return {
        name: (towards(words, goal, [under, *pages], COMFORTABLE), under)
        for name, (words, under) in tones.items()
    }


def stylesheet(*, accent: str, ink: str) -> str:
    """The CSS variables of both schemes."""

    def rules(palette: Palette) -> str:
        return "".join(f"--{name}:{value};" for name, value in palette.variables().items())

    return (
        f":root{{color-scheme:light dark;{rules(light(accent=accent, ink=ink))}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{rules(dark(accent=accent))}}}}}\n"
        f"@media print{{:root{{{rules(light(accent=accent, ink=ink))}}}}}\n"
    )
