"""The spreadsheet there and back: equal models, equal files, and texts that stay texts."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.commands import guide_sheet
from bot.commands.errors import CommandError
from bot.demo import read_files
from bot.sheets.check import from_xlsx
from bot.sheets.fill import PIECE, pieces_of, rows_of
from bot.sheets.layout import README_TITLE, SHEETS
from bot.sheets.write import to_xlsx
from bot.storage.catalogue import load_role
from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from dialogues.yamlfile import FileProblem
from scoring.rubric import Rubric, load_rubric
from tests.helpers import ROOT
from tests.unit.test_sheets_models import GUIDE, LONG, RUBRIC, everything, pairs

GUIDES = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))


def exported(guide: Guide, rubric: Rubric) -> bytes:
    return to_xlsx(rows_of(guide, rubric), "g.yml")


def check(guide: Guide, rubric: Rubric) -> None:
    """Equal models; and an equal spreadsheet, so that the next import gives equal files again.

    That the files are read back as these models is checked in every import.
    """
    first = exported(guide, rubric)
    files = from_xlsx(first, "x.xlsx")
    assert files.guide == guide
    assert files.rubric == rubric
    assert exported(files.guide, files.rubric) == first


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.stem)
def test_samples(file: Path) -> None:
    role = load_role(read_files(file))
    check(role.guide, role.rubric)


def test_every_field() -> None:
    check(*everything())
    files = from_xlsx(exported(*everything()), "x.xlsx")
    assert load_guide(files.guide_text, "g.yml") == everything()[0]
    assert load_rubric(files.rubric_text, "r.yml") == everything()[1]
    assert from_xlsx(exported(files.guide, files.rubric), "x.xlsx") == files


@settings(max_examples=15)
@given(pairs())
def test_made_models(pair: tuple[Guide, Rubric]) -> None:
    guide, rubric = pair
    files = from_xlsx(exported(guide, rubric), "x.xlsx")
    assert files.guide == guide
    assert files.rubric == rubric


def book() -> dict[str, Worksheet]:
    return {page.title: page for page in load_workbook(io.BytesIO(exported(*everything())))}


def test_the_sheets() -> None:
    pages = book()
    assert list(pages) == [README_TITLE, *(sheet.title for sheet in SHEETS)]
    for sheet in SHEETS:
        page = pages[sheet.title]
        assert page.row_dimensions[1].hidden
        assert page.freeze_panes in ("B3", "C3")
        heads = list(page.iter_rows(min_row=1, max_row=2, values_only=True))
        assert heads[0] == tuple(f"{sheet.key}.{column.name}" for column in sheet.columns)
        for column, head in zip(sheet.columns, heads[1], strict=True):
            assert str(head).removesuffix(" *") == column.header
            assert str(head).endswith(" *") == column.required


def test_what_a_person_sees() -> None:
    pages = book()
    rows = [row[:6] for row in pages["问题 Questions"].iter_rows(min_row=3, values_only=True)]
    assert rows == [
        ("project", None, "campus, experienced", "solving", "开放题 open", 3.5),
        ("months", None, None, "facts", "数字题 number", 2),
        ("city", None, None, "facts", "选择题 choice", 2),
        ("talk", None, None, "solving", "情景题 scenario", 2),
        ("case", None, None, "solving", "案例题 case", 2),
        ("program", "是 yes", None, "facts", "编程题 code", 2),
    ]
    follow_ups = pages["追问与后续 Follow-ups"].iter_rows(min_row=3, max_col=5, values_only=True)
    assert list(follow_ups) == [
        ("project", "追问 probe", None, "result", "missing(result)"),
        ("project", "追问 probe", None, "why", "not missing(result) and profile.years >= 3"),
        ("talk", "对话 reply", 1, "angry", "missing(calm)"),
        ("talk", "对话 reply", 1, "mild", None),
        ("talk", "对话 reply", 2, "thanks", None),
        ("case", "子题 part", None, "second", None),
    ]
    points = pages["要点 Key points"].iter_rows(min_row=3, max_row=6, values_only=True)
    assert list(points) == [
        ("project", "result", 3, None, "+延迟降到一半", "latency halved"),
        ("project", "result", None, None, "007", "1e5"),
        ("project", "result", None, None, None, "yes"),
        ("project", "result", None, None, None, "a\nb"),
    ]


def test_explanations_stand_beside_their_question() -> None:
    """And may be empty: a guide without any has the columns, too."""
    rows = book()["问题 Questions"].iter_rows(min_col=13, max_col=14, values_only=True)
    names, heads, project, *others = rows
    assert names == ("questions.clarify_zh", "questions.clarify_en")
    assert heads == ("解释（中文）\nExplanation (中文)", "解释（English）\nExplanation (English)")
    assert project == ("+大小都可以\n\n{profile.years}内", "@any size")
    assert others == [(None, None)] * 5


def test_texts_stay_texts() -> None:
    """Nothing becomes a formula, a number, a date or an error, in Excel's eyes either."""
    for page in book().values():
        for row in page.iter_rows():
            for cell in row:
                if cell.value is not None:
                    assert cell.data_type == ("n" if isinstance(cell.value, int | float) else "s")
    question = book()["问题 Questions"]["G3"]
    assert question.value.startswith("=1+1")
    assert question.quotePrefix
    assert question.number_format == "@"
    assert not book()["问题 Questions"]["G4"].quotePrefix


