"""The list of trusted authorities that France Titres (ANTS) publishes: XML of ETSI TS 119 612, with an XMLDSig. Pure code.

Its signature is checked here because none of the parts at hand does it. One form is accepted, the one that is published: one
signature, a child of the root, over the whole document without that signature; nothing else may transform what is signed. What
is read from the list is read from those very bytes.
"""

import base64
import binascii
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from adherents.reading.codes.certificates import KnownCertificate, known
from adherents.reading.codes.trust import Authority, may_issue

MOST_BYTES = 5 << 20
_LIST = "{http://uri.etsi.org/02231/v2#}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
_FILTER = "{http://www.w3.org/2002/06/xmldsig-filter2}XPath"
_SUBTRACT_SIGNATURE = ("http://www.w3.org/2002/06/xmldsig-filter2", "subtract", "/descendant::ds:Signature")
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_C14N = {
    "http://www.w3.org/2001/10/xml-exc-c14n#": True,
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": False,
}
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512,
}
_METHODS: dict[str, tuple[str, type[hashes.HashAlgorithm]]] = {
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-{name}": (kind, hash_)
    for kind in ("rsa", "ecdsa")
    for name, hash_ in (("sha256", hashes.SHA256), ("sha384", hashes.SHA384), ("sha512", hashes.SHA512))
}
# What became of an authority: in this list, until that day, or never to be believed again, whatever it signed before.
_IN_ACCORD = frozenset(
    {"inaccord", "granted", "undersupervision", "accredited", "recognisedatnationallevel", "setbynationallaw"}
)
_ENDED = frozenset(
    {
        "supervisionceased",
        "supervisionincessation",
        "accreditationceased",
        "withdrawn",
        "deprecatedatnationallevel",
        "expired",
    }
)
_SERVICE = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC"
# Who may sign the list: a certificate of France Titres made for 2D-Doc, from its authority for its own services.
SIGNER_SAYS = "2DDOC"
SIGNER_ISSUERS = (
    """-----BEGIN CERTIFICATE-----
MIIGEzCCA/ugAwIBAgISESA20TBTJKkMFmq0xIa9aDcnMA0GCSqGSIb3DQEBCwUA
MIGaMQswCQYDVQQGEwJGUjEwMC4GA1UECgwnQWdlbmNlIE5hdGlvbmFsZSBkZXMg
VGl0cmVzIFPDqWN1cmlzw6lzMRcwFQYDVQQLDA4wMDAyIDEzMDAwMzI2MjE0MDIG
A1UEAwwrQXV0b3JpdMOpIGRlIENlcnRpZmljYXRpb24gUmFjaW5lIEFOVFMvQSBW
MzEKMAgGA1UEBRMBMjAeFw0yMjAzMDEwMDAwMDBaFw0yODAzMDEwMDAwMDBaMIGe
MQswCQYDVQQGEwJGUjEwMC4GA1UECgwnQWdlbmNlIE5hdGlvbmFsZSBkZXMgVGl0
cmVzIFPDqWN1cmlzw6lzMRcwFQYDVQQLDA4wMDAyIDEzMDAwMzI2MjE4MDYGA1UE
AwwvQXV0b3JpdMOpIGRlIENlcnRpZmljYXRpb24gU2VydmljZXMgQXBwbGljYXRp
ZnMxCjAIBgNVBAUTATQwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDw
9JmYZ4PVpxBRWFc79mWeqTh6f7tLxbKmLotpqh1kgyG9FDA4cYEdtbSdS3LfV+MS
8DN51W0rBj/wpoyE86wALA4nDLen6/3JtgI6X3E6afqMC6mUKXLHMzRjya3q3HME
96rJdd/WllIIEu5KPeofCguv0eXHe2Y5vF7lbg8RfIuJ+uxD9wwzpaPIP9AEax0L
61eCSkSGI0CcdicURYuZXJhzvm7qxBqjhXolse4zTPUpDiF2ewgYWmMXGrblZDtk
mXMsrgWhW+wT/XP39ijZy48QmPekM1x0OW8UC+g6WlOUGZT+P9mOvi3PrAfEv//5
2J4JRxjlTMvdQ6Y5E003AgMBAAGjggFLMIIBRzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjARBgNVHSAECjAIMAYGBFUdIAAwSAYDVR0fBEEwPzA9
oDugOYY3aHR0cDovL2NybC5hbnRzLmdvdXYuZnIvYW50c2F2My9hY19yYWNpbmVf
YW50c2F2M18yLmNybDCBgwYIKwYBBQUHAQEEdzB1MEIGCCsGAQUFBzAChjZodHRw
Oi8vc3AuYW50cy5nb3V2LmZyL2FudHNhdjMvY2FfcmFjaW5lX2FudHNhdjNfMi5j
ZXIwLwYIKwYBBQUHMAGGI2h0dHA6Ly9vY3NwLmFudHMuZ291di5mci9hbnRzYXYz
XzIvMB0GA1UdDgQWBBQovJQVxe1X7JNCAftngT+cfrJOITAfBgNVHSMEGDAWgBTc
KLDA7SZ6t8GFKVALYb8eVLmGgjANBgkqhkiG9w0BAQsFAAOCAgEAYbwKGDuqkWTG
EWTh/wGFDzs3jQs86F5UPj0qLKH3HfzS9NFO3WEmGkXDsVXZK2WkGyMYLyQOE249
qovF0KBkkneso3ch8ILoRp1wsQFVrQ/9UmbCmAYYFR3YdXb12C6RJz+KPZi47WH0
dkVBV0dE3aAxG0aivW3TXQ81815/gBKQhvzR277rd5uNMg6t1fqhu/UISIdhAtil
77TZ/tat4u1ODAJxBJOrSxnRxNwsq9/Ve8efnDELnm8WIj4f1RpKqekZPezuxewA
ItCbYZpasxSVUPTK44ANmTbSMdu2gMWMkS+6sr8Sm1EQBV0KoQpx6nSf5fHSlPl7
Lr+rTfd1Lz38EqjR8d4Z2oXvEfHrxXsWXaRdhar7v0/YGjyk7OsI244m8IIsKmkF
hM2r55LHIc5oJYxzQ8BfugXb8YjgPA8XIOqwu3ic4YSMEzhbLtpigA1UwnkZCw0x
FdVyVN8fPWk7cGWbxlWLozcbjqqxSS+QkvtS18+E9UYAPXeoEpBgXc4BB/97E2o8
/PXJfXHSOxBFfhEche5ZrZliKLArU5vydXVKh7deQjnKNJGMnI0k41xljQcoP6/P
LDtDYZDpQjQc82QMeFsl00HNIvTx2NGp21ftOfwVk4QxH9JB732bXZauEfJLihSI
8UVfG9roObRzWCG1cD7c2ghiLQwCtSc=
-----END CERTIFICATE-----
""",
)


