"""`[agents.oidc]` of a profile: the example that is given, and what is wrong in one, by line and key."""

import re
from pathlib import Path

import pytest

from adherents.insurer.profile import Profile, WrongProfile, load_profile

PROFILES = Path(__file__).parents[2] / "profiles"
EXAMPLE = (PROFILES / "exemple.toml").read_text(encoding="utf-8")


def uncommented() -> str:
    """The example of `exemple.toml`, in force."""
    begin = EXAMPLE.index("# [agents.oidc]")
    end = EXAMPLE.index("# Les adhérents peuvent se connecter par FranceConnect")
    return EXAMPLE[:begin] + re.sub(r"^# ", "", EXAMPLE[begin:end], flags=re.MULTILINE) + EXAMPLE[end:]


def loaded(tmp_path: Path, before: str = "", after: str = "") -> Profile:
    text = uncommented()
    assert before in text
    path = tmp_path / "essai.toml"
    path.write_text(text.replace(before, after, 1) if before else text, encoding="utf-8")
    return load_profile(path)


def test_the_example_that_the_profile_shows_is_right(tmp_path: Path) -> None:
    known = loaded(tmp_path).agents.oidc
    assert known is not None
    assert known.break_glass == "secours@mutuelle.example"
    assert [line.role for line in known.roles] == ["administrateur", "responsable", "conseiller"]
    assert not known.passwords
    assert load_profile(PROFILES / "exemple.toml").agents.oidc is None
    assert load_profile(PROFILES / "mese.toml").agents.oidc is None


@pytest.mark.parametrize(
    ("before", "after", "key", "should"),
    [
        ("https://login", "http://login", "agents.oidc.issuer", "the provider's https address"),
        ('realms/mutuelle"', 'realms/mutuelle?x=1"', "agents.oidc.issuer", "the provider's https address"),
        ('role = "responsable"', 'role = "adherent"', "agents.oidc.roles[2].role", '"conseiller"'),
        ('"adherents-responsables"', '"adherents-conseillers"', "agents.oidc.roles", "each value has one role"),
        ('team_claim = "groups"', "", "agents.oidc.teams", "where team_claim"),
        ('break_glass = "secours@mutuelle.example"', "", "agents.oidc.passwords", "break_glass"),
        ('break_glass = "secours@mutuelle.example"', 'break_glass = "nul"', "agents.oidc.break_glass", "an e-mail"),
        ('"openid", "profile"', '"profile"', "agents.oidc.scopes", '"openid"'),
        ("role_claim", "roles_claim", "agents.oidc.roles_claim", "role_claim"),
        (', en = "the directory"', "", "agents.oidc.name", "has no English"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_line_and_key(
    tmp_path: Path, before: str, after: str, key: str, should: str
) -> None:
    with pytest.raises(WrongProfile) as refused:
        loaded(tmp_path, before, after)
    lines = [line for line in str(refused.value).splitlines() if key in line]
    assert lines, str(refused.value)
    assert re.search(r"essai\.toml, line \d+: ", lines[0])
    assert should in lines[0] or should in lines[0].replace("it should be", "has no English")