def test_lists_to_choose_from() -> None:
    pages = book()
    lists = {
        (page.title, str(each.sqref)): (each.formula1, each.showErrorMessage)
        for page in pages.values()
        for each in page.data_validations.dataValidation
    }
    kinds = '"开放题 open,选择题 choice,数字题 number,情景题 scenario,案例题 case,编程题 code"'
    assert lists["问题 Questions", "E3:E2000"] == (kinds, True)
    assert lists["问题 Questions", "B3:B2000"] == ('"是 yes,否 no"', True)
    assert lists["要点 Key points", "C3:C2000"] == ('"1,2,3"', True)
    assert lists["问题 Questions", "D3:D2000"] == ("'能力 Competencies'!$A$3:$A$2000", False)
    assert lists["分支 Branches", "C3:C2000"] == ("'问题 Questions'!$A$3:$A$2000", False)


def test_the_headers_explain() -> None:
    note = book()["问题 Questions"]["C2"].comment
    assert note is not None
    assert (
        note.text
        == "候选人类型的编号，用逗号分开。留空：所有人。\nIds of candidate types, separated by commas. Empty: everyone."
    )


def test_the_file_has_no_clock() -> None:
    with zipfile.ZipFile(io.BytesIO(exported(*everything()))) as package:
        assert {part.date_time for part in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = package.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_long_program_texts_go_over_several_rows() -> None:
    rows = [row for row in rows_of(*everything())["tests"] if row["id"] == "long"]
    assert [len(row["input"]) for row in rows] == [PIECE, PIECE, 10_000]
    assert [row.get("continues") for row in rows] == [None, True, True]
    assert pieces_of(LONG) == [row["input"] for row in rows]
    assert pieces_of("") == [""]
    assert [len(piece) for piece in pieces_of("😀" * PIECE)] == [PIECE // 2, PIECE // 2]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("看法？", r'"a\u000Bb"', "the character U+000B is lost in a spreadsheet"),
        ("看法？", r'"a\rb"', "the character U+000D is lost in a spreadsheet"),
        ("看法？", "a_x0041_b", "_x0041_ is lost in a spreadsheet"),
        ("工作年限, years", r'"a\nb", years', "'a\\nb' has more than one line"),
    ],
)
def test_what_a_spreadsheet_would_lose_is_refused(old: str, new: str, what: str) -> None:
    assert GUIDE.count(f"zh: {old}") + GUIDE.count(f"[{old}") == 1
    text = GUIDE.replace(f"zh: {old}", f"zh: {new}").replace(f"[{old}", f"[{new}")
    with pytest.raises(FileProblem) as caught:
        exported(load_guide(text, "g.yml"), load_rubric(RUBRIC, "r.yml"))
    assert what in str(caught.value)
    assert str(caught.value).startswith("g.yml:1: sheet '")


# --- The commands -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "g.yml").write_text(GUIDE, encoding="utf-8")
    (tmp_path / "everything-rubric.rubric.yml").write_text(RUBRIC, encoding="utf-8")
    return tmp_path


def test_there_and_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide_sheet.export_to(folder / "g.yml", None, folder / "x.xlsx")
    (folder / "new").mkdir()
    guide_sheet.import_from(folder / "x.xlsx", folder / "new" / "guide.yml")
    rubric = folder / "new" / "everything-rubric.rubric.yml"
    assert sorted((folder / "new").iterdir()) == [rubric, folder / "new" / "guide.yml"]
    role = load_role(read_files(folder / "new" / "guide.yml"))
    assert (role.guide, role.rubric) == everything()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        "the guide everything with the rubric everything-rubric",
        f"the guide everything from {folder / 'x.xlsx'}",
        "its rubric everything-rubric",
    ]
    assert lines[2].startswith(str(rubric))


def test_a_rubric_that_is_named(folder: Path) -> None:
    (folder / "everything-rubric.rubric.yml").rename(folder / "other.yml")
    guide_sheet.export_to(folder / "g.yml", folder / "other.yml", folder / "x.xlsx")
    assert from_xlsx((folder / "x.xlsx").read_bytes(), "x.xlsx").rubric == everything()[1]


def test_nothing_is_written_when_there_is_a_problem(folder: Path) -> None:
    (folder / "bad.xlsx").write_bytes(b"nonsense")
    before = sorted(folder.iterdir())
    with pytest.raises(FileProblem):
        guide_sheet.import_from(folder / "bad.xlsx", folder / "new.yml")
    assert sorted(folder.iterdir()) == before


def test_both_files_or_neither(folder: Path) -> None:
    guide_sheet.export_to(folder / "g.yml", None, folder / "x.xlsx")
    (folder / "g.yml").write_text("old", encoding="utf-8")
    (folder / "everything-rubric.rubric.yml").unlink()
    (folder / "everything-rubric.rubric.yml").mkdir()
    before = sorted(folder.iterdir())
    for out in ("g.yml", "new.yml"):
        with pytest.raises(OSError, match="directory"):
            guide_sheet.import_from(folder / "x.xlsx", folder / out)
        assert (folder / "g.yml").read_text(encoding="utf-8") == "old"
        assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("sheet", "out", "what"),
    [
        ("x.xls", "g.yml", "is no .xlsx file"),
        ("x.xlsx", "g.txt", "a guide's name ends in .yml"),
        ("x.xlsx", "everything-rubric.rubric.yml", "the rubric goes into this file"),
    ],
)
def test_names_of_files(folder: Path, sheet: str, out: str, what: str) -> None:
    guide_sheet.export_to(folder / "g.yml", None, folder / "x.xlsx")
    with pytest.raises(CommandError, match=what):
        guide_sheet.import_from(folder / sheet, folder / out)
    with pytest.raises(CommandError, match=r"ends in \.xlsx"):
        guide_sheet.export_to(folder / "g.yml", None, folder / "x.csv")
