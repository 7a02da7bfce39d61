"""Scores from evidence. Pure arithmetic: the same evidence gives the same scores anywhere."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from dialogues.guide import Strict
from scoring.evidence import Evidence, Flag, Found
from scoring.rubric import Rubric

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


class CompetencyScore(Score):
    weight: float


class Scores(Strict):
    """All scores of an interview."""

    overall: Score
    competencies: dict[str, CompetencyScore]
    answers: tuple[ScoreRow, ...]


def level_of(score: float) -> int:
    """The level, 1–5, of a score: five equal steps."""
    return min(5, 1 + int(score // 20))


def score_answer(rubric: Rubric, question_id: str, found: Found) -> ScoreRow:
    """The score of an answer: the share of its key points covered, weighted by importance."""
    strengths = {e.key_point: e.strength for e in found.evidence}
    points = rubric.questions[question_id].key_points
    covered = math.fsum(p.importance * strengths.get(p.id, 0.0) for p in points)
    share = covered / math.fsum(p.importance for p in points)
    if any(flag.kind == "dont_know" for flag in found.flags):
        share = 0.0
    score = _score(100 * share, HALF_WIDTH, found.reasons)
    return ScoreRow(
        question_id=question_id, evidence=found.evidence, flags=found.flags, **dict(score)
    )


def score_interview(rubric: Rubric, asked: Mapping[str, str], rows: Sequence[ScoreRow]) -> Scores:
    """Scores of an interview. `asked` gives the competency of each scored question on the path.

    A competency is the mean of its questions weighted by the rubric, and overall the mean of the
    competencies weighted in percent. Under half of the weight scored, either is unscored.
    """
    by_question = {row.question_id: row for row in rows}
    competencies = {}
    for name, competency in rubric.competencies.items():
        parts = [
            (rubric.questions[question].weight, by_question[question])
            for question, judged in asked.items()
            if judged == name and question in by_question
        ]
        mean = _mean(parts)
        competencies[name] = CompetencyScore(weight=competency.weight, **dict(mean))
    overall = _mean([(c.weight, c) for c in competencies.values()])
    return Scores(overall=overall, competencies=competencies, answers=tuple(rows))


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
