"""Evidence: for each key point of a question, the words of the answer that speak for it best.

A piece of the answer is compared with each text of a key point in two ways: by the cosine of their
embeddings, and by the share of the text's words that the piece has. Words of the question itself
count less, and a word that the key points of N questions use counts a Nth. What an unrelated answer
reaches is taken off. A logistic function of both gives the strength, 0–1: see docs/scoring.md.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dialogues.guide import Guide, Language, Question, Strict
from scoring.encoder import Encoder
from scoring.rubric import KeyPoint, Rubric
from scoring.segments import Piece, language_of, pieces, says_dont_know, share, terms, unreadable

HIT = 0.5
"""Strength, 0–1, from which a key point counts as said. With the sample rubrics' examples, 89% of
the key points are hit at level 5, 5% at level 1 and 9% by answers to other questions."""
FLOOR = 0.05
DEMOTED = 0.3

FlagKind = Literal[
    "dont_know", "question_echo", "copied_text", "word_salad", "contradiction", "other_question",
    "padding", "injection", "keyword_stuffing", "near_copy", "transcript_quality", "non_standard"
]  # fmt: skip
Unscored = Literal[
    "empty", "unintelligible", "wrong_language", "bad_transcript", "skipped", "not_run"
]


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


class ProgramVerdict(Strict):
    """How a program did in a test; `verdict` is "passed" or what went wrong."""

    test: str
    verdict: str


class Found(Strict):
    """What was found in an answer. `reasons` say why it cannot be scored, if it cannot."""

    evidence: tuple[Evidence, ...] = ()
    flags: tuple[Flag, ...] = ()
    reasons: tuple[Unscored, ...] = ()
    tests: tuple[ProgramVerdict, ...] = ()

    @property
    def hits(self) -> tuple[str, ...]:
        """The key points that the answer covers."""
        return tuple(e.key_point for e in self.evidence if e.strength >= HIT)


Kind = Literal["name", "statement", "examples"]
"""What the texts of a key point are: one text of at most six Chinese characters is a name that must
fall, another single text a statement, several texts examples of what might be said."""
_NAME = re.compile(r"[\u3400-\u9fff]{1,6}")


@dataclass(frozen=True)
class Strength:
    """strength = 1 / (1 + exp(-logit)), logit = bias + cosine·closeness + words·overlap."""

    bias: float
    cosine: float
    words: float


@dataclass(frozen=True)
class Calibration:
    """What belongs to an encoder.

    `usual` is the best cosine with a text, and the best share of its words, that an unrelated
    answer reaches, by the language of both (or "across"). The best of n texts is closer by chance,
    by `chance`·ln(n) of cosine. `kinds` are the fitted coefficients.
    """

    usual: dict[Language | Literal["across"], tuple[float, float]]
    chance: float
    kinds: dict[Kind, Strength]


CALIBRATIONS = {
    "default": Calibration(
        usual={"zh": (0.889, 0.04), "en": (0.855, 0.16), "across": (0.813, 0.0)},
        chance=0.010,
        kinds={
            "name": Strength(-4.45, 0.0, 8.9),
            "statement": Strength(-0.4, 30.3, 0.7),
            "examples": Strength(-1.4, 75.9, 10.5),
        },
    ),
    "light": Calibration(
        usual={"zh": (0.150, 0.04), "en": (0.227, 0.16), "across": (0.097, 0.0)},
        chance=0.044,
        kinds={
            "name": Strength(-4.4, 0.0, 8.8),
            "statement": Strength(-0.3, 5.1, 1.2),
            "examples": Strength(-1.1, 12.9, 11.7),
        },
    ),
}
"""By the encoder's name. Printed by bench/fit_strength.py; "default" is e5-small-int8's."""


@dataclass(frozen=True)
class Comparison:
    """A key point against an answer: `closeness` and `overlap`, a row a piece, a column a text.

    Closeness is the cosine, and overlap the share of words, above what is usual.
    """

    point: KeyPoint
    kind: Kind
    closeness: NDArray[np.float64]
    overlap: NDArray[np.float64]

    def best(self, by: Strength) -> tuple[int, float]:
        """Which piece speaks most for the key point, the first of equals, and how strongly."""
        logits = by.bias + by.cosine * self.closeness + by.words * self.overlap
        of_pieces = logits.max(axis=1)
        at = int(of_pieces.argmax())
        return at, 1 / (1 + math.exp(-max(-50.0, float(of_pieces[at]))))


class Assessor:
    """Finds evidence in the answers to the questions of one rubric.

    Key points are encoded once in a language, on the first answer to their question in it.
    Safe in several threads.
    """

    def __init__(self, rubric: Rubric, guide: Guide | None, encoder: Encoder) -> None:
        self.rubric = rubric
        self.encoder = encoder
        self.calibration = CALIBRATIONS.get(encoder.name, CALIBRATIONS["default"])
        self.asked = {q.id: _words_of(q) for q in guide.by_id.values()} if guide else {}
        self._questions_with = Counter(
            term
            for question in rubric.questions.values()
            for term in terms("\n".join(_texts(question.key_points)))
        )
        self._points: dict[tuple[str, Language], tuple[_Point, ...]] = {}

    def find(self, question_id: str, answer: str, at: str | None = None) -> Found:
        """Evidence in an answer, or in one of the messages that make it up.

        `at` is where the answer counts (`Question.place_of`), everywhere when None: key points that
        count elsewhere only are left out.
        """
        reason = unreadable(answer)
        if reason is not None:
            return Found(reasons=(reason,))
        if says_dont_know(answer):
            start, end = len(answer) - len(answer.lstrip()), len(answer.rstrip())
            flag = Flag(kind="dont_know", reason="says that they do not know", start=start, end=end)
            return Found(flags=(flag,))
        parts = pieces(answer)
        evidence = []
        for comparison in self.compare(question_id, parts, at):
            best, strength = comparison.best(self.calibration.kinds[comparison.kind])
            if strength > FLOOR:
                piece, rounded = parts[best], round(strength, 4)
                evidence.append(
                    Evidence(key_point=comparison.point.id, strength=rounded, **asdict(piece))
                )
        return Found(evidence=tuple(evidence))

    def compare(
        self, question_id: str, parts: Sequence[Piece], at: str | None = None
    ) -> tuple[Comparison, ...]:
        """Each key point of the question against the pieces of an answer, of which there are some.

        Texts in the language of most pieces are used where the key point has any, else all.
        """
        said = [(self.encoder.encode(part.text), terms(part.text)) for part in parts]
        language = language_of(" ".join(part.text for part in parts))
        return tuple(
            point.against(said)
            for point in self._points_of(question_id, language)
            if at is None or point.point.counts_at(at)
        )

    def _points_of(self, question_id: str, language: Language) -> tuple["_Point", ...]:
        key = question_id, language
        if key not in self._points:
            scored = self.rubric.questions[question_id]
            asked = self.asked.get(question_id, frozenset())
            self._points[key] = tuple(
                self._point(point, asked, language) for point in scored.key_points
            )
        return self._points[key]

    def _point(self, point: KeyPoint, asked: frozenset[str], language: Language) -> "_Point":
        texts = point.texts.get(language) or _texts([point])
        kind: Kind = "name" if _NAME.fullmatch(texts[0]) else "statement"
        if any(len(every) > 1 for every in point.texts.values()):
            kind = "examples"
        known = self.calibration.usual
        usual = np.array(
            [known[language if language_of(t) == language else "across"] for t in texts]
        )
        usual[:, 0] += self.calibration.chance * math.log(len(texts))
        return _Point(
            point,
            kind,
            np.stack([self.encoder.encode(text) for text in texts]),
            tuple(self._weights(text, asked) for text in texts),
            usual,
        )

    def _weights(self, text: str, asked: frozenset[str]) -> dict[str, float]:
        return {
            term: (DEMOTED if term in asked else 1.0) / max(1, self._questions_with[term])
            for term in sorted(terms(text))
        }


def _words_of(question: Question) -> frozenset[str]:
    """The words in which it is asked: repeating them says nothing."""
    lines = [line.text for turn in question.turns for line in turn.replies]
    texts = [question.text, question.material, *(part.text for part in question.parts), *lines]
    return terms(" ".join(words for text in texts for words in text.values()))


@dataclass(frozen=True)
class _Point:
    """A key point ready to compare: for each text a vector, weights of its words, what is usual."""

    point: KeyPoint
    kind: Kind
    vectors: NDArray[np.float32]
    words: tuple[dict[str, float], ...]
    usual: NDArray[np.float64]

    def against(self, said: list[tuple[NDArray[np.float32], frozenset[str]]]) -> Comparison:
        cosines = np.stack([self.vectors @ vector for vector, _ in said]) - self.usual[:, 0]
        shares = np.array([[share(wanted, words) for wanted in self.words] for _, words in said])
        return Comparison(self.point, self.kind, cosines, shares - self.usual[:, 1])


def _texts(points: Iterable[KeyPoint]) -> list[str]:
    return [text for point in points for every in point.texts.values() for text in every]


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
    tests = tuple(test for part in kept for test in part.found.tests)
    return answer, Found(
        evidence=tuple(best.values()), flags=tuple(flags), reasons=reasons, tests=tests
    )
