"""How replies look on a channel: texts of a bounded length, and buttons or numbers for options."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.channels.base import Capabilities
from dialogues.events import Reply, ReplyOption

MAX_DATA_BYTES = 64
"""Bytes of a button's data (Telegram Bot API, InlineKeyboardButton)."""
LONG_LABEL = 36
ROW_WIDTH = 24
_SENTENCE_END = re.compile(r"[。！？；…!?]+[”’」』）)\"']*|(?<!\n\d)(?<!\n\d\d)[.;](?=\s)|\n")
"""The dot behind the number of an option does not end a sentence."""
_JOINER = "\u200d"
_REGIONS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Button:
    """A button's words, and what a tap on it sends."""

    label: str
    data: str


@dataclass(frozen=True)
class Layout:
    """Replies as messages in order; the buttons belong to the last."""

    texts: tuple[str, ...]
    rows: tuple[tuple[Button, ...], ...] = ()


def with_progress(reply: Reply) -> str:
    """A reply's words with its place in the interview, such as `3/8`."""
    if reply.progress is None or reply.probe is not None:
        return reply.text
    number, total = reply.progress
    return f"{number}/{total}  {reply.text}"


def as_text(reply: Reply) -> str:
    """A reply in words alone: with its place in the interview and its options numbered."""
    text = with_progress(reply)
    if reply.options:
        listed = "\n".join(f"{i}. {option.text}" for i, option in enumerate(reply.options, 1))
        text = f"{text}\n{listed}"
    return text


def lay_out(replies: Sequence[Reply], able: Capabilities) -> Layout:
    """Replies as a channel shows them. Buttons belong to the last reply's options; long options
    are spelt out above numbered buttons, and without buttons all options are numbered."""
    *before, last = replies
    later = [as_text(reply) for reply in replies[1:]]
    # What is said again further down, such as a question asked again, is said once.
    texts = [text for n, text in enumerate(map(as_text, before)) if text not in later[n:]]
    rows: tuple[tuple[Button, ...], ...] = ()
    if 0 < len(last.options) <= able.buttons:
        spelt_out = any(_width(option.text) > LONG_LABEL for option in last.options)
        texts.append(as_text(last) if spelt_out else with_progress(last))
        rows = _rows(last.options, spelt_out)
    else:
        texts.append(as_text(last))
    return Layout(split(_seen("\n\n".join(texts)), able.length, able.measure), rows)


def _seen(text: str) -> str:
    """Without control characters and what is no character: XML cannot hold them."""
    return _UNSEEN.sub("", text)


def _rows(options: Sequence[ReplyOption], spelt_out: bool) -> tuple[tuple[Button, ...], ...]:
    buttons = tuple(
        Button(str(number) if spelt_out else _seen(option.text), button_data(option, number))
        for number, option in enumerate(options, 1)
    )
    fits_a_row = sum(_width(button.label) + 4 for button in buttons) <= ROW_WIDTH
    return (buttons,) if fits_a_row else tuple((button,) for button in buttons)


def button_data(option: ReplyOption, number: int) -> str:
    """The option's id, or its number in the list (from 1) where the id is too long."""
    return option.id if len(option.id.encode()) <= MAX_DATA_BYTES else str(number)


def utf16(text: str) -> int:
    """The length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """The length in bytes of UTF-8, as WeChat counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, measure: Callable[[str], int] = len) -> tuple[str, ...]:
    """The text in parts of at most `limit`, cut at sentence ends where it can be."""
    parts = []
    while measure(text) > limit:
        cut = _cut(text, limit, measure)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return (*parts, text) if text or not parts else tuple(parts)


def _cut(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """Where to cut: behind a sentence, else at a space, else between two whole characters."""
    used = longest = 0
    for character in text:
        used += measure(character)
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
    while cut > longest // 2 and _belongs_together(text[:cut], text[cut]):
        cut -= 1
    return cut


def _belongs_together(before: str, after: str) -> bool:
    """Whether what stands before a place and the character behind it make one character."""
    marks = unicodedata.category(after) in ("Mn", "Me", "Mc")
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    # A flag is two letters of a region; which of several belong together, their number tells.
    regions = len(before) - len(before.rstrip(_REGIONS))
    in_a_flag = after in _REGIONS and regions % 2 == 1
    return marks or skin_tone or in_a_flag or _JOINER in (before[-1], after)


def _width(text: str) -> int:
    """Columns on a screen; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
