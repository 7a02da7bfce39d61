"""How a reply looks in Telegram: plain texts of a bounded length, and buttons for options."""

import re
import unicodedata
from dataclasses import dataclass

from bot.channels.base import as_text, with_progress
from dialogues.events import Reply, ReplyOption

MAX_UNITS = 4096
"""Characters of a message (Telegram Bot API, sendMessage), counted in UTF-16 units."""
MAX_DATA_BYTES = 64
"""Bytes of a button's data (Telegram Bot API, InlineKeyboardButton)."""
MAX_BUTTONS = 100
"""Buttons of a message that the platform takes."""

LONG_LABEL = 36
ROW_WIDTH = 24
_SENTENCE_END = re.compile(r"[。！？；…!?]+[”’」』）)\"']*|[.;](?=\s)|\n")
_JOINER = "\u200d"


@dataclass(frozen=True)
class Button:
    """A button's words, and what a tap on it sends."""

    label: str
    data: str


@dataclass(frozen=True)
class Layout:
    """A reply as messages in order; the buttons belong to the last."""

    texts: tuple[str, ...]
    rows: tuple[tuple[Button, ...], ...] = ()


def lay_out(reply: Reply) -> Layout:
    """A reply as Telegram shows it: long options are spelt out above numbered buttons."""
    options = reply.options
    if not options:
        return Layout(split(with_progress(reply)))
    if len(options) > MAX_BUTTONS:
        return Layout(split(as_text(reply)))
    spelt_out = any(_width(option.text) > LONG_LABEL for option in options)
    buttons = tuple(
        Button(str(number) if spelt_out else option.text, button_data(option, number))
        for number, option in enumerate(options, 1)
    )
    text = as_text(reply) if spelt_out else with_progress(reply)
    fits_a_row = sum(_width(button.label) + 4 for button in buttons) <= ROW_WIDTH
    rows = (buttons,) if fits_a_row else tuple((button,) for button in buttons)
    return Layout(split(text), rows)


def button_data(option: ReplyOption, number: int) -> str:
    """The option's id, or its number in the list (from 1) where the id is too long."""
    return option.id if len(option.id.encode()) <= MAX_DATA_BYTES else str(number)


def split(text: str, limit: int = MAX_UNITS) -> tuple[str, ...]:
    """The text in parts of at most `limit` UTF-16 units, cut at sentence ends where it can be."""
    parts = []
    while units(text) > limit:
        cut = _cut(text, limit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return (*parts, text) if text or not parts else tuple(parts)


def units(text: str) -> int:
    """The length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, limit: int) -> int:
    """Where to cut: behind a sentence, else at a space, else between two whole characters."""
    used = longest = 0
    for character in text:
        used += 2 if ord(character) > 0xFFFF else 1
        if used > limit:
            break
        longest += 1
    window = text[: longest + 1]
    ends = [match.end() for match in _SENTENCE_END.finditer(window)]
    spaces = [match.end() for match in re.finditer(r"\s", window)]
    for places in (ends, spaces):
        fitting = [place for place in places if longest // 2 < place <= longest]
        if fitting:
            return fitting[-1]
    cut = longest
    while cut > longest // 2 and _belongs_together(text[cut - 1], text[cut]):
        cut -= 1
    return cut


def _belongs_together(before: str, after: str) -> bool:
    marks = unicodedata.category(after) in ("Mn", "Me", "Mc")
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return marks or skin_tone or _JOINER in (before, after)


def _width(text: str) -> int:
    """Columns on a screen; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
