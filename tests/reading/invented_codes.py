"""Authorities, certificates, lists and 2D-Docs of ours, made as the true ones are, and papers that bear such a code."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from adherents.reading.codes.certificates import known
from adherents.reading.codes.trust import Authority, Trust

EPOCH = date(2000, 1, 1)
SIGNED_ON, TODAY = date(2025, 6, 2), date(2026, 11, 30)
FIRST, LAST = date(2024, 1, 1), date(2026, 1, 1)
P256, P384, P521 = ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()
HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()
}  # fmt: skip
NAMES = "46DUPONT CAMILLE\x1d"
TAX = f"{NAMES}411234\x1d6910031954"
OWNER = "DIRECTION INVENTEE DES FINANCES"


def _name(common: str, owner: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, owner),
         x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )  # fmt: skip


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@dataclass
class Issuer:
    """An authority: its key, and its own certificate."""

    name: str = "FR98"
    owner: str = "AUTORITE INVENTEE"
    first: date = date(2015, 1, 1)
    last: date = date(2045, 1, 1)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def certificate(self) -> x509.Certificate:
        return _certificate(
            self.name, self.owner, self.key.public_key(), self, self.first, self.last, is_authority=True
        )

    def issues(
        self, key: Any, name: str = "INV1", owner: str = OWNER, first: date = FIRST, last: date = LAST
    ) -> x509.Certificate:
        return _certificate(name, owner, key.public_key(), self, first, last, is_authority=False)

    def revokes(
        self, *certificates: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None
    ) -> x509.CertificateRevocationList:
        listed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(_name(self.name, self.owner)).last_update(_at(TODAY)).next_update(_at(TODAY + timedelta(days=30)))
        )  # fmt: skip
        for one in certificates:
            revoked = (
                x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(_at(TODAY))
            )
            listed = listed.add_revoked_certificate(revoked.build())
        return listed.sign(key or self.key, hashes.SHA256())


def _certificate(
    name: str, owner: str, key: Any, issuer: Issuer, first: date, last: date, *, is_authority: bool
) -> x509.Certificate:
    usage = dict.fromkeys(
        (
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
            "decipher_only",
        ),
        False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name, owner)).issuer_name(_name(issuer.name, issuer.owner)).public_key(key)
        .serial_number(x509.random_serial_number()).not_valid_before(_at(first)).not_valid_after(_at(last))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, **usage), critical=True
        )
        .sign(issuer.key, hashes.SHA256())
    )  # fmt: skip


def signed(
    key: ec.EllipticCurvePrivateKey, data: str = TAX, *, authority: str = "FR98", certificate: str = "INV1",
    on: date | None = SIGNED_ON, paper: str = "04", version: str = "04", hash_: hashes.HashAlgorithm | None = None,
) -> bytes:  # fmt: skip
    """A whole 2D-Doc, as a code says it."""
    day = "FFFF" if on is None else f"{(on - EPOCH).days:04X}"
    behind = {"02": "", "03": "01", "04": "01FR"}[version]
    text = f"DC{version}{authority}{certificate}{day}{day}{paper}{behind}{data}".encode("ascii")
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hash_ or HASHES[key.curve.name])))
    length = (key.curve.key_size + 7) // 8
    signature = r.to_bytes(length, "big") + s.to_bytes(length, "big")
    return text + b"\x1f" + base64.b32encode(signature).rstrip(b"=")


@dataclass
class Cast:
    """One authority, one key that it has certified, and the trust in them."""

    curve: ec.EllipticCurve = field(default_factory=ec.SECP256R1)
    issuer: Issuer = field(default_factory=Issuer)

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(self.curve)
        self.certificate = self.issuer.issues(self.key)

    def trust(self, *certificates: x509.Certificate, until: date | None = None, **options: Any) -> Trust:
        authority = Authority(known(self.issuer.certificate), until)
        return Trust([authority], [known(one) for one in certificates or (self.certificate,)], **options)


@lru_cache(maxsize=1)
def cast_of_codes() -> Cast:
    return Cast()


def trust_of_tests() -> Trust:
    return cast_of_codes().trust()


def genuine(data: str = TAX, **options: Any) -> bytes:
    return signed(cast_of_codes().key, data, **options)


def drawn_code(
    said: bytes, kind: "zxingcpp.BarcodeFormat" = zxingcpp.BarcodeFormat.DataMatrix, scale: int = 8
) -> Image.Image:
    made: Any = zxingcpp.create_barcode(said, kind)  # type: ignore[arg-type]
    drawn = made.to_image(scale=scale, add_quiet_zones=True)
    return Image.frombytes("L", (drawn.shape[1], drawn.shape[0]), bytes(memoryview(drawn).cast("B")))


def code(
    said: bytes, *, x: float = 440, y: float = 690, side: float = 90, **options: Any
) -> Callable[[Canvas], None]:
    """To be drawn on a sheet, `side` points wide."""
    drawn = drawn_code(said, **options)
    picture = ImageReader(drawn)

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(picture, x, y, side, side * drawn.height / drawn.width)

    return draw


# A list of authorities, signed as France Titres signs its own.
_LIST, _DS = "http://uri.etsi.org/02231/v2#", "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


@dataclass(frozen=True)
class Signer:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@lru_cache(maxsize=4)
def list_signer(name: str = "INVENTED CACHET 2DDOC", last: date = date(2027, 1, 1)) -> Signer:
    key = rsa.generate_private_key(65537, 2048)
    return Signer(key, Issuer("AC INVENTEE").issues(key, name, "FRANCE INVENTEE", date(2020, 1, 1), last))


def _service(issuer: Issuer, status: str, since: str) -> str:
    encoded = base64.b64encode(issuer.certificate.public_bytes(Encoding.DER)).decode()
    return (
        "<tsl:TSPService><tsl:ServiceInformation>"
        "<tsl:ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/PKC</tsl:ServiceTypeIdentifier>"
        f"<tsl:ServiceDigitalIdentity><tsl:DigitalId><tsl:X509Certificate>{encoded}</tsl:X509Certificate></tsl:DigitalId>"
        f"</tsl:ServiceDigitalIdentity><tsl:ServiceStatus>http://uri.etsi.org/TrstSvc/Svcstatus/{status}</tsl:ServiceStatus>"
        f"<tsl:StatusStartingTime>{since}T00:00:00Z</tsl:StatusStartingTime></tsl:ServiceInformation></tsl:TSPService>"
    )


def unsigned_list(
    issuers: Sequence[Issuer],
    *,
    sequence: int = 90,
    issued: str = "2026-06-01",
    status: str = "inaccord",
    since: str = "2015-01-01",
) -> str:
    return (
        f'<tsl:TrustServiceStatusList xmlns:ds="{_DS}" xmlns:tsl="{_LIST}">'
        f"<tsl:SchemeInformation><tsl:TSLSequenceNumber>{sequence}</tsl:TSLSequenceNumber>"
        f"<tsl:ListIssueDateTime>{issued}T00:00:00Z</tsl:ListIssueDateTime>"
        "<tsl:NextUpdate><tsl:dateTime>2027-06-01T00:00:00Z</tsl:dateTime></tsl:NextUpdate></tsl:SchemeInformation>"
        + "".join(_service(one, status, since) for one in issuers)
        + "</tsl:TrustServiceStatusList>"
    )


def _digest(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return base64.b64encode(digest.finalize())


def signed_list(
    text: str, signer: Signer | None = None, *, uri: str = "", filter_: str = "/descendant::ds:Signature"
) -> bytes:
    signer = signer or list_signer()
    root = etree.fromstring(text.encode())
    digest = _digest(etree.tostring(root, method="c14n", exclusive=True)).decode()
    info = (
        f'<ds:SignedInfo xmlns:ds="{_DS}"><ds:CanonicalizationMethod Algorithm="{_C14N}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f'<ds:Reference URI="{uri}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
        f'<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">{filter_}</f:XPath></ds:Transform>'
        f'<ds:Transform Algorithm="{_C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    to_sign = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    value = base64.b64encode(signer.key.sign(to_sign, padding.PKCS1v15(), hashes.SHA256())).decode()
    encoded = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()
    signature = (
        f'<ds:Signature xmlns:ds="{_DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>'
        f"<ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    return text.replace("</tsl:TrustServiceStatusList>", signature + "</tsl:TrustServiceStatusList>").encode()


def photo_of(sheet: bytes) -> bytes:
    """A sheet as a scanner gives it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(sheet)
    picture = document[0].render(scale=150 / 72).to_pil().convert("L").rotate(2, expand=True, fillcolor=255)
    document.close()
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=80)
    return written.getvalue()
