"""The rows as an XLSX file. Equal rows give equal bytes."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from math import ceil

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bot.sheets import readme
from bot.sheets.columns import NO, YES, Column, Sheet
from bot.sheets.fill import Row
from bot.sheets.layout import BY_KEY, README_KEY, README_TITLE, SHEETS
from bot.sheets.layout_facts import FACTS, GUIDE
from bot.sheets.limits import FIRST_ROW, MAX_ROWS
from bot.sheets.shown import LostError, shown
from dialogues.yamlfile import FileProblem

LINE_HEIGHT, HIGHEST_ROW = 15.0, 300.0
"""Points of a line of text, and of a row at most."""
LISTED_ROWS = 2_000
"""How far down drop-down lists reach."""

_WHEN = datetime(2000, 1, 1)
_COLOURS = {"guide": "1F5C7A", "rubric": "3B6B35"}
_PALE = "E8EEF2"
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_LINE = Border(bottom=Side("thin", "D0D7DC"))


def to_xlsx(rows: dict[str, list[Row]], file: str) -> bytes:
    """The file's bytes; raises FileProblem about `file` for a text that a cell cannot hold."""
    book = Workbook()
    _readme(book.worksheets[0])
    for sheet in SHEETS:
        _fill(book.create_sheet(sheet.title), sheet, rows[sheet.key], file)
    book.properties.creator = "Miantan"
    book.properties.created = _WHEN
    out = io.BytesIO()
    book.save(out)
    return _without_clock(out.getvalue())


def _readme(page: Worksheet) -> None:
    page.title = README_TITLE
    page.sheet_properties.tabColor = "808080"
    page.append([README_KEY])
    page.row_dimensions[1].hidden = True
    page.append(["Miantan 面谈：指南表格", "Miantan: a guide as a spreadsheet"])
    _band(page, 2, 14)
    for line in readme.ABOUT:
        page.append(line)
    _heading(page, "各张表", "The sheets", "")
    for sheet in SHEETS:
        page.append([sheet.zh, sheet.en, sheet.title])
        link = page.cell(page.max_row, 3)
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{sheet.title}'!A{FIRST_ROW}")
        link.font = Font(color="0563C1", underline="single")
    _heading(page, "条件怎么写", "How conditions are written", "")
    for condition, zh, en in readme.CONDITIONS:
        page.append([zh, en, condition])
    _heading(page, "导入和检查", "Importing and checking", "")
    for line in readme.IMPORT:
        page.append(line)
    for row in page.iter_rows(min_row=3):
        for cell in row:
            cell.alignment = _WRAPPED
    for letter, width in (("A", 62), ("B", 70), ("C", 44)):
        page.column_dimensions[letter].width = width


def _heading(page: Worksheet, *words: str) -> None:
    page.append([])
    page.append(words)
    _band(page, page.max_row, 12)


def _band(page: Worksheet, row: int, size: int) -> None:
    for column in range(1, 4):
        cell = page.cell(row, column)
        cell.font = Font(bold=True, size=size, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=_COLOURS["guide"])


def _fill(page: Worksheet, sheet: Sheet, rows: Sequence[Row], file: str) -> None:
    if len(rows) + FIRST_ROW > MAX_ROWS:
        raise FileProblem(
            file, 1, f"the sheet {sheet.title!r} would have {len(rows)} rows", "split the guide"
        )
    page.sheet_properties.tabColor = _COLOURS[sheet.part]
    page.freeze_panes = f"B{FIRST_ROW}"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.row_dimensions[1].hidden = True
    page.row_dimensions[2].height = 34
    for number, column in enumerate(sheet.columns, 1):
        _head(page, sheet, column, number, any(row.get(column.name) for row in rows))
    for number, row in enumerate(rows, FIRST_ROW):
        for letter, each in enumerate(sheet.columns, 1):
            column = _held(sheet, each, row)
            try:
                value = shown(column, row.get(each.name))
            except LostError as lost:
                where = f"sheet {sheet.title!r}, row {number}, {column.header.splitlines()[-1]}"
                raise FileProblem(file, 1, f"{where}: {lost.message}", lost.mend, "lost") from None
            _write(page.cell(number, letter), column, value)
        page.row_dimensions[number].height = _height(page, number)
    last = get_column_letter(len(sheet.columns))
    if sheet is GUIDE:
        _mark_facts(page, len(rows))
    else:
        page.auto_filter.ref = f"A2:{last}{max(len(rows), 1) + FIRST_ROW - 1}"


