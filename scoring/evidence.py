"""Evidence: for each key point of a question, the words of the answer that speak for it best.

A piece of the answer is compared with each alternative of a key point in two ways: by the cosine of
their embeddings, and by the share of the alternative's words that the piece has (words that stand
in the question itself count less). A logistic function of the two gives the strength, 0 to 1.
Its coefficients were fitted on human-scored short answers; see docs/scoring.md.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dialogues.guide import Guide, Strict
from scoring.encoder import Encoder
from scoring.rubric import KeyPoint, Rubric
from scoring.segments import Piece, has_words, pieces, share_of_known_scripts, terms

HIT = 0.5
FLOOR = 0.05
DEMOTED = 0.3

FlagKind = Literal[
    "dont_know",
    "question_echo",
    "copied_text",
    "word_salad",
    "contradiction",
    "other_question",
    "padding",
    "injection",
    "keyword_stuffing",
    "near_copy",
    "transcript_quality",
    "non_standard",
]
Unscored = Literal["empty", "unintelligible", "wrong_language", "bad_transcript", "skipped"]


class Evidence(Strict):
    """The best words for a key point: `text == answer[start:end]`, strength in 0–1."""

    key_point: str
    start: int
    end: int
    text: str
    strength: float


class Flag(Strict):
    """Something a person should know about the answer, and where it stands."""

    kind: FlagKind
    reason: str
    start: int
    end: int


class Found(Strict):
    """What was found in an answer. `reasons` say why it cannot be scored, if it cannot."""

    evidence: tuple[Evidence, ...] = ()
    flags: tuple[Flag, ...] = ()
    reasons: tuple[Unscored, ...] = ()

    @property
    def hits(self) -> tuple[str, ...]:
        """The key points that the answer covers."""
        return tuple(e.key_point for e in self.evidence if e.strength >= HIT)


@dataclass(frozen=True)
class Strength:
    """strength = 1 / (1 + exp(-(bias + cosine·cos + words·share)))."""

    bias: float
    cosine: float
    words: float

    def __call__(self, cosine: float, share: float) -> float:
        return 1 / (1 + math.exp(-(self.bias + self.cosine * cosine + self.words * share)))


STRENGTH = {
    "default": Strength(bias=-22.0, cosine=24.0, words=3.0),
    "light": Strength(bias=-4.0, cosine=5.0, words=4.0),
}

_DONT_KNOW = re.compile(
    r"(我|这个|真的?|也|确实|暂时|目前|嗯|呃|额)*(不知道|不太?清楚|不太?了解|不会|不懂|没想过|想不(出来?|起来)"
    r"|答不(上来?|出来?)|没有?(相关)?(经验|经历)|没做过|没接触过|不晓得|没什么(想法|可说的)|随便)[了啊吧呢的呀哦]*"
    r"|(i |sorry |um |uh |well |honestly |really )*(don'?t|do not|dont) (really )?(know|have (any |an )?(idea|experience|answer))"
    r"|(i )?(have |'ve )?no (idea|clue|experience|answer)|(i )?(am|'m) not sure|not sure|idk|dunno"
    r"|(i )?(can'?t|cannot) (say|think of (any(thing)?|one|an? example))|(i )?never (did|tried) (that|it|this)|pass",
    re.IGNORECASE,
)
_DONT_KNOW_LENGTH = 40


class Assessor:
    """Finds evidence in the answers to the questions of one rubric.

    Key points are encoded once, on the first answer to their question. Safe in several threads.
    """

    def __init__(self, rubric: Rubric, guide: Guide | None, encoder: Encoder) -> None:
        self.rubric = rubric
        self.encoder = encoder
        self.strength = STRENGTH.get(encoder.name, STRENGTH["default"])
        self._asked = (
            {q.id: terms(" ".join(q.text.values())) for q in guide.questions} if guide else {}
        )
        self._points: dict[str, tuple[_Point, ...]] = {}

    def find(self, question_id: str, answer: str) -> Found:
        """Evidence in an answer, or in one of the messages that make it up."""
        reason = _cannot_be_scored(answer)
        if reason is not None:
            return Found(reasons=(reason,))
        if says_dont_know(answer):
            start, end = _outer(answer)
            flag = Flag(kind="dont_know", reason="says that they do not know", start=start, end=end)
            return Found(flags=(flag,))
        points = self._points_of(question_id)
        parts = pieces(answer)
        vectors = [self.encoder.encode(piece.text) for piece in parts]
        best = (self._best(point, parts, vectors) for point in points)
        return Found(evidence=tuple(e for e in best if e is not None))

    def _points_of(self, question_id: str) -> tuple["_Point", ...]:
        if question_id not in self._points:
            scored = self.rubric.questions[question_id]
            asked = self._asked.get(question_id, frozenset())
            self._points[question_id] = tuple(
                self._point(point, asked) for point in scored.key_points
            )
        return self._points[question_id]

    def _point(self, point: KeyPoint, asked: frozenset[str]) -> "_Point":
        texts = [text for alternatives in point.texts.values() for text in alternatives]
        return _Point(
            point.id,
            np.stack([self.encoder.encode(text) for text in texts]),
            tuple(
                {term: DEMOTED if term in asked else 1.0 for term in sorted(terms(text))}
                for text in texts
            ),
        )

    def _best(
        self, point: "_Point", parts: Sequence[Piece], vectors: Sequence[NDArray[np.float32]]
    ) -> Evidence | None:
        best, strongest = None, FLOOR
        for piece, vector in zip(parts, vectors, strict=True):
            cosines = point.vectors @ vector
            said = terms(piece.text)
            for cosine, wanted in zip(cosines, point.words, strict=True):
                strength = self.strength(float(cosine), _share(wanted, said))
                if strength > strongest:
                    best, strongest = piece, strength
        if best is None:
            return None
        return Evidence(
            key_point=point.id,
            start=best.start,
            end=best.end,
            text=best.text,
            strength=round(strongest, 4),
        )


@dataclass(frozen=True)
class _Point:
    """A key point ready to compare: a row of `vectors` and a weight a word for each alternative."""

    id: str
    vectors: NDArray[np.float32]
    words: tuple[dict[str, float], ...]


def _share(wanted: dict[str, float], said: frozenset[str]) -> float:
    total = math.fsum(wanted.values())
    return math.fsum(w for term, w in wanted.items() if term in said) / total if total else 0.0


def says_dont_know(answer: str) -> bool:
    """Whether the whole answer says no more than that they do not know."""
    words = re.sub(r"[\s,，。.!！~～…、]+", " ", answer).strip()
    if len(words) > _DONT_KNOW_LENGTH:
        return False
    return _DONT_KNOW.fullmatch(words) is not None or all(
        _DONT_KNOW.fullmatch(part) for part in words.split(" ")
    )


def _cannot_be_scored(answer: str) -> Unscored | None:
    if not answer.strip():
        return "empty"
    if not has_words(answer) or (len(answer) >= 6 and len(set(answer.lower()) - {" ", "\n"}) <= 2):
        return "unintelligible"
    if share_of_known_scripts(answer) < 0.5:
        return "wrong_language"
    return None


def _outer(answer: str) -> tuple[int, int]:
    start = len(answer) - len(answer.lstrip())
    return start, start + len(answer.strip())


class AnswerPart(Strict):
    """One message of an answer with what was found in it."""

    text: str
    found: Found = Field(default_factory=Found)


def combine(parts: Iterable[AnswerPart]) -> tuple[str, Found]:
    """The whole answer, its messages joined by line breaks, and what was found in it.

    The strongest evidence of each key point counts. "I do not know" in one message says nothing
    when another message answers; the same holds for a message that cannot be scored.
    """
    kept = list(parts)
    answer = "\n".join(part.text for part in kept)
    telling = [part for part in kept if part.found.evidence]
    best: dict[str, Evidence] = {}
    flags: list[Flag] = []
    offset = 0
    for part in kept:
        for e in part.found.evidence:
            if e.key_point not in best or e.strength > best[e.key_point].strength:
                best[e.key_point] = e.model_copy(
                    update={"start": e.start + offset, "end": e.end + offset}
                )
        for flag in part.found.flags:
            if flag.kind != "dont_know" or not telling:
                flags.append(
                    flag.model_copy(update={"start": flag.start + offset, "end": flag.end + offset})
                )
        offset += len(part.text) + 1
    scorable = [part for part in kept if not part.found.reasons]
    reasons: tuple[Unscored, ...] = ()
    if not kept:
        reasons = ("empty",)
    elif not scorable:
        reasons = tuple(dict.fromkeys(reason for part in kept for reason in part.found.reasons))
    return answer, Found(evidence=tuple(best.values()), flags=tuple(flags), reasons=reasons)
