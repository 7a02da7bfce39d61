"""Reading a candidate's words where a choice or a number was asked for."""

import re
import unicodedata
from collections.abc import Sequence

from dialogues.events import ReplyOption

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def count_words(text: str) -> int:
    """Chinese characters plus words of other scripts."""
    return len(_HAN.findall(text)) + len(_WORD.findall(_HAN.sub(" ", text)))


def plain(text: str) -> str:
    """Compatibility-normalised, case-folded, without punctuation and spaces at the ends."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"^[\W_]+|[\W_]+$", "", folded)


def match_option(text: str, options: Sequence[ReplyOption]) -> ReplyOption | None:
    """The option meant: by id, by text, or by its number in the list (from 1)."""
    said = plain(text)
    if not said:
        return None
    for option in options:
        if said in (option.id.casefold(), plain(option.text)):
            return option
    if said.isdecimal() and len(said) < 4 and 1 <= int(said) <= len(options):
        return options[int(said) - 1]
    return None


def read_number(text: str) -> float | None:
    """The one number in the text; None when there is none, or several."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    return float(found[0].replace(",", ".")) if len(found) == 1 else None
