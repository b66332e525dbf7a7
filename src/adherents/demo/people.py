"""Who is in the demonstration: members who each show something, others to fill the lists, and an agent of each role.

These people do not exist. The NIRs have a right key; the addresses are under `example.org`, which is reserved.
"""

import csv
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from pathlib import Path

from adherents.demo import invented
from adherents.demo.invented import InventedMember, with_key
from adherents.demo.sample_documents import SampleDocument
from adherents.members.intake.facts import BENEFICIARY_COLUMNS

PASSWORD = "tulipe-Bleue-42"  # noqa: S105 (printed for those who try the demonstration)
HOW_MANY = 50


@dataclass(frozen=True)
class Covered:
    """A beneficiary: a line of the second file, in the order of its columns."""

    rank: int
    nir: str
    birth_name: str
    usage_name: str
    first_names: str
    born: str
    relation: str


@dataclass(frozen=True)
class Persona:
    """A member of the demonstration and what became of the account.

    `opened`: days since the account was opened (None: never connected), `renewed`: since its password was last set,
    if it was again. `wrong`: how long ago five wrong passwords were typed. `closed`: days since the account was closed.
    `refused`: days since the server of the e-mail address refused it.
    `signed_in`: days ago of each sign-in. `left_unsent`: a file waits for the member to finish sending it.
    """

    line: InventedMember
    shows: str = ""
    opened: int | None = None
    renewed: int | None = None
    signed_in: tuple[float, ...] = ()
    wrong: timedelta | None = None
    closed: int | None = None
    refused: int | None = None
    covered: tuple[Covered, ...] = ()
    samples: tuple[SampleDocument, ...] = ()
    left_unsent: bool = False

    @property
    def number(self) -> str:
        return self.line.numero_adherent

    @property
    def birth_date(self) -> str:
        return self.line.date_naissance

    @property
    def name(self) -> str:
        return f"{self.line.prenoms.split(',')[0]} {self.line.nom_usage or self.line.nom_naissance}"


@dataclass(frozen=True)
class Agent:
    email: str
    role: str
    name: str
    shows: str


AGENTS = (
    Agent(
        "conseiller@example.org", "conseiller", "C. Morel", "cherche un adhérent, ouvre ses documents, agit"
    ),
    Agent("responsable@example.org", "responsable", "N. Haddad", "la même chose, et lit le journal"),
    Agent("administrateur@example.org", "administrateur", "F. Le Gall", "la même chose, et lit le journal"),
    Agent("auditeur@example.org", "auditeur", "B. Rey", "lit le journal, et rien d’autre"),
)


def _line(
    number: int, nir13: str, names: str, born: str, department: str, email: str = "", **others: str
) -> InventedMember:
    """`names`: « birth name/usage name/first names »."""
    birth_name, usage_name, first_names = names.split("/")
    return InventedMember(
        numero_adherent=str(70100000 + number),
        nir=with_key(nir13),
        nom_naissance=birth_name,
        nom_usage=usage_name,
        prenoms=first_names,
        date_naissance=born,
        departement_naissance=department,
        email=email and f"{email}@example.org",
        telephone=others.get("phone", ""),
        langue=others.get("language", "fr"),
        date_debut="01/01/2019",
        date_fin=others.get("end", ""),
    )


EVERY_STATE = (
    SampleDocument("releve_prestations", "decompte", 61, "accepted"),
    SampleDocument("facture_dentaire", "facture", 40, "accepted", rank=1, note="Couronne de mon mari."),
    SampleDocument("facture_optique", "facture-photo", 23, "refused"),
    SampleDocument("attestation_secu", "attestation", 16, "incomplete", rank=2),
    SampleDocument("facture_soins", "facture", 6, "in_progress"),
    SampleDocument("rib", "rib-heic", 0.09, "", note="Nous avons changé de banque."),
    SampleDocument("ordonnance", "ordonnance", 0.02, "received"),
)

