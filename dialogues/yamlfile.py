"""YAML 1.2 text to plain data, remembering the line of every value.

Guides and rubrics are written by people, so every complaint names file, line and mend. Aliases are
refused (they make bombs and cycles), as are duplicate keys, several documents and odd tags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

MAX_CHARACTERS = 3_000_000
MAX_VALUES = 150_000
MAX_DEPTH = 12
MAX_MESSAGE = 400

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class FileProblem(ValueError):
    """One thing wrong in a file, in one line: where, what, how to mend. Permanent.

    `code` names the kind of problem, for programs; docs/guide-findings.md lists them.
    """

    def __init__(
        self, file: str, line: int, message: str, mend: str, code: str = "unreadable"
    ) -> None:
        self.code, self.file, self.line = code, file, line
        self.message, self.mend = _one_line(message), _one_line(mend)
        super().__init__(f"{file}:{line}: {self.message}; {self.mend}")

    def as_json(self) -> dict[str, str | int]:
        return {
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "mend": self.mend,
        }


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE]}…"


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

    def problem(self, path: Path, message: str, mend: str, code: str = "invalid") -> FileProblem:
        return FileProblem(self.file, self.line(path), message, mend, code)


def read_document(text: str, file: str) -> Document:
    """Read one YAML document; raises FileProblem."""
    if len(text) > MAX_CHARACTERS:
        raise FileProblem(
            file, 1, f"the file has {len(text)} characters", f"keep it under {MAX_CHARACTERS}"
        )
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    yaml.max_depth = MAX_DEPTH + 1
    try:
        node = yaml.compose(text)
    except _RefusedError as refused:
        raise FileProblem(file, refused.line, refused.message, refused.mend) from None
    except YAMLError as error:
        raise _syntax_problem(error, text, file) from None
    except (ValueError, OverflowError, AssertionError) as error:
        # ruamel's own answer to \U escapes beyond Unicode and to odd %YAML lines.
        raise FileProblem(file, 1, f"not readable as YAML: {error}", "correct the value") from None
    if not isinstance(node, MappingNode):
        raise FileProblem(file, 1, "the file is not a mapping", "start it with `key: value` lines")
    lines: dict[Path, int] = {}
    data = _Reader(file, lines).read(node, ())
    return Document(file, data, lines)


def _syntax_problem(error: YAMLError, text: str, file: str) -> FileProblem:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return FileProblem(
            file, line, f"the character U+{error.character:04X} is not allowed", "remove it"
        )
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    what = getattr(error, "problem", None) or str(error)
    if isinstance(error, MaxDepthExceededError):
        return FileProblem(
            file,
            mark.line + 1 if mark else 1,
            "nested too deeply",
            f"use at most {MAX_DEPTH} levels",
        )
    if "end of stream" in what or "<stream end>" in what:
        # What was never closed stands where it begins.
        mark = getattr(error, "context_mark", None) or mark
    return FileProblem(
        file,
        mark.line + 1 if mark else 1,
        f"not valid YAML: {what}",
        "check indentation, quotes and colons on this line",
    )


class _RefusedError(Exception):
    """Valid YAML that is not taken here."""

    def __init__(self, line: int, message: str, mend: str) -> None:
        self.line, self.message, self.mend = line, message, mend


class _Composer(Composer):
    """Refuses aliases and floods of values where they stand, before they cost anything."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self.values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        line = event.start_mark.line + 1
        self.values += 1
        if self.values > MAX_VALUES:
            raise _RefusedError(line, f"more than {MAX_VALUES} values", "split the file")
        if isinstance(event, AliasEvent):
            raise _RefusedError(line, "a YAML alias is used", "write the value out")
        return super().compose_node(parent, index)


class _Reader:
    def __init__(self, file: str, lines: dict[Path, int]) -> None:
        self.file = file
        self.lines = lines

    def read(self, node: Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
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
            if isinstance(key, bool) or not isinstance(key, str | int):
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
        try:
            # JSON escapes a character beyond U+FFFF as two halves.
            text = str(node.value).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise FileProblem(
                self.file, line, "half a character is escaped", "write the character out"
            ) from None
        try:
            match kind:
                case "str" | "timestamp" | "value" | "merge":
                    return text
                case "null":
                    return None
                case "bool" if text.lower() in ("true", "false"):
                    return text.lower() == "true"
                case "bool":
                    return text
                case "int":
                    return int(text, 10)
                case "float":
                    return float(text)
        except ValueError:
            return text
        raise FileProblem(self.file, line, f"the tag {node.tag} is not used here", "remove it")


def validate(document: Document, model: type[Model]) -> Model:
    """Check the data against the model; raises FileProblem for the first complaint."""
    valid, problems = try_validate(document, model)
    if valid is None:
        raise problems[0]
    return valid


def try_validate(document: Document, model: type[Model]) -> tuple[Model | None, list[FileProblem]]:
    """The data as the model has it, or every complaint in the order of the file."""
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        problems = [_complaint(document, each) for each in error.errors(include_url=False)]
        return None, sorted(problems, key=lambda problem: problem.line)


def _complaint(document: Document, error: Any) -> FileProblem:
    path: Path = tuple(error["loc"])
    where = ".".join(str(part) for part in path) or "the file"
    cause = error.get("ctx", {}).get("error")
    code = getattr(cause, "code", "invalid")
    return document.problem(path, f"{where}: {_plain(error)}", _mend(error), code)


_PLAIN = {
    "extra_forbidden": "this field is not known",
    "missing": "this field is missing",
    "model_type": "this is not a mapping",
    "dict_type": "this is not a mapping",
    "list_type": "this is not a list",
}


def _plain(error: Mapping[str, Any]) -> str:
    if error["type"] in _PLAIN:
        return _PLAIN[error["type"]]
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
