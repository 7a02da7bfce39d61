"""Importing spreadsheets that people have edited, and files that are none."""

import copy
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from bot.sheets import package
from bot.sheets.check import Files, from_xlsx
from bot.sheets.fill import rows_of
from bot.sheets.layout import README_TITLE, SHEETS
from bot.sheets.limits import MAX_BYTES, MAX_ROWS
from bot.sheets.write import to_xlsx
from dialogues.yamlfile import FileProblem
from tests.unit.test_sheets_models import everything

Pages = dict[str, list[list[Any]]]
"""The values of each sheet by its title, row by row."""

GUIDE, TYPES, PROFILE, PROFILE_OPTIONS, QUESTIONS, FOLLOW_UPS, OPTIONS, BRANCHES = (
    sheet.title for sheet in SHEETS[:8]
)
COMPETENCIES, ANCHORS, SCORED, POINTS, EXAMPLES, SCORES, TESTS = (
    sheet.title for sheet in SHEETS[8:]
)


@lru_cache
def exported() -> bytes:
    return to_xlsx(rows_of(*everything()), "g.yml")


@lru_cache
def _pages() -> Pages:
    book = load_workbook(io.BytesIO(exported()))
    return {page.title: [list(row) for row in page.values] for page in book}


def pages() -> Pages:
    return copy.deepcopy(_pages())


class Formula(str):
    """Written as a formula; every other text is written as a text."""

    __slots__ = ()


def written(content: Pages, formats: dict[Any, str] | None = None) -> bytes:
    """A plain workbook with these values; `formats` are the number formats of some of them."""
    book = Workbook(write_only=True)
    for title, rows in content.items():
        page = book.create_sheet(title)
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(page, None if value == "" else value)
                if isinstance(value, str) and not isinstance(value, Formula):
                    cell.data_type = "s"
                if formats and value in formats:
                    cell.number_format = formats[value]
                cells.append(cell)
            page.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def problem(data: bytes) -> str:
    with pytest.raises(FileProblem) as caught:
        from_xlsx(data, "x.xlsx")
    found = caught.value
    assert str(found) == f"x.xlsx:{found.line}: {found.message}; {found.mend}"
    assert str(found).isprintable()
    return str(found)


def of(edit: Callable[[Pages], object]) -> str:
    content = pages()
    edit(content)
    return problem(written(content))


def changed(edit: Callable[[Pages], object], formats: dict[Any, str] | None = None) -> Files:
    content = pages()
    edit(content)
    return from_xlsx(written(content, formats), "x.xlsx")


def put(title: str, place: str, value: Any) -> Callable[[Pages], None]:
    column, row = ord(place[0]) - 65, int(place[1:]) - 1

    def edit(content: Pages) -> None:
        rows = content[title]
        while len(rows) <= row:
            rows.append([])
        rows[row] += [None] * (column + 1 - len(rows[row]))
        rows[row][column] = value

    return edit


def test_a_plain_workbook_with_the_same_values_is_the_same() -> None:
    files = changed(lambda content: None)
    assert (files.guide, files.rubric) == everything()


# --- What people do that is fine ----------------------------------------------------------------


def test_order_of_columns_and_sheets_names_and_headers_do_not_matter() -> None:
    def edit(content: Pages) -> None:
        for title in list(content):
            rows = content.pop(title)
            width = max(map(len, rows))
            turned = [(row + [None] * (width - len(row)))[::-1] for row in rows]
            name = title if title == README_TITLE else f"{title[:20]} 新"
            if title != README_TITLE:
                turned[1] = ["随便 whatever"] * width
                content[name] = turned
        content[README_TITLE] = [["readme"], ["anything"]]
        for title in reversed(list(content)):
            content[title] = content.pop(title)

    files = changed(edit)
    assert (files.guide, files.rubric) == everything()


