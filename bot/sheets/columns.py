"""What a sheet and its columns are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from dialogues.guide import Language

Holds = Literal["id", "ids", "text", "condition", "exact", "lines", "number", "choice", "yes"]
"""What a cell holds. `exact` keeps outer spaces, `lines` is a list with one item a line."""

LANGUAGE_NAMES: dict[str, str] = {"zh": "中文", "en": "English"}
YES, NO = "是 yes", "否 no"


@dataclass(frozen=True)
class Column:
    """A column. `name` is its technical name, by which it is found again whatever its header says.

    `path` is where the value stands in its record; without one it says where the record belongs.
    `fields` are the fields of the models that it keeps. `choices` are the allowed values with
    their Chinese names; `suggests` is a sheet whose ids are offered.
    """

    name: str
    zh: str
    en: str
    holds: Holds
    path: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    suggests: str = ""
    width: int = 14
    rare: bool = False
    """Hidden where no row uses it."""

    @property
    def header(self) -> str:
        return f"{self.zh}\n{self.en}" if self.zh != self.en else self.zh

    @property
    def note(self) -> str:
        return "\n".join(note for note in (self.note_zh, self.note_en) if note)

    def shown(self, choice: str) -> str:
        """A choice as it stands in a cell: its Chinese name and the value."""
        name = self.choices[choice]
        return f"{name} {choice}" if name else choice


@dataclass(frozen=True)
class Sheet:
    """A sheet, a row for each record. `fields` are the fields of the models that its rows fill."""

    key: str
    title: str
    part: Literal["guide", "rubric"]
    zh: str
    en: str
    columns: tuple[Column, ...]
    fields: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def technical(self, column: Column) -> str:
        """The column's name in the hidden first row."""
        return f"{self.key}.{column.name}"


def texts(
    name: str,
    zh: str,
    en: str,
    *fields: str,
    path: tuple[str, ...] | None = None,
    required: bool = False,
    note_zh: str = "",
    note_en: str = "",
    width: int = 44,
) -> tuple[Column, ...]:
    """A column for each language."""
    return tuple(
        Column(
            f"{name}_{language}",
            f"{zh}（{LANGUAGE_NAMES[language]}）",
            f"{en} ({LANGUAGE_NAMES[language]})",
            "text",
            path=(*((name,) if path is None else path), language),
            fields=fields,
            note_zh=note_zh,
            note_en=note_en,
            required=required,
            width=width,
        )
        for language in get_args(Language)
    )


def identifier(zh: str, en: str, *fields: str, note_zh: str = "", note_en: str = "") -> Column:
    """The column of the record's own id."""
    return Column(
        "id",
        zh,
        en,
        "id",
        path=("id",),
        fields=fields,
        required=True,
        width=20,
        note_zh=note_zh or "字母、数字、- 和 _，不以数字开头。其他表用它来指代。",
        note_en=note_en or "Letters, digits, - and _, not a digit first. Other sheets use it.",
    )


def belongs(name: str, zh: str, en: str, sheet: str, title: str) -> Column:
    """The column that says to which row of another sheet, with this title, a row belongs."""
    sheet_zh, _, sheet_en = title.partition(" ")
    return Column(
        name,
        zh,
        en,
        "id",
        note_zh=f"表“{sheet_zh}”里的编号。",
        note_en=f"An id of the sheet {sheet_en}.",
        required=True,
        suggests=sheet,
        width=20,
    )