PERSONAS = (
    Persona(
        _line(
            1, "2540338185042", "Dupont//Camille, Rose", "05/03/1954", "38", "camille", phone="06 12 34 56 78"
        ),
        "documents dans tous les états, deux bénéficiaires",
        opened=92,
        signed_in=(92, 61, 40, 23, 16, 6, 0.1),
        covered=(
            Covered(1, with_key("1510626362011"), "Dupont", "", "Michel", "14/06/1951", "conjoint"),
            Covered(2, with_key("2080938185117"), "Dupont", "", "Inès, Rose", "02/09/2008", "enfant"),
        ),
        samples=EVERY_STATE,
    ),
    Persona(
        _line(2, "1480775012345", "L’Héritier-Müller//Jean-François", "21/07/1948", "94", "jf.lheritier"),
        "jamais connecté : première connexion, avec accents et trait d’union",
    ),
    Persona(
        _line(3, "2590463113027", "Faure/Lefèvre/Monique", "17/04/1959", "63", "monique.lefevre"),
        "compte bloqué il y a 2 heures, pour 24 heures",
        opened=120,
        signed_in=(120, 75, 31),
        wrong=timedelta(hours=2),
        samples=(SampleDocument("facture_soins", "facture", 31, "accepted"),),
    ),
    Persona(
        _line(4, "1650213055088", "Benali//Ahmed", "09/02/1965", "13", "ahmed.benali"),
        "bloqué il y a 30 heures : seul « Mot de passe oublié ? » ouvre",
        opened=64,
        signed_in=(64, 20),
        wrong=timedelta(hours=30),
    ),
    Persona(
        _line(5, "2710869123060", "Perrin//Sylvie", "30/08/1971", "69", "sylvie.perrin"),
        "mot de passe périmé depuis 20 jours",
        opened=200,
        signed_in=(200, 110, 45),
        samples=(
            SampleDocument("devis", "facture", 110, "accepted"),
            SampleDocument("facture_optique", "facture", 45, "refused"),
        ),
    ),
    Persona(
        _line(6, "1760556121031", "Le Goff//Gaël", "12/05/1976", "56", "gael.legoff"),
        "mot de passe à renouveler dans 10 jours : avertissement et mail",
        opened=170,
        signed_in=(170, 88, 9),
        samples=(
            SampleDocument("rib", "rib", 88, "accepted"),
            SampleDocument("ordonnance", "ordonnance", 2, "in_progress"),
        ),
    ),
    Persona(
        _line(7, "2470333063019", "Martínez//Denise", "08/03/1947", "33", "denise.martinez"),
        "compte fermé il y a 12 jours",
        opened=130,
        signed_in=(130, 90),
        closed=12,
    ),
    Persona(
        _line(8, "2450669123021", "Lemoine//Odette", "30/06/1945", "69"),
        "sans adresse e-mail : aucun mail n’arrive, un conseiller l’ajoute",
    ),
    Persona(
        _line(9, "1751199109033", "Carter//Thomas", "14/11/1975", "99", "thomas.carter", language="en"),
        "en anglais, pages et mails",
        opened=50,
        signed_in=(50, 12),
        samples=(
            SampleDocument("facture_dentaire", "facture", 12, "accepted"),
            SampleDocument("rib", "rib", 50, "accepted"),
        ),
    ),
    Persona(
        _line(10, "2010531555101", "Marty//Léa", "09/05/2001", "31", "lea.marty"),
        "jumelle de Zoé, jamais connectée",
    ),
    Persona(
        _line(11, "2010531555102", "Marty//Zoé", "09/05/2001", "31", "zoe.marty"),
        "jumelle de Léa, connectée",
        opened=33,
        signed_in=(33, 5),
        samples=(SampleDocument("certificat_scolarite", "attestation", 5, "checked"),),
    ),
    Persona(
        _line(12, "1629999352078", "Benaïssa//Karim", "00/00/1962", "99", "karim.benaissa"),
        "jour et mois de naissance inconnus : 00/00/1962 ; jamais connecté",
    ),
    Persona(
        _line(13, "1570220004056", "Casanova//Ange", "11/02/1957", "2A", "ange.casanova"),
        "né en Corse ; un document refusé et un à compléter l’attendent",
        opened=77,
        signed_in=(77, 14, 3),
        samples=(
            SampleDocument("facture_dentaire", "facture-photo", 14, "refused"),
            SampleDocument("attestation_secu", "attestation", 8, "incomplete"),
            SampleDocument("rib", "rib-photo", 3, "checked"),
        ),
    ),
    Persona(
        _line(14, "2790592050041", "Nguyen/Barré/Nathalie", "23/05/1979", "92", "nathalie.barre"),
        "cinq bénéficiaires, une année de documents",
        opened=340,
        renewed=60,
        signed_in=(330, 250, 170, 90, 50, 10, 1),
        covered=(
            Covered(1, with_key("1770375115022"), "Barré", "", "Hugo", "04/03/1977", "conjoint"),
            Covered(2, with_key("2060792050073"), "Barré", "", "Jade", "11/07/2006", "enfant"),
            Covered(3, with_key("1091192050074"), "Barré", "", "Théo", "28/11/2009", "enfant"),
            Covered(4, with_key("1120292050075"), "Barré", "", "Léo", "19/02/2012", "enfant"),
            Covered(5, with_key("2510699351012"), "Nguyen", "", "Marie", "00/06/1951", "ascendant"),
        ),
        samples=tuple(
            SampleDocument(
                ("facture_soins", "facture_optique", "ordonnance", "releve_prestations")[turn % 4],
                ("facture", "facture", "ordonnance", "decompte")[turn % 4],
                330 - 40 * turn,
                "accepted" if turn < 7 else "in_progress",
                rank=turn % 6,
            )
            for turn in range(9)
        ),
    ),
    Persona(
        _line(15, "1830697408216", "Hoarau//Paul", "07/06/1983", "974", "paul.hoarau"),
        "un fichier illisible, un trop grand, un altéré ; un envoi interrompu",
        opened=28,
        signed_in=(28, 4, 0.2),
        samples=(
            SampleDocument("facture_soins", "illisible", 4, ""),
            SampleDocument("devis", "trop-grand", 4, ""),
            SampleDocument("rib", "rib", 4, "altered"),
            SampleDocument("rib", "rib", 0.15, ""),
        ),
        left_unsent=True,
    ),
    Persona(
        _line(16, "2530187085064", "Girard//Louise", "26/01/1953", "87", "louise.girard", end="30/06/2026"),
        "n’est plus adhérente : une première connexion reste sans suite",
    ),
)
_FILLERS = ("rib", "facture", "attestation", "facture-photo", "ordonnance", "decompte")
_KINDS = ("rib", "facture_soins", "attestation_secu", "facture_optique", "ordonnance", "releve_prestations")


