"""A list of people as a table of texts, from CSV or XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sheets.limits import MAX_BYTES, MAX_COLUMNS
from bot.sheets.read import Place, pages, reading, refuse
from bot.text import clean
from dialogues.yamlfile import FileProblem

MAX_ROWS = 20_000
_DELIMITERS = ",;\t"
SAVE_AGAIN = "save it as CSV (UTF-8) or .xlsx"


@dataclass(frozen=True)
class Row:
    """A row that is not empty; `cells` stand under the headers, and are "" where nothing is."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Table:
    """The rows under their headers, in the order of the file."""

    file: str
    headers: Sequence[str]
    rows: Sequence[Row]

    def problem(self, row: int, header: str, message: str, mend: str) -> FileProblem:
        """What is wrong in a row, under a header where it is one cell."""
        where = f"row {row}, column {header!r}" if header else f"row {row}"
        return FileProblem(self.file, row, f"{where}: {message}", mend, "invalid")


def read_table(data: bytes, file: str) -> Table:
    """The table of a file; raises FileProblem."""
    is_book = zipfile.is_zipfile(io.BytesIO(data)) or data[:4] == b"\xd0\xcf\x11\xe0"
    lines = _book(data, file) if is_book else _csv(data, file)
    headers: list[str] = []
    rows: list[Row] = []
    for number, given in lines:
        cells = [" ".join(clean(cell).split()) for cell in given]
        if not any(cells):
            continue
        if not headers:
            headers = _headers(cells, file, number)
        elif any(cells[len(headers) :]):
            message = f"row {number} has more cells than there are headers"
            raise FileProblem(file, number, message, "give every column a header")
        else:
            missing = [""] * (len(headers) - len(cells))
            rows.append(Row(number, (cells + missing)[: len(headers)]))
        if len(rows) > MAX_ROWS:
            raise FileProblem(file, number, f"there are over {MAX_ROWS} rows", "split the file")
    if not rows:
        mend = (
            "write a row of headers, such as 姓名, 邮箱 or name, email, and a row for each person"
        )
        raise FileProblem(file, 1, "there is nobody in this file", mend)
    return Table(file, headers, rows)


def _headers(cells: list[str], file: str, number: int) -> list[str]:
    while not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FileProblem(file, number, f"there are over {MAX_COLUMNS} columns", "delete some")
    return cells


def _csv(data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    if len(data) > MAX_BYTES:
        raise FileProblem(file, 1, f"the file has {len(data)} bytes", f"keep it under {MAX_BYTES}")
    text = _decoded(data, file)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
    except csv.Error as error:
        raise FileProblem(file, 1, f"this is no readable CSV file: {error}", SAVE_AGAIN) from None


def _decoded(data: bytes, file: str) -> str:
    """As spreadsheets write CSV: UTF-8 with or without its mark, UTF-16, or on a Chinese Windows
    GB18030."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileProblem(file, 1, "this is no readable text", SAVE_AGAIN)


def _book(data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    """The first sheet that holds something."""
    with reading(file):
        for page in pages(data, file):
            refuse(place := Place(file, page.title), page.extent)
            for number, cells in enumerate(page.rows, 1):
                yield number, [_words(cell, place) for cell in cells]
            return


def _words(cell: Any, place: Place) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        at = Place(place.file, place.title, cell.column_letter, cell.row)
        raise at.problem(f"this is the error {value}", "type the value itself")
    if isinstance(value, float) and abs(value) < 1e15:
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else f"{value}"
    return str(value)
