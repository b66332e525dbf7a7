"""The one cast of invented people. Their NIRs have a right key and belong to no person."""

from dataclasses import dataclass

from adherents.members.nir import key_of

PASSWORD = "tulipe-Bleue-42"
NEW_PASSWORD = "jardin-Secret-77"


@dataclass(frozen=True)
class Person:
    """One line of the insurer's file, and what the person types for it."""

    number: str
    nir13: str
    birth_name: str
    usage_name: str
    first_names: str
    birth_date: str
    department: str
    email: str
    language: str = "fr"

    @property
    def nir(self) -> str:
        return f"{self.nir13}{key_of(self.nir13):02d}"

    @property
    def birth_day(self) -> tuple[str, str, str]:
        """Day, month, year as typed."""
        year, month, day = self.birth_date.split("-")
        return day, month, year


CAMILLE = Person(
    "70100001", "2540338185042", "Dupont", "", "Camille, Rose", "1954-03-05", "38", "camille@example.org"
)
JEAN_FRANCOIS = Person(
    "70100002",
    "1480775012345",
    "L’Héritier-Müller",
    "",
    "Jean-François",
    "1948-07-21",
    "94",
    "jf@example.org",
)
EVE = Person(
    "70100005", "2900297411023", "Payet", "Hoarau", "Marie Ève", "1990-02-21", "974", "eve@example.org"
)
ANGE = Person("70100006", "1570220004056", "Casanova", "", "Ange", "1957-02-11", "2A", "ange@example.org")
KARIM = Person("70100007", "1629999352078", "Benaïssa", "", "Karim", "1962-00-00", "99", "karim@example.org")
NO_MAIL = Person("70100008", "2450669123021", "Lemoine", "", "Odette", "1945-06-30", "69", "")
ENGLISH = Person(
    "70100009",
    "1751199109033",
    "Carter",
    "",
    "Thomas",
    "1975-11-14",
    "99",
    "thomas@example.org",
    language="en",
)
TWIN_LEA = Person("70100010", "2010531555101", "Marty", "", "Léa", "2001-05-09", "31", "lea@example.org")
TWIN_ZOE = Person("70100011", "2010531555102", "Marty", "", "Zoé", "2001-05-09", "31", "zoe@example.org")
EVERYBODY = [CAMILLE, JEAN_FRANCOIS, EVE, ANGE, KARIM, NO_MAIL, ENGLISH, TWIN_LEA, TWIN_ZOE]