def _other(rank: int) -> Persona:
    """One of those who fill the lists: two in three have connected, half of these have sent something lately."""
    line = invented.member(rank)
    if rank % 3 == 0 or not line.email:
        return Persona(line)
    days = 3 + rank * 7 % 29
    samples: tuple[SampleDocument, ...] = ()
    if rank % 2:
        state = ("checked", "accepted", "in_progress", "refused")[rank // 2 % 4]
        samples = (SampleDocument(_KINDS[rank % 6], _FILLERS[rank % 6], days, state),)
    return Persona(line, opened=days + 20, signed_in=(days + 20, days), samples=samples)


def everybody() -> list[Persona]:
    """The fifty, in the order of their numbers."""
    return [*PERSONAS, *(_other(rank) for rank in range(1, HOW_MANY - len(PERSONAS) + 1))]


@dataclass(frozen=True)
class Files:
    """The insurer's two files, as `import_members` reads them."""

    members: Path
    beneficiaries: Path
    people: list[Persona] = field(default_factory=everybody)

    def write(self) -> None:
        invented.write_member_file(self.members, iter(persona.line for persona in self.people))
        with self.beneficiaries.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
            writer.writerow(BENEFICIARY_COLUMNS)
            for persona in self.people:
                for covered in persona.covered:
                    writer.writerow([persona.number, *astuple(covered), "01/01/2019", ""])
