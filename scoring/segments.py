"""Splitting an answer into the pieces that evidence points at, and counting shared words.

Spans are half-open ranges of Unicode code points of the answer as it was given.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

MAX_PIECES = 64
_SENTENCE_END = re.compile(r"[。！？!?；;\n…]+|(?<=[^\d\s])\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[，,、：:—]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[^\W_]+")
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
    """Sentences and, where a sentence has several, its clauses; none crosses a line break.

    At most MAX_PIECES: in a very long answer neighbouring sentences are taken together.
    """
    sentences = list(_split(answer, 0, len(answer), _SENTENCE_END))
    found: list[Piece] = []
    for sentence in sentences:
        clauses = _clauses(answer, sentence)
        found.append(sentence)
        if len(clauses) > 1:
            found.extend(clauses)
    if len(found) > MAX_PIECES:
        found = _grouped(answer, sentences)
    return tuple(found)


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
    """Clauses of the sentence; a very short one is taken together with the next."""
    clauses: list[Piece] = []
    held: int | None = None
    for clause in _split(answer, sentence.start, sentence.end, _CLAUSE_END):
        start = clause.start if held is None else held
        if _size(answer[start : clause.end]) < 6:
            held = start
            continue
        clauses.append(Piece(start, clause.end, answer[start : clause.end]))
        held = None
    if held is not None:
        start = clauses.pop().start if clauses else held
        clauses.append(Piece(start, sentence.end, answer[start : sentence.end]))
    return clauses


def _size(text: str) -> int:
    """Length in half words: a Chinese character is 1, a word of another script 2."""
    han = len(_HAN.findall(text))
    return han + 2 * len(_TOKEN.findall(_HAN.sub(" ", text)))


def _grouped(answer: str, sentences: list[Piece]) -> list[Piece]:
    step = -(-len(sentences) // MAX_PIECES)
    grouped = []
    for i in range(0, len(sentences), step):
        run = sentences[i : i + step]
        start, end = run[0].start, run[-1].end
        grouped.append(Piece(start, end, answer[start:end]))
    return grouped


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


def has_words(text: str) -> bool:
    return _TOKEN.search(text) is not None


def share_of_known_scripts(text: str) -> float:
    """The share of letters that are Chinese or Latin; 1 when there are no letters."""
    letters = [c for c in text if c.isalpha()]
    known = sum(bool(_HAN.match(c)) or "LATIN" in unicodedata.name(c, "") for c in letters)
    return known / len(letters) if letters else 1.0