class WrongList(Exception):
    """The file is no list that can be trusted; says why."""


@dataclass(frozen=True, slots=True)
class TrustedAuthorities:
    """What a list says. `sequence`: each new list has a higher one. `signer`: who signed it."""

    sequence: int
    issued_on: date
    next_on: date | None
    signer: str
    authorities: tuple[Authority, ...]


def trusted_authorities(data: bytes, *, signers: Sequence[KnownCertificate] = ()) -> TrustedAuthorities:
    """The authorities of a list whose signature is right. `signers`: certificates that may have signed it, instead of one from
    France Titres's own authority. Raises `WrongList`.
    """
    root = _root(data)
    signer = _signed_by(root)
    sequence = _text(root, "SchemeInformation", "TSLSequenceNumber")
    issued = _text(root, "SchemeInformation", "ListIssueDateTime")
    if not sequence.isascii() or not sequence.isdecimal() or len(sequence) > 9:
        raise WrongList("it has no sequence number")
    issued_on = _day(issued)
    if issued_on is None:
        raise WrongList("it does not say when it was issued")
    _check_signer(signer, signers, issued_on)
    authorities = tuple(_authorities(root))
    if not authorities:
        raise WrongList("no authority is in it")
    ends = _day(_text(root, "SchemeInformation", "NextUpdate", "dateTime"))
    return TrustedAuthorities(int(sequence), issued_on, ends, signer.name, authorities)


