"""A name on a paper, compared with the people of a contract; the file that names them."""

import json

import pytest

from adherents.reading.people import Likeness, Named, WrongPeople, likeness, people_in

pytestmark = pytest.mark.any_database
SAME, NEAR, OTHER = Likeness.SAME, Likeness.NEAR, Likeness.OTHER
PAYET = Named("Payet", "Hoarau", "Marie Ève, Louise")
MULLER = Named("L’Héritier-Müller", "", "Jean-François")


@pytest.mark.parametrize(
    ("text", "person", "like"),
    [
        ("MME HOARAU MARIE EVE", PAYET, SAME),
        ("Marie-Ève Payet", PAYET, SAME),
        ("MME PAYET HOARAU MARIE EVE", PAYET, SAME),
        ("MME HOARAU NEE PAYET MARIE EVE LOUISE", PAYET, SAME),
        ("M OU MME HOARAU MARIE EVE", PAYET, SAME),
        ("M. ROBERT PAUL ET MME PAYET MARIE EVE", PAYET, SAME),
        ("L HERITIER MULLER JEAN FRANCOIS", MULLER, SAME),
        ("M. JEAN-FRANÇOIS L'HÉRITIER-MÜLLER", MULLER, SAME),
        ("MME HOARO MARIE EVE", PAYET, NEAR),
        ("MME HOARAU M", PAYET, NEAR),
        ("M HOARAU M", PAYET, NEAR),
        ("MME HOARAU LOUISE", PAYET, OTHER),  # her second name: or her twin's
        ("M. HOARAU PAUL", PAYET, OTHER),
        ("M. L'HERITIER MULLER FRANCOIS", MULLER, OTHER),
        ("M. DURAND PIERRE", PAYET, OTHER),
        ("SCI DES LILAS", PAYET, OTHER),
        ("12 RUE DES LILAS", PAYET, None),
        ("PAYET", PAYET, None),
        ("", PAYET, None),
        ("PAYET MARI\ufffd EVE", PAYET, None),
    ],
)
def test_a_holder_is_the_same_near_or_another(text: str, person: Named, like: Likeness | None) -> None:
    assert likeness(text, [person]) == like


def test_the_nearest_of_several_people_counts() -> None:
    assert likeness("MME HOARAU MARIE EVE", [MULLER, PAYET]) == SAME
    assert likeness("MME HOARAU MARIE EVE", []) == OTHER


def test_the_member_file_and_the_beneficiaries_file_name_people() -> None:
    members = "numero_adherent;nir;nom_naissance;nom_usage;prenoms\n1;2 90 02 97 411 023 08;Payet;Hoarau;Marie Ève, Louise\n"
    beneficiaries = (
        "numero_adherent;rang;nir;nom_naissance;nom_usage;prenoms\n1;1;;Payet;Hoarau;Marie Ève, Louise\n"
    )
    expected = Named("Payet", "Hoarau", "Marie Ève, Louise", "290029741102308")
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        assert people_in(members.encode(encoding)) == [expected]
    (beneficiary,) = people_in(beneficiaries.encode())
    assert (beneficiary.first_names, beneficiary.nir) == ("Marie Ève, Louise", "")
    assert "Payet" not in repr(beneficiary)


def test_the_same_columns_may_come_as_json() -> None:
    person = {
        "nir": "290029741102308",
        "nom_naissance": "Payet",
        "nom_usage": "Hoarau",
        "prenoms": "Marie Ève, Louise",
    }
    api = {
        "nir": "290029741102308",
        "birth_name": "Payet",
        "usage_name": "Hoarau",
        "first_names": "Marie Ève, Louise",
    }
    for content in (
        json.dumps([person]),
        json.dumps([api], indent=1),
        json.dumps(person),
        f"{json.dumps(api)}\n",
    ):
        assert people_in(content.encode()) == [
            Named("Payet", "Hoarau", "Marie Ève, Louise", "290029741102308")
        ]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"a;b\n1;2\n", b"[", b"{}", b"[[]]", b"\x00\xff", b"[" * 100_000]
)
def test_a_file_without_people_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(WrongPeople):
        people_in(content)