def test_empty_rows_and_spaces_do_not_matter() -> None:
    def edit(content: Pages) -> None:
        for title, rows in content.items():
            if title not in (README_TITLE, TESTS):
                rows[2:] = [
                    spaced
                    for row in rows[2:]
                    for spaced in ([None], [f" {v} \n" if isinstance(v, str) else v for v in row])
                ]
            rows += [[], ["  "], [None, "\n"]]
        content["Sheet1"] = []

    files = changed(edit)
    assert files.guide.model_dump(exclude={"questions"}) == everything()[0].model_dump(
        exclude={"questions"}
    )
    assert [question.text for question in files.guide.questions] == [
        question.text for question in everything()[0].questions
    ]
    assert files.rubric == everything()[1]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(3, "3"), (3.0, "3"), (3.5, "3.5"), (-7, "-7"), (20240101, "20240101"), ("=A1", "=A1")],
)
def test_a_number_where_a_text_is_due(given: Any, kept: str) -> None:
    assert changed(put(QUESTIONS, "G4", given)).guide.questions[1].text["zh"] == kept


@pytest.mark.parametrize("given", ["4", " 4 ", "４", 4, 4.0, "4.0", "+4"])
def test_a_text_where_a_number_is_due(given: Any) -> None:
    files = changed(put(QUESTIONS, "F3", given))
    assert files.guide.questions[0].minutes == 4
    assert "minutes: 4\n" in files.guide_text


@pytest.mark.parametrize(
    "given",
    ["campus，experienced", "campus、experienced", "campus；experienced;", "campus experienced"],
)
def test_lists_take_any_comma(given: str) -> None:
    files = changed(put(QUESTIONS, "C3", given))
    assert files.guide.questions[0].for_types == ["campus", "experienced"]


@pytest.mark.parametrize("given", [True, "TRUE", "yes", "是", "Y", 1, 1.0, "是 yes"])
def test_yes(given: Any) -> None:
    bank = changed(put(QUESTIONS, "B5", given)).guide.bank
    assert [question.id for question in bank] == ["city", "program"]


@pytest.mark.parametrize("given", ["choice", "选择题", " Choice", "选择题 CHOICE"])
def test_choices_by_any_name(given: str) -> None:
    assert changed(put(QUESTIONS, "E5", given)).guide.questions[2].kind == "choice"


def test_languages_by_name() -> None:
    content = pages()
    row = next(i for i, row in enumerate(content[GUIDE]) if row[0] == "languages")
    content[GUIDE][row][2] = "中文，english"
    assert from_xlsx(written(content), "x.xlsx").guide.languages == ["zh", "en"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("profile.years ≥ 3", "profile.years >= 3"),
        ("（profile.degree ＝＝ “master”）", '(profile.degree == "master")'),
        ("profile.degree in 【'master'，'bachelor'】", "profile.degree in ['master','bachelor']"),
        ("profile.years\u00a0>= ３", "profile.years >= 3"),
        ("profile.degree == '“x”'", "profile.degree == '“x”'"),
    ],
)
def test_conditions_with_full_width_signs(given: str, kept: str) -> None:
    assert changed(put(BRANCHES, "B3", given)).guide.questions[0].next[0].when == kept


def test_the_end_in_chinese() -> None:
    assert changed(put(BRANCHES, "C3", "结束")).guide.questions[0].next[0].go == "end"


def test_carriage_returns_that_windows_leaves() -> None:
    files = changed(put(QUESTIONS, "G4", "a_x000D_\nb"))
    assert files.guide.questions[1].text["zh"] == "a\nb"


def test_a_key_points_rows_may_stand_apart() -> None:
    def edit(content: Pages) -> None:
        rows = content[POINTS]
        rows.append(rows.pop(3))

    files = changed(edit)
    assert files.rubric.questions["project"].key_points[0].texts["zh"] == ["+延迟降到一半", "007"]
    assert files.rubric.questions["project"].key_points[0].importance == 3


# --- What is refused, and where -----------------------------------------------------------------

