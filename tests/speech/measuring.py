"""How far what was heard is from what was said.

Errors are edits (Levenshtein) over what was said, counted in characters for Chinese and in words
for English, after both texts went through the same: Chinese to Simplified, numbers to characters
(12, 28%, 0.6 as they are spoken, 两 as 二), all but letters and digits left out; English through
Whisper's own normalizer, which makes 12 of "twelve" and spells contractions out.
"""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import cn2an
import jiwer

from bot.speech.hearing import simplified


@dataclass(frozen=True)
class Errors:
    """How many edits there are, and how many characters or words were said."""

    edits: int
    length: int

    @property
    def rate(self) -> float:
        return self.edits / self.length if self.length else 0.0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(self.edits + other.edits, self.length + other.length)


def errors(said: str, heard: str, language: str) -> Errors:
    """The errors of one text."""
    reference, found = normal(said, language), normal(heard, language)
    count = jiwer.process_characters if language == "zh" else jiwer.process_words
    if not reference or not found:
        longer = reference or found
        length = len(longer) if language == "zh" else len(longer.split())
        return Errors(length, length if reference else 0)
    result = count(reference, found)
    edits = result.substitutions + result.deletions + result.insertions
    return Errors(edits, result.hits + result.substitutions + result.deletions)


def normal(text: str, language: str) -> str:
    """A text as it is compared."""
    if language == "en":
        return str(_english()(text))
    text = simplified(unicodedata.normalize("NFKC", text)).lower()
    with suppress(ValueError):  # a number of no known form stays as it is
        text = cn2an.transform(text, "an2cn")
    return "".join(c for c in text.replace("两", "二") if unicodedata.category(c)[0] in "LN")


@cache
def _english() -> Any:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    return EnglishTextNormalizer({})
