"""`miantan score`: answers from a file, scored one by one."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.commands.errors import CommandError
from bot.files import read_text
from dialogues.guide import Language
from scoring.encoder import Encoder
from scoring.evidence import Assessor
from scoring.rubric import Rubric
from scoring.score import ScoreRow, score_answer


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
        yield score_answer(rubric, row.question_id, assessor.find(row.question_id, row.answer))


def to_line(row: ScoreRow) -> str:
    return json.dumps(row.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
