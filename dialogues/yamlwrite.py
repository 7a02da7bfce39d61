"""Writing a model as YAML that people can read and that is read back as the same model.

The text is canonical: fields in the model's order, languages and levels in theirs, defaults left
out, long texts folded. Equal models whose other mappings have one order give equal texts.
"""

import io
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
)

WIDTH = 90
"""The column after which a long text goes on in the next line, in characters."""


def dump_model(model: BaseModel) -> str:
    """The model as YAML; reading it gives an equal model."""
    return dump_data(_plain(model, type(model)))


def dump_data(data: Mapping[str, Any]) -> str:
    """Plain data (mappings, lists, texts, finite numbers, truth values) as YAML."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = WIDTH
    out = io.StringIO()
    yaml.dump(_styled(data), out)
    return out.getvalue()


def _plain(value: Any, hint: Any) -> Any:
    """The value as plain data, without fields that have their default."""
    if isinstance(value, BaseModel):
        return {
            field.serialization_alias or field.alias or name: _plain(given, field.annotation)
            for name, field in type(value).model_fields.items()
            if (given := getattr(value, name)) is not None
            and (field.is_required() or given != field.get_default(call_default_factory=True))
        }
    hint = _without_extras(hint)
    if isinstance(value, Mapping):
        key_hint, item_hint = get_args(hint) or (None, None)
        keys = [key for key in get_args(key_hint) if key in value] if _closed(key_hint) else value
        return {key: _plain(value[key], item_hint) for key in keys}
    if isinstance(value, list):
        (item_hint,) = get_args(hint) or (None,)
        return [_plain(item, item_hint) for item in value]
    return value


def _closed(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _without_extras(hint: Any) -> Any:
    """`X` of `Annotated[X, …]` and of `X | None`."""
    while True:
        options = [option for option in get_args(hint) if option is not type(None)]
        optional = len(options) == 1 and get_origin(hint) not in (dict, list, Literal)
        if not optional and get_origin(hint) is not Annotated:
            return hint
        hint = options[0]


def _styled(value: Any) -> Any:
    """The value with the style of each text chosen."""
    if isinstance(value, Mapping):
        return {_styled(key): _styled(item) for key, item in value.items()}
    if isinstance(value, list):
        items = CommentedSeq([_styled(item) for item in value])
        words = all(isinstance(item, str) and _WORD.fullmatch(item) for item in value)
        if words and sum(len(item) + 2 for item in value) < WIDTH - 20:
            items.fa.set_flow_style()
        return items
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> Any:
    # ruamel.yaml loses spaces where it breaks lines of other styles at two of them.
    if _MISREAD.fullmatch(text) or "  " in text or not _shown_as_it_is(text):
        return DoubleQuotedScalarString(text)
    if "\n" in text and _LINES.fullmatch(text):
        return LiteralScalarString(text)
    if "\n" in text:
        return DoubleQuotedScalarString(text)
    if len(text) > WIDTH - 20 and _FOLDABLE.fullmatch(text):
        return FoldedScalarString(text)
    return text


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
# What other readers of YAML take for a truth value, nothing, a number or a date.
_MISREAD = re.compile(r"(?i)(?:y|n|yes|no|on|off|true|false|null|~|[-+.]?[0-9][-+.:_ 0-9a-z]*)?")
# Lines without outer spaces, the first and the last of them not empty; a line break may end them.
_LINES = re.compile(r"\S(?:[^\n]*\S)?(?:\n+\S(?:[^\n]*\S)?)*\n?")
# Words with one space between them.
_FOLDABLE = re.compile(r"\S+(?: \S+)+")


def _shown_as_it_is(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)
