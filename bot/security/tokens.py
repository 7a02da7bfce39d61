"""Random tokens, kept as hashes only, and passwords (argon2id)."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = PasswordHasher()
MIN_PASSWORD = 10


def new_token() -> str:
    """A token of 256 random bits, safe in addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 of a token; enough for tokens with 256 bits of entropy."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


def password_fits(password: str, hashed: str | None) -> bool:
    """Whether the password is right; takes the same time when the user has none."""
    try:
        return _HASHER.verify(hashed or _DUMMY, password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


_DUMMY = _HASHER.hash(secrets.token_urlsafe(16))
