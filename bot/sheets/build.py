"""The tables of a spreadsheet as the data of a guide and a rubric, with the cell of every value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from bot.sheets.cells import meaning, read_cell
from bot.sheets.columns import Column, Sheet
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
from bot.sheets.read import EXPORT_AGAIN, Place, Table, TableRow
from dialogues.yamlfile import Path
from scoring.rubric import Level

MAX_PIECES = 100_000
"""The most characters that a test's input or output may have."""

Tables = Mapping[str, Table]
Data = dict[str, Any]


@dataclass
class Draft:
    """The data of a file as it would be read from YAML, and the cell that each path comes from."""

    data: Data = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)

    def mark(self, path: Path, place: Place) -> None:
        """Say where the path comes from, unless it is known; so of the paths it lies in."""
        for length in range(len(path), 0, -1):
            self.places.setdefault(path[:length], place)

    def put(self, path: Path, value: Any) -> None:
        """Put the value at a path of keys."""
        target: Any = self.data
        for name in path[:-1]:
            target = target.setdefault(name, {})
        target[path[-1]] = value


@dataclass(frozen=True)
class Owner:
    """A record that rows of other sheets belong to, and where it stands."""

    record: Data
    path: Path


Owners = dict[str, Owner]


def drafts(tables: Tables) -> tuple[Draft, Draft]:
    """The guide and the rubric that the tables hold; raises FileProblem."""
    guide, rubric = Draft(), Draft()
    for draft, part, sheet in (
        (guide, "candidate_types", TYPES),
        (guide, "questions", QUESTIONS),
        (rubric, "competencies", COMPETENCIES),
        (rubric, "questions", SCORED_QUESTIONS),
    ):
        draft.mark((part,), tables[sheet.key].place())
    _facts(tables[GUIDE.key], guide, rubric)
    _keyed(tables[TYPES.key], guide, "candidate_types")
    profile = _keyed(tables[PROFILE.key], guide, "profile")
    for row in tables[PROFILE_OPTIONS.key].rows:
        _append(row, guide, _owner(row, "fact", profile, PROFILE), "options")
    questions = _questions(tables[QUESTIONS.key], guide)
    for sheet, name in ((OPTIONS, "options"), (BRANCHES, "next")):
        for row in tables[sheet.key].rows:
            _append(row, guide, _owner(row, "question", questions, QUESTIONS), name)
    _follow_ups(tables[FOLLOW_UP.key], guide, questions)
    _rubric(tables, rubric)
    return guide, rubric


def _rubric(tables: Tables, rubric: Draft) -> None:
    competencies = _keyed(tables[COMPETENCIES.key], rubric, "competencies")
    for row in tables[ANCHORS.key].rows:
        owner = _owner(row, "competency", competencies, COMPETENCIES)
        _level(row, rubric, owner, "anchors", single=True)
    rubric.data["questions"] = {}
    scored = _keyed(tables[SCORED_QUESTIONS.key], rubric, "questions")
    _key_points(tables[KEY_POINTS.key], rubric, scored)
    for row in tables[EXAMPLES.key].rows:
        owner = _owner(row, "question", scored, SCORED_QUESTIONS)
        _level(row, rubric, owner, "examples", single=False)
    for row in tables[POINTS.key].rows:
        _points(row, rubric, _owner(row, "question", scored, SCORED_QUESTIONS))
    for row in tables[TESTS.key].rows:
        _test(row, rubric, _owner(row, "question", scored, SCORED_QUESTIONS))


def _facts(table: Table, guide: Draft, rubric: Draft) -> None:
    known = {fact.name: fact for fact in FACTS}
    for row in table.rows:
        name = _needed(row, "fact")
        fact = known.pop(name, None)
        if fact is None:
            raise row.place("fact").problem(
                f"the row {name!r} stands twice or is not known", EXPORT_AGAIN, "unknown-fact"
            )
        place = row.place("value")
        value = meaning(row.values.get("value"), fact, place)
        for draft, model in ((guide, "Guide."), (rubric, "Rubric.")):
            if any(each.startswith(model) for each in fact.fields):
                draft.mark(fact.path, place)
                if value is not None:
                    draft.put(fact.path, value)
    for name in known:
        raise table.place().problem(f"the row {name!r} is missing", EXPORT_AGAIN, "missing-row")


