"""The theme that two colours give: all of it reads at 7:1, light and dark (WCAG 1.4.6, 1.4.11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherents.insurer.colours import PAPER, WHITE, contrast
from adherents.ui import theme

ACCENTS = ["#00693e", "#1d4ed8", "#7a1f5c", "#8a2a0c", "#0b5c6b", "#333333"]
PALETTES = [theme.light(accent=accent, ink="#16241d") for accent in ACCENTS] + [
    theme.dark(accent=accent) for accent in ACCENTS
]


def grounds_of(palette: theme.Palette) -> list[str]:
    return [
        palette.paper,
        palette.surface,
        palette.accent_soft,
        *(under for _, under in palette.tones.values()),
    ]


def assert_all_words_read_with_ease(palette: theme.Palette) -> None:
    for ground in grounds_of(palette):
        for words in (palette.ink, palette.muted, palette.accent_text, palette.accent_hover):
            assert contrast(words, ground) >= 7, (words, ground)
    for words, under in palette.tones.values():
        for ground in (under, palette.paper, palette.surface, palette.accent_soft):
            assert contrast(words, ground) >= 7, (words, ground)
    for ground in (palette.accent_fill, palette.accent_hover):
        assert contrast(palette.on_accent, ground) >= 7, ground


@pytest.mark.parametrize("palette", PALETTES)
def test_words_links_tones_and_buttons_read_at_seven_to_one_wherever_they_are_laid(
    palette: theme.Palette,
) -> None:
    assert_all_words_read_with_ease(palette)


@pytest.mark.parametrize("accent", ACCENTS)
def test_the_profiles_own_colour_stays_for_what_bears_no_words(accent: str) -> None:
    assert theme.light(accent=accent, ink="#16241d").accent == accent
    assert f"--accent:{accent};" in theme.stylesheet(accent=accent, ink="#16241d")


def test_a_colour_that_reads_with_ease_already_is_left_as_it_is() -> None:
    palette = theme.light(accent="#5b2a86", ink="#16241d")
    assert palette.accent == palette.accent_text == palette.accent_fill == "#5b2a86"


@pytest.mark.parametrize("palette", PALETTES)
def test_the_edge_of_a_field_is_seen(palette: theme.Palette) -> None:
    assert min(contrast(palette.edge, ground) for ground in (palette.paper, palette.surface)) >= 3


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_accent_that_a_profile_may_have_gives_a_theme_that_reads(channels: tuple[int, int, int]) -> None:
    accent = "#{:02x}{:02x}{:02x}".format(*channels)
    if min(contrast(accent, ground) for ground in (PAPER, WHITE)) < 4.5:
        return
    for palette in (theme.light(accent=accent, ink=accent), theme.dark(accent=accent)):
        assert_all_words_read_with_ease(palette)


def test_a_pale_ink_is_darkened_until_it_reads_well() -> None:
    assert contrast("#5a6a62", PAPER) < 7
    assert contrast(theme.light(accent="#00693e", ink="#5a6a62").ink, PAPER) >= 7
