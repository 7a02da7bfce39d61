"""Scores from evidence: bounds, order, intervals, and what is left unscored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.evidence import Evidence, Flag, Found, ProgramVerdict
from scoring.rubric import Rubric
from scoring.score import (
    HALF_WIDTH,
    ScoreRow,
    level_of,
    score_answer,
    score_interview,
    value_evidence,
)

POINTS = {"a": 3, "b": 2, "c": 1}
RUBRIC = Rubric.model_validate(
    {
        "rubric": "test",
        "version": 1,
        "competencies": {
            "craft": {"weight": 60, "name": {"en": "Craft"}},
            "teamwork": {"weight": 40, "name": {"en": "Teamwork"}},
        },
        "questions": {
            name: {
                "weight": weight,
                "key_points": [
                    {"id": point, "importance": importance, "texts": {"en": [point]}}
                    for point, importance in POINTS.items()
                ],
            }
            for name, weight in (("q1", 2), ("q2", 1), ("q3", 1))
        },
    }
)
ASKED = {"q1": "craft", "q2": "craft", "q3": "teamwork"}
STRENGTHS = st.dictionaries(
    st.sampled_from([*POINTS, "unknown"]), st.floats(0, 1).map(lambda x: round(x, 4))
)


def found(strengths: dict[str, float]) -> Found:
    return Found(
        evidence=tuple(
            Evidence(key_point=point, start=0, end=1, text="x", strength=strength)
            for point, strength in strengths.items()
        )
    )


@given(STRENGTHS)
def test_scores_keep_their_bounds(strengths: dict[str, float]) -> None:
    row = score_answer(RUBRIC, "q1", found(strengths))
    low, high = row.interval
    assert row.status == "scored"
    assert row.score == row.estimate
    assert 0 <= low <= row.estimate <= high <= 100
    assert high - low <= 2 * HALF_WIDTH + 0.1
    assert row.level == level_of(row.estimate)


@given(STRENGTHS, st.sampled_from([*POINTS]), st.floats(0, 1))
def test_more_evidence_never_lowers_a_score(
    strengths: dict[str, float], point: str, more: float
) -> None:
    before = score_answer(RUBRIC, "q1", found(strengths))
    stronger = {**strengths, point: max(round(more, 4), strengths.get(point, 0.0))}
    assert score_answer(RUBRIC, "q1", found(stronger)).estimate >= before.estimate


@given(STRENGTHS)
def test_a_score_can_be_recomputed_from_what_is_kept(strengths: dict[str, float]) -> None:
    row = score_answer(RUBRIC, "q1", found(strengths))
    kept = Found.model_validate_json(found(strengths).model_dump_json())
    again = score_answer(RUBRIC, "q1", kept)
    assert again.model_dump_json() == row.model_dump_json()


def test_key_points_weigh_by_importance() -> None:
    assert score_answer(RUBRIC, "q1", found({"a": 1.0})).score == 50.0
    assert score_answer(RUBRIC, "q1", found({"a": 1.0, "b": 0.5})).score == 66.7
    assert score_answer(RUBRIC, "q1", found({"a": 1.0, "b": 1.0, "c": 1.0})).score == 100.0
    assert score_answer(RUBRIC, "q1", found({})).score == 0.0


@pytest.mark.parametrize(
    ("score", "level"), [(0, 1), (19.9, 1), (20, 2), (40, 3), (60, 4), (79.9, 4), (80, 5), (100, 5)]
)
def test_levels_are_equal_steps(score: float, level: int) -> None:
    assert level_of(score) == level


def test_not_knowing_is_the_lowest_level() -> None:
    flag = Flag(kind="dont_know", reason="", start=0, end=1)
    row = score_answer(RUBRIC, "q1", found({"a": 1.0}).model_copy(update={"flags": (flag,)}))
    assert (row.score, row.level, row.status) == (0.0, 1, "scored")
    assert row.interval == (0.0, HALF_WIDTH)


def test_what_cannot_be_scored_has_a_reason_and_an_estimate() -> None:
    row = score_answer(RUBRIC, "q1", Found(reasons=("empty",)))
    assert (row.score, row.level, row.status, row.reasons) == (None, None, "unscored", ("empty",))
    assert row.estimate == 0.0


def rows(**scores: float | None) -> list[ScoreRow]:
    return [
        score_answer(
            RUBRIC,
            question,
            Found(reasons=("empty",))
            if score is None
            else found(dict.fromkeys(POINTS, score / 100)),
        )
        for question, score in scores.items()
    ]


def test_an_interview_is_a_mean_of_weighted_means() -> None:
    scores = score_interview(RUBRIC, ASKED, rows(q1=80, q2=20, q3=50))
    assert scores.competencies["craft"].score == 60.0
    assert scores.competencies["teamwork"].score == 50.0
    assert scores.overall.score == 56.0
    assert scores.overall.level == 3
    low, high = scores.overall.interval
    assert low <= 56.0 <= high


def test_under_half_of_the_weight_nothing_is_scored() -> None:
    scores = score_interview(RUBRIC, ASKED, rows(q1=None, q2=90, q3=50))
    assert scores.competencies["craft"].status == "unscored"
    assert scores.competencies["craft"].reasons == ("too_little_scored",)
    assert scores.overall.status == "unscored"
    scores = score_interview(RUBRIC, ASKED, rows(q1=90, q2=None, q3=None))
    assert scores.competencies["craft"].score == 90.0
    assert scores.overall.score == 90.0


@given(
    st.lists(st.floats(0, 100) | st.none(), min_size=3, max_size=3),
)
def test_scores_of_interviews_keep_their_bounds(values: list[float | None]) -> None:
    given_rows = rows(q1=values[0], q2=values[1], q3=values[2])
    scores = score_interview(RUBRIC, ASKED, given_rows)
    for score in (scores.overall, *scores.competencies.values()):
        low, high = score.interval
        assert 0 <= low <= high <= 100
        assert 0 <= score.estimate <= 100
        assert (score.score is None) == (score.status == "unscored")
    assert scores == score_interview(RUBRIC, ASKED, list(reversed(given_rows))).model_copy(
        update={"answers": scores.answers}
    )


# Choices, numbers and programs; questions that were added.

OTHER = Rubric.model_validate(
    {
        "rubric": "other",
        "version": 1,
        "competencies": {
            "craft": {"weight": 60, "name": {"en": "Craft"}},
            "teamwork": {"weight": 40, "name": {"en": "Teamwork"}},
        },
        "questions": {
            "choice": {"options": {"good": 80, "bad": 0}},
            "number": {
                "bands": [
                    {"id": "low", "max": 2, "points": 10},
                    {"id": "mid", "min": 2, "max": 5, "points": 60},
                    {"id": "high", "min": 8, "points": 100},
                ]
            },
            "program": {
                "weight": 3,
                "tests": [
                    {"id": "one", "output": "1"},
                    {"id": "two", "output": "2", "importance": 3},
                ],
            },
        },
    }
)


@pytest.mark.parametrize(
    ("question", "value", "score", "point"),
    [
        ("choice", "good", 80.0, "good"),
        ("choice", "bad", 0.0, "bad"),
        ("number", -4.0, 10.0, "low"),
        ("number", 2.0, 10.0, "low"),  # The first band that holds.
        ("number", 2.1, 60.0, "mid"),
        ("number", 6.0, 0.0, None),  # No band holds.
        ("number", 1e9, 100.0, "high"),
    ],
)
def test_points_of_a_choice_or_a_number(
    question: str, value: str | float, score: float, point: str | None
) -> None:
    found = value_evidence(OTHER.questions[question], value, "words")
    row = score_answer(OTHER, question, found)
    assert (row.score, row.interval) == (score, (score, score))
    assert [e.key_point for e in row.evidence] == ([point] if point else [])
    assert all(e.text == "words" for e in row.evidence)


@pytest.mark.parametrize(
    ("passed", "score"), [(("one", "two"), 100.0), (("two",), 75.0), (("one",), 25.0), ((), 0.0)]
)
def test_a_program_is_scored_by_the_tests_it_passes(passed: tuple[str, ...], score: float) -> None:
    tests = tuple(
        ProgramVerdict(test=name, verdict="passed" if name in passed else "time_limit")
        for name in ("one", "two")
    )
    row = score_answer(OTHER, "program", Found(tests=tests))
    assert (row.score, row.interval, row.tests) == (score, (score, score), tests)


def test_a_program_that_could_not_be_run_is_unscored() -> None:
    row = score_answer(OTHER, "program", Found(reasons=("not_run",)))
    assert (row.score, row.status, row.reasons) == (None, "unscored", ("not_run",))


def test_scores_without_what_was_added() -> None:
    choice = score_answer(OTHER, "choice", value_evidence(OTHER.questions["choice"], "good", "x"))
    program = score_answer(OTHER, "program", Found())
    asked = {"choice": "craft", "program": "craft"}
    scores = score_interview(OTHER, asked, [choice, program], ("program",))
    assert scores.competencies["craft"].score == 20.0
    assert scores.standard is not None
    assert scores.standard.competencies["craft"].score == 80.0
    assert scores.standard.overall.score == 80.0
    assert [row.question_id for row in scores.answers] == ["choice", "program"]
    assert score_interview(OTHER, asked, [choice, program], ("other",)).standard is None
