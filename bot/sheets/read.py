"""An XLSX file as rows of cells: every sheet and column known by its technical name."""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from bot.sheets.columns import Sheet
from bot.sheets.layout import README_KEY, SHEETS
from bot.sheets.limits import FIRST_ROW, MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS
from bot.sheets.package import Extent, look_into
from dialogues.yamlfile import FileProblem

EXPORT_AGAIN = "export the guide again and copy your changes into the new file"


class Place(NamedTuple):
    """A cell by its sheet's title, column letter and row; the whole sheet without a row."""

    file: str
    title: str
    letter: str = ""
    row: int = 0

    def problem(self, message: str, mend: str, code: str = "invalid") -> FileProblem:
        where = f"sheet {self.title!r}" if self.title else "the spreadsheet"
        if self.row:
            where += f", {'cell' if self.letter else 'row'} {self.letter}{self.row}"
        return FileProblem(self.file, max(self.row, 1), f"{where}: {message}", mend, code)


class Value(NamedTuple):
    """What a cell holds, with the letter of its type in the file and its number format."""

    value: Any
    type: str
    format: str


@dataclass
class TableRow:
    """A row that is not empty."""

    table: "Table"
    number: int
    values: dict[str, Value]

    def place(self, column: str) -> Place:
        return self.table.place(self.table.letters[column], self.number)


@dataclass
class Table:
    """The rows of one sheet. `letters` says where each column stands in this file."""

    sheet: Sheet
    file: str
    title: str
    letters: dict[str, str]
    rows: list[TableRow] = field(default_factory=list)

    def place(self, letter: str = "", row: int = 0) -> Place:
        return Place(self.file, self.title, letter, row)


def read_tables(data: bytes, file: str) -> Mapping[str, Table]:
    """The tables by their sheet's key, all of them; raises FileProblem."""
    tables: dict[str, Table] = {}
    with reading(file):
        for table in _tables(data, file):
            _add(tables, table)
    for sheet in SHEETS:
        if sheet.key not in tables:
            raise FileProblem(file, 1, f"the sheet {sheet.title!r} is missing", EXPORT_AGAIN)
    if sum(_size(table) for table in tables.values()) > MAX_CHARACTERS:
        raise FileProblem(
            file, 1, f"the cells have more than {MAX_CHARACTERS} characters", "split the guide"
        )
    return tables


def _size(table: Table) -> int:
    values = (value.value for row in table.rows for value in row.values.values())
    return sum(len(value) for value in values if isinstance(value, str))


def _add(tables: dict[str, Table], table: Table) -> None:
    other = tables.get(table.sheet.key)
    if other is not None:
        raise table.place().problem(f"this is a copy of {other.title!r}", "delete one of them")
    tables[table.sheet.key] = table


@contextmanager
def reading(file: str) -> Iterator[None]:
    """While a spreadsheet is read: whatever goes wrong in openpyxl becomes a FileProblem."""
    try:
        with warnings.catch_warnings():
            # openpyxl says what it leaves out; none of it is read here.
            warnings.simplefilter("ignore")
            yield
    except FileProblem:
        raise
    except Exception:  # noqa: BLE001 - a damaged file makes openpyxl raise almost anything
        raise FileProblem(
            file,
            1,
            "this is no readable .xlsx file",
            "open it in Excel, WPS or LibreOffice and save it again as .xlsx",
        ) from None


class Page(NamedTuple):
    """A sheet that holds something."""

    title: str
    extent: Extent
    rows: Iterator[tuple[Any, ...]]


def pages(data: bytes, file: str) -> Iterator[Page]:
    """The sheets of a file in their order, without those that are empty."""
    extents = look_into(data, file)
    book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    for page in book.worksheets:
        # Which part of the package it is; openpyxl has no public name for it.
        extent = extents[getattr(page, "_worksheet_path")]  # noqa: B009 - not in its stubs
        last = min(extent.last_row, MAX_ROWS)
        if last > 0:
            yield Page(page.title, extent, page.iter_rows(max_row=last, max_col=MAX_COLUMNS))


def _tables(data: bytes, file: str) -> Iterator[Table]:
    for page in pages(data, file):
        rows = page.rows
        names = [cell.value for cell in next(rows)]
        if names[0] == README_KEY:
            continue
        refuse(Place(file, page.title), page.extent)
        table = _headed(file, page.title, names)
        for number, cells in enumerate(rows, 2):
            if number >= FIRST_ROW:
                _read_row(table, number, cells)
        yield table


def refuse(sheet: Place, extent: Extent) -> None:
    """Raises FileProblem for what a sheet must not hold."""
    if extent.formula:
        raise sheet.problem(
            f"cell {extent.formula} holds a formula",
            "type its result instead; begin a text that starts with = with an apostrophe",
            "formula",
        )
    if extent.merged:
        raise sheet.problem(
            f"the cells {extent.merged} are merged", "unmerge them and fill every row", "merged"
        )
    if extent.beyond:
        raise sheet.problem(
            f"cell {extent.beyond} lies beyond row {MAX_ROWS} or column "
            f"{get_column_letter(MAX_COLUMNS)}",
            "move it up or left, or delete it",
        )
    if extent.disordered:
        raise sheet.problem(
            "the rows or cells are out of order in the file",
            "open it in Excel, WPS or LibreOffice and save it again as .xlsx",
        )


def _headed(file: str, title: str, names: Sequence[Any]) -> Table:
    """The table whose hidden first row has these names."""
    place = Place(file, title)
    known = {
        sheet.technical(column): (sheet, column.name)
        for sheet in SHEETS
        for column in sheet.columns
    }
    given = [(get_column_letter(i), name) for i, name in enumerate(names, 1) if name is not None]
    found = [(letter, *known[name]) for letter, name in given if name in known]
    if not found:
        lost = title in {sheet.title for sheet in SHEETS}
        raise place.problem(
            "the hidden first row with the technical names is gone"
            if lost
            else "this sheet does not belong here",
            EXPORT_AGAIN if lost else "delete it, or move what it says into the other sheets",
            "unknown-sheet",
        )
    sheet = found[0][1]
    table = Table(sheet, file, title, {})
    for letter, name in given:
        column = known.get(name, (None, ""))
        if column[0] is not sheet:
            raise table.place(letter, 1).problem(
                f"there is no column {str(name)[:60]!r} in this sheet",
                EXPORT_AGAIN,
                "unknown-column",
            )
        if column[1] in table.letters:
            raise table.place(letter, 1).problem(
                f"the column {name!r} stands twice", "delete one of them"
            )
        table.letters[column[1]] = letter
    for wanted in sheet.columns:
        if wanted.name not in table.letters:
            raise place.problem(
                f"the column {sheet.technical(wanted)!r} is missing",
                "undo its deletion, for a column may be empty; if an older version wrote the file, "
                + EXPORT_AGAIN,
                "missing-column",
            )
    return table


def _read_row(table: Table, number: int, cells: Sequence[Any]) -> None:
    names = {letter: name for name, letter in table.letters.items()}
    values: dict[str, Value] = {}
    for i, cell in enumerate(cells, 1):
        if cell.value is None:
            continue
        name = names.get(letter := get_column_letter(i))
        if name is None:
            if str(cell.value).strip():
                raise table.place(letter, number).problem(
                    "this column is not known, so what it says would be lost",
                    "delete the column, or move what it says into another",
                    "unknown-column",
                )
            continue
        values[name] = Value(cell.value, cell.data_type, cell.number_format)
    if any(str(value.value).strip() for value in values.values()):
        table.rows.append(TableRow(table, number, values))
