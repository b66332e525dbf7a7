"""`[franceconnect]` of a profile: the example that is given, and the drawings of its button beside the profile."""

import re
from pathlib import Path

import pytest

from adherents.insurer.profile import Profile, WrongProfile, load_profile

EXAMPLE = (Path(__file__).parents[2] / "profiles" / "exemple.toml").read_text(encoding="utf-8")
DRAWINGS = ("fc.svg", "fc-survol.svg", "fc-sombre.svg", "fc-sombre-survol.svg")


def loaded(folder: Path, button: str = "") -> Profile:
    """The example of `exemple.toml`, in force; `button`: with this in place of its own."""
    begin = EXAMPLE.index("# [franceconnect]")
    end = EXAMPLE.index("[limits.sign_in]")
    table = re.sub(r"^# (?=\[|\w+ = )", "", EXAMPLE[begin:end], flags=re.MULTILINE)
    if button:
        table = re.sub(r"^button = .*$", f"button = {button}", table, flags=re.MULTILINE)
    path = folder / "essai.toml"
    path.write_text(EXAMPLE[:begin] + table + EXAMPLE[end:], encoding="utf-8")
    return load_profile(path)


def draw(folder: Path) -> None:
    for name in DRAWINGS:
        (folder / name).write_text(f"<svg xmlns='http://www.w3.org/2000/svg'><title>{name}</title></svg>")


def test_the_example_is_right(tmp_path: Path) -> None:
    draw(tmp_path)
    known = loaded(tmp_path)
    assert known.franceconnect is not None
    assert known.franceconnect.issuer == "https://oidc.franceconnect.gouv.fr/api/v2"
    assert [path.name for path in known.pictures.values()] == list(DRAWINGS)


def test_one_drawing_stands_for_those_that_are_not_given(tmp_path: Path) -> None:
    draw(tmp_path)
    one = loaded(tmp_path, '{ light = "fc.svg" }').pictures
    assert {path.name for path in one.values()} == {"fc.svg"}
    assert len(one) == 4
    dark = loaded(tmp_path, '{ light = "fc.svg", dark = "fc-sombre.svg" }').pictures
    assert [path.name for path in dark.values()] == ["fc.svg", "fc.svg", "fc-sombre.svg", "fc-sombre.svg"]


@pytest.mark.parametrize(
    ("button", "should"),
    [
        ('{ light = "absent.svg" }', "beside the profile"),
        ('{ light = "essai.toml" }', "beside the profile"),
        ('{ dark = "fc.svg" }', "is missing"),
    ],
)
def test_a_drawing_that_is_not_there_is_named(tmp_path: Path, button: str, should: str) -> None:
    draw(tmp_path)
    with pytest.raises(WrongProfile, match=r"franceconnect\.button\.light") as refusal:
        loaded(tmp_path, button)
    assert should in str(refusal.value)
