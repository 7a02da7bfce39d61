"""What words alone say of a message's intent: a linear model over hashed word and character n-grams.

A few dozen microseconds for a text: it settles what is plain without the encoder.
"""

import itertools
import re
import sys
import unicodedata
import zlib
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC

BUCKETS = 1 << 16
"""Rows of the table; n-grams that share one share a weight (the hashing trick, Weinberger 2009)."""
_ENDS = 30
"""Tokens at the beginning, and at the end, of which a longer text's n-grams are taken."""
_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:'[a-z]+)?|[?!]")


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


@cache
def _invisible() -> dict[int, None]:
    """Format characters and lone surrogates, for str.translate."""
    all_of_them = range(sys.maxunicode + 1)
    return {c: None for c in all_of_them if unicodedata.category(chr(c)) in ("Cf", "Cs")}


def normal(text: str) -> str:
    """The text as parsers read it: compatibility-normalised, in lower case, simplified Chinese,
    without invisible characters, spaces in a row and spaces at the ends."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKC", text).replace("’", "'").translate(_invisible())
        text = str(_to_simplified().convert(plain.casefold()))
    return " ".join(text.casefold().split())


def buckets(text: str) -> NDArray[np.int64]:
    """The buckets, 0 to BUCKETS, of a normal text's n-grams, each once, in ascending order.

    Those are runs of 1 to 3 tokens, the text's ends, its length, and runs of 4 characters of longer
    words.
    """
    tokens = _TOKEN.findall(text)
    if len(tokens) > 2 * _ENDS:
        tokens = tokens[:_ENDS] + tokens[-_ENDS:]
    of_tokens, of_characters = [], [min(len(tokens), 2 * _ENDS).bit_length()]
    for token in tokens:
        whole, parts = _hashes(token)
        of_tokens.append(whole)
        of_characters += parts
    one = np.array(of_tokens, dtype=np.uint64)
    two = _mix(one[:-1], one[1:])
    three = _mix(two[:-1], one[2:])
    ends = (
        _mix(_FIRST, one[:1]),
        _mix(_LAST, one[-1:]),
        _mix(_FIRST, two[:1]),
        _mix(_LAST, two[-1:]),
    )
    found = np.concatenate([np.array(of_characters, dtype=np.uint64), one, two, three, *ends])
    return np.unique(_mix(_BUCKET, found) >> _HIGH).astype(np.int64)


_FIRST, _LAST, _BUCKET = np.array([[11], [23], [5]], dtype=np.uint64)
_HIGH = np.uint64(64 - BUCKETS.bit_length() + 1)
_ODD, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def _mix(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes of pairs of hashes, modulo 2**64 (multiplicative hashing, Knuth 6.4)."""
    return (left * _ODD + right) * _OTHER


@lru_cache(maxsize=1 << 15)
def _hashes(token: str) -> tuple[int, tuple[int, ...]]:
    """The hash of a token, and those of its runs of 4 characters when it is a longer word."""
    whole = f"<{token}>"
    runs = range(len(whole) - 3) if token.isascii() and len(token) > 3 else ()
    return _hash(token), tuple(_hash("~" + whole[i : i + 4]) for i in runs)


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))


def vector(idf: NDArray[np.float32], text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The buckets of a normal text and their values: a unit vector weighted by `idf`, one a bucket.

    The inverse document frequency makes rare n-grams tell more than common ones.
    """
    rows = buckets(text)
    values = idf[rows]
    return rows, values / max(float(np.linalg.norm(values)), 1e-9)


def pairs(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of neighbouring tokens of a normal text."""
    return frozenset(itertools.pairwise(_TOKEN.findall(text)))


@lru_cache(maxsize=4096)
def pairs_of_question(question: str) -> frozenset[tuple[str, str]]:
    """`pairs` of a question as the guide has it: the same few come again and again."""
    return pairs(normal(question))