def _record(row: TableRow, draft: Draft, base: Path, leave: Iterable[str] = ()) -> Data:
    """The row's own values as a record that will stand at `base`."""
    record: Data = {}
    for column in row.table.sheet.columns:
        if not column.path or column.name in leave:
            continue
        value = read_cell(row, column)
        draft.mark((*base, *column.path), row.place(column.name))
        if value is not None:
            target = record
            for name in column.path[:-1]:
                target = target.setdefault(name, {})
            target[column.path[-1]] = value
    return record


def _needed(row: TableRow, name: str) -> Any:
    """What the cell holds; raises FileProblem when it is empty."""
    column = row.table.sheet.column(name)
    value = read_cell(row, column)
    if value is None:
        shown = column.header.replace("\n", " ")
        raise row.place(name).problem(f"{shown} is empty", "fill it in", "empty-cell")
    return value


def _keyed(table: Table, draft: Draft, part: str) -> Owners:
    """Records that stand under their id."""
    owners: Owners = {}
    for row in table.rows:
        name = _needed(row, "id")
        path: Path = (part, name)
        if name in owners:
            raise _twice(row, name)
        draft.mark(path, row.place("id"))
        owners[name] = Owner(_record(row, draft, path, leave=("id",)), path)
        draft.put(path, owners[name].record)
    return owners


def _twice(row: TableRow, name: str) -> Exception:
    return row.place("id").problem(f"{name!r} stands twice", "give it another id", "duplicate-id")


def _owner(row: TableRow, column: str, owners: Owners, sheet: Sheet) -> Owner:
    name = _needed(row, column)
    owner = owners.get(name)
    if owner is None:
        raise row.place(column).problem(
            f"{name!r} is not in the sheet {sheet.title!r}",
            "correct it, or add a row there",
            "unknown-id",
        )
    return owner


def _questions(table: Table, guide: Draft) -> Owners:
    parts: dict[str, list[Data]] = {"questions": [], "bank": []}
    owners: Owners = {}
    for row in table.rows:
        name = _needed(row, "id")
        part = "bank" if read_cell(row, table.sheet.column("bank")) else "questions"
        path: Path = (part, len(parts[part]))
        if name in owners:
            raise _twice(row, name)
        owners[name] = Owner(_record(row, guide, path), path)
        parts[part].append(owners[name].record)
    guide.data["questions"] = parts["questions"]
    if parts["bank"]:
        guide.data["bank"] = parts["bank"]
    return owners


def _append(
    row: TableRow, draft: Draft, owner: Owner, part: str, leave: Iterable[str] = ()
) -> None:
    items = owner.record.setdefault(part, [])
    items.append(_record(row, draft, (*owner.path, part, len(items)), leave))


def _follow_ups(table: Table, guide: Draft, questions: Owners) -> None:
    turns: dict[Path, list[tuple[Any, TableRow]]] = {}
    for row in table.rows:
        owner = _owner(row, "question", questions, QUESTIONS)
        kind = _needed(row, "kind")
        unused = {"probe": ("turn",), "part": ("turn", "when"), "reply": ()}[kind]
        for name in unused:
            _must_be_empty(row, name, kind)
        if kind == "reply":
            turns.setdefault(owner.path, []).append((_needed(row, "turn"), row))
        else:
            _append(row, guide, owner, {"probe": "probes", "part": "parts"}[kind])
    for owner in questions.values():
        _turns(guide, owner, turns.get(owner.path, []))


def _must_be_empty(row: TableRow, name: str, kind: str) -> None:
    column = row.table.sheet.column(name)
    if read_cell(row, column) is not None:
        shown = column.header.replace("\n", " ")
        raise row.place(name).problem(f"a {kind} has no {shown}", "empty this cell", "not-empty")


def _turns(guide: Draft, owner: Owner, replies: list[tuple[Any, TableRow]]) -> None:
    """A scenario's turns from its replies, whose numbers go from 1 without a gap."""
    if not replies:
        return
    numbers = sorted({number for number, _ in replies})
    if numbers != list(range(1, len(numbers) + 1)):
        odd = next(number for i, number in enumerate(numbers, 1) if number != i)
        row = next(row for number, row in replies if number == odd)
        raise row.place("turn").problem(
            f"turn {odd} does not follow on turn {numbers.index(odd)}",
            "number the turns 1, 2, 3 … without a gap",
            "turn-gap",
        )
    turns: list[Data] = [{"replies": []} for _ in numbers]
    owner.record["turns"] = turns
    for number, row in replies:
        turn = Owner(turns[number - 1], (*owner.path, "turns", number - 1))
        _append(row, guide, turn, "replies")


