"""The result contract: canonical bytes, reading back, and the published JSON Schema."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from connectors.result import (
    Candidate,
    CompetencyScore,
    Evidence,
    FileVersion,
    Flag,
    InterviewFlag,
    Line,
    ModelVersion,
    Order,
    Result,
    Score,
    ScoreRow,
    Scores,
    Transcribed,
    from_json,
    to_json,
)

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"
VALIDATOR = Draft202012Validator(json.loads((SCHEMAS / "result.schema.json").read_text("utf-8")))

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
places = st.integers(0, 20_000)
marks = st.floats(0, 100).map(lambda x: round(x, 1))
reasons = st.lists(words, max_size=2).map(tuple)
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
jsons = st.dictionaries(words, plain_json, max_size=2)
score: dict[str, Any] = {
    "score": st.none() | marks,
    "estimate": marks,
    "level": st.none() | st.integers(1, 5),
    "interval": st.tuples(marks, marks),
    "status": st.sampled_from(("scored", "unscored")),
    "reasons": reasons,
}
flag: dict[str, Any] = {"kind": words, "reason": words, "start": places, "end": places}
evidence = st.builds(
    Evidence,
    key_point=words,
    start=places,
    end=places,
    text=words,
    strength=st.floats(0, 1).map(lambda x: round(x, 4)),
)
rows = st.builds(
    ScoreRow,
    **score,
    question_id=words,
    flags=st.lists(st.builds(Flag, **flag), max_size=1).map(tuple),
    evidence=st.lists(evidence, max_size=2).map(tuple),
)
files = st.builds(FileVersion, id=words, version=st.integers(1, 99), sha256=words)
lines = st.builds(
    Line,
    seq=places,
    at=words,
    speaker=st.sampled_from(("bot", "candidate", "recruiter")),
    kind=words,
    question_id=st.none() | words,
    text=words,
    asr=st.none()
    | st.builds(Transcribed, model=words, quality=st.dictionaries(words, marks, max_size=1)),
)
results = st.builds(
    Result,
    schema=st.just("miantan.result/1"),
    interview=words,
    campaign=words,
    position=words,
    person=words,
    order=st.none() | st.builds(Order, id=words, external=jsons),
    candidate=st.builds(
        Candidate,
        name=st.none() | words,
        email=st.none() | words,
        phone=st.none() | words,
        type=st.none() | words,
        language=st.sampled_from(("zh", "en")),
    ),
    channel=words,
    source=words,
    started_at=words,
    finished_at=words,
    guide=files,
    rubric=files,
    model=st.builds(ModelVersion, encoder=words, calibrator=words, sha256=words),
    transcript=st.lists(lines, max_size=2).map(tuple),
    scores=st.builds(
        Scores,
        overall=st.builds(Score, **score),
        competencies=st.dictionaries(
            words, st.builds(CompetencyScore, **score, weight=marks), max_size=2
        ),
        answers=st.lists(rows, max_size=2).map(tuple),
    ),
    flags=st.lists(st.builds(InterviewFlag, **flag, question_id=words), max_size=1).map(tuple),
    review=st.none() | jsons,
    report_url=st.none() | words,
)


@settings(max_examples=60)
@given(results)
def test_written_read_and_written_again(result: Result) -> None:
    text = to_json(result)
    assert from_json(text) == result
    assert to_json(from_json(text)) == text
    data = json.loads(text)
    assert json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2) + "\n" == text
    VALIDATOR.validate(data)


def sample(**more: Any) -> Result:
    s: dict[str, Any] = {
        "score": 72.5,
        "estimate": 72.5,
        "level": 4,
        "interval": (61.0, 84.0),
        "status": "scored",
    }
    given_values: dict[str, Any] = {
        "schema": "miantan.result/1",
        "interview": "i1",
        "campaign": "c1",
        "position": "p1",
        "person": "h1",
        "candidate": {"type": "campus", "language": "zh"},
        "channel": "chat",
        "source": "",
        "started_at": "2025-03-01T08:00:00.000Z",
        "finished_at": "2025-03-01T08:20:00.000Z",
        "guide": {"id": "g", "version": 1, "sha256": "0" * 64},
        "rubric": {"id": "r", "version": 1, "sha256": "1" * 64},
        "model": {"encoder": "light", "calibrator": "coverage-1", "sha256": "2" * 64},
        "transcript": [],
        "scores": {
            "overall": s,
            "competencies": {"b": {**s, "weight": 40}, "a": {**s, "weight": 60}},
            "answers": [],
        },
        **more,
    }
    return Result.model_validate(given_values)


def test_equal_results_are_equal_bytes() -> None:
    competencies = {"a": 1, "b": 2}
    first, second = (
        sample(order={"id": "o", "external": dict(items)})
        for items in (competencies.items(), reversed(competencies.items()))
    )
    assert to_json(first) == to_json(second)
    assert list(json.loads(to_json(first))["scores"]["competencies"]) == ["a", "b"]


def test_the_form() -> None:
    text = to_json(sample(candidate={"type": None, "language": "zh", "name": "李明"}))
    assert text.startswith('{\n  "campaign": "c1",\n  "candidate": {\n')
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert '"name": "李明"' in text
    assert '"score": 72.5' in text


def test_what_is_absent_is_left_out_and_what_is_unknown_is_null() -> None:
    line = {"seq": 1, "at": "t", "speaker": "bot", "kind": "text", "question_id": None, "text": "x"}
    data = json.loads(to_json(sample(transcript=[line])))
    assert data["candidate"] == {"type": "campus", "language": "zh"}
    assert "report_url" not in data
    assert "asr" not in data["transcript"][0]
    assert (data["order"], data["review"], data["flags"]) == (None, None, [])
    assert data["schema"] == "miantan.result/1"
    assert "schema_" not in data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"schema": "miantan.result/2"}',
        to_json(sample()).replace('"i1"', "1"),
    ],
)
def test_no_result_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "miantan.result/2"},
        {"extra": 1},
        {"candidate": {"type": "campus", "language": "zh", "age": 30}},
        {"scores": {}},
        {"finished_at": None},
    ],
)
def test_the_schema_and_the_model_refuse_the_same(change: dict[str, Any]) -> None:
    data = {**json.loads(to_json(sample())), **change}
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(ValidationError):
        from_json(json.dumps(data))


def test_a_result_does_not_change() -> None:
    with pytest.raises(ValidationError):
        sample().interview = "other"  # type: ignore[misc]
