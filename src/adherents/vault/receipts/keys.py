"""Ed25519 keys: their public half as bytes, as PEM, and under the short name that receipts give them."""

import hashlib
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

ALGORITHM = "Ed25519"
SEED_BYTES = 32
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


class NoKey(Exception):
    """The file holds no Ed25519 public key in PEM."""


def public_of(seed: bytes) -> bytes:
    """The 32 bytes of the public key that goes with a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """64 bytes, the same each time (RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def key_id(public: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the key in DER: openssl gives the same."""
    der = Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()[:16]


def pem(public: bytes) -> str:
    written = Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return written.decode()


def read_pem(text: bytes) -> dict[str, bytes]:
    """The public keys of a PEM file by key id. Raises `NoKey`."""
    public_keys: dict[str, bytes] = {}
    for block in _PEM.findall(text):
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PublicKey):
            public = key.public_bytes_raw()
            public_keys[key_id(public)] = public
    if not public_keys:
        raise NoKey
    return public_keys