CELLS: list[tuple[str, str, Any, str]] = [
    (QUESTIONS, "G4", Formula("=1+1"), "cell G4 holds a formula; type its result instead"),
    (QUESTIONS, "G4", date(2024, 1, 1), "cell G4: this is a date or a time; format the cell as text"),
    (QUESTIONS, "A4", True, "cell A4: this is TRUE or FALSE rather than text"),
    (QUESTIONS, "G4", 1e15, "cell G4: this is a number, which may show otherwise than it is kept"),
    (QUESTIONS, "A4", "a b", "cell A4: 'a b' is no id; use letters, digits"),
    (QUESTIONS, "A4", "7", "cell A4: '7' is no id"),
    (QUESTIONS, "A4", None, "cell A4: 问题编号 Question id is empty; fill it in"),
    (QUESTIONS, "A4", "project", "cell A4: 'project' stands twice; give it another id"),
    (QUESTIONS, "B4", "maybe", "cell B4: 'maybe' is neither yes nor no"),
    (QUESTIONS, "C3", "student", "cell C3: the candidate type 'student' is not declared"),
    (QUESTIONS, "D3", "charm", "cell D3: the rubric has no competency 'charm'; use one of solving"),
    (QUESTIONS, "E3", "essay", "cell E3: 'essay' is not on the list; use one of 开放题 open, "),
    (QUESTIONS, "E4", "open", "cell A4: min and max belong to number questions"),
    (QUESTIONS, "E5", None, "cell A5: a choice question has options, and no other question has; make"),
    (QUESTIONS, "F3", 0, "cell F3: Input should be greater than 0"),
    (QUESTIONS, "F3", "three", "cell F3: 'three' is no number; type digits only"),
    (QUESTIONS, "F3", "1e999", "cell F3: this number is too large"),
    (QUESTIONS, "F3", False, "cell F3: this is TRUE or FALSE rather than a number"),
    (QUESTIONS, "G4", None, "cell G4: the text has no zh; fill it in, or drop the language"),
    (QUESTIONS, "H4", " ", "cell H4: the text has no en; fill it in, or drop the language"),
    (QUESTIONS, "H4", "x" * 4_001, "cell H4: String should have at most 4000 characters"),
    (QUESTIONS, "H4", "of {profile.salary}", "cell G4: profile.salary is not declared; add it to"),
    (QUESTIONS, "H4", "of {profile.degree}", "cell G4: the text says {profile.degree}, which may be"),
    (QUESTIONS, "H4", "a_x0007_", "cell H4: _x0007_ stands for a character that cannot be kept"),
    (QUESTIONS, "M3", None, "cell M3: the text has no zh; fill it in, or drop the language"),
    (QUESTIONS, "N4", "of any size", "cell M4: the text has no zh; fill it in, or drop the language"),
    (QUESTIONS, "N3", "x" * 4_001, "cell N3: String should have at most 4000 characters"),
    (QUESTIONS, "M3", "{profile.salary}", "cell M3: profile.salary is not declared; add it to"),
    (QUESTIONS, "Q3", 2.5, "cell Q3: Input should be a valid integer"),
    (QUESTIONS, "R8", "cobol", "cell R8: Input should be 'python' or 'javascript'"),
    (QUESTIONS, "W3", "my note", "cell W3: this column is not known, so what it says would be lost"),
    (QUESTIONS, "A1", "questions.name", "cell A1: there is no column 'questions.name' in this sheet"),
    (QUESTIONS, "A1", "types.id", "cell B1: there is no column 'questions.bank' in this sheet"),
    (QUESTIONS, "W1", "questions.id", "cell W1: the column 'questions.id' stands twice"),
    (QUESTIONS, "A1", None, "the column 'questions.id' is missing; undo its deletion"),
    (PROFILE, "B3", "date", "cell B3: 'date' is not on the list"),
    (PROFILE, "E3", "city", "cell E3: the answer to 'city' cannot be this fact"),
    (PROFILE, "E3", "nobody", "cell E3: there is no question 'nobody'"),
    (PROFILE_OPTIONS, "A3", "years", "cell A3: a choice has options, and nothing else has"),
    (PROFILE_OPTIONS, "A3", "year", f"cell A3: 'year' is not in the sheet '{PROFILE}'; correct it"),
    (FOLLOW_UPS, "A3", "projcet", f"cell A3: 'projcet' is not in the sheet '{QUESTIONS}'"),
    (FOLLOW_UPS, "C3", 1, "cell C3: a probe has no 第几轮 Turn; empty this cell"),
    (FOLLOW_UPS, "C5", None, "cell C5: 第几轮 Turn is empty"),
    (FOLLOW_UPS, "C7", 3, "cell C7: turn 3 does not follow on turn 1; number the turns"),
    (FOLLOW_UPS, "C7", 1.5, "cell C7: turn 1.5 does not follow on turn 1"),
    (FOLLOW_UPS, "D3", None, "cell D3: this is empty; fill it in"),
    (FOLLOW_UPS, "E3", None, "cell E3: this is empty; fill it in"),
    (FOLLOW_UPS, "E3", "missing(", "cell E3: cannot read condition 'missing(' at its end"),
    (FOLLOW_UPS, "E3", "missing(it)", "cell E3: the rubric has no key point 'it'"),
    (FOLLOW_UPS, "E8", "missing(seen)", "cell E8: a part has no 条件 When; empty this cell"),
    (OPTIONS, "B4", "beijing", "cell B4: the id 'beijing' is taken"),
    (OPTIONS, "B4", "wuhan", f"cell B4: the rubric gives no points for 'wuhan'; make this sheet and the sheet '{SCORES}' agree"),
    (BRANCHES, "B3", "missing(result)", "cell B3: missing(…) stands outside a probe"),
    (BRANCHES, "C3", "nowhere", "cell C3: there is no question 'nowhere'"),
    (BRANCHES, "A3", "program", "cell B3: a question of the bank has no branches; delete this row"),
    (COMPETENCIES, "B3", 50, f"sheet '{COMPETENCIES}': the weights sum to 90; make them sum to 100"),
    (COMPETENCIES, "C3", None, None),
    (ANCHORS, "B3", 6, "cell B3: 6 is no level; use 1 to 5"),
    (ANCHORS, "B3", 1.5, "cell B3: 1.5 is no level"),
    (ANCHORS, "B4", 1, "cell B4: level 1 stands twice for this competency"),
    (SCORED, "A3", "projects", f"cell A3: 'project' is not in the sheet '{SCORED}'"),
    (SCORED, "B3", 0, "cell B3: Input should be greater than 0"),
    (POINTS, "C3", 4, "cell C3: Input should be less than or equal to 3"),
    (POINTS, "C4", 2, "cell C4: another row of the key point 'result' says otherwise"),
    (POINTS, "D3", "nobody", "cell A3: the rubric's key point 'result' counts at 'nobody'"),
    (EXAMPLES, "B3", 0, "cell B3: 0 is no level; use 1 to 5"),
    (SCORES, "F3", 101, "cell F3: Input should be less than or equal to 100"),
    (SCORES, "B3", "option", "cell E3: a option has no 到 To; empty this cell"),
    (SCORES, "C6", "beijing", "cell C6: 'beijing' stands twice"),
    (SCORES, "A3", "city", "cell A5: a question has one of key_points, options, bands and tests; give"),
    (TESTS, "B6", "other", "cell E6: the row above is not of the test 'other'"),
    (TESTS, "F5", "x" * 30_001, None),
    (TESTS, "C6", 2, "cell C6: a continuation has no 重要性 Importance"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "place", "value", "what"), CELLS, ids=lambda value: str(value)[:24]
)
def test_a_cell_that_is_wrong(title: str, place: str, value: Any, what: str | None) -> None:
    if what is None:
        changed(put(title, place, value))
        return
    found = of(put(title, place, value))
    where = what if what.startswith("sheet") else f"sheet '{_sheet_of(what, title)}'"
    assert where in found
    assert what in found


