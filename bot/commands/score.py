"""`miantan score`: answers from a file, scored one by one."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.commands.errors import CommandError
from bot.files import read_text
from dialogues.guide import Language
from dialogues.replying import read_number
from scoring.encoder import Encoder
from scoring.evidence import Assessor, Found
from scoring.rubric import Rubric
from scoring.score import ScoreRow, score_answer, value_evidence


class AnswerRow(BaseModel):
    """A line of the input."""

    model_config = ConfigDict(extra="ignore")
    question_id: str
    answer: str
    language: Language | None = None


def read_rows(file: Path, rubric: Rubric) -> list[AnswerRow]:
    """All rows, checked before any is scored; raises CommandError with file and line."""
    rows = []
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = AnswerRow.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise CommandError(
                f"{file}:{number}: {where} {first['msg']}; correct the row"
            ) from None
        if row.question_id not in rubric.questions:
            raise CommandError(
                f"{file}:{number}: the rubric has no question {row.question_id!r}; "
                f"use one of {', '.join(rubric.questions)}"
            )
        rows.append(row)
    return rows


def score_rows(rubric: Rubric, encoder: Encoder, rows: list[AnswerRow]) -> Iterator[ScoreRow]:
    """A score row for each answer, in order. Each answer is scored for itself alone."""
    assessor = Assessor(rubric, None, encoder)
    for row in rows:
        yield score_answer(rubric, row.question_id, _found(assessor, row))


def _found(assessor: Assessor, row: AnswerRow) -> Found:
    """Of a choice the option's id, of a number the number; a program is not run here."""
    scored = assessor.rubric.questions[row.question_id]
    match scored.scored_by:
        case "options":
            return value_evidence(scored, row.answer.strip(), row.answer)
        case "bands":
            return value_evidence(scored, read_number(row.answer), row.answer)
        case "tests":
            return Found(reasons=("not_run",))
        case "key_points":
            return assessor.find(row.question_id, row.answer)


def to_line(row: ScoreRow) -> str:
    data = row.model_dump(mode="json")
    if not data["tests"]:
        del data["tests"]
    return json.dumps(data, ensure_ascii=False, sort_keys=True)
