"""An encoder without a model, for tests and fault harnesses."""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|[^\W_{_CJK}]+")


def _grams(run: str, low: int, high: int) -> list[str]:
    """Return all substrings of `run` of `low` to `high` characters."""
    return [run[i : i + n] for n in range(low, high + 1) for i in range(len(run) - n + 1)]


class HashEncoder:
    """Signed hashes of character n-grams, for tests and fault harnesses. No model, numpy only.

    CJK runs give their 1- to 3-grams; other words give themselves and their 3- to 5-grams. It
    sees shared spelling, not meaning: do not score people with it.
    """

    name = "light"
    dimensions = 384
    sha256 = hashlib.sha256(b"miantan light encoder 1").hexdigest()

    def encode(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of `text`: float32, shape (384,)."""
        features = ["\x00"]  # so that an empty text has a direction too
        for run in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
            if run["cjk"]:
                features += _grams(run[0], 1, 3)
            else:
                features += [run[0], *_grams(f"<{run[0]}>", 3, 5)]
        hashes = np.array(
            [zlib.crc32(f.encode("utf-8", "surrogatepass")) for f in features], dtype=np.int64
        )
        signs = np.where(hashes >> 31, 1.0, -1.0)
        sums = np.bincount(hashes % self.dimensions, weights=signs, minlength=self.dimensions)
        if not sums.any():  # every feature met its opposite
            sums[0] = 1.0
        return (sums / np.linalg.norm(sums)).astype(np.float32)

    def features(self, text: str) -> Iterator[NDArray[np.float32]]:
        """Yield the unit vector of `text` again."""
        yield self.encode(text)
