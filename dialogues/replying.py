"""Reading a candidate's words where a choice or a number was asked for."""

import re
import unicodedata
from collections.abc import Sequence

from dialogues.events import ReplyOption
from dialogues.guide import Language

LARGEST = 1e12
"""Numbers are below this."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_INNER = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_NUMBER = re.compile(r"[-−]?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.,]\d+)?)")
_SENTENCE_END = re.compile(r"[。！？!?;；\n]|\.(?=\s)")
_NAMES: dict[Language, re.Pattern[str]] = {
    "zh": re.compile("中文|汉语|普通话|chinese|mandarin", re.IGNORECASE),
    "en": re.compile("英文|英语|english", re.IGNORECASE),
}


def count_words(text: str) -> int:
    """Chinese characters plus words of other scripts."""
    return len(_HAN.findall(text)) + len(_WORD.findall(_HAN.sub(" ", text)))


def plain(text: str) -> str:
    """Compatibility-normalised, case-folded, without punctuation and spaces at the ends."""
    inner = _INNER.search(_folded(text))
    return inner[0] if inner else ""


def match_option(text: str, options: Sequence[ReplyOption]) -> ReplyOption | None:
    """The option meant: by id, by text, or by its number in the list (from 1).

    Where the options speak of numbers themselves, a bare number could mean either: it is not taken.
    """
    if not options:
        return None
    given, said = text.strip(), plain(text)
    for option in options:
        if given == option.id:
            return option
    for option in options:
        if _folded(given) in (_folded(option.id), _folded(option.text)):
            return option
    loosely = [o for o in options if said and said in (plain(o.id), plain(o.text))]
    if loosely:
        return loosely[0] if len(loosely) == 1 else None
    if any(c.isdecimal() for option in options for c in option.text):
        return None
    if said.isdecimal() and len(said) < 4 and 1 <= int(said) <= len(options):
        return options[int(said) - 1]
    return None


_NEGATION = re.compile(r"[不没無无未非别]|\b(?:not?|never|none|cannot)\b|n['’]t\b", re.IGNORECASE)


def shortened_option(text: str, options: Sequence[ReplyOption]) -> ReplyOption | None:
    """The one option of whose text the words are a part: "both" for "Both shifts suit me".

    Never one that says no where the words do not, or the other way round.
    """
    said = plain(text)
    if count_words(said) < 1 or (count_words(said) == 1 and len(said) < 3):
        return None
    meant = [
        option
        for option in options
        if contains(plain(option.text), said)
        and len(_NEGATION.findall(option.text)) == len(_NEGATION.findall(text))
    ]
    return meant[0] if len(meant) == 1 else None


def contains(text: str, part: str) -> bool:
    """Latin words count as a whole only."""
    before = r"(?<![a-z0-9])" if part[0].isascii() else ""
    after = r"(?![a-z0-9])" if part[-1].isascii() else ""
    return re.search(f"{before}{re.escape(part)}{after}", text) is not None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def read_number(text: str) -> float | None:
    """The one number in the text; None when there is none, or several, or one beyond all bounds."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    if len(found) != 1:
        return None
    written: str = found[0].replace("−", "-")
    grouped = re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", written)
    number = float(written.replace(",", "" if grouped else "."))
    return number if abs(number) < LARGEST else None


def named_language(text: str) -> Language | None:
    """The one language that the last sentence with one names: what comes before may be an answer."""
    for sentence in reversed(_SENTENCE_END.split(text)):
        found: list[Language] = [name for name, names in _NAMES.items() if names.search(sentence)]
        if len(found) == 1:
            return found[0]
    return None
