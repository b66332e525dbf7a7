"""Whose signature on a code is believed: every way in which one is not."""

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adherents.reading.codes.certificates import known
from adherents.reading.codes.shipped import shipped_trust
from adherents.reading.codes.trust import Authority, Trust, Worth, signature_is_right
from adherents.reading.codes.two_d_doc import CannotParse, parse
from tests.reading.invented_codes import (
    FIRST,
    LAST,
    OWNER,
    P256,
    P384,
    P521,
    SIGNED_ON,
    TODAY,
    Cast,
    Issuer,
    signed,
)

pytestmark = pytest.mark.any_database
EXAMPLES: dict[str, str] = json.loads((Path(__file__).parent / "spec_2ddoc.json").read_text())
CURVES = {"P-256": P256, "P-384": P384, "P-521": P521}


def worth(trust: Trust, said: bytes, today: date = TODAY) -> Worth:
    weighed = trust.weigh(parse(said), today=today)
    assert bool(weighed.signer) == (weighed.worth == Worth.SIGNED)
    return weighed.worth


def example_certificate() -> x509.Certificate:
    return x509.load_der_x509_certificate(files("tddoc.chains").joinpath("FR00.der").read_bytes())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_specification_is_signed_by_the_test_authority_and_not_believed(
    name: str,
) -> None:
    doc = parse(EXAMPLES[name].encode())
    assert signature_is_right(example_certificate().public_key(), doc.signed, doc.signature)
    assert worth(shipped_trust(), EXAMPLES[name].encode()) == Worth.TEST


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_is_right_with_any_one_bit_of_its_signature_flipped(name: str) -> None:
    doc, key = parse(EXAMPLES[name].encode()), example_certificate().public_key()
    for bit in range(8 * len(doc.signature)):
        flipped = bytearray(doc.signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not signature_is_right(key, doc.signed, bytes(flipped)), bit


def test_nor_with_any_one_bit_of_a_sign_of_its_text_flipped() -> None:
    said = EXAMPLES["3.1.3/15.2.3/02"].encode()
    key = example_certificate().public_key()
    for bit in range(8 * len(said)):
        flipped = bytearray(said)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            doc = parse(bytes(flipped))
        except CannotParse:
            continue
        assert not signature_is_right(key, doc.signed, doc.signature), bit


@pytest.mark.parametrize("curve", CURVES)
def test_a_signature_of_each_curve_is_believed_and_its_signer_is_named(curve: str) -> None:
    cast = Cast(CURVES[curve])
    weighed = cast.trust().weigh(parse(signed(cast.key)), today=TODAY)
    assert (weighed.worth, weighed.signer) == (Worth.SIGNED, OWNER)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_goes_with_its_own_hash_only(curve: str) -> None:
    cast = Cast(CURVES[curve])
    for hash_ in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        is_its_own = cast.key.curve.key_size in {hash_.digest_size * 8, 521 if hash_.digest_size == 64 else 0}
        expected = Worth.SIGNED if is_its_own else Worth.ALTERED
        assert worth(cast.trust(), signed(cast.key, hash_=hash_)) == expected


@pytest.mark.parametrize("curve", CURVES)
def test_any_one_bit_of_a_signature_of_each_curve(curve: str) -> None:
    cast = Cast(CURVES[curve])
    doc = parse(signed(cast.key))
    for bit in range(8 * len(doc.signature)):
        flipped = bytearray(doc.signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not signature_is_right(cast.key.public_key(), doc.signed, bytes(flipped))


def test_r_or_s_of_nothing_or_too_large_is_no_signature() -> None:
    cast = Cast()
    doc = parse(signed(cast.key))
    half = len(doc.signature) // 2
    for r, s in (
        (bytes(half), doc.signature[half:]),
        (doc.signature[:half], bytes(half)),
        (b"\xff" * half, b"\xff" * half),
    ):
        assert not signature_is_right(cast.key.public_key(), doc.signed, r + s)
    assert not signature_is_right(cast.key.public_key(), doc.signed, b"")
    # The same numbers, written as those of a longer curve.
    longer = bytes(16) + doc.signature[:half] + bytes(16) + doc.signature[half:]
    assert not signature_is_right(cast.key.public_key(), doc.signed, longer)


def test_what_counts_is_whether_the_certificate_was_valid_on_the_day_of_the_signature() -> None:
    cast = Cast()
    trust = cast.trust()
    assert TODAY > LAST  # it has expired since
    assert worth(trust, signed(cast.key, on=SIGNED_ON)) == Worth.SIGNED
    assert worth(trust, signed(cast.key, on=FIRST)) == Worth.SIGNED
    assert worth(trust, signed(cast.key, on=LAST)) == Worth.SIGNED
    assert worth(trust, signed(cast.key, on=FIRST - timedelta(days=1))) == Worth.EXPIRED
    assert worth(trust, signed(cast.key, on=LAST + timedelta(days=1))) == Worth.EXPIRED


def test_a_signature_of_tomorrow_or_of_no_day_is_not_believed() -> None:
    cast = Cast()
    assert worth(cast.trust(), signed(cast.key), today=SIGNED_ON) == Worth.SIGNED
    assert worth(cast.trust(), signed(cast.key), today=SIGNED_ON - timedelta(days=1)) == Worth.EXPIRED
    assert worth(cast.trust(), signed(cast.key, on=None)) == Worth.EXPIRED


def test_the_authority_too_was_valid_and_trusted_on_that_day() -> None:
    late = Cast(issuer=Issuer(first=SIGNED_ON + timedelta(days=1)))
    assert worth(late.trust(), signed(late.key)) == Worth.EXPIRED
    ended = Cast()
    assert worth(ended.trust(until=SIGNED_ON), signed(ended.key)) == Worth.EXPIRED
    assert worth(ended.trust(until=SIGNED_ON + timedelta(days=1)), signed(ended.key)) == Worth.SIGNED


def test_an_unknown_certificate_an_unknown_authority_and_none_at_all() -> None:
    cast = Cast()
    assert worth(cast.trust(), signed(cast.key, certificate="INV2")) == Worth.UNKNOWN
    assert worth(cast.trust(), signed(cast.key, authority="FR97")) == Worth.UNKNOWN
    assert worth(Trust([], [known(cast.certificate)]), signed(cast.key)) == Worth.UNKNOWN
    assert worth(shipped_trust(), signed(cast.key)) == Worth.UNKNOWN


def test_a_certificate_that_an_authority_of_the_same_name_issued_is_not_its_own() -> None:
    cast, impostor = Cast(), Cast()
    assert worth(cast.trust(impostor.certificate), signed(impostor.key)) == Worth.UNKNOWN
    both = cast.trust(impostor.certificate, cast.certificate)
    assert worth(both, signed(impostor.key)) == Worth.ALTERED
    assert worth(both, signed(cast.key)) == Worth.SIGNED


def test_a_certificate_without_its_authority_is_not_believed_and_none_signs_itself() -> None:
    cast = Cast()
    own = Issuer("INV1", OWNER)
    assert worth(cast.trust(own.certificate), signed(own.key, authority="INV1")) == Worth.UNKNOWN


def test_an_authority_signs_certificates_and_no_codes() -> None:
    cast = Cast()
    assert (
        worth(cast.trust(cast.issuer.certificate), signed(cast.issuer.key, certificate="FR98"))
        == Worth.UNKNOWN
    )


def test_a_key_of_another_kind_signs_no_code() -> None:
    cast = Cast()
    certificate = cast.issuer.issues(rsa.generate_private_key(65537, 2048))
    assert worth(cast.trust(certificate), signed(cast.key)) == Worth.ALTERED
    other = ec.generate_private_key(ec.SECP256K1())
    doc = parse(signed(cast.key))
    assert not signature_is_right(other.public_key(), doc.signed, doc.signature)


def test_a_revoked_certificate_is_never_believed_whatever_day_it_writes() -> None:
    cast = Cast()
    revoked = cast.issuer.revokes(cast.certificate)
    assert worth(cast.trust(revocations=[revoked]), signed(cast.key)) == Worth.REVOKED
    assert worth(cast.trust(revocations=[cast.issuer.revokes()]), signed(cast.key)) == Worth.SIGNED


def test_nobody_else_revokes_it() -> None:
    cast = Cast()
    forged = cast.issuer.revokes(cast.certificate, key=ec.generate_private_key(P256))
    assert worth(cast.trust(revocations=[forged]), signed(cast.key)) == Worth.SIGNED
    others = Issuer("FR97").revokes(cast.certificate)
    assert worth(cast.trust(revocations=[others]), signed(cast.key)) == Worth.SIGNED
    renamed = Issuer("FR97", key=cast.issuer.key).revokes(cast.certificate)
    assert worth(cast.trust(revocations=[renamed]), signed(cast.key)) == Worth.SIGNED


def test_the_test_authority_is_refused_under_each_of_its_names() -> None:
    named = Cast(issuer=Issuer("FR00"))
    assert worth(named.trust(), signed(named.key, authority="FR00")) == Worth.TEST
    assert worth(named.trust(allows_test=True), signed(named.key, authority="FR00")) == Worth.SIGNED
    owned = Cast()
    certificate = owned.issuer.issues(owned.key, owner="CERTIFICAT DE TEST")
    assert worth(owned.trust(certificate), signed(owned.key)) == Worth.TEST
    by_name = owned.issuer.issues(owned.key, name="TEST")
    assert worth(owned.trust(by_name), signed(owned.key, certificate="TEST")) == Worth.TEST


def test_a_renewed_certificate_of_the_same_name_does_not_undo_the_first() -> None:
    cast = Cast()
    renewed = cast.issuer.issues(ec.generate_private_key(P256), first=LAST, last=LAST + timedelta(days=700))
    for certificates in ((cast.certificate, renewed), (renewed, cast.certificate)):
        assert worth(cast.trust(*certificates), signed(cast.key)) == Worth.SIGNED


def test_what_is_shipped_is_one_list_and_certificates_of_its_authorities() -> None:
    trust = shipped_trust()
    assert {one.known.name for one in trust.authorities} == {
        "FR01",
        "FR03",
        "FR04",
        "FR05",
        "FR06",
        "FR07",
        "FR09",
    }
    assert not trust.allows_test
    issued = [
        one for one in trust.certificates if any(_issued(authority, one.certificate) for authority in trust.authorities)
    ]  # fmt: skip
    assert len(issued) > 220
    assert "CAISSE NATIONALE D'ASSURANCE MALADIE" in {one.owner for one in issued}


def _issued(authority: Authority, certificate: x509.Certificate) -> bool:
    return certificate.issuer == authority.known.certificate.subject
