"""A spreadsheet's data as checked files: the real loaders say what is wrong, in terms of cells."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from bot.sheets.build import Draft, drafts
from bot.sheets.layout_facts import GUIDE, PROFILE
from bot.sheets.layout_questions import OPTIONS
from bot.sheets.layout_rubric import KEY_POINTS, POINTS, SCORED_QUESTIONS, TESTS
from bot.sheets.read import Place, read_tables
from dialogues.guide import Guide
from dialogues.guidefile import read_guide
from dialogues.yamlfile import MAX_VALUES, Document, FileProblem, Path, try_validate
from dialogues.yamlwrite import dump_model
from scoring.rubric import Rubric, fit_problems, read_rubric

Model = TypeVar("Model", bound=BaseModel)
Reader = Callable[[str, str], tuple[Model | None, Document, list[FileProblem]]]


@dataclass(frozen=True)
class Files:
    """A guide and its rubric with the texts of their files."""

    guide: Guide
    rubric: Rubric
    guide_text: str
    rubric_text: str


def from_xlsx(data: bytes, file: str) -> Files:
    """The files that a spreadsheet holds; raises FileProblem that names sheet, cell and mend."""
    guide_draft, rubric_draft = drafts(read_tables(data, file))
    guide, guide_text, document = _checked(guide_draft, Guide, read_guide, file)
    rubric, rubric_text, _ = _checked(rubric_draft, Rubric, read_rubric, file)
    for problem in fit_problems(guide, document, rubric):
        raise _in_cells(problem, document, guide_draft, file)
    return Files(guide, rubric, guide_text, rubric_text)


def _checked(
    draft: Draft, kind: type[Model], read: Reader[Model], file: str
) -> tuple[Model, str, Document]:
    """The model, and the file it makes, read back by its loader."""
    whole = Place(file, "")
    if _count(draft.data) > MAX_VALUES:
        raise whole.problem(f"it holds more than {MAX_VALUES} values", "split the guide")
    given = Document(file, draft.data, {})
    model, problems = try_validate(given, kind)
    if model is None:
        raise _in_cells(problems[0], given, draft, file)
    text = dump_model(model)
    try:
        again, document, problems = read(text, file)
    except FileProblem as problem:
        # The text as a whole is not taken: it is too long, or has too many values.
        raise whole.problem(problem.message, problem.mend, problem.code) from None
    if problems:
        raise _in_cells(problems[0], document, draft, file)
    if again != model:
        raise AssertionError("the file would not be read back as the same model")
    return model, text, document


def _count(data: Any) -> int:
    if isinstance(data, dict):
        return 1 + sum(1 + _count(item) for item in data.values())
    return 1 + sum(map(_count, data)) if isinstance(data, list) else 1


def _in_cells(problem: FileProblem, document: Document, draft: Draft, file: str) -> FileProblem:
    """The same problem, at a cell rather than at a line of YAML."""
    message, mend = problem.message, problem.mend
    path, rest = _named(message, draft)
    if path:
        message = rest
    else:
        on_line = (p for p, line in document.lines.items() if line == problem.line)
        path = max(on_line, key=len, default=())
    if problem.code == "missing-language":
        path = (*path, message.rpartition(" ")[2])
    if message == "this field is missing":
        message, mend = "this is empty", "fill it in"
    mend = _MENDS.get(problem.code, mend)
    for words, better in _BETTER.items():
        if message.startswith(words):
            mend = better
    return _place(path, draft, file).problem(message, mend, problem.code)


_PATH = re.compile(r"([A-Za-z_][\w-]*(?:\.[\w\[\]-]+)*): (.+)", re.DOTALL)


def _named(message: str, draft: Draft) -> tuple[Path, str]:
    """The path that a complaint about a field begins with, and the rest of it."""
    found = _PATH.fullmatch(message)
    if found is None:
        return (), message
    path = tuple(int(name) if name.isdigit() else name for name in found[1].split("."))
    return (path, found[2]) if path[:1] in draft.places else ((), message)


def _place(path: Path, draft: Draft, file: str) -> Place:
    while path and path not in draft.places:
        path = path[:-1]
    return draft.places.get(path, Place(file, ""))


_MENDS = {
    "missing-language": f"fill it in, or drop the language in the sheet {GUIDE.title!r}",
    "unknown-profile": f"add it to the sheet {PROFILE.title!r}, or correct the name",
    "no-default": f"fill in its default words in the sheet {PROFILE.title!r}",
    "fill-mismatch": "make the two alike, or empty this cell",
    "bank-branch": "delete this row",
    "wrong-rubric": "correct the name",
    "not-in-rubric": f"add it to the sheet {SCORED_QUESTIONS.title!r}, or empty its competency",
    "scored-otherwise": "change its kind, or give it rows in the sheet of the other kind",
    "unknown-option": f"make this sheet and the sheet {POINTS.title!r} agree",
    "unknown-key-point": f"correct it, or add the key point to the sheet {KEY_POINTS.title!r}",
}
"""Mends by a problem's code, where the loaders' own speak of YAML."""

_BETTER = {
    "a choice question has options": f"make its kind and the sheet {OPTIONS.title!r} agree",
    "a choice has options": "make its type and the sheet of the options agree",
    "a code question says": "fill in its programming languages, or change its kind",
    "a question has one of key_points": f"give it rows in one of the sheets {KEY_POINTS.title!r}, "
    f"{POINTS.title!r} and {TESTS.title!r}, and in no other",
}
"""Mends by a complaint's first words."""
