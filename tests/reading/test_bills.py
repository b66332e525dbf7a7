"""Invoices and statements: a total that its lines make up to the cent, « acquittée » that nothing negates, the day of a label."""

import pytest
from stress.reading_bills import INVOICES, bill, invoice, statement

from adherents.reading.papers import read
from adherents.reading.people import people_in
from adherents.reading.text_layer.process import letter_pages
from tests.reading.sheets import SPACED, Draw, paper, said, say, sheet

pytestmark = pytest.mark.any_database
MADE = {"title": "FACTURE N° 12"}
Row = tuple[str, str]
LENSES: tuple[Row, ...] = (("Monture", "120,00"), ("Verres", "1 080,50"))


def rows(*each: Row, y: float = 600, x: float = 420) -> list[Draw]:
    draws = []
    for at, (label, amount) in enumerate(each):
        draws += [say(label, y=y - 20 * at), say(amount, x=x, y=y - 20 * at)]
    return draws


def bill_says(*draws: Draw, title: str = "FACTURE N° 12") -> dict[str, str]:
    return said(sheet(*draws, title=title))


@pytest.mark.parametrize("seed", range(3 * len(INVOICES)))
def test_each_invented_invoice_is_read_whole_and_says_no_more(seed: int) -> None:
    made = invoice(seed)
    found = read(letter_pages(made.content), [])
    assert {one.code: one.value for one in found.fields} == made.truth
    assert (found.kind or None) == made.kind


@pytest.mark.parametrize("seed", range(8))
def test_each_invented_statement_is_read_whole_and_says_no_more(seed: int) -> None:
    made = statement(seed)
    found = read(letter_pages(made.content), [])
    assert {one.code: one.value for one in found.fields} == made.truth
    assert (found.kind or None) == made.kind


@pytest.mark.parametrize("seed", [seed for seed in range(50) if bill(seed).kind is None])
def test_what_only_looks_like_a_bill_has_no_kind(seed: int) -> None:
    made = bill(seed)
    people = people_in(("numero_adherent;nir;nom_naissance;nom_usage;prenoms\n" + made.owner.line).encode())
    assert read(letter_pages(made.content), people).kind == ""


@pytest.mark.parametrize(
    "label", ["Total", "TOTAL TTC", "Montant total :", "Total général", "Net à payer", "Total des honoraires"]
)
def test_a_total_is_said_with_its_proofs(label: str) -> None:
    read_paper = paper(sheet(*rows(*LENSES, (label, "1 200,50 €")), title="FACTURE N° 12"))
    assert read_paper.kind == "facture_optique"
    assert [(one.code, one.value, one.proofs) for one in read_paper.fields] == [
        ("total", "1200.50", ("drawn", "label", "sum"))
    ]


@pytest.mark.parametrize(
    "each",
    [
        (*LENSES, ("Total", "1 200,51")),  # a cent
        (*LENSES, ("Étui", "0,01"), ("Total", "1 200,50")),  # a line too many
        (("Monture", "1 200,50"), ("Total", "1 200,50")),  # one line proves nothing by itself
        (*LENSES, ("Total part mutuelle", "1 200,50")),  # a part, though it adds up
        (*LENSES, ("Total", "1 200,50"), ("Total général", "1 500,00")),  # another total, which is not proven
        (*LENSES, ("Total", "1 200,50"), ("Monture", "10,00"), ("Verres", "5,00"), ("Total", "15,00")),
        (*LENSES, ("Total", "1 200,50"), ("Montants en CHF", "")),
        (*LENSES, ("Total", "12OO,50")),  # a letter for a digit
        (*LENSES, ("Total", "1 200,50 %")),
        (
            *LENSES,
            ("Total", "1 200,50"),
            ("Remise", "-200,50"),
            ("Net à payer", "1 000,00"),
        ),  # not the last word
        (*LENSES, ("Total TTC", "1 200,50"), ("Remise fidélité", "200,50")),
        (*LENSES, ("Total", "1 200,50"), ("Lentilles", "50,00"), ("Net à payer", "1 250,50")),
        (("Remise", "-10,00"), ("Avoir", "-20,00"), ("Total", "-30,00")),
    ],
)
def test_a_total_that_is_not_proven_or_not_alone_is_not_said(each: tuple[Row, ...]) -> None:
    assert bill_says(*rows(*each)) == {}


def test_one_line_with_what_is_paid_and_left_proves_its_total_and_nothing_less_does() -> None:
    one = (("Couronne", "600,00"), ("Total", "600,00"))
    assert bill_says(*rows(*one, ("Réglé", "450,00"), ("Reste à charge", "150,00")))["total"] == "600.00"
    assert bill_says(*rows(*one, ("Réglé par chèque", "600,00")))["total"] == "600.00"
    assert "total" not in bill_says(*rows(*one, ("Réglé", "450,00"), ("Reste à charge", "140,00")))
    assert "total" not in bill_says(*rows(*one, ("Reste à charge", "600,00")))


