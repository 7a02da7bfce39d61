"""Splitting an answer into the pieces that evidence points at, and counting shared words.

Spans are half-open ranges of Unicode code points of the answer as it was given.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import snowballstemmer

MAX_PIECES = 64
SHORTEST = 10
LONGEST = 80
_SENTENCE_END = re.compile(r"[。！？!?；;\r\n\u2028\u2029…]+|(?<=[^\d\s])\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[，、：—]+|(?<!\d)[,:]+|[,:]+(?!\d)")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[^\W_]+")
_UNIT = re.compile(rf"{_HAN.pattern}|(?:(?!{_HAN.pattern})[^\W_])+")
_STOP_CHARACTERS = frozenset(
    "的了是我你您他她它们这那在和与有就也都很会要不把被让给对到上下个一之其而又等着过吗呢吧啊"
)
_STOP_WORDS = frozenset(
    "a an the and or but if then so of to in on at by for with from as is are was were be been "
    "being am do does did done have has had i me my we us our you your he she it its they them "
    "their this that these those there here what which who how when where why not no nor can could "
    "will would shall should may might must just very also than too into about over after before "
    "up down out off again more most some any each such own same s t".split()
)
_STEMMER = snowballstemmer.stemmer("english")


@dataclass(frozen=True)
class Piece:
    """A stretch of the answer: `text == answer[start:end]`, without outer space."""

    start: int
    end: int
    text: str


def pieces(answer: str) -> tuple[Piece, ...]:
    """The clauses of an answer, in order and apart; none crosses the end of a sentence or a line.

    A clause shorter than SHORTEST is taken together with its neighbour, and one longer than
    LONGEST, as speech recognition makes them, is cut between words; both are in half words (a
    Chinese character is one, a word of another script two). There are at most MAX_PIECES: in a
    very long answer neighbours are taken together.
    """
    found = [
        piece
        for sentence in _split(answer, 0, len(answer), _SENTENCE_END)
        for clause in _clauses(answer, sentence)
        for piece in _cut(answer, clause)
    ]
    return tuple(found if len(found) <= MAX_PIECES else _grouped(answer, found))


def _split(answer: str, start: int, end: int, at: re.Pattern[str]) -> Iterator[Piece]:
    position = start
    for match in at.finditer(answer, start, end):
        yield from _piece(answer, position, match.start())
        position = match.end()
    yield from _piece(answer, position, end)


def _piece(answer: str, start: int, end: int) -> Iterator[Piece]:
    text = answer[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    if _TOKEN.search(text):
        yield Piece(start, start + len(text), text)


def _clauses(answer: str, sentence: Piece) -> list[Piece]:
    """Clauses of the sentence; a short one is taken together with the next, or the last before."""
    clauses: list[Piece] = []
    held: int | None = None
    for clause in _split(answer, sentence.start, sentence.end, _CLAUSE_END):
        start = clause.start if held is None else held
        if _size(answer[start : clause.end]) < SHORTEST:
            held = start
        else:
            clauses.append(Piece(start, clause.end, answer[start : clause.end]))
            held = None
    if held is not None:
        start = clauses.pop().start if clauses else held
        clauses.append(Piece(start, sentence.end, answer[start : sentence.end]))
    return clauses


def _cut(answer: str, clause: Piece) -> Iterator[Piece]:
    """The clause in even stretches of at most about LONGEST half words, cut before a word."""
    size = _size(clause.text)
    if size <= LONGEST:
        yield clause
        return
    stretch = size / -(-size // LONGEST)
    start, done, limit = clause.start, 0, stretch
    for unit in _UNIT.finditer(answer, clause.start, clause.end):
        if done >= limit:
            yield from _piece(answer, start, unit.start())
            start, limit = unit.start(), limit + stretch
        done += 1 if _HAN.match(unit[0]) else 2
    yield from _piece(answer, start, clause.end)


def _size(text: str) -> int:
    """Length in half words: a Chinese character is 1, a word of another script 2."""
    han = len(_HAN.findall(text))
    return han + 2 * len(_TOKEN.findall(_HAN.sub(" ", text)))


def _grouped(answer: str, found: list[Piece]) -> list[Piece]:
    step = -(-len(found) // MAX_PIECES)
    runs = (found[i : i + step] for i in range(0, len(found), step))
    return [Piece(r[0].start, r[-1].end, answer[r[0].start : r[-1].end]) for r in runs]


@lru_cache(maxsize=20_000)
def terms(text: str) -> frozenset[str]:
    """What a text is made of: stems of words, and pairs of Chinese characters."""
    found: set[str] = set()
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _HAN.match(token):
            pairs = {token[i : i + 2] for i in range(len(token) - 1)} or {token}
            found |= {pair for pair in pairs if not _STOP_CHARACTERS.issuperset(pair)}
        elif token not in _STOP_WORDS:
            found.add(_stem(token))
    return frozenset(found)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))


def share(wanted: Mapping[str, float], said: frozenset[str]) -> float:
    """The share, 0–1, of the terms that are wanted, each with its weight, that were said."""
    total = math.fsum(wanted.values())
    return math.fsum(w for term, w in wanted.items() if term in said) / total if total else 0.0


def language_of(text: str) -> Literal["zh", "en"]:
    """The language that makes up most of a text; all but Chinese counts as English."""
    return "zh" if 2 * len(_HAN.findall(text)) > _size(text) else "en"


def has_words(text: str) -> bool:
    return _TOKEN.search(text) is not None


def share_of_known_scripts(text: str) -> float:
    """The share of letters that are Chinese or Latin; 1 when there are no letters."""
    letters = [c for c in text if c.isalpha()]
    known = sum(bool(_HAN.match(c)) or "LATIN" in unicodedata.name(c, "") for c in letters)
    return known / len(letters) if letters else 1.0


def says_dont_know(answer: str) -> bool:
    return False
