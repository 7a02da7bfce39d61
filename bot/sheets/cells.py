"""What a cell means: a text, a number, a list, an id, yes or no."""

import math
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from bot.sheets.columns import Column, Holds
from bot.sheets.read import Place, TableRow, Value
from dialogues import conditions

TYPE_TEXT = "format the cell as text and type it again"
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SEPARATORS = re.compile(r"[,，、;；\s]+")
_YES = frozenset(("yes", "y", "true", "1", "是", "是 yes", "有", "√"))
_NO = frozenset(("no", "n", "false", "0", "否", "否 no", "无", "×"))
_ALIASES = {"结束": "end", "结束 end": "end"}


def read_cell(row: TableRow, column: Column) -> Any:
    """What the cell holds for its column, None when it is empty; raises FileProblem."""
    return meaning(row.values.get(column.name), column, row.place(column.name))


def meaning(value: Value | None, column: Column, place: Place) -> Any:
    if value is None:
        return None
    _refuse(value, place)
    given = value.value
    if isinstance(given, str):
        given = _decoded(given, place)
        if not given.strip() and (column.holds != "exact" or not given):
            return None
    return _READERS[column.holds](given, value.format, column, place)


def _refuse(value: Value, place: Place) -> None:
    given = value.value
    if value.type == "f":
        raise place.problem("this is a formula", "type its result instead", "formula")
    if value.type == "e":
        raise place.problem(f"this is the error {str(given)[:20]}", "type the value itself")
    if isinstance(given, date | time | timedelta):
        raise place.problem("this is a date or a time", TYPE_TEXT)
    if not isinstance(given, str | int | float):
        raise place.problem("this is no text and no number", TYPE_TEXT)
    if isinstance(given, float) and not math.isfinite(given):
        raise place.problem("this number is too large", "type a smaller one")


def _decoded(text: str, place: Place) -> str:
    """Without the codes that spreadsheets write for a carriage return."""
    text = text.replace("_x000D_", "\r").replace("_x000d_", "\r")
    code = _CODED.search(text)
    if code is not None:
        raise place.problem(f"{code[0]} stands for a character that cannot be kept", "remove it")
    return text


def _as_text(given: str | int | float, format: str, place: Place) -> str:
    """The words of the cell; a number only when it shows as it is."""
    if isinstance(given, str):
        return given
    if isinstance(given, bool):
        raise place.problem("this is TRUE or FALSE rather than text", TYPE_TEXT)
    if abs(given) >= 1e15 or format not in ("General", "@", "0"):
        raise place.problem("this is a number, which may show otherwise than it is kept", TYPE_TEXT)
    return f"{given:.15g}"


def _text(given: Any, format: str, column: Column, place: Place) -> str:
    words = _as_text(given, format, place)
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()


def _exact(given: Any, format: str, column: Column, place: Place) -> str:
    return _as_text(given, format, place)


def _lines(given: Any, format: str, column: Column, place: Place) -> list[str]:
    words = _text(given, format, column, place)
    return [line.strip() for line in words.split("\n") if line.strip()]


def _identifier(given: Any, format: str, column: Column, place: Place) -> str:
    word = _text(given, format, column, place)
    return _checked(_ALIASES.get(word, word), place)


def _checked(word: str, place: Place) -> str:
    if not _ID.fullmatch(word):
        raise place.problem(
            f"{word[:40]!r} is no id",
            "use letters, digits, - and _, not a digit first, at most 64 of them",
            "bad-id",
        )
    return word


def _identifiers(given: Any, format: str, column: Column, place: Place) -> list[str]:
    words = _SEPARATORS.split(_text(given, format, column, place))
    names = {name.casefold(): choice for choice, name in column.choices.items() if name}
    return [_checked(names.get(word.casefold(), word), place) for word in words if word]


def _condition(given: Any, format: str, column: Column, place: Place) -> str:
    """The condition, with full-width signs made plain where it makes no sense otherwise."""
    text = _as_text(given, format, place)
    try:
        conditions.parse(text)
    except conditions.ConditionError:
        plain = text.translate(_PLAIN_SIGNS)
        try:
            conditions.parse(plain)
        except conditions.ConditionError:
            return text
        return plain
    return text


_PLAIN_SIGNS = str.maketrans(
    {
        **dict(
            zip(
                "“”‘’＂＇（）［］【】，．＝＞＜！－　\u00a0",
                "\"\"''\"'()[][],.=><!-  ",
                strict=True,
            )
        ),
        **{"≥": ">=", "≤": "<=", "≠": "!=", "》": ">", "《": "<", "。": "."},
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)


def _number(given: Any, format: str, column: Column, place: Place) -> int | float:
    if isinstance(given, bool):
        raise place.problem("this is TRUE or FALSE rather than a number", "type the number")
    if isinstance(given, str):
        digits = given.strip().translate(_PLAIN_SIGNS)
        if not _NUMBER.fullmatch(digits):
            raise place.problem(f"{given.strip()[:40]!r} is no number", "type digits only")
        given = (
            float(digits) if len(digits) > 15 or not digits.lstrip("+-").isdigit() else int(digits)
        )
    elif "%" in format:
        raise place.problem("this number shows as a percentage", "type it without the %")
    if not math.isfinite(given):
        raise place.problem("this number is too large", "type a smaller one")
    return int(given) if float(given).is_integer() and abs(given) < 1e15 else given


def _choice(given: Any, format: str, column: Column, place: Place) -> str:
    word = _as_text(given, format, place).strip()
    for choice, name in column.choices.items():
        if word.casefold() in (choice, name.casefold(), column.shown(choice).casefold()):
            return choice
    allowed = ", ".join(column.shown(choice) for choice in column.choices)
    raise place.problem(f"{word[:40]!r} is not on the list", f"use one of {allowed}", "bad-choice")


def _yes(given: Any, format: str, column: Column, place: Place) -> bool:
    word = (f"{given:g}" if isinstance(given, float) else str(given)).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise place.problem(f"{word[:40]!r} is neither yes nor no", "use 是 yes or 否 no", "bad-choice")


_READERS: dict[Holds, Callable[[Any, str, Column, Place], Any]] = {
    "id": _identifier,
    "ids": _identifiers,
    "text": _text,
    "condition": _condition,
    "exact": _exact,
    "lines": _lines,
    "number": _number,
    "choice": _choice,
    "yes": _yes,
}
