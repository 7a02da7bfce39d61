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
    """Chinese from one Chinese character to two words of other scripts on; all else is English.

    So technical terms in Latin letters do not make a Chinese answer English.
    """
    han = len(_HAN.findall(text))
    words = len(_TOKEN.findall(_HAN.sub(" ", text)))
    return "zh" if han and 2 * han >= words else "en"


def has_words(text: str) -> bool:
    return _TOKEN.search(text) is not None


def share_of_known_scripts(text: str) -> float:
    """The share of letters that are Chinese or Latin; 1 when there are no letters."""
    letters = [c for c in text if c.isalpha()]
    known = sum(bool(_HAN.match(c)) or "LATIN" in unicodedata.name(c, "") for c in letters)
    return known / len(letters) if letters else 1.0


def unreadable(answer: str) -> Literal["empty", "unintelligible", "wrong_language"] | None:
    """Why an answer cannot be scored: nothing in it, no words in it, or mostly other scripts."""
    if not answer.strip():
        return "empty"
    if not has_words(answer) or (len(answer) >= 6 and len(set(answer.lower()) - {" ", "\n"}) <= 2):
        return "unintelligible"
    return "wrong_language" if share_of_known_scripts(answer) < 0.5 else None


_SIMPLER = str.maketrans(
    "這個沒經驗歷瞭會來說題過學樣麼類觸點記實話講關於問時還對種見該應當緒識無從頭導",
    "这个没经验历了会来说题过学样么类触点记实话讲关于问时还对种见该应当绪识无从头导",
)
_DONT_KNOW = (
    r"(不|弗)(太|大|怎么|是很|是特别|是太)?(知道|清楚|了解|晓得|懂|明白|记得|确定|熟悉|熟)",
    r"(不|不太|不怎么|也不)会(答|回答|做|说)?",
    r"(想|说|答|回答|讲|记)不(太)?(到|出来|出|起来|起|上来|上|来)",
    r"(没|没有)(怎么|有)?(想|做|接触|遇到|遇见|碰到|用|学|听说|听|处理|经历|参与|研究|考虑|了解)过",
    r"(没|没有|无|缺乏|缺少)(什么|啥|任何|太多)?(这方面|这种|这类|这样|那方面|相关|类似|实际)?的?"
    r"(经验|经历|想法|头绪|思路|概念|印象|例子|案例|认识|了解|答案|好说的|可说的)",
    r"(一无所知|毫无头绪|没概念|没印象|没思路|没头绪|脑子一片空白|无从说起|不好说|随便|跳过)",
    r"\b(do not|dont|didnt|did not)( really| actually| quite| even| honestly| exactly)? "
    r"(know|remember|recall|understand)"
    r"( (anything|much|a lot|enough|how to answer|what to say|the answer|how))?",
    r"\b(do not|dont)( really| actually)? have( (any|an|a|much|a good|that kind of|this kind of))? "
    r"(idea|clue|experience|answer|example|knowledge)\b",
    r"\b(no|zero|not the faintest|not the slightest) (real )?(idea|clue|experience|answer)\b",
    r"\b(havent|have not|have never|ive never|never|i didnt|not) (really |actually |ever )?"
    r"(done|do|did|tried|try|used|seen|had|heard of|worked (on|with)|come across|dealt with"
    r"|been in|experienced|encountered|thought about|learned|learnt|studied)\b",
    r"\b(not|im not|unsure)( really| quite| entirely)? (sure|certain|familiar)"
    r"( (how to answer|what to say))?|\bunsure\b",
    r"\b(cant|cannot|can not|couldnt)( really| honestly)? "
    r"(say|tell you|answer|remember|recall|think of( (anything|one|any|an example|a good example))?)",
    r"\b(idk|dunno|beats me|nothing comes to mind|(my mind is|drawing a) blank|pass|skip)\b",
)
"""Ways to say that one does not know or has not done it; English without apostrophes."""
_AROUND = (
    r"这方面的?|那方面|这一?(个|题|块|道题|种情况|类|点)|那个|这|问题|题目?|相关的?|类似的?|事情?|情况|内容|东西",
    r"我|俺|本人|您|你|老师|面试官|真的?|确实|实在|暂时|目前|现在|一时|一下子|之前|以前|从来|完全|根本",
    r"抱歉|对不起|不好意思|说实话|老实说|坦白说|坦率地?讲|其实|可能|好像|应该|感觉|恐怕|估计|也|都|还|就|有点|关于|对于?",
    r"嗯+|呃+|额+|唔+|哎呀?|唉|啊|哦|噢|吧|呢|呀|嘛|哈+|诶|那|的|了|是|很|太|特别|具体|怎么|什么|该|答|说|回答|讲|哪|里",
    r"\b(i|im|am|ive|have|me|my|we|you|it|its|this|that|these|those|the|a|an|one|any|anything|such)\b",
    r"\b(sorry|apologies|um+|uh+|er+|erm|hm+|well|oh|ah|okay|ok|so|and|but|just|like|lol|haha)\b",
    r"\b(honestly|really|actually|frankly|tbh|to be (honest|frank)|afraid|maybe|perhaps|guess|unfortunately)\b",
    r"\b(i (think|would say)|id say|you know|let me think|please|thanks?|thank you|man|sir|madam|yet)\b",
    r"\b(before|ever|never|right now|now|at all|at the moment|currently|off the top of my head|yet|about)\b",
    r"\b(in|on|of|for|to|with|how|what|question|topic|thing|kind|sort|area|do|there|all|question is)\b",
)
"""What may stand around that without saying more."""
_DONT_KNOW_WAYS = re.compile("|".join(_DONT_KNOW))
_AROUND_IT = re.compile("|".join(_AROUND))
_DONT_KNOW_LENGTH = 120


def says_dont_know(answer: str) -> bool:
    """Whether an answer says that they do not know, or have never done it, and nothing more."""
    if len(answer) > _DONT_KNOW_LENGTH:
        return False
    text = unicodedata.normalize("NFKC", answer).casefold().translate(_SIMPLER)
    text = " ".join(_TOKEN.findall(re.sub("['’‘`´]", "", text)))
    rest, ways = _DONT_KNOW_WAYS.subn(" ", text)
    return ways > 0 and not _AROUND_IT.sub(" ", rest).strip()