def _height(page: Worksheet, number: int) -> float:
    """The height, in points, in which the row's wrapped texts can be read, up to a limit.

    Not every program finds it by itself. A column's width counts digits; Chinese is twice as wide.
    """
    lines = 1
    for letter, cell in zip(map(get_column_letter, count(1)), page[number], strict=False):
        width = page.column_dimensions[letter].width - 1
        texts = str(cell.value or "").split("\n")
        lines = max(lines, sum(max(1, ceil(_digits(text) / width)) for text in texts))
    return min(LINE_HEIGHT * lines + 3, HIGHEST_ROW)


def _digits(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _mark_facts(page: Worksheet, count: int) -> None:
    """Show on the first sheet which column is filled in."""
    page.column_dimensions["A"].hidden = True
    page.freeze_panes = f"C{FIRST_ROW}"
    for row in range(FIRST_ROW, FIRST_ROW + count):
        for letter in ("B", "D"):
            page[f"{letter}{row}"].fill = PatternFill("solid", fgColor=_PALE)


def _held(sheet: Sheet, column: Column, row: Row) -> Column:
    """The column as which a cell is written: on the first sheet that of the row's fact."""
    if sheet is GUIDE and column.name == "value":
        return next(fact for fact in FACTS if fact.name == row["fact"])
    return column


def _head(page: Worksheet, sheet: Sheet, column: Column, number: int, used: bool) -> None:
    letter = get_column_letter(number)
    page.cell(1, number, sheet.technical(column))
    head = page.cell(2, number, column.header + (" *" if column.required else ""))
    head.font = Font(bold=True, color="FFFFFF")
    head.fill = PatternFill("solid", fgColor=_COLOURS[sheet.part])
    head.alignment = Alignment(wrap_text=True, vertical="center")
    if column.note:
        head.comment = Comment(column.note, "Miantan", height=130, width=320)
    dimension = page.column_dimensions[letter]
    dimension.width = column.width
    dimension.hidden = column.rare and not used
    dimension.alignment = _WRAPPED
    if column.holds != "number":
        dimension.number_format = "@"
    listed = _listed(column)
    if listed is not None:
        page.add_data_validation(listed)
        listed.add(f"{letter}{FIRST_ROW}:{letter}{LISTED_ROWS}")


def _listed(column: Column) -> DataValidation | None:
    """The drop-down list of the column's cells."""
    if column.holds == "yes":
        return _closed((YES, NO))
    if column.choices and column.holds in ("choice", "number"):
        return _closed([column.shown(choice) for choice in column.choices])
    if column.suggests:
        other = BY_KEY[column.suggests]
        place = f"'{other.title}'!$A${FIRST_ROW}:$A${LISTED_ROWS}"
        # What is typed is not refused: `end`, and several ids with commas, stand in no list.
        return DataValidation(type="list", formula1=place, allow_blank=True, showErrorMessage=False)
    return None


def _closed(values: Iterable[str]) -> DataValidation:
    return DataValidation(
        type="list",
        formula1=f'"{",".join(values)}"',
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Miantan",
        error="请从列表中选择。Choose from the list.",
    )


def _write(cell: Cell | MergedCell, column: Column, value: str | int | float | None) -> None:
    cell.alignment = _WRAPPED
    cell.border = _LINE
    if column.holds != "number":
        cell.number_format = "@"
    if value is None:
        return
    cell.value = value
    if isinstance(value, str):
        # Never a formula, an error or a date, whatever the text looks like.
        cell.data_type = "s"
        cell.quotePrefix = value[0] in "=+-@'"


def _without_clock(data: bytes) -> bytes:
    """The same package with fixed dates, and every space in its texts kept."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", part
                )
            elif name.startswith("xl/worksheets/sheet"):
                part = part.replace(b"<is><t>", b'<is><t xml:space="preserve">')
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            new.writestr(member, part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
