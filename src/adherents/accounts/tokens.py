"""What is stored of a token: never the token."""

import hashlib


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256, 64 hexadecimal digits. The token itself has 128 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
