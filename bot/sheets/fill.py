"""A guide and its rubric as the rows of the sheets."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, get_args

from bot.sheets.columns import Sheet
from bot.sheets.layout import SHEETS
from bot.sheets.layout_facts import FACTS, GUIDE, PROFILE, PROFILE_OPTIONS, TYPES
from bot.sheets.layout_questions import BRANCHES, FOLLOW_UP, OPTIONS, QUESTIONS
from bot.sheets.layout_rubric import (
    ANCHORS,
    COMPETENCIES,
    EXAMPLES,
    KEY_POINTS,
    POINTS,
    SCORED_QUESTIONS,
    TESTS,
)
from dialogues.guide import Guide, Language, Question
from scoring.rubric import Rubric

Row = dict[str, Any]
"""Values by column name; what is None or missing is an empty cell."""
Record = Mapping[str, Any]

PIECE = 30_000
"""The most that a cell takes of a test's input or output, in UTF-16 units; Excel takes 32,767."""


def rows_of(guide: Guide, rubric: Rubric) -> dict[str, list[Row]]:
    """The rows of every sheet, by the sheet's key."""
    rows: dict[str, list[Row]] = {sheet.key: [] for sheet in SHEETS}
    for sheet, row in (*_guide_rows(guide, rubric), *_rubric_rows(rubric)):
        rows[sheet.key].append(row)
    return rows


def _row(sheet: Sheet, record: Record, **more: Any) -> tuple[Sheet, Row]:
    values = {column.name: at(record, column.path) for column in sheet.columns if column.path}
    return sheet, {**values, **more}


def at(record: Any, path: Iterable[str]) -> Any:
    """The value at the path, None when it ends before."""
    for name in path:
        if record is None:
            return None
        record = record.get(name)
    return record


def _guide_rows(guide: Guide, rubric: Rubric) -> Iterator[tuple[Sheet, Row]]:
    data = guide.model_dump(by_alias=True)
    for fact in FACTS:
        record = {"version": rubric.version} if fact.name == "rubric_version" else data
        yield (
            GUIDE,
            {
                "fact": fact.name,
                "label": fact.header.replace("\n", " "),
                "value": at(record, fact.path),
                "note": fact.note,
            },
        )
    for name, texts in data["candidate_types"].items():
        yield _row(TYPES, texts, id=name)
    for name, field in data["profile"].items():
        yield _row(PROFILE, field, id=name)
        for option in field["options"]:
            yield _row(PROFILE_OPTIONS, option, fact=name)
    for part in ("questions", "bank"):
        for question in data[part]:
            yield from _question_rows(question, part == "bank")


def _question_rows(question: Record, bank: bool) -> Iterator[tuple[Sheet, Row]]:
    name = question["id"]
    kept = question["max_probes"]
    if not question["probes"] and kept == Question.model_fields["max_probes"].default:
        kept = None
    yield _row(QUESTIONS, question, bank=bank or None, max_probes=kept)
    for part in question["parts"]:
        yield _row(FOLLOW_UP, part, question=name, kind="part")
    for turn, each in enumerate(question["turns"], 1):
        for line in each["replies"]:
            yield _row(FOLLOW_UP, line, question=name, kind="reply", turn=turn)
    for probe in question["probes"]:
        yield _row(FOLLOW_UP, probe, question=name, kind="probe")
    for option in question["options"]:
        yield _row(OPTIONS, option, question=name)
    for branch in question["next"]:
        yield _row(BRANCHES, branch, question=name)


def _rubric_rows(rubric: Rubric) -> Iterator[tuple[Sheet, Row]]:
    data = rubric.model_dump(by_alias=True)
    for name, competency in data["competencies"].items():
        yield _row(COMPETENCIES, competency, id=name)
        for level, texts in sorted(competency["anchors"].items()):
            yield _row(ANCHORS, texts, competency=name, level=level)
    for name, question in data["questions"].items():
        yield SCORED_QUESTIONS, {"id": name, "weight": question["weight"]}
        yield from _scored_rows(name, question)


def _scored_rows(name: str, question: Record) -> Iterator[tuple[Sheet, Row]]:
    for point in question["key_points"]:
        first = {"importance": point["importance"], "at": point["at"]}
        for texts in _alternatives(point["texts"]):
            yield KEY_POINTS, {"question": name, "id": point["id"], **first, **texts}
            first = {}
    for level, phrases in sorted(question["examples"].items()):
        for texts in _alternatives(phrases):
            yield EXAMPLES, {"question": name, "level": level, **texts}
    for option, points in question["options"].items():
        yield POINTS, {"question": name, "kind": "option", "id": option, "points": points}
    for band in question["bands"]:
        yield _row(POINTS, band, question=name, kind="band")
    for test in question["tests"]:
        yield from _test_rows(name, test)


def _alternatives(phrases: Mapping[str, list[str]]) -> list[Row]:
    """A row for each alternative, the languages side by side; one empty row when there is none."""
    languages = get_args(Language)
    columns = [phrases.get(language, []) for language in languages]
    names = [f"text_{language}" for language in languages]
    return [dict(zip(names, row, strict=True)) for row in zip_longest(*columns)] or [{}]


def _test_rows(name: str, test: Record) -> Iterator[tuple[Sheet, Row]]:
    pieces = zip_longest(pieces_of(test["input"]), pieces_of(test["output"]))
    for number, (given, printed) in enumerate(pieces):
        more: Row = {"question": name, "input": given, "output": printed}
        if number == 0:
            yield _row(TESTS, test, **{**more, "example": test["example"] or None})
        else:
            yield TESTS, {**more, "id": test["id"], "continues": True}


def pieces_of(text: str) -> list[str]:
    """The text in pieces that fit into a cell; at least one."""
    pieces, start, size = [], 0, 0
    for i, character in enumerate(text):
        cost = 7 if character == "\r" else 1 + (character > "\uffff")
        if size + cost > PIECE:
            pieces.append(text[start:i])
            start, size = i, 0
        size += cost
    return [*pieces, text[start:]]