def _level(row: TableRow, rubric: Draft, owner: Owner, part: str, *, single: bool) -> None:
    """A text, or one of several, of a level."""
    level = _needed(row, "level")
    levels = owner.record.setdefault(part, {})
    path: Path = (*owner.path, part, level)
    if level not in get_args(Level):
        raise row.place("level").problem(f"{level} is no level", "use 1 to 5", "bad-level")
    rubric.mark(path, row.place("level"))
    if single:
        if level in levels:
            raise row.place("level").problem(
                f"level {level} stands twice for this competency", "keep one of the rows"
            )
        levels[level] = _record(row, rubric, path)
    else:
        _add_texts(row, rubric, levels.setdefault(level, {}), path)


def _add_texts(row: TableRow, rubric: Draft, texts: Data, path: Path) -> None:
    """Add the row's words to the alternatives in each language."""
    for column in row.table.sheet.columns:
        if column.holds != "text":
            continue
        language = column.path[-1]
        words = read_cell(row, column)
        place = row.place(column.name)
        rubric.mark((*path, language), place)
        if words is not None:
            several = texts.setdefault(language, [])
            rubric.mark((*path, language, len(several)), place)
            several.append(words)


def _key_points(table: Table, rubric: Draft, scored: Owners) -> None:
    """Key points, each from all the rows of its question and id."""
    known: dict[tuple[Path, str], Owner] = {}
    for row in table.rows:
        owner, name = _owner(row, "question", scored, SCORED_QUESTIONS), _needed(row, "id")
        point = known.get((owner.path, name))
        if point is None:
            points = owner.record.setdefault("key_points", [])
            point = Owner({"id": name, "texts": {}}, (*owner.path, "key_points", len(points)))
            rubric.mark((*point.path, "id"), row.place("id"))
            points.append(point.record)
            known[owner.path, name] = point
        for column in (table.sheet.column("importance"), table.sheet.column("at")):
            _agree(row, rubric, point.record, column, point.path)
        _add_texts(row, rubric, point.record["texts"], (*point.path, "texts"))


def _agree(row: TableRow, rubric: Draft, point: Data, column: Column, path: Path) -> None:
    """Take a key point's value from whichever of its rows says it."""
    value = read_cell(row, column)
    if value is None:
        return
    if point.setdefault(column.name, value) != value:
        raise row.place(column.name).problem(
            f"another row of the key point {point['id']!r} says otherwise",
            "make them equal, or leave all but one empty",
            "disagreement",
        )
    rubric.mark((*path, column.name), row.place(column.name))


def _points(row: TableRow, rubric: Draft, owner: Owner) -> None:
    if _needed(row, "kind") == "band":
        _append(row, rubric, owner, "bands")
        return
    for name in ("min", "max"):
        _must_be_empty(row, name, "option")
    option = _needed(row, "id")
    options = owner.record.setdefault("options", {})
    if option in options:
        raise _twice(row, option)
    rubric.mark((*owner.path, "options", option), row.place("points"))
    options[option] = _needed(row, "points")


def _test(row: TableRow, rubric: Draft, owner: Owner) -> None:
    """A test, or more of the input and output of one that stands above."""
    name = _needed(row, "id")
    tests = owner.record.setdefault("tests", [])
    sheet = row.table.sheet
    if not read_cell(row, sheet.column("continues")):
        _append(row, rubric, owner, "tests")
        tests[-1].setdefault("output", "")
        return
    if not tests or tests[-1]["id"] != name:
        raise row.place("continues").problem(
            f"the row above is not of the test {name!r}", "put it below the row it goes on from"
        )
    for column in (sheet.column("input"), sheet.column("output")):
        whole = tests[-1].get(column.name, "") + (read_cell(row, column) or "")
        if len(whole) > MAX_PIECES:
            raise row.place(column.name).problem(
                f"with the rows above this has {len(whole)} characters", f"keep it to {MAX_PIECES}"
            )
        if whole:
            tests[-1][column.name] = whole
    for name in ("importance", "example"):
        _must_be_empty(row, name, "continuation")
