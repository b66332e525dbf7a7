"""The invented people: right keys, no two alike, the same each time, never in production code."""

from pathlib import Path

from adherents.demo import invented
from adherents.members import nir

SOURCES = Path(invented.__file__).parents[1]


def test_the_invented_people_have_nirs_that_could_exist() -> None:
    people = list(invented.members(3000))
    for person in people:
        read = nir.parse(person.nir)
        assert person.departement_naissance in nir.departments_of(
            read, birth_year=int(person.date_naissance[-4:])
        )
    assert len({person.numero_adherent for person in people}) == 3000
    assert list(invented.members(10, first=5)) == people[4:14]


def test_no_production_code_invents_people() -> None:
    allowed = {"members/invented.py", "config/management/commands/demo.py"}
    users = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if "members.invented" in path.read_text() or "import invented" in path.read_text()
    }
    assert {user for user in users if "demo" not in user} <= allowed
