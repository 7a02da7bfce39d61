"""Cleaning of text from outside."""

import unicodedata


def clean(text: str) -> str:
    """Without control characters (but line breaks and tabs), lone surrogates and outer space."""
    kept = (
        c
        for c in text.replace("\r\n", "\n").replace("\r", "\n")
        if c in "\n\t" or unicodedata.category(c) not in _OUT
    )
    return "".join(kept).strip()


_OUT = {"Cc", "Cs"}
