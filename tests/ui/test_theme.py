"""The theme that two colours give: all of it can be read, light and dark (WCAG 1.4.3, 1.4.6, 1.4.11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherents.insurer.colours import PAPER, WHITE, contrast
from adherents.ui import theme

ACCENTS = ["#00693e", "#1d4ed8", "#7a1f5c", "#8a2a0c", "#0b5c6b", "#333333"]
PALETTES = [theme.light(accent=accent, ink="#16241d") for accent in ACCENTS] + [
    theme.dark(accent=accent) for accent in ACCENTS
]


@pytest.mark.parametrize("palette", PALETTES)
def test_text_reads_at_seven_to_one_on_the_page_and_on_cards(palette: theme.Palette) -> None:
    assert min(contrast(palette.ink, ground) for ground in (palette.paper, palette.surface)) >= 7


@pytest.mark.parametrize("palette", PALETTES)
def test_muted_text_links_and_tones_read_wherever_they_are_laid(palette: theme.Palette) -> None:
    for ground in (palette.paper, palette.surface):
        assert contrast(palette.muted, ground) >= 4.5
        assert contrast(palette.accent, ground) >= 4.5
    assert contrast(palette.accent, palette.accent_soft) >= 4.5
    for words, under in palette.tones.values():
        for ground in (under, palette.paper, palette.surface):
            assert contrast(words, ground) >= 4.5
        assert contrast(palette.ink, under) >= 7


@pytest.mark.parametrize("palette", PALETTES)
def test_a_button_reads_at_rest_and_under_the_pointer(palette: theme.Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    assert contrast(palette.on_accent, palette.accent_hover) >= 4.5


@pytest.mark.parametrize("palette", PALETTES)
def test_the_edge_of_a_field_is_seen(palette: theme.Palette) -> None:
    assert min(contrast(palette.edge, ground) for ground in (palette.paper, palette.surface)) >= 3


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_accent_that_a_profile_may_have_gives_a_theme_that_reads(channels: tuple[int, int, int]) -> None:
    accent = "#{:02x}{:02x}{:02x}".format(*channels)
    if min(contrast(accent, ground) for ground in (PAPER, WHITE)) < 4.5:
        return
    light, dark = theme.light(accent=accent, ink="#16241d"), theme.dark(accent=accent)
    assert contrast(light.accent, light.accent_soft) >= 4.5
    assert contrast(dark.accent, dark.accent_soft) >= 4.5
    assert contrast(light.on_accent, light.accent_hover) >= 4.5
    assert contrast(dark.on_accent, dark.accent) >= 4.5


def test_a_pale_ink_is_darkened_until_it_reads_well() -> None:
    assert contrast("#5a6a62", PAPER) < 7
    assert contrast(theme.light(accent="#00693e", ink="#5a6a62").ink, PAPER) >= 7
