"""The list of authorities that are trusted, and `adherents import_tsl`: only what France Titres signed, nothing older."""

import base64
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command

from adherents.reading.codes.certificates import WrongCertificates, certificates_in, revocations_in
from adherents.reading.codes.shipped import shipped_list, shipped_trust
from adherents.reading.codes.trust import Worth
from adherents.reading.codes.trusted_list import WrongList, trusted_authorities
from adherents.reading.codes.two_d_doc import parse
from adherents.reading.models import TrustedList
from adherents.reading.services.trusting import trust
from tests.reading.invented_codes import (
    TODAY,
    Cast,
    Issuer,
    list_signer,
    signed,
    signed_list,
    unsigned_list,
)

SHIPPED = files("tddoc.tsl").joinpath("tsl_signed.xml").read_bytes()
SIGNERS = "adherents.reading.codes.trusted_list.SIGNER_ISSUERS"


def read(data: bytes) -> Any:
    return trusted_authorities(data, signers=certificates_in(list_signer().pem))


def refused(data: bytes, why: str, **options: Any) -> None:
    with pytest.raises(WrongList, match=why):
        trusted_authorities(data, **options)


@pytest.mark.any_database
class TestTheListItself:
    def test_the_one_of_france_titres_is_proved_from_its_authority(self) -> None:
        said = trusted_authorities(SHIPPED)
        assert (said.sequence, said.issued_on, said.next_on) == (23, date(2026, 5, 11), date(2027, 5, 11))
        assert said.signer == "ANTS CACHET 2DDOC"
        assert [one.known.name for one in said.authorities] == [
            "FR01",
            "FR03",
            "FR04",
            "FR05",
            "FR06",
            "FR07",
            "FR09",
        ]

    def test_any_sign_of_it_that_is_changed_is_seen(self) -> None:
        begins = SHIPPED.index(b"<tsl:SchemeInformation>")
        ends = SHIPPED.index(b"</ds:SignatureValue>")
        for place in range(begins, ends, 997):
            at = next(at for at in range(place, ends) if SHIPPED[at : at + 1].isalnum())
            changed = SHIPPED[:at] + (b"8" if SHIPPED[at : at + 1] == b"7" else b"7") + SHIPPED[at + 1 :]
            with pytest.raises(WrongList):
                trusted_authorities(changed)

    def test_one_of_ours_is_read_as_it_is(self) -> None:
        cast = Cast()
        said = read(signed_list(unsigned_list([cast.issuer])))
        assert said.sequence == 90
        assert [one.known.certificate for one in said.authorities] == [cast.issuer.certificate] or len(
            said.authorities
        ) == 1

    def test_who_may_sign_it_is_known_beforehand(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ours = signed_list(unsigned_list([Issuer()]))
        refused(ours, "somebody else")
        refused(ours, "somebody else", signers=certificates_in(list_signer("ANOTHER 2DDOC").pem))
        refused(SHIPPED, "somebody else", signers=certificates_in(list_signer().pem))
        monkeypatch.setattr(SIGNERS, ())
        refused(SHIPPED, "somebody else")

    def test_a_certificate_of_its_authority_that_is_not_for_2d_doc_signs_no_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adherents.reading.codes.trusted_list.SIGNER_SAYS", "ANOTHER SERVICE")
        refused(SHIPPED, "somebody else")

    def test_a_signer_whose_certificate_was_over_that_day_signs_none(self) -> None:
        signer = list_signer("OVER 2DDOC", date(2026, 5, 31))
        over = signed_list(unsigned_list([Issuer()]), signer)
        refused(over, "no valid certificate on that day", signers=certificates_in(signer.pem))

    @pytest.mark.parametrize("said", ["withdrawn", "supervisionceased"])
    def test_an_authority_that_ended_is_trusted_until_its_end(self, said: str) -> None:
        (one,) = read(signed_list(unsigned_list([Issuer()], status=said, since="2025-01-01"))).authorities
        assert one.until == date(2025, 1, 1)

    @pytest.mark.parametrize("said", ["supervisionrevoked", "suspended", "", "granted2"])
    def test_an_authority_that_was_struck_off_or_of_which_nobody_knows_is_not_trusted(
        self, said: str
    ) -> None:
        refused(
            signed_list(unsigned_list([Issuer()], status=said)),
            "no authority",
            signers=certificates_in(list_signer().pem),
        )


_CANONICAL = '<tsl:TrustServiceStatusList xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:tsl="http://uri.etsi.org/02231/v2#">'


def _one_more(text: str) -> bytes:
    return signed_list(text).replace(b"</tsl:SchemeInformation>", b"</tsl:SchemeInformation>" + _service(), 1)


def _service() -> bytes:
    whole = unsigned_list([Issuer("FR66")]).encode()
    return whole[whole.index(b"<tsl:TSPService>") : whole.index(b"</tsl:TrustServiceStatusList>")]


def _wrapped(text: str) -> bytes:
    """The signed list inside of another one: the oldest trick with XML signatures."""
    whole = signed_list(text).decode()
    return (
        whole.replace(_CANONICAL, _CANONICAL + _service().decode() + _CANONICAL, 1).encode()
        + b"</tsl:TrustServiceStatusList>"
    )


def _two_signatures(text: str) -> bytes:
    whole = signed_list(text)
    signature = whole[
        whole.index(b"<ds:Signature ") : whole.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    ]
    return whole.replace(signature, signature + signature)


_ONE_WAY, _CHANGED = "not signed in the one way", "changed after it was signed"
TAMPERED: dict[str, tuple[Callable[[str], bytes], str]] = {
    "not signed": (str.encode, _ONE_WAY),
    "one authority more": (_one_more, _CHANGED),
    "wrapped in another list": (_wrapped, _ONE_WAY),
    "two signatures": (_two_signatures, _ONE_WAY),
    "a signature of a part": (lambda text: signed_list(text, uri="#part"), "not of the whole list"),
    "a filter that takes more away": (
        lambda text: signed_list(text, filter_="//tsl:TSPService"), "not of the whole list"
    ),
    "a document type": (lambda text: b'<!DOCTYPE a [<!ENTITY b "c">]>' + signed_list(text), "document type"),
    "an entity for its number": (lambda text: signed_list(text).replace(b">90<", b">&b;<"), "not XML"),
    "no number": (lambda text: signed_list(text.replace(">90<", "><")), "no sequence number"),
    "no day": (lambda text: signed_list(text.replace("2026-06-01T", "soon")), "when it was issued"),
    "another number": (lambda text: signed_list(text).replace(b">90<", b">91<"), _CHANGED),
    "another signature": (lambda text: _with_value(text, b"AAAA"), "its signature is wrong"),
    "a signature that is no base 64": (lambda text: _with_value(text, b"?"), "cannot be read"),
    "cut": (lambda text: signed_list(text)[:-40], "not XML"),
    "not UTF-8": (lambda text: signed_list(text).decode().encode("utf-16"), "not UTF-8"),
    "no list": (lambda text: b"<a/>", "not a list"),
    "nothing": (lambda text: b"", "not XML"),
    "too long": (lambda text: signed_list(text) + b" " * (6 << 20), "5 MB"),
}  # fmt: skip


def _with_value(text: str, value: bytes) -> bytes:
    before, begin, rest = signed_list(text).partition(b"<ds:SignatureValue>")
    return before + begin + value + rest[rest.index(b"</ds:SignatureValue>") :]


@pytest.mark.any_database
@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_changed_or_is_signed_in_another_way_is_refused(how: str) -> None:
    tampered, why = TAMPERED[how]
    refused(tampered(unsigned_list([Issuer()])), why, signers=certificates_in(list_signer().pem))


@pytest.mark.any_database
def test_a_comment_which_no_signature_covers_cuts_no_value() -> None:
    text = signed_list(unsigned_list([Issuer()])).replace(b">90<", b">9<!-- -->0<")
    assert read(text).sequence == 90


@pytest.mark.any_database
def test_certificates_come_as_der_as_pem_and_as_parts_of_an_answer() -> None:
    cast = Cast()
    der = cast.certificate.public_bytes(Encoding.DER)
    pem = cast.certificate.public_bytes(Encoding.PEM)
    part = b"Content-Type: application/pkix-cert\r\n\r\n" + der + b"\r\n"
    for data, count in ((der, 1), (pem, 1), (pem + pem, 2), (part + b"--End\r\n" + part + b"--End--", 2)):
        assert [(one.issuer, one.name) for one in certificates_in(data)] == [("FR98", "INV1")] * count
    for data in (b"", b"nothing", base64.b64encode(der)):
        with pytest.raises(WrongCertificates):
            certificates_in(data)
        with pytest.raises(WrongCertificates):
            revocations_in(data)


class TestImporting:
    pytestmark = pytest.mark.django_db

    def command(self, folder: Path, data: bytes, **files_: bytes) -> None:
        (folder / "list.xml").write_bytes(data)
        options = {}
        for option, content in files_.items():
            (folder / option).write_bytes(content)
            options[option] = [folder / option]
        call_command("import_tsl", folder / "list.xml", **options)

    def worth(self, cast: Cast) -> Worth:
        return trust().weigh(parse(signed(cast.key)), today=TODAY).worth

    def test_a_newer_list_is_believed_with_the_certificates_that_come_with_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cast = Cast()
        assert trust() is shipped_trust()
        der = cast.certificate.public_bytes(Encoding.DER)
        self.command(
            tmp_path, signed_list(unsigned_list([cast.issuer])), certificates=der, signer=list_signer().pem
        )
        assert (
            "list 90 of 2026-06-01, signed by INVENTED CACHET 2DDOC: 1 authorities, 1 certificates"
            in capsys.readouterr().out
        )
        weighed = trust().weigh(parse(signed(cast.key)), today=TODAY)
        assert weighed.worth == Worth.SIGNED
        # Whom the newer list leaves out is not trusted any more.
        assert [one.known.name for one in trust().authorities] == ["FR98"]

    def test_certificates_stay_when_the_next_list_comes_and_revoked_ones_stay_revoked(
        self, tmp_path: Path
    ) -> None:
        cast = Cast()
        pem, signer = cast.certificate.public_bytes(Encoding.PEM), list_signer().pem
        text = unsigned_list([cast.issuer])
        revoked = cast.issuer.revokes(cast.certificate).public_bytes(Encoding.DER)
        self.command(tmp_path, signed_list(text), certificates=pem, signer=signer)
        assert self.worth(cast) == Worth.SIGNED
        self.command(tmp_path, signed_list(text), revoked=revoked, signer=signer)
        assert self.worth(cast) == Worth.REVOKED
        self.command(tmp_path, signed_list(unsigned_list([cast.issuer], sequence=91)), signer=signer)
        assert self.worth(cast) == Worth.REVOKED
        row = TrustedList.objects.get()
        assert row.sequence == 91

    def test_an_older_list_is_refused_and_so_is_one_that_is_older_than_what_is_shipped(
        self, tmp_path: Path
    ) -> None:
        signer, text = list_signer().pem, unsigned_list([Issuer()])
        self.command(tmp_path, signed_list(text), signer=signer)
        for sequence, in_use in ((89, 90), (shipped_list().sequence - 1, 90)):
            with pytest.raises(CommandError, match=f"number {sequence}, and number {in_use} is in use"):
                self.command(tmp_path, signed_list(text.replace(">90<", f">{sequence}<")), signer=signer)
        assert TrustedList.objects.get().sequence == 90
        TrustedList.objects.all().delete()
        with pytest.raises(CommandError, match="number 23 is in use"):
            self.command(tmp_path, signed_list(text.replace(">90<", ">22<")), signer=signer)
        assert not TrustedList.objects.exists()

    def test_the_list_that_is_shipped_can_be_taken_in_as_it_is(self, tmp_path: Path) -> None:
        self.command(tmp_path, SHIPPED)
        assert len(trust().authorities) == 7

    def test_a_portal_that_ships_a_newer_list_than_was_taken_in_uses_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.command(tmp_path, signed_list(unsigned_list([Issuer()])), signer=list_signer().pem)
        TrustedList.objects.update(sequence=shipped_list().sequence - 1)
        assert len(trust().authorities) == 7

    def test_a_row_that_somebody_wrote_is_not_believed(self, tmp_path: Path) -> None:
        self.command(tmp_path, signed_list(unsigned_list([Issuer()])), signer=list_signer().pem)
        forged = signed_list(unsigned_list([Issuer("FR97")])).replace(b">90<", b">99<")
        TrustedList.objects.update(content=forged)
        with pytest.raises(WrongList):
            trust()

    def test_what_is_wrong_is_said_and_changes_nothing(self, tmp_path: Path) -> None:
        cast = Cast()
        good, signer = signed_list(unsigned_list([cast.issuer])), list_signer().pem
        others = Issuer("FR97").revokes(cast.certificate).public_bytes(Encoding.PEM)
        for data, options, why in (
            (good, {}, "somebody else"),
            (b"<a/>", {}, "not a list"),
            (good, {"signer": b"nothing"}, "no certificate"),
            (good, {"signer": signer, "certificates": b"nothing"}, "no certificate"),
            (good, {"signer": signer, "revoked": b"nothing"}, "no list of revoked"),
            (good, {"signer": signer, "revoked": others}, "of no authority of the list"),
        ):
            with pytest.raises(CommandError, match=why):
                self.command(tmp_path, data, **options)
        with pytest.raises(CommandError, match=r"none\.xml cannot be read"):
            call_command("import_tsl", tmp_path / "none.xml")
        assert not TrustedList.objects.exists()
