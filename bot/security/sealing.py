"""Sealing of content with AES-GCM (NIST SP 800-38D), and the keys it takes.

A random key belongs to each person, and one below it to each interview; both are stored wrapped by
the key above, the topmost by the master key. Erasure drops the wrapped key. Each value is bound to
its place by associated data, so that a value moved to another row or column does not open.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

KEY_BYTES = 32
NONCE_BYTES = 12


class SealingError(Exception):
    """A sealed value does not open: wrong key, wrong place, or altered. Permanent."""


class ErasedError(SealingError):
    """The key was dropped: the content is erased."""


class Sealed(bytes):
    """Nonce and ciphertext. Only `Key.seal` makes one."""


class SealedColumn(TypeDecorator[Sealed]):
    """A column that takes nothing but `Sealed` values."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("only sealed values may be stored here")
        return None if value is None else bytes(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(value)


class Key:
    """A 256-bit key. Its bytes are shown nowhere."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise SealingError(f"a key has {KEY_BYTES} bytes, this one has {len(raw)}")
        self._raw = raw
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return "Key(…)"

    @classmethod
    def random(cls) -> "Key":
        return cls(secrets.token_bytes(KEY_BYTES))

    def seal(self, text: str, place: str) -> Sealed:
        """Seal a text for a place, such as `event.body:INTERVIEW`."""
        return self._seal(text.encode(), place)

    def seal_bytes(self, data: bytes, place: str) -> Sealed:
        """Seal what is no text, such as a recording."""
        return self._seal(data, place)

    def open_bytes(self, sealed: Sealed | None, place: str) -> bytes:
        """What `seal_bytes` sealed; raises as `open` does."""
        return self._open(sealed, place)

    def open(self, sealed: Sealed | None, place: str) -> str:
        """The text; raises SealingError, or ErasedError when there is no value."""
        return self._open(sealed, place).decode()

    def wrap(self, key: "Key", place: str) -> Sealed:
        return self._seal(key._raw, place)

    def unwrap(self, sealed: Sealed | None, place: str) -> "Key":
        return Key(self._open(sealed, place))

    def keyed_hash(self, text: str) -> str:
        """HMAC-SHA256 with a key derived for hashing (HKDF, RFC 5869); for looking values up."""
        derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"lookup").derive(self._raw)
        return hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()

    def _seal(self, data: bytes, place: str) -> Sealed:
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce + self._cipher.encrypt(nonce, data, place.encode()))

    def _open(self, sealed: Sealed | None, place: str) -> bytes:
        if sealed is None:
            raise ErasedError(f"{place} is erased")
        if len(sealed) <= NONCE_BYTES:
            raise SealingError(f"{place} is no sealed value")
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise SealingError(f"{place} does not open with this key") from None


def load_master_key(given: str | None, home: Path) -> Key:
    """The master key from the setting, or from `master.key`, made on first use (mode 0600)."""
    if given:
        return Key(_decode(given, "MIANTAN_MASTER_KEY"))
    file = home / "master.key"
    if not file.exists():
        _make_key(file)
    return Key(_decode(file.read_text(), str(file)))


def _make_key(file: Path) -> None:
    """Write a new key beside the file and link it there: whole, or another process's was first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def _decode(text: str, where: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise SealingError(f"{where} is not {KEY_BYTES} bytes in base64; restore the right key")
    return raw
