"""How a value stands in a cell, the other way round than `cells`."""

import re
from typing import Any

from bot.sheets.columns import NO, YES, Column
from bot.sheets.limits import CELL_UNITS

# XML has no such characters, and spreadsheets take the words for codes.
_LOST = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|x005F_")


class LostError(ValueError):
    """A value that a spreadsheet would not keep: what it is, and how to mend it."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message, self.mend = message, mend


def shown(column: Column, value: Any) -> str | int | float | None:
    """The content of the cell, None when it is empty; raises LostError."""
    if value is None or value in ("", []):
        return None
    match column.holds:
        case "number":
            return _number(value)
        case "exact":
            _kept(value.replace("\r", ""))
            return _fitting(value.replace("\r", "_x000D_"))
        case "yes":
            text = YES if value else NO
        case "choice":
            text = column.shown(value)
        case "ids":
            text = ", ".join(value)
        case "lines":
            text = "\n".join(_one_line(item) for item in value)
        case _:
            text = str(value)
    return _fitting(_kept(text))


def _number(value: float) -> str | int | float:
    """The number, or its digits where a spreadsheet would round it."""
    if float(f"{value:.15g}") != value:
        return repr(value)
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _one_line(text: str) -> str:
    if "\n" in text:
        raise LostError(f"{text[:40]!r} has more than one line", "write it in one line")
    return text


def _kept(text: str) -> str:
    lost = _LOST.search(text)
    if lost is not None:
        what = lost[0] if len(lost[0]) > 1 else f"the character U+{ord(lost[0]):04X}"
        raise LostError(f"{what} is lost in a spreadsheet", "remove it")
    return text


def _fitting(text: str) -> str:
    units = len(text.encode("utf-16-le")) // 2
    if units > CELL_UNITS:
        raise LostError(f"{units} characters; a cell takes {CELL_UNITS}", "shorten it")
    return text
