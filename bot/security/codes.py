"""Invitation codes: ten signs that can be read aloud, typed, and put in any platform's link.

Crockford's base 32 (https://www.crockford.com/base32.html) leaves out I, L, O and U, so that no
sign is taken for another; ten of them are 50 random bits.
"""

import secrets
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
GROUP = 5
LONGEST = 64
"""What is longer was no code, however it was typed."""
_READ_AS = str.maketrans("OIL", "011")


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal_code(text: str) -> str | None:
    """The code that was typed: in any case and width, with spaces and dashes; None for no code."""
    if len(text) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).upper().translate(_READ_AS)
    signs = [c for c in plain if not (c.isspace() or unicodedata.category(c) == "Pd")]
    if len(signs) != LENGTH or not set(signs) <= set(ALPHABET):
        return None
    return "".join(signs)


def grouped(code: str) -> str:
    """The code as it is read aloud and typed."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
