"""Who is invited, by a table of people: its columns, its rows, and all that is wrong in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.invitations import cells
from bot.invitations.table import Row, Table, read_table
from bot.storage.invitations import CHATS, Contact, Via
from dialogues.guide import Language, ProfileField, Text
from dialogues.plan import Plan
from dialogues.yamlfile import FileProblem

T = TypeVar("T")
_WHO = {"name", "email", "phone", *CHATS}


@dataclass(frozen=True)
class Choices:
    """What the campaign knows; the texts are what people may write instead of an id."""

    positions: Mapping[str, Text]
    types: Mapping[str, Text]
    languages: Sequence[Language]
    profile: Mapping[str, ProfileField] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> "Choices":
        guides = [position.guide for position in plan.positions.values()]
        return cls(
            positions={name: position.title for name, position in plan.positions.items()},
            types={name: text for guide in guides for name, text in guide.candidate_types.items()},
            languages=plan.languages,
            profile={name: fact for guide in guides for name, fact in guide.profile.items()},
        )


@dataclass(frozen=True)
class Guest:
    """A person of the list; what it does not say is None or empty."""

    contact: Contact
    position: str | None = None
    candidate_type: str | None = None
    language: Language | None = None
    source: str = ""


@dataclass(frozen=True)
class Guests:
    """The people of a file. With problems nobody is invited. `unasked` are columns that no guide
    of the campaign knows."""

    guests: Sequence[Guest]
    problems: Sequence[FileProblem]
    unasked: Sequence[str]


def read_guests(data: bytes, file: str, choices: Choices, via: Via | None = None) -> Guests:
    """The people of a CSV or XLSX file, each to be reached by `via`.

    Raises FileProblem when it cannot be read at all.
    """
    table = read_table(data, file)
    return _Reader(table, _columns(table, choices), choices, via).read()


def _columns(table: Table, choices: Choices) -> dict[str, str]:
    """The header of each column, by what it means: a known name, or `profile.NAME`."""
    labels = {
        cells.plain(label): name
        for name, fact in choices.profile.items()
        for label in (name, *fact.label.values())
    }
    found: dict[str, str] = {}
    for header in table.headers:
        if not header:
            raise FileProblem(table.file, 1, "a column has no header", "write one, or delete it")
        fact = labels.get(cells.plain(header), header[: cells.LONGEST])
        name = cells.meaning(header) or f"profile.{fact}"
        if name in found:
            message = f"the columns {found[name]!r} and {header!r} mean the same"
            raise FileProblem(table.file, 1, message, "delete one of them")
        found[name] = header
    if not _WHO & set(found):
        mend = "name one 姓名 (name), 邮箱 (email) or 手机 (phone)"
        raise FileProblem(table.file, 1, "no column says who is invited", mend)
    return found


class _Reader:
    """Reads one table; all problems are collected, to be mended at once."""

    def __init__(
        self, table: Table, columns: Mapping[str, str], choices: Choices, via: Via | None
    ) -> None:
        self._table, self._columns, self._choices, self._via = table, columns, choices, via
        self._problems: list[FileProblem] = []
        self._seen: dict[tuple[Via, str], int] = {}

    def read(self) -> Guests:
        guests = [self._guest(row) for row in self._table.rows]
        known = {f"profile.{name}" for name in self._choices.profile}
        unasked = [
            header
            for name, header in self._columns.items()
            if name.startswith("profile.") and name not in known
        ]
        return Guests(guests, self._problems, unasked)

    def _guest(self, row: Row) -> Guest:
        under = dict(zip(self._columns, row.cells, strict=True))
        given = {name: text for name, text in under.items() if text}

        def read(name: str, meaning: Callable[[str], T]) -> T | None:
            """What the cell of a column means, None where it is empty or wrong."""
            if name not in given:
                return None
            try:
                return meaning(given[name])
            except cells.WrongError as error:
                self._blame(row, name, error.message, error.mend)
                return None

        choices = self._choices
        contact = Contact(
            name=read("name", cells.as_words) or "",
            email=read("email", cells.as_email) or "",
            phone=read("phone", cells.as_phone) or "",
            telegram=read("telegram", lambda text: cells.as_address(text, "telegram")) or "",
            wechat=read("wechat", lambda text: cells.as_address(text, "wechat")) or "",
            wecom=read("wecom", lambda text: cells.as_address(text, "wecom")) or "",
            profile=self._profile(given, read),
        )
        self._check(row, given, contact)
        return Guest(
            contact,
            position=read("position", lambda text: cells.as_choice(text, choices.positions)),
            candidate_type=read("type", lambda text: cells.as_choice(text, choices.types)),
            language=read("language", lambda text: cells.as_language(text, choices.languages)),
            source=read("source", cells.as_words) or "",
        )

    def _profile(
        self,
        given: Mapping[str, str],
        read: Callable[[str, Callable[[str], str | float]], str | float | None],
    ) -> dict[str, str | float]:
        facts: dict[str, str | float] = {}
        for name in given:
            fact = name.removeprefix("profile.")
            known = self._choices.profile.get(fact)
            if fact == name:
                continue
            value = read(name, lambda text, f=known: cells.as_fact(text, f) if f else text)  # type: ignore[misc]
            if value is not None:
                facts[fact] = value
        return facts

    def _check(self, row: Row, given: Mapping[str, str], contact: Contact) -> None:
        """Whether somebody is named, can be reached, and stands in one row only."""
        if not _WHO & set(given):
            self._blame(row, "", "nobody is named", "write a name or an address, or delete the row")
        via = self._via
        if via is not None and cells.column_of(via) not in given:
            mend = f"fill in the column {cells.column_of(via)}, or leave --send {via} out"
            self._blame(row, "", f"there is no address to send to by {via}", mend)
        for way in contact.addresses():
            first = self._seen.setdefault(way, row.number)
            if first != row.number:
                message = f"{given[cells.column_of(way[0])]!r} stands in row {first} too"
                self._blame(row, cells.column_of(way[0]), message, "delete one of the rows")

    def _blame(self, row: Row, name: str, message: str, mend: str) -> None:
        header = self._columns.get(name, "")
        self._problems.append(self._table.problem(row.number, header, message, mend))