def _sheet_of(what: str, title: str) -> str:
    """The sheet that is blamed, where it is not the one that was changed."""
    for words, blamed in (
        ("a choice has options", PROFILE),
        ("counts at", QUESTIONS),
        ("'project' is not in", POINTS),
        ("a question has one of", SCORED),
    ):
        if words in what:
            return blamed
    return title


def test_a_question_named_end() -> None:
    found = of(lambda p: p[QUESTIONS].append(["end", *p[QUESTIONS][3][1:]]))
    assert f"x.xlsx:9: sheet '{QUESTIONS}', cell A9: the id 'end' is taken; give it" in found


def test_a_number_with_a_format_that_shows_something_else() -> None:
    for place, what in (("F3", "shows as a percentage"), ("G3", "may show otherwise")):
        content = pages()
        put(QUESTIONS, place, 0.25)(content)
        found = problem(written(content, {0.25: "0%"}))
        assert f"sheet '{QUESTIONS}', cell {place}" in found
        assert what in found


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), time(1, 2), timedelta(hours=3)])
def test_dates_and_times(value: Any) -> None:
    assert "cell A4: this is a date or a time" in of(put(QUESTIONS, "A4", value))


def test_rows_of_the_first_sheet() -> None:
    def edit_row(content: Pages, name: str) -> list[Any]:
        return next(row for row in content[GUIDE] if row[0] == name)

    content = pages()
    content[GUIDE].remove(edit_row(content, "version"))
    assert f"sheet '{GUIDE}': the row 'version' is missing; export" in problem(written(content))
    content = pages()
    content[GUIDE].append(edit_row(content, "version"))
    assert "the row 'version' stands twice or is not known" in problem(written(content))
    content = pages()
    edit_row(content, "version")[2] = None
    assert f"x.xlsx:4: sheet '{GUIDE}', cell C4: this is empty; fill it in" in problem(
        written(content)
    )
    content = pages()
    edit_row(content, "rubric")[2] = "other"
    assert from_xlsx(written(content), "x.xlsx").rubric.rubric == "other"


