"""`miantan understand`: what a message means, and how often a parser tells it rightly."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.commands.errors import CommandError
from bot.files import read_text
from bot.settings import Settings
from bot.text import clean
from bot.understanding.base import INTENTS, NOTHING_OPEN, Context, Parser, Understood
from bot.understanding.hearing import LONGEST_QUESTION
from bot.understanding.measure import Figures, Judged, confusion, figures, mistakes
from bot.understanding.sentences import is_long, without_model
from dialogues.guide import Kind, Language

KNOWN = (*INTENTS, "no_words")
"""The intents that a row may have. `unsure` is what a parser says, not what a message means."""
PARSERS = ("embedded", "rasa")
MOST_MISTAKES = 10
"""Confusions shown in the table; --json has all."""
LONGEST_LINE = 1_000_000
"""Bytes of a line of standard input that are read."""


class Open(BaseModel):
    """The question that was open."""

    model_config = ConfigDict(extra="ignore")
    question: str
    kind: Kind = "open"


class Row(BaseModel):
    """A line of the input."""

    model_config = ConfigDict(extra="ignore")
    text: str = Field(min_length=1)
    language: Language
    intent: str
    context: Open | None = None


def ready(settings: Settings, name: str) -> Parser:
    """The parser of that name. It alone answers: where Rasa does not, that is an error."""
    from bot.prepare import DEFAULT, ready_encoder, ready_parser

    if name not in PARSERS:
        raise CommandError(f"--parser {name}: use {' or '.join(PARSERS)}")
    if name == "rasa" and not settings.rasa_url:
        raise CommandError("--parser rasa: MIANTAN_RASA_URL is not set; name a Rasa server with it")
    encoder = settings.encoder if settings.encoder == "light" else DEFAULT
    alone = settings.model_copy(update={"encoder": encoder, "rasa_url": ""})
    embedded = ready_parser(alone, ready_encoder(alone))
    return embedded if name == "embedded" else _rasa(settings, embedded)


def _rasa(settings: Settings, embedded: Parser) -> Parser:
    from bot.logs import set_up
    from bot.understanding.rasa import RasaParser

    set_up("error")  # That Rasa is unavailable is the command's own line.
    token = settings.rasa_token.get_secret_value() if settings.rasa_token else ""
    return RasaParser(settings.rasa_url, token, _InNoStead(embedded), settings.rasa_seconds)


@dataclass(frozen=True)
class _InNoStead:
    """Stands behind Rasa: what is never asked of Rasa goes on, what Rasa did not answer ends it."""

    embedded: Parser

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        if not is_long(text) and without_model(text) is None:
            raise CommandError(
                "Rasa does not answer; check MIANTAN_RASA_URL, MIANTAN_RASA_TOKEN and its log", 1
            )
        return self.embedded.parse(text, context)


def read_rows(file: Path, language: Language | None) -> list[Row]:
    """The rows in one language, or all; raises CommandError with file and line."""
    rows = [row for row in _read(file) if language in (None, row.language)]
    if not rows:
        which = f" in {language}" if language else ""
        raise CommandError(f"{file}: has no rows{which}; write one a line: text, language, intent")
    return rows


def _read(file: Path) -> Iterator[Row]:
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = Row.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "row"
            raise CommandError(
                f"{file}:{number}: {where}: {first['msg']}; correct the row"
            ) from None
        if row.intent not in KNOWN:
            raise CommandError(
                f"{file}:{number}: there is no intent {row.intent!r}; use one of {', '.join(KNOWN)}"
            )
        yield row


def read_line(stream: BinaryIO) -> str:
    """One line of standard input; raises CommandError when there is none."""
    line = stream.readline(LONGEST_LINE)
    if not line:
        raise CommandError("no message: give TEXT, --in FILE, or a line on standard input")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError("standard input: is not UTF-8 text; write it as UTF-8") from None


def make_context(question: str | None, kind: str | None) -> Context:
    """The context that the options give."""
    if question is None:
        if kind is not None:
            raise CommandError("--kind is that of a question; give --question as well")
        return NOTHING_OPEN
    if kind not in (None, *get_args(Kind)):
        raise CommandError(f"--kind {kind}: use one of {', '.join(get_args(Kind))}")
    return Context(question[-LONGEST_QUESTION:], kind or "open")


def judge(parser: Parser, rows: Sequence[Row], workers: int) -> list[Judged]:
    """What the parser makes of each row, in order; `workers` are told at the same time."""

    def told(row: Row) -> Judged:
        asked = row.context
        context = make_context(asked.question, asked.kind) if asked else NOTHING_OPEN
        found = parser.parse(clean(row.text), context)
        return Judged(row.text, row.language, row.intent, context, found)

    with ThreadPoolExecutor(workers, thread_name_prefix="understand") as pool:
        return list(pool.map(told, rows))


def tell(understood: Understood) -> dict[str, Any]:
    """As JSON."""
    also = {"also": understood.also} if understood.also is not None else {}
    return {
        "intent": understood.intent,
        "confidence": understood.confidence,
        "parser": understood.parser,
        **also,
    }


def as_line(understood: Understood) -> str:
    also = f", and besides {understood.also}" if understood.also is not None else ""
    confidence = f"{understood.confidence:.0%}"
    return f"{understood.intent}{also} ({confidence}, by {understood.parser})"


def as_json(judged: Sequence[Judged]) -> str:
    """All that was measured, and each row with what was found. Shares have four decimal places."""
    by_language = _by_language(judged)
    both = figures(judged)
    data = {
        "n": {name: each.n for name, each in by_language.items()},
        "accuracy": {name: _rounded(each.accuracy) for name, each in by_language.items()},
        "answers_as_commands": _rounded(both.answers_as_commands),
        "withdrawals_missed": _rounded(both.withdrawals_missed),
        "calibration_error": _rounded(both.calibration_error),
        "confusion": confusion(judged),
        "rows": [
            {
                "text": row.text,
                "language": row.language,
                "intent": row.intent,
                "right": row.right,
                "found": tell(row.found),
            }
            for row in judged
        ],
    }
    return json.dumps(data, ensure_ascii=False)


def as_table(judged: Sequence[Judged]) -> str:
    """The figures of each language, and the most frequent confusions."""
    found = {name: each for name, each in _by_language(judged).items() if each.n}
    if len(found) > 1:
        found["both"] = figures(judged)
    head = ("", "n", "accuracy", "answers as commands", "withdrawals missed", "calibration error")
    lines = [head, *(_cells(name, each) for name, each in found.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    wrong = mistakes(judged)[:MOST_MISTAKES]
    if wrong:
        text += ["", "most frequent confusions:"]
        text += [f"{count:>6}  {wanted} taken for {given}" for wanted, given, count in wrong]
    return "\n".join(text)


def _cells(name: str, found: Figures) -> tuple[str, ...]:
    return (
        name,
        str(found.n),
        _percent(found.accuracy),
        _percent(found.answers_as_commands, found.answers),
        _percent(found.withdrawals_missed, found.rights),
        "–" if found.calibration_error is None else f"{found.calibration_error:.3f}",
    )


def _by_language(judged: Sequence[Judged]) -> dict[str, Figures]:
    return {
        name: figures([row for row in judged if row.language == name])
        for name in get_args(Language)
    }


def _percent(share: float | None, of: int | None = None) -> str:
    if share is None:
        return "–"
    return f"{share:.1%}" if of is None else f"{share:.1%} of {of}"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
