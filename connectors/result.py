"""The result of an interview as other systems get it: `miantan.result/1`.

Floats are rounded and keys sorted, so that equal results are equal bytes.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Literal["miantan.result/1"] = "miantan.result/1"


class Contract(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Order(Contract):
    """The order of another system that this result answers."""

    id: str
    external: dict[str, Any] = Field(default_factory=dict)


class Candidate(Contract):
    """Only what consent covers."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    type: str | None
    language: str


class FileVersion(Contract):
    """A guide or rubric; `sha256` is of the file's bytes."""

    id: str
    version: int
    sha256: str


class ModelVersion(Contract):
    encoder: str
    calibrator: str
    sha256: str


class Transcribed(Contract):
    """How a line was taken down from a voice: by which model, and figures of how well it could be
    heard. `original` are the words as they were recognised, where `text` differs from them, such as
    in Traditional characters. `reasons` say why nothing of it is judged."""

    model: str
    quality: dict[str, float]
    original: str | None = None
    reasons: tuple[str, ...] = ()


class Line(Contract):
    """A line of the transcript. `at` is UTC, ISO 8601.

    The answer to a question is its lines of kind `answer` and `probe_reply`, in order, joined by
    line breaks; evidence points into that. An answer that was corrected later is of kind
    `corrected`, what had been asked after it of kind `dropped`; neither counts. Words of kind
    `unsure` may or may not have been meant as an answer: the candidate was asked which, and an
    `answer` with the same words follows if they were. In a scenario or a case `follow_up` names the
    part or line that was said or replied to. A line of kind `reminder` reminded an idle candidate,
    one of kind `document` names a file that the candidate handed in, and one of kind `reopened`
    says that a recruiter opened the interview again after it expired. Lines with `asr` were spoken;
    of those of kind `unheard` too little could be understood, and those of kind `late` were taken
    down when the question was over; neither counts. An answer that was put right afterwards is of
    kind `corrected`, and the one that counts stands behind it.
    """

    seq: int
    at: str
    speaker: Literal["bot", "candidate", "recruiter"]
    kind: str
    question_id: str | None
    text: str
    follow_up: str | None = None
    asr: Transcribed | None = None


class Evidence(Contract):
    key_point: str
    start: int
    end: int
    text: str
    strength: float


class Flag(Contract):
    kind: str
    reason: str
    start: int
    end: int


class Score(Contract):
    """Score and estimate 0–100, level 1–5; unscored has neither score nor level, but reasons."""

    score: float | None
    estimate: float
    level: int | None
    interval: tuple[float, float]
    status: Literal["scored", "unscored"]
    reasons: tuple[str, ...] = ()


class ProgramVerdict(Contract):
    """How a program did in a test: `passed`, or what went wrong."""

    test: str
    verdict: str


class ScoreRow(Score):
    """`tests` are there for programs only."""

    question_id: str
    flags: tuple[Flag, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tests: tuple[ProgramVerdict, ...] = ()


class CompetencyScore(Score):
    weight: float


class StandardScores(Contract):
    overall: Score
    competencies: dict[str, CompetencyScore]


class Scores(Contract):
    """`standard` is there when a recruiter added questions: the scores without those."""

    overall: Score
    competencies: dict[str, CompetencyScore]
    answers: tuple[ScoreRow, ...]
    standard: StandardScores | None = None


class InterviewFlag(Flag):
    question_id: str


class Result(Contract):
    """Transcript, scores and versions of one interview."""

    schema_: Literal["miantan.result/1"] = Field(SCHEMA, alias="schema")
    interview: str
    campaign: str
    position: str
    person: str
    order: Order | None = None
    candidate: Candidate
    channel: str
    source: str
    started_at: str
    finished_at: str
    guide: FileVersion
    rubric: FileVersion
    model: ModelVersion
    transcript: tuple[Line, ...]
    scores: Scores
    flags: tuple[InterviewFlag, ...] = ()
    review: dict[str, Any] | None = None
    report_url: str | None = None


def to_json(result: Result) -> str:
    """The canonical text: sorted keys, two spaces, UTF-8, one newline at the end."""
    data = result.model_dump(mode="json", by_alias=True)
    for field in ("name", "email", "phone"):
        if data["candidate"][field] is None:
            del data["candidate"][field]
    for line in data["transcript"]:
        for field in ("asr", "follow_up"):
            if line[field] is None:
                del line[field]
        if "asr" in line:
            for field in ("original", "reasons"):
                if not line["asr"][field]:
                    del line["asr"][field]
    for row in data["scores"]["answers"]:
        if not row["tests"]:
            del row["tests"]
    if data["scores"]["standard"] is None:
        del data["scores"]["standard"]
    if data["report_url"] is None:
        del data["report_url"]
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def from_json(text: str) -> Result:
    """Raises pydantic.ValidationError when the text is no result."""
    return Result.model_validate_json(text)