def test_sheets_that_are_missing_unknown_or_copied() -> None:
    assert f"x.xlsx:1: the sheet '{BRANCHES}' is missing; export" in of(lambda p: p.pop(BRANCHES))
    assert "sheet 'Notes': this sheet does not belong here; delete it" in of(
        lambda p: p.update(Notes=[["x"]])
    )
    assert f"sheet '{QUESTIONS} (2)': this is a copy of '{QUESTIONS}'" in of(
        lambda p: p.update({f"{QUESTIONS} (2)": p[QUESTIONS]})
    )
    assert f"sheet '{TYPES}': the hidden first row with the technical names is gone" in of(
        lambda p: p[TYPES].pop(0)
    )


def test_no_rows_where_some_are_due() -> None:
    for title, what in (
        (TYPES, f"sheet '{TYPES}': this is empty; fill"),
        (COMPETENCIES, "is not in the sheet"),
    ):
        assert what in of(lambda p, title=title: p.update({title: p[title][:2]}))  # type: ignore[misc]


# --- The file -----------------------------------------------------------------------------------


def repacked(edit: Callable[[dict[str, bytes]], object], base: bytes | None = None) -> bytes:
    """The exported file with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(base or exported())) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    edit(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def replaced(name: str, old: bytes, new: bytes) -> bytes:
    def edit(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return repacked(edit)


TYPES_PART = "xl/worksheets/sheet3.xml"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_declares_entities_is_refused(encoding: str) -> None:
    text = BOMB.decode().replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    for name in (TYPES_PART, "xl/theme/theme1.xml", "anything.bin"):
        data = repacked(lambda parts, name=name: parts.update({name: text.encode(encoding)}))  # type: ignore[misc]
        assert f"x.xlsx:1: {name} declares its own XML entities" in problem(data)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = repacked(lambda parts: parts.update({"xl/media/image1.png": bytes(70_000_000)}))
    assert len(data) < 300_000
    assert "the file unpacks to" in problem(data)
    many = repacked(lambda parts: parts.update({f"a{i}": b"" for i in range(600)}))
    assert "the file unpacks to 6" in problem(many)


def test_files_that_are_none() -> None:
    assert "this is no readable .xlsx file" in problem(b"")
    assert "this is no readable .xlsx file" in problem(b"id,text\n1,2\n")
    assert "this is no readable .xlsx file" in problem(exported()[:5_000])
    assert "an old .xls file, or one with a password" in problem(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    )
    assert f"keep it under {MAX_BYTES}" in problem(bytes(MAX_BYTES + 1))
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert "this is no readable .xlsx file" in problem(empty.getvalue())


def test_a_part_that_stands_twice() -> None:
    out = io.BytesIO(exported())
    with zipfile.ZipFile(out, "a") as new, pytest.warns(UserWarning, match="Duplicate"):
        new.writestr(TYPES_PART, b"<a/>")
    assert "a part of the file stands twice" in problem(out.getvalue())


def test_merged_cells() -> None:
    data = replaced(
        TYPES_PART,
        b"</sheetData>",
        b'</sheetData><mergeCells><mergeCell ref="A3:A4"/></mergeCells>',
    )
    assert f"sheet '{TYPES}': the cells A3:A4 are merged; unmerge" in problem(data)


def test_a_formula_with_a_cached_result() -> None:
    data = replaced(
        TYPES_PART,
        b"</sheetData>",
        b'<row r="9"><c r="A9"><f>1+1</f><v>2</v></c></row></sheetData>',
    )
    assert f"sheet '{TYPES}': cell A9 holds a formula" in problem(data)


def test_an_error_of_excel() -> None:
    data = replaced(
        TYPES_PART,
        b"</sheetData>",
        b'<row r="9"><c r="A9" t="e"><v>#REF!</v></c></row></sheetData>',
    )
    assert f"x.xlsx:9: sheet '{TYPES}', cell A9: this is the error #REF!" in problem(data)


def test_a_row_far_below_is_not_lost() -> None:
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>late</t></is></c></row></sheetData>'
    for number in (MAX_ROWS, MAX_ROWS + 1, 1_048_576):
        data = replaced(TYPES_PART, b"</sheetData>", row.format(number).encode())
        if number == MAX_ROWS:
            assert (
                f"x.xlsx:{number}: sheet '{TYPES}', cell B{number}: this is empty"
                not in problem(data)
            )
            assert f"B{number}: the text has no zh" in problem(data)
        else:
            assert f"cell A{number} lies beyond row {MAX_ROWS}" in problem(data)
    far = replaced(
        TYPES_PART, b"</sheetData>", b'<row r="9"><c r="XFD9"><v>1</v></c></row></sheetData>'
    )
    assert "cell XFD9 lies beyond" in problem(far)


def test_a_dimension_that_lies() -> None:
    with zipfile.ZipFile(io.BytesIO(exported())) as zipped:
        (dimension,) = re.findall(rb"<dimension [^>]*>", zipped.read(TYPES_PART))
    for lie in (b'<dimension ref="A1"/>', b'<dimension ref="A1:XFD1048576"/>', b""):
        files = from_xlsx(replaced(TYPES_PART, dimension, lie), "x.xlsx")
        assert files.guide == everything()[0]


def test_empty_cells_far_below_do_not_matter() -> None:
    data = replaced(
        TYPES_PART, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    )
    assert from_xlsx(data, "x.xlsx").guide == everything()[0]


@pytest.mark.parametrize(
    "row",
    [
        b'<row r="3"><c r="A3"><v>1</v></c></row>',
        b'<row r="9999999999"><c r="A9999999999"><v>1</v></c></row>',
        b'<row r="-1"><c r="A9"><v>1</v></c></row>',
        b'<row r="9"><c r="B9"><v>1</v></c><c r="A9"><v>1</v></c></row>',
        b'<row r="9"><c r="A7"><v>1</v></c></row>',
        b'<row r="9"><c r="9"><v>1</v></c></row>',
    ],
)
def test_rows_out_of_order(row: bytes) -> None:
    found = problem(replaced(TYPES_PART, b"</sheetData>", row + b"</sheetData>"))
    assert f"sheet '{TYPES}': the rows or cells are out of order" in found


@pytest.mark.parametrize(("limit", "most"), [("CELLS", 500), ("CELLS", 20), ("ELEMENTS", 900)])
def test_too_many_cells(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(package, f"MAX_{limit}", most)
    found = problem(exported())
    assert (
        f"the file has more than {package.MAX_CELLS} cells or {package.MAX_ELEMENTS} XML" in found
    )


def share(parts: dict[str, bytes], strings: list[bytes]) -> None:
    """Give the file a table of shared strings, such as Excel writes."""
    kind = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", kind)
    head = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    items = b"".join(b'<si><t xml:space="preserve">%s</t></si>' % text for text in strings)
    parts["xl/sharedStrings.xml"] = head + items + b"</sst>"


def test_shared_strings_as_excel_saves_them() -> None:
    def edit(parts: dict[str, bytes]) -> None:
        strings: list[bytes] = []

        def shared(found: re.Match[bytes]) -> bytes:
            strings.append(found[2])
            return b'%st="s"><v>%d</v></c>' % (found[1], len(strings) - 1)

        inline = rb'(<c [^>]*)t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>'
        empty = rb'<c [^>]*t="inlineStr"(?: ?/>|></c>|><is/></c>|><is></is></c>)'
        for name in parts:
            if name.startswith("xl/worksheets/sheet"):
                parts[name] = re.sub(inline, shared, parts[name])
                assert b"inlineStr" not in re.sub(empty, b"", parts[name])
        assert len(strings) > 300
        share(parts, strings)

    files = from_xlsx(repacked(edit), "x.xlsx")
    assert (files.guide, files.rubric) == everything()


def test_a_long_text_that_many_cells_share() -> None:
    """Small in the file, large once it is written out."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(9, 200)
    )

    def edit(parts: dict[str, bytes]) -> None:
        share(parts, [b"x" * 30_000])
        parts[TYPES_PART] = parts[TYPES_PART].replace(b"</sheetData>", rows + b"</sheetData>")

    assert "the cells have more than 4000000 characters" in problem(repacked(edit))


