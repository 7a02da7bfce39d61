"""How wide text is when it is drawn, and breaking it into lines of a given width.

Widths are in em (the font's size). A full-width character is 1 em; others are as wide as in DejaVu
Sans, the widest of the common system fonts, or a little wider: text stays within its box in all.
"""

import re
import unicodedata
from functools import lru_cache

LONGEST_READ = 600
"""Characters of a text that are looked at; what is drawn is much shorter."""

_NARROW = frozenset("fIJijlrt.,:;'!()[]|/\\-` ")
_BROAD = frozenset("mwMW@%&+=<>#~^")
_OPENING = frozenset("“‘（《〈「『【〔([{")
_CLOSING = frozenset("”’）》〉」』】〕)]}，。、；：？！…,.;:?!%")
_UNDRAWN = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
"""What XML 1.0 cannot hold, escaped or not (its production Char), and what turns text around."""


def clean(text: str) -> str:
    """The text on one line, without characters that cannot be drawn."""
    return " ".join(_UNDRAWN.sub(" ", text[:LONGEST_READ]).split())


@lru_cache(maxsize=8192)
def _character(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if not character.isascii():
        # Chinese fonts draw ambiguous signs such as “ ” … ① full-width; letters stay narrow.
        ambiguous = unicodedata.east_asian_width(character) == "A"
        return 1.0 if ambiguous and not character.isalpha() else 0.8
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 1.0
    return 0.79 if character.isupper() else 0.64


def width_of(text: str) -> float:
    """The width in em."""
    return sum(map(_character, text))


def shorten(text: str, width: float) -> str:
    """The text in one line of at most `width` em, ended by … when something was cut off."""
    return wrap(text, width, 1)[0]


def wrap(text: str, width: float, lines: int) -> tuple[str, ...]:
    """The text in at most `lines` lines of at most `width` em, ended by … when cut off."""
    text = clean(text)
    done: list[str] = []
    line = ""
    for piece in _pieces(text, width):
        if line and width_of((line + piece).rstrip()) > width:
            done.append(line)
            line = ""
            if len(done) == lines:
                last = done.pop()
                # A whole word is left out, unless little would be left without a part of it.
                cut = last + piece if width_of(last) < 0.6 * width else last
                return (*(each.rstrip() for each in done), _ended(cut, width))
        line += piece
    return (*(each.rstrip() for each in done), line.rstrip())


def balanced(text: str, width: float, lines: int) -> tuple[str, ...]:
    """The text in as many lines as `wrap` needs, of about equal width."""
    best = wrap(text, width, lines)
    whole = "".join(best).replace(" ", "")
    narrower = max(width_of(text) / len(best), width * 0.5)
    while narrower < width:
        tried = wrap(text, narrower, len(best))
        if "".join(tried).replace(" ", "") == whole:
            return tried
        narrower *= 1.08
    return best


def _ended(line: str, width: float) -> str:
    while line and width_of(line) + _character("…") > width:
        line = line[:-1]
    return line.rstrip(" ,，、；：;:") + "…"


def _pieces(text: str, width: float) -> list[str]:
    """What may not be broken: Latin words with the space after them, Chinese characters."""
    pieces: list[str] = []
    for before, character in zip(" " + text, text, strict=False):
        if pieces and (
            not _may_break(before, character) and width_of(pieces[-1] + character) <= width
        ):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _may_break(before: str, character: str) -> bool:
    if character == " " or character in _CLOSING or _character(character) == 0:
        return False
    if before == " ":
        return True
    if before in _OPENING:
        return False
    return "F" in _breadth(before) + _breadth(character)


def _breadth(character: str) -> str:
    wide = character in _OPENING or unicodedata.east_asian_width(character) in "WF"
    return "F" if wide and not character.isascii() else "N"
