"""Invented members for the demo, the tests and the bench. No production code may use this module (a test says
so).

Everything is drawn from a seed: the same seed gives the same people. Names, numbers and addresses belong to no
person: the NIRs have a right key and a serial number drawn at random, and the e-mail addresses are under `example.org`,
which is reserved.
"""

import csv
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from adherents.members.names import squeeze
from adherents.members.nir import key_of


def _words(text: str) -> list[str]:
    return text.split()


FAMILY_NAMES = _words(
    """
    Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy
    Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Müller
    Lefebvre Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia
    Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont
    Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet Gaillard
    Barbier Arnaud Martínez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre
    Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet
    Rolland Leclercq Guillaume Lecomte López Jean Dupuy Guillot Hubert Berger Carpentier Sánchez Dupuis
    Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier
    Marty Aubry Guyot Carré Charles Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé
    Schneider Fernandez Le_Gall Collet Léger Bouvier Julien Prévost Millet Perrot Daniel Le_Roux Cousin
    Germain Breton Besson Langlois Rémy Le_Goff Pelletier Lévêque Perrier Leblanc Barré Lebrun Marchal
    Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodríguez Guichard Gillet Étienne Grondin Poulain
    Tessier Chevallier Collin Chauvin Da_Silva Bouchet Gay Lemaître Bénard Maréchal Humbert Reynaud
    Antoine Hoarau Perret Barthélemy Cordier Pichon D’Œuvre L’Hôpital N’Diaye De_La_Tour Saint-Cœur
    O’Brien Nguyễn Benali Haddad Łukasik Le_Bœuf
    """
)
WOMEN = _words(
    """
    Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Jacqueline Anne Sylvie Martine Madeleine
    Nicole Suzanne Hélène Christine Marguerite Denise Louise Christiane Yvonne Valérie Sophie Stéphanie
    Céline Chantal Julie Émilie Léa Manon Chloé Inès Jade Zoé Anaïs Anne-Cécile Marie-Ève
    Marie-Françoise Maëlys Noémie Gaëlle Cécile Brigitte Danièle
    """
)
MEN = _words(
    """
    Jean Pierre Michel André Philippe René Louis Alain Jacques Bernard Marcel Daniel Roger Robert Paul
    Claude Christian Henri Georges Nicolas François Patrick Gérard Joseph Christophe Julien Maurice
    Laurent Frédéric Éric David Stéphane Pascal Jean-François Jean-Claude Jean-Pierre Loïc Noël Raphaël
    Gaël Théo Léo Hugo Gaëtan Rémi Jérôme Sébastien
    """
)
DEPARTMENTS = [f"{number:02d}" for number in range(1, 96) if number != 20] + [
    "2A",
    "2B",
    "971",
    "972",
    "974",
    "99",
]


@dataclass(frozen=True, slots=True)
class InventedMember:
    """A line of the member file: the columns in their order, as the insurer writes them."""

    numero_adherent: str
    nir: str
    nom_naissance: str
    nom_usage: str
    prenoms: str
    date_naissance: str
    departement_naissance: str
    email: str
    telephone: str
    langue: str
    date_debut: str
    date_fin: str


def number_of(rank: int) -> str:
    """The member number of the `rank`-th invented member, in the order of the file."""
    return f"A{rank:07d}"


def with_key(first_13: str) -> str:
    """A NIR from its first 13 characters and the key that goes with them."""
    return f"{first_13}{key_of(first_13 + '00'):02d}"


def member(rank: int, *, seed: int = 2026) -> InventedMember:
    """The `rank`-th invented member: the same one each time, and apart from the others."""
    draw = random.Random(seed * 1_000_003 + rank)  # noqa: S311 (invented people, not secrets)
    chance = draw.random
    woman = chance() < 0.52
    year = 1932 + int(chance() * 74)
    month, day = 1 + int(chance() * 12), 1 + int(chance() * 28)
    department = DEPARTMENTS[int(chance() * len(DEPARTMENTS))]
    month_known = chance() > 0.005
    day_known = month_known and chance() > 0.005
    family = FAMILY_NAMES[int(chance() * len(FAMILY_NAMES))].replace("_", " ")
    given = WOMEN if woman else MEN
    first = given[int(chance() * len(given))]
    second = given[int(chance() * len(given))]
    usage = (
        FAMILY_NAMES[int(chance() * len(FAMILY_NAMES))].replace("_", " ") if woman and chance() < 0.5 else ""
    )
    number = number_of(rank)
    reachable = chance() > 0.06
    email = f"{squeeze(first)}.{squeeze(usage or family)}.{rank}@example.org" if reachable else ""
    return InventedMember(
        numero_adherent=number,
        nir=_nir(draw, woman, year, month if month_known else 20, department),
        nom_naissance=family.upper() if chance() < 0.3 else family,
        nom_usage=usage,
        prenoms=f"{first}, {second}" if chance() < 0.6 else first,
        date_naissance=f"{day if day_known else 0:02d}/{month if month_known else 0:02d}/{year}",
        departement_naissance=department,
        email=email,
        telephone=f"06{int(chance() * 1e8):08d}" if chance() < 0.7 else "",
        langue="en" if chance() < 0.02 else "fr",
        date_debut=f"01/01/{2005 + int(chance() * 20)}",
        date_fin="",
    )


def _nir(draw: random.Random, woman: bool, year: int, month: int, department: str) -> str:
    """A NIR with a right key; the département as it was numbered in the year of birth."""
    if department in {"2A", "2B"} and year < 1976:
        department = "20"
    if year < 1968 and department in {"92", "93", "94"}:
        department = "75"
    elif year < 1968 and department in {"91", "95"}:
        department = "78"
    width = 5 - len(department)
    commune = 1 + int(draw.random() * (89 if width == 2 else 889))
    order = 1 + int(draw.random() * 999)
    return with_key(
        f"{2 if woman else 1}{year % 100:02d}{month:02d}{department}{commune:0{width}d}{order:03d}"
    )


def members(count: int, *, first: int = 1, seed: int = 2026) -> Iterator[InventedMember]:
    """`count` invented members in the order of their numbers, one at a time."""
    return (member(rank, seed=seed) for rank in range(first, first + count))


def write_member_file(path: Path, people: Iterator[InventedMember], *, encoding: str = "utf-8") -> None:
    """The people as the insurer's core system would export them, in constant memory."""
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(InventedMember.__dataclass_fields__)
        for person in people:
            writer.writerow(asdict(person).values())