def _root(data: bytes) -> etree._Element:
    """No entity, no DTD, nothing fetched: what is not plain UTF-8 without a document type is refused before it is parsed."""
    if len(data) > MOST_BYTES:
        raise WrongList("more than 5 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongList("not UTF-8") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise WrongList("it has a document type")
    # A comment is not signed: one in the middle of a value would cut it.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise WrongList("not XML") from error
    if root.tag != f"{_LIST}TrustServiceStatusList" or root.getroottree().docinfo.internalDTD is not None:
        raise WrongList("not a list of trusted authorities")
    return root


def _signed_by(root: etree._Element) -> KnownCertificate:
    """The certificate whose key signed the whole list. Raises `WrongList`."""
    signatures = list(root.iter(f"{_SIGNATURE}Signature"))
    if len(signatures) != 1 or signatures[0].getparent() is not root:
        raise WrongList("it is not signed in the one way that is known")
    signature = signatures[0]
    info = _only(signature, f"{_SIGNATURE}SignedInfo")
    references = info.findall(f"{_SIGNATURE}Reference")
    if sum(reference.get("URI") == "" for reference in references) != 1:
        raise WrongList("its signature is not of the whole list")
    for reference in references:
        _check_reference(root, signature, reference)
    method = _METHODS.get(_only(info, f"{_SIGNATURE}SignatureMethod").get("Algorithm", ""))
    c14n = _C14N.get(_only(info, f"{_SIGNATURE}CanonicalizationMethod").get("Algorithm", ""))
    if method is None or c14n is None:
        raise WrongList("it is not signed in the one way that is known")
    certificates = list(
        signature.iterfind(f"{_SIGNATURE}KeyInfo/{_SIGNATURE}X509Data/{_SIGNATURE}X509Certificate")
    )
    if not certificates:
        raise WrongList("it does not say who signed it")
    signer = _certificate(certificates[0])
    value = _decoded(_only(signature, f"{_SIGNATURE}SignatureValue"))
    if not _is_right(signer, method, value, _canonical(info, exclusive=c14n)):
        raise WrongList("its signature is wrong")
    return signer


def _check_reference(root: etree._Element, signature: etree._Element, reference: etree._Element) -> None:
    """What it refers to has the digest that is signed: the whole list without its signature, or a part of the signature."""
    transforms = reference.findall(f"{_SIGNATURE}Transforms/{_SIGNATURE}Transform")
    whole, address = reference.get("URI") == "", reference.get("URI", "")
    if whole:
        if not transforms or not _takes_signature_away(transforms[0]):
            raise WrongList("its signature is not of the whole list")
        transforms = transforms[1:]
    ways = [_C14N.get(one.get("Algorithm", "")) for one in transforms] or [False]
    if len(ways) != 1 or ways[0] is None or any(len(one) for one in transforms):
        raise WrongList("its signature transforms what it signs")
    if whole:
        signed = _without_signature(root, exclusive=ways[0])
    else:
        parts = [one for one in signature.iter() if address == f"#{one.get('Id')}"]
        if len(parts) != 1 or not str(parts[0].tag).startswith(_XADES):
            raise WrongList("its signature is of something else")
        signed = _canonical(parts[0], exclusive=ways[0])
    hash_ = _DIGESTS.get(_only(reference, f"{_SIGNATURE}DigestMethod").get("Algorithm", ""))
    if hash_ is None:
        raise WrongList("it is not signed in the one way that is known")
    digest = hashes.Hash(hash_())
    digest.update(signed)
    if digest.finalize() != _decoded(_only(reference, f"{_SIGNATURE}DigestValue")):
        raise WrongList("it was changed after it was signed")


def _takes_signature_away(transform: etree._Element) -> bool:
    if transform.get("Algorithm") == _ENVELOPED:
        return len(transform) == 0
    filters = list(transform)
    return (
        len(filters) == 1
        and filters[0].tag == _FILTER
        and (transform.get("Algorithm"), filters[0].get("Filter"), (filters[0].text or "").strip())
        == _SUBTRACT_SIGNATURE
        and filters[0].nsmap.get("ds") == _SIGNATURE.strip("{}")
    )


def _without_signature(root: etree._Element, *, exclusive: bool) -> bytes:
    tree = deepcopy(root.getroottree())
    signature = next(tree.getroot().iter(f"{_SIGNATURE}Signature"))
    before, tail = signature.getprevious(), signature.tail or ""
    if before is None:
        tree.getroot().text = (tree.getroot().text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    tree.getroot().remove(signature)
    return bytes(etree.tostring(tree, method="c14n", exclusive=exclusive, with_comments=False))


def _canonical(element: etree._Element, *, exclusive: bool) -> bytes:
    return bytes(
        etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False)
    )


def _is_right(
    signer: KnownCertificate, method: tuple[str, type[hashes.HashAlgorithm]], value: bytes, signed: bytes
) -> bool:
    kind, hash_ = method
    key = signer.certificate.public_key()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
            key.verify(value, signed, padding.PKCS1v15(), hash_())
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey) and len(value) % 2 == 0:
            half = len(value) // 2
            r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hash_()))
            return True
    except InvalidSignature:
        return False
    return False


