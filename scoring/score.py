"""Scores from evidence. Pure arithmetic: the same evidence gives the same scores anywhere."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from dialogues.guide import Strict
from scoring.evidence import Evidence, Flag, Found, ProgramVerdict
from scoring.rubric import KeyPoint, ProgramTest, Rubric, RubricQuestion

HALF_WIDTH = 39.4
"""Half of an interval, in points of 100: 90% of the absolute residuals on human-scored short answers
to questions that were not fitted are smaller, three sets weighing the same (bench/fit_strength.py).
On each set alone 96%, 91% and 83% are. Errors on interview answers have not been measured."""
ENOUGH = 0.5
CALIBRATOR = "coverage-1"


class Score(Strict):
    """Score and estimate in 0–100, level 1–5, interval with 90% intended coverage.

    `score` and `level` are None when `status` is unscored; the estimate is there all the same.
    """

    score: float | None
    estimate: float
    level: int | None
    interval: tuple[float, float]
    status: Literal["scored", "unscored"]
    reasons: tuple[str, ...] = ()


class ScoreRow(Score):
    """The score of one answer with what it rests on."""

    question_id: str
    flags: tuple[Flag, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tests: tuple[ProgramVerdict, ...] = ()


class CompetencyScore(Score):
    weight: float


class StandardScores(Strict):
    """The scores without the questions that were added for this candidate alone."""

    overall: Score
    competencies: dict[str, CompetencyScore]


class Scores(Strict):
    """All scores of an interview; `standard` is there when questions were added."""

    overall: Score
    competencies: dict[str, CompetencyScore]
    answers: tuple[ScoreRow, ...]
    standard: StandardScores | None = None


def level_of(score: float) -> int:
    """The level, 1–5, of a score: five equal steps."""
    return min(5, 1 + int(score // 20))


def score_answer(rubric: Rubric, question_id: str, found: Found) -> ScoreRow:
    """The score of an answer.

    Of words: the share of its key points covered, weighted by importance. Of a program: the share
    of the tests passed, weighted likewise. Of a choice or a number: the points of the option or
    band that the evidence names; these and a program's are certain, so their interval has no width.
    """
    scored = rubric.questions[question_id]
    strengths = {e.key_point: e.strength for e in found.evidence}
    half_width = 0.0
    if scored.scored_by == "options":
        points = max((scored.options[name] for name in strengths), default=0.0)
    elif scored.scored_by == "bands":
        points = max((b.points for b in scored.bands if b.id in strengths), default=0.0)
    elif scored.scored_by == "tests":
        passed = {test.test: 1.0 for test in found.tests if test.verdict == "passed"}
        points = 100 * _covered(scored.tests, passed)
    else:
        points, half_width = 100 * _covered(scored.key_points, strengths), HALF_WIDTH
    if any(flag.kind == "dont_know" for flag in found.flags):
        points = 0.0
    score = _score(points, half_width, found.reasons)
    return ScoreRow(
        question_id=question_id,
        evidence=found.evidence,
        flags=found.flags,
        tests=found.tests,
        **dict(score),
    )


def _covered(parts: Sequence[KeyPoint | ProgramTest], strengths: Mapping[str, float]) -> float:
    """The share, 0–1, of what was looked for that was there."""
    covered = math.fsum(p.importance * strengths.get(p.id, 0.0) for p in parts)
    return covered / math.fsum(p.importance for p in parts)


def value_evidence(scored: RubricQuestion, value: str | float | None, text: str) -> Found:
    """What a choice or a number rests on: the words of the answer, for the option or band."""
    name = None
    if isinstance(value, str) and value in scored.options:
        name = value
    elif isinstance(value, float):
        name = next((band.id for band in scored.bands if band.holds(value)), None)
    if name is None:
        return Found()
    return Found(
        evidence=(Evidence(key_point=name, start=0, end=len(text), text=text, strength=1.0),)
    )


def score_interview(
    rubric: Rubric,
    asked: Mapping[str, str],
    rows: Sequence[ScoreRow],
    added: Collection[str] = (),
) -> Scores:
    """Scores of an interview. `asked` gives the competency of each scored question on the path.

    A competency is the mean of its questions weighted by the rubric, and overall the mean of the
    competencies weighted in percent. Under half of the weight scored, either is unscored. Where
    questions were `added` for this candidate, the scores without them are given too.
    """
    overall, competencies = _means(rubric, asked, rows)
    standard = None
    if any(row.question_id in added for row in rows):
        common = [row for row in rows if row.question_id not in added]
        without = _means(rubric, asked, common)
        standard = StandardScores(overall=without[0], competencies=without[1])
    return Scores(
        overall=overall, competencies=competencies, answers=tuple(rows), standard=standard
    )


def _means(
    rubric: Rubric, asked: Mapping[str, str], rows: Sequence[ScoreRow]
) -> tuple[Score, dict[str, CompetencyScore]]:
    by_question = {row.question_id: row for row in rows}
    competencies = {}
    for name, competency in rubric.competencies.items():
        parts = [
            (rubric.questions[question].weight, by_question[question])
            for question, judged in asked.items()
            if judged == name and question in by_question
        ]
        competencies[name] = CompetencyScore(weight=competency.weight, **dict(_mean(parts)))
    return _mean([(c.weight, c) for c in competencies.values()]), competencies


def _mean(parts: Sequence[tuple[float, Score]]) -> Score:
    total = math.fsum(weight for weight, _ in parts)
    scored = [(weight, part) for weight, part in parts if part.score is not None]
    kept = math.fsum(weight for weight, _ in scored)
    if not scored or kept < ENOUGH * total:
        estimate = math.fsum(w * p.estimate for w, p in parts) / total if total else 0.0
        return _score(estimate, HALF_WIDTH, ("too_little_scored",))
    estimate = math.fsum(w * p.estimate for w, p in scored) / kept
    # Errors of one person's answers go together, so widths are averaged, not shrunk by the count.
    width = math.fsum(w * (p.interval[1] - p.interval[0]) for w, p in scored) / kept / 2
    return _score(estimate, width, ())


def _score(estimate: float, half_width: float, reasons: tuple[str, ...]) -> Score:
    estimate = round(min(100.0, max(0.0, estimate)), 1)
    return Score(
        score=None if reasons else estimate,
        estimate=estimate,
        level=None if reasons else level_of(estimate),
        interval=(
            round(max(0.0, estimate - half_width), 1),
            round(min(100.0, estimate + half_width), 1),
        ),
        status="unscored" if reasons else "scored",
        reasons=reasons,
    )
