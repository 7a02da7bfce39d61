"""YAML 1.2 text to plain data, remembering the line of every value.

Guides and rubrics are written by people, so every complaint names file, line and mend. Aliases are
refused (they make bombs and cycles), as are duplicate keys, several documents and odd tags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 12

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class FileProblem(ValueError):
    """One thing wrong in a file, in one line: where, what, how to mend. Permanent."""

    def __init__(self, file: str, line: int, message: str, mend: str) -> None:
        self.file, self.line, self.message, self.mend = file, line, message, mend
        super().__init__(f"{file}:{line}: {message}; {mend}")


@dataclass(frozen=True)
class Document:
    """Parsed data and the 1-based line of each path in it."""

    file: str
    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of the longest part of `path` that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, message: str, mend: str) -> FileProblem:
        return FileProblem(self.file, self.line(path), message, mend)


def read_document(text: str, file: str) -> Document:
    """Read one YAML document; raises FileProblem."""
    if len(text) > MAX_CHARACTERS:
        raise FileProblem(
            file, 1, f"the file has {len(text)} characters", f"keep it under {MAX_CHARACTERS}"
        )
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError) as error:
        raise _syntax_problem(error, file) from None
    except ValueError as error:
        raise FileProblem(file, 1, f"not readable as YAML: {error}", "correct the value") from None
    if not isinstance(node, MappingNode):
        raise FileProblem(file, 1, "the file is not a mapping", "start it with `key: value` lines")
    lines: dict[Path, int] = {}
    data = _Reader(file, lines).read(node, ())
    return Document(file, data, lines)


def _syntax_problem(error: Exception, file: str) -> FileProblem:
    if isinstance(error, RecursionError):
        return FileProblem(file, 1, "nested too deeply", f"use at most {MAX_DEPTH} levels")
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return FileProblem(
        file,
        mark.line + 1 if mark else 1,
        f"not valid YAML: {what}",
        "check indentation, quotes and colons on this line",
    )


class _Reader:
    def __init__(self, file: str, lines: dict[Path, int]) -> None:
        self.file = file
        self.lines = lines
        self.seen: set[int] = set()

    def read(self, node: Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self.seen:
            raise FileProblem(self.file, line, "a YAML alias is used", "write the value out")
        self.seen.add(id(node))
        if len(path) > MAX_DEPTH:
            raise FileProblem(
                self.file, line, "nested too deeply", f"use at most {MAX_DEPTH} levels"
            )
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        if not isinstance(node, ScalarNode):
            raise FileProblem(self.file, line, "an unknown kind of value", "write it out")
        return self._scalar(node, line)

    def _mapping(self, node: MappingNode, path: Path) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise FileProblem(self.file, line, "a key is not a word", "use a plain key")
            key = self._scalar(key_node, line)
            if not isinstance(key, str | int):
                raise FileProblem(self.file, line, f"the key {key!r} is not a word", "quote it")
            if key in result:
                raise FileProblem(
                    self.file, line, f"the key {key!r} stands twice", "keep one of them"
                )
            self.lines[(*path, key)] = line
            result[key] = self.read(value_node, (*path, key))
        return result

    def _scalar(self, node: ScalarNode, line: int) -> str | int | float | bool | None:
        kind = str(node.tag).rpartition(":")[2]
        text: str = node.value
        try:
            match kind:
                case "str" | "timestamp":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text, 10)
                case "float":
                    return float(text)
        except ValueError:
            return text
        raise FileProblem(self.file, line, f"the tag {node.tag} is not used here", "remove it")


def validate(document: Document, model: type[Model]) -> Model:
    """Check the data against the model; the first complaint becomes a FileProblem."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path: Path = tuple(first["loc"])
        where = ".".join(str(part) for part in path) or "the file"
        raise document.problem(path, f"{where}: {_plain(first)}", _mend(first)) from None


def _plain(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "this field is not known"
    if error["type"] == "missing":
        return "this field is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    if isinstance(given, str | int | float) and len(str(given)) <= 60:
        message += f" (found {given!r})"
    return message


def _mend(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "correct its spelling or remove it"
    if error["type"] == "missing":
        return "add it"
    return "correct this value"