def _check_signer(signer: KnownCertificate, signers: Sequence[KnownCertificate], issued_on: date) -> None:
    certificate = signer.certificate
    if not certificate.not_valid_before_utc.date() <= issued_on <= certificate.not_valid_after_utc.date():
        raise WrongList("who signed it had no valid certificate on that day")
    if signers:
        if signer.fingerprint not in {one.fingerprint for one in signers}:
            raise WrongList("it was signed by somebody else")
        return
    is_named = SIGNER_SAYS in signer.name.upper().replace("-", "").replace(" ", "")
    if not is_named or not any(
        _comes_from(certificate, issuer.encode(), issued_on) for issuer in SIGNER_ISSUERS
    ):
        raise WrongList("it was signed by somebody else")


def _comes_from(certificate: x509.Certificate, encoded: bytes, day: date) -> bool:
    issuer = x509.load_pem_x509_certificate(encoded)
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return issuer.not_valid_before_utc.date() <= day <= issuer.not_valid_after_utc.date()


def _authorities(root: etree._Element) -> list[Authority]:
    found = []
    for service in root.iter(f"{_LIST}ServiceInformation"):
        status = _text(service, "ServiceStatus").rstrip("/").rpartition("/")[2].lower()
        since = _day(_text(service, "StatusStartingTime"))
        if _text(service, "ServiceTypeIdentifier") != _SERVICE or (
            status not in _IN_ACCORD and not (status in _ENDED and since)
        ):
            continue
        for encoded in service.iterfind(
            f"{_LIST}ServiceDigitalIdentity/{_LIST}DigitalId/{_LIST}X509Certificate"
        ):
            authority = _certificate(encoded)
            if may_issue(authority.certificate):
                found.append(Authority(authority, until=since if status in _ENDED else None))
    return found


def _certificate(element: etree._Element) -> KnownCertificate:
    try:
        return known(x509.load_der_x509_certificate(_decoded(element)))
    except ValueError as error:
        raise WrongList("a certificate in it cannot be read") from error


def _only(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise WrongList("it is not signed in the one way that is known")
    return found[0]


def _text(parent: etree._Element, *tags: str) -> str:
    return (parent.findtext("/".join(f"{_LIST}{tag}" for tag in tags)) or "").strip()


def _decoded(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongList("a value in it cannot be read") from error


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None
