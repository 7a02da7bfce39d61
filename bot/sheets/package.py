"""Looking into an XLSX file before it is read: its size, its XML, and where its cells end.

A spreadsheet comes from outside. It is a zip of XML files, so it may unpack to far more than it
weighs, and XML may define entities that grow without end. Both are refused here.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

from bot.sheets.limits import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ELEMENTS,
    MAX_PARTS,
    MAX_ROWS,
    MAX_UNPACKED,
)
from dialogues.yamlfile import FileProblem

_CHUNK = 1 << 16
_SAVE_AGAIN = "open it in Excel, WPS or LibreOffice and save it again as .xlsx"


@dataclass
class Extent:
    """What one sheet's XML holds: its last row with a value, and what is refused later by name."""

    last_row: int = 0
    cells: int = 0
    elements: int = 0
    merged: str = ""
    formula: str = ""
    beyond: str = ""
    disordered: bool = False


def look_into(data: bytes, file: str) -> Mapping[str, Extent]:
    """The extent of each part of the package by its name; raises FileProblem for an unsafe file."""
    if len(data) > MAX_BYTES:
        raise FileProblem(file, 1, f"the file has {len(data)} bytes", f"keep it under {MAX_BYTES}")
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise FileProblem(
            file, 1, "this is an old .xls file, or one with a password", "save it as .xlsx without"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _extents(package, file)
    except FileProblem:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError):
        pass
    except RuntimeError:
        raise FileProblem(file, 1, "the file has a password", "save it without") from None
    raise FileProblem(file, 1, "this is no readable .xlsx file", _SAVE_AGAIN)


def _extents(package: zipfile.ZipFile, file: str) -> Mapping[str, Extent]:
    parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise FileProblem(
            file,
            1,
            f"the file unpacks to {len(parts)} parts with {unpacked} bytes",
            f"keep it under {MAX_PARTS} parts and {MAX_UNPACKED} bytes; remove pictures",
        )
    if len({part.filename for part in parts}) != len(parts):
        raise FileProblem(file, 1, "a part of the file stands twice", _SAVE_AGAIN)
    extents = {}
    cells = elements = 0
    for part in parts:
        with package.open(part) as stream:
            scan = _Scan()
            if not scan.read(stream):
                raise FileProblem(
                    file, 1, f"{part.filename} declares its own XML entities", _SAVE_AGAIN
                )
        extents[part.filename] = scan.extent
        cells += scan.extent.cells
        elements += scan.extent.elements
        if cells > MAX_CELLS or elements > MAX_ELEMENTS:
            raise FileProblem(
                file,
                1,
                f"the file has more than {MAX_CELLS} cells or {MAX_ELEMENTS} XML elements",
                "remove the formats of empty rows and columns",
            )
    return extents


class _DeclarationError(Exception):
    """A document type or an entity is declared."""


class _TooManyError(Exception):
    """More cells or elements than are read."""


_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class _Scan:
    """One pass over a part's XML."""

    def __init__(self) -> None:
        self.extent = Extent()
        self._row = 0
        self._column = 0
        self._cell = ""

    def read(self, stream: IO[bytes]) -> bool:
        """False when it declares entities. What is no XML, such as a picture, is passed over."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        try:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        except _DeclarationError:
            return False
        except (_TooManyError, expat.ExpatError):
            # openpyxl says so too, where the part matters; the rest is still unpacked and checked.
            while stream.read(_CHUNK):
                pass
        return True

    def _refuse(self, *_: object) -> None:
        raise _DeclarationError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.extent.elements += 1
        if self.extent.elements > MAX_ELEMENTS:
            raise _TooManyError
        name = tag.rpartition(" ")[2]
        if name == "row":
            self._start_row(attributes.get("r"))
        elif name == "c":
            self._start_cell(attributes.get("r", ""))
        elif name in ("v", "is", "f"):
            self._value(name)
        elif name == "mergeCell":
            self.extent.merged = self.extent.merged or attributes.get("ref", "somewhere")

    def _start_row(self, given: str | None) -> None:
        number = self._row + 1
        if given is not None:
            number = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0
        if number <= self._row:
            self.extent.disordered = True
        self._row, self._column = number, 0

    def _start_cell(self, place: str) -> None:
        self.extent.cells += 1
        if self.extent.cells > MAX_CELLS:
            raise _TooManyError
        found = _PLACE.fullmatch(place)
        if place and (found is None or int(found[2]) != self._row):
            self.extent.disordered = True
        column = _column_number(found[1]) if found else self._column + 1
        if column <= self._column:
            self.extent.disordered = True
        self._column = column
        self._cell = place or f"row {self._row}"

    def _value(self, name: str) -> None:
        if name == "f":
            self.extent.formula = self.extent.formula or self._cell
        if self._row > MAX_ROWS or self._column > MAX_COLUMNS:
            self.extent.beyond = self.extent.beyond or self._cell
        self.extent.last_row = max(self.extent.last_row, self._row)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