# --- Anything at all ----------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1901, 1, 1), date(2200, 1, 1)),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=12),
    st.sampled_from(["end", "project", "是", "open", "a, b", "1e9", "_x0041_", "{profile.x}", " "]),
    st.sampled_from([Formula("=A1"), Formula("=SUM(A1:A9)")]),
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> Pages:
    """The exported pages, damaged in a few places."""
    content = pages()
    for _ in range(draw(st.integers(1, 4))):
        title = draw(st.sampled_from([title for title in content if title != README_TITLE]))
        rows = content[title]
        if not rows:
            continue
        number = draw(st.integers(0, len(rows) - 1))
        row = rows[number]
        match draw(
            st.sampled_from(["cell", "cell", "cell", "row", "column", "again", "swap", "sheet"])
        ):
            case "cell" if row:
                row[draw(st.integers(0, len(row) - 1))] = draw(VALUES)
            case "row":
                rows.pop(number)
            case "column" if row:
                at = draw(st.integers(0, len(row) - 1))
                content[title] = [each[:at] + each[at + 1 :] for each in rows]
            case "again":
                rows.insert(number, list(row))
            case "swap":
                rows.append(rows.pop(number))
            case "sheet" if draw(st.integers(0, 4)) == 0:
                content[title] = []
    return content


