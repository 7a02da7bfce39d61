"""`miantan verify`: the scores again from the evidence, and the evidence again from the words."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.assessors import read_value
from bot.commands import archive
from bot.commands.errors import CommandError
from bot.files import read_text
from bot.report import ADDED_KIND, ANSWER_KINDS, NO_ENCODER, rescore, scored_questions
from bot.storage.catalogue import GivenFiles, Role, load_role
from connectors.result import Contract, Result, from_json
from scoring.encoder import Encoder
from scoring.evidence import AnswerPart, Assessor, Found, combine
from scoring.score import value_evidence

TOLERANCE = 0.02


@dataclass(frozen=True)
class Verdict:
    """What was found. `problems` is empty when the result holds."""

    problems: tuple[str, ...]
    scores_equal: bool
    largest_difference: float | None
    """Of a strength, 0–1; None when the evidence could not be found again with this encoder."""
    note: str = ""

    @property
    def holds(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, object]:
        return {
            "holds": self.holds,
            "scores_equal": self.scores_equal,
            "largest_difference": self.largest_difference,
            "problems": list(self.problems),
            "note": self.note,
        }


def read_result(file: Path) -> Result:
    """Raises CommandError when the file is no result."""
    text = read_text(file)
    try:
        return from_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CommandError(
            f"{file}: not a result: {where}: {first['msg']}; pass a file that Miantan wrote"
        ) from None


def find_role(result: Result, home: Path, guide: Path | None, rubric: Path | None) -> Role:
    """The guide and rubric the result was made with, by their hashes."""
    guide_file, guide_text = archive.find(home, result.guide.sha256, "guide", guide)
    rubric_file, rubric_text = archive.find(home, result.rubric.sha256, "rubric", rubric)
    return load_role(GivenFiles(guide_text, rubric_text, str(guide_file), str(rubric_file)))


def verify(result: Result, role: Role, encoder: Encoder) -> Verdict:
    """Check a result; the verdict says what does not hold."""
    problems: list[str] = []
    asked = scored_questions(role, [row.question_id for row in result.scores.answers])
    again = rescore(role.rubric, asked, result.scores.answers)
    scores_equal = _canonical(again.model_dump(mode="json")) == _canonical(
        result.scores.model_dump(mode="json")
    )
    if not scores_equal:
        problems.append("the scores do not follow from the evidence")
    if list(asked) != _asked(role, result):
        problems.append("the scored questions are not those that were asked")
    problems += _altered(result)
    if result.model.encoder != NO_ENCODER and encoder.sha256 != result.model.sha256:
        note = f"the evidence was found with another encoder ({result.model.encoder}); not compared"
        return Verdict(tuple(problems), scores_equal, None, note)
    largest = 0.0
    assessor = Assessor(role.rubric, role.guide, encoder)
    for row in result.scores.answers:
        if row.tests or "not_run" in row.reasons:
            continue  # Programs are not run again: their verdicts stand as they are.
        found = _find_again(role, assessor, result, row.question_id)
        difference = _difference(found, row)
        largest = max(largest, difference)
        if difference > TOLERANCE:
            problems.append(f"{row.question_id}: the evidence does not follow from the words")
    return Verdict(tuple(problems), scores_equal, round(largest, 4))


def _asked(role: Role, result: Result) -> list[str]:
    """The scored questions in the transcript, in order."""
    asked = [x.question_id for x in result.transcript if x.kind == "question" and x.question_id]
    return list(scored_questions(role, asked))


def _altered(result: Result) -> list[str]:
    """What can be seen without an encoder: spans off the words, and flags that are not the rows'."""
    problems = []
    for row in result.scores.answers:
        answer = "\n".join(_texts(result, row.question_id))
        if any(answer[e.start : e.end] != e.text for e in row.evidence):
            problems.append(f"{row.question_id}: the evidence is not in the words")
    flags = [(r.question_id, f.model_dump()) for r in result.scores.answers for f in r.flags]
    if flags != [(f.question_id, f.model_dump(exclude={"question_id"})) for f in result.flags]:
        problems.append("the flags are not those of the answers")
    return problems


def _texts(result: Result, question: str) -> list[str]:
    return [
        line.text
        for line in result.transcript
        if line.question_id == question and line.kind in ANSWER_KINDS
    ]


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _find_again(
    role: Role, assessor: Assessor, result: Result, question_id: str
) -> tuple[str, Found]:
    question, scored = role.guide.by_id[question_id], role.rubric.questions[question_id]
    parts = []
    for line in result.transcript:
        if line.question_id == question_id and line.kind in ANSWER_KINDS:
            if scored.key_points:
                at = question_id if line.kind == "answer" else None
                if line.follow_up is not None:
                    at = question.place_of(line.follow_up)
                found = assessor.find(question_id, line.text, at)
            else:
                found = value_evidence(scored, read_value(question, line.text), line.text)
            parts.append(AnswerPart(text=line.text, found=found))
    return combine(parts)


def _difference(again: tuple[str, Found], row: Contract) -> float:
    """The largest difference of a strength; 1 where words, flags or reasons differ."""
    answer, found = again
    stored = Found.model_validate(
        {name: value for name, value in row.model_dump().items() if name in Found.model_fields}
    )
    skipped = stored.reasons == ("skipped",)
    if any(answer[e.start : e.end] != e.text for e in stored.evidence):
        return 1.0
    flags = tuple(flag for flag in stored.flags if flag.kind != ADDED_KIND)
    if not skipped and (found.reasons != stored.reasons or found.flags != flags):
        return 1.0
    now = {e.key_point: e.strength for e in found.evidence}
    then = {e.key_point: e.strength for e in stored.evidence}
    return max(
        (abs(now.get(name, 0.0) - then.get(name, 0.0)) for name in {*now, *then}), default=0.0
    )
