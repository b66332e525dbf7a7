"""How passwords are hashed."""

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

from adherents.accounts.policy import normalise_password

# A hash holds 19 MiB for some 20 ms: this many at once a process, the others wait, so that a flood cannot eat the memory.
_AT_ONCE = BoundedSemaphore(8)


class PortalHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters (m = 19 MiB, t = 2, p = 1), on the password's one normal form."""

    memory_cost = 19456
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _AT_ONCE:
            return super().encode(normalise_password(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _AT_ONCE:
            return super().verify(normalise_password(password), encoded)