@settings(max_examples=25)
@given(edits())
def test_edited_anyhow(content: Pages) -> None:
    try:
        files = from_xlsx(written(content), "x.xlsx")
    except FileProblem as found:
        assert str(found).startswith(f"x.xlsx:{found.line}: ")
        assert str(found).isprintable()
    else:
        again = from_xlsx(to_xlsx(rows_of(files.guide, files.rubric), "g"), "x.xlsx")
        assert (again.guide, again.rubric) == (files.guide, files.rubric)


@settings(max_examples=25)
@given(st.data())
def test_damaged_parts(data: st.DataObject) -> None:
    def edit(parts: dict[str, bytes]) -> None:
        name = data.draw(st.sampled_from(sorted(parts)))
        part = bytearray(parts[name])
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(part) - 1))
            part[at : at + data.draw(st.integers(0, 9))] = data.draw(
                st.sampled_from([b"", b"0", b'"', b"<", b">", b"xml", b"\x00", b"99999"])
            )
        parts[name] = bytes(part)

    try:
        from_xlsx(repacked(edit), "x.xlsx")
    except FileProblem as found:
        assert str(found).isprintable()


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_damaged_bytes(at: int, new: bytes) -> None:
    damaged = bytearray(exported())
    at %= len(damaged)
    damaged[at : at + len(new)] = new
    try:
        files = from_xlsx(bytes(damaged), "x.xlsx")
    except FileProblem as found:
        assert str(found).isprintable()
    else:
        assert (files.guide, files.rubric) == everything()