def test_of_several_columns_the_one_whose_head_says_so() -> None:
    head = [say("Acte", y=620), say("Montant", x=200, y=620), say("Part mutuelle", x=300, y=620)]
    both = rows(("Soin", "30,00"), ("Soin", "20,00"), ("Total", "50,00"), x=200) + rows(
        ("", "10,00"), ("", "5,00"), ("", "15,00"), x=300
    )
    assert bill_says(*head, *both)["total"] == "50.00"
    assert "total" not in bill_says(*both)


@pytest.mark.parametrize(
    "title", ["DEVIS N° 12", "FACTURE PRO FORMA", "BON DE COMMANDE", "Votre contrat", "AVOIR"]
)
def test_the_total_of_another_paper_is_nobodys_answer(title: str) -> None:
    assert bill_says(*rows(*LENSES, ("Total", "1 200,50")), title=title) == {}


def test_the_account_on_an_invoice_is_still_not_said() -> None:
    found = bill_says(*rows(*LENSES, ("Total", "1 200,50")), say(f"Titulaire du RIB : IBAN {SPACED}", y=300))
    assert found == {"total": "1200.50"}


def test_what_was_paid_before_leaves_the_total_as_it_is() -> None:
    each = (
        *LENSES,
        ("Remise", "-0,50"),
        ("Total", "1 200,00"),
        ("Acompte", "-200,00"),
        ("Net à payer", "1 000,00"),
    )
    assert bill_says(*rows(*each)) == {"total": "1200.00"}


def test_of_a_statement_only_what_is_paid_back_is_the_total() -> None:
    title = "Relevé de prestations"
    assert bill_says(*rows(*LENSES, ("Total remboursé", "1 200,50")), title=title) == {"total": "1200.50"}
    head = [say("Dépense", x=420, y=620), say("Montant remboursé", x=480, y=620)]
    whole = rows(*LENSES, ("Total", "1 200,50"))
    assert bill_says(*head, *whole, *rows(("", "9,00"), ("", "8,00"), x=490), title=title) == {}


@pytest.mark.parametrize(
    "text",
    ["Facture acquittée", "ACQUITTÉE", "Acquittée le 12/03/2026", "Facture acquittée par carte bancaire"],
)
def test_paid_is_said_where_the_word_stands_by_itself(text: str) -> None:
    assert bill_says(say(text, y=400)) == {"paid": "yes"}


@pytest.mark.parametrize(
    "texts",
    [
        ("Facture non acquittée",),
        ("Facture à acquitter",),
        ("Cette facture n’est pas", "acquittée"),
        ("Une fois", "acquittée"),
        ("Facture acquittée ?",),
        ("Facture acquittée : oui / non",),
        ("Joindre la facture acquittée",),
        ("Facture acquittée", "Facture non acquittée"),
        ("Facture acquittée", "Reste à payer : 12,00 €"),
        ("Acquittée", "Non"),
        ("Facture acquittée", "sous réserve d’encaissement"),
        ("Facture acquittée", "Restant dû : 12,00 €"),
        ("FACTURE ANNULÉE", "Facture acquittée"),
        ("Facture acquittée", "pas encore"),
    ],
)
def test_paid_is_not_said_where_it_is_negated_wished_for_or_contradicted(texts: tuple[str, ...]) -> None:
    assert bill_says(*(say(text, y=400 - 14 * at) for at, text in enumerate(texts))) == {}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Date de facture : 12/03/2026", "2026-03-12"),
        ("DATE D’ÉMISSION : 12.03.2026", "2026-03-12"),
        ("Fait à Saint-Malo, le 1er août 2026", "2026-08-01"),
        ("Facture du 12-03-2026", "2026-03-12"),
        ("Période : facture du 12/03/2026 au 15/03/2026", None),
        ("Facture du 12/03/2026 au 15/03/2026", None),
        ("Consultation du 12/03/2026", None),
        ("Né le 12/03/2026", None),
        ("Date de facture : 31/02/2026", None),
        ("Fait le 3 ju\u0131n 2026", None),  # letters that a search takes for an i and an s
        ("Fait le 3 \u017feptembre 2026", None),
        ("Date de facture : 12/03/26", None),
        ("Date de facture : 12/03/1826", None),
    ],
)
def test_the_day_is_what_its_label_says(text: str, day: str | None) -> None:
    assert bill_says(say(text, y=500)) == ({"date": day} if day else {})


def test_of_two_days_none_is_said() -> None:
    assert bill_says(say("Date de facture : 12/03/2026", y=500), say("Éditée le 13/03/2026", y=480)) == {}


def test_a_letter_that_was_read_wrong_undoes_the_sum() -> None:
    """Of pixels a total is said by the sum of its lines, and by nothing less."""
    content = sheet(*rows(*LENSES, ("Total", "1 200,50")), say("Facture acquittée", y=400), title="FACTURE")
    found = read(letter_pages(content), [], recognised=True)
    assert [(one.code, one.proofs) for one in found.fields] == [("total", ("recognised", "label", "sum"))]
    one_line = (("Couronne", "600,00"), ("Total", "600,00"), ("Réglé", "600,00"))
    assert read(letter_pages(sheet(*rows(*one_line), title="FACTURE")), [], recognised=True).fields == ()
