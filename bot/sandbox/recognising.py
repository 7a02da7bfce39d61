"""Tells programs from other messages, and the two languages from each other."""

import ast
import re
import threading
import warnings
from collections.abc import Sequence

from bot.sandbox.mending import mend
from dialogues.guide import ProgrammingLanguage

_DOES_SOMETHING = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.For, ast.While, ast.If, ast.With, ast.Try),
)
_WRITERS = ("print", "write", "writelines")

_PYTHON_LINE = re.compile(
    r"(?:def|class|for|while|if|elif|with|else|try|except|finally)\b.*:(?:\s*\#.*)?"
    r"|import\s+[\w.]+(?:\s+as\s+\w+)?|from\s+[\w.]+\s+import\s.*"
    r"|[A-Za-z_][\w.]*(?:\[[^\]]*\])?(?:\s*,\s*[A-Za-z_]\w*)*\s*[-+*/%|&^]?=(?!=).*"
    r"|[A-Za-z_][\w.]*\(.*[^?？。！!]|print\s*[\"'].*|return\b.*|\#.*|[\])}].*"
)
_PYTHON_MARK = re.compile(
    r"def\s+\w+\s*\(|class\s+\w+|for\s+\w.*\bin\b|while\b|import\s|from\s.*\simport\s"
    r"|print\s*[(\"']|.*\binput\(|.*\bsys\.std"
)
"""What begins a line of Python. Looked for line by line: spaces over lines would cost their square."""
_JAVASCRIPT_LINE = re.compile(
    r"[})\]].*|.*[;{,(\[)`](?:\s*//.*)?|//.*|/?\*.*|.*=>.*"
    r"|(?:const|let|var|function|if|for|while|return|class|import|export)\b.*[^?？。！!.]"
)
_JAVASCRIPT_MARK = re.compile(
    r"\b(?:const|let|var)\s+[\w$\[{]|=>|\bconsole\.\w+\(|\bfunction\b[^\n(]{0,80}\("
    r"|\bprocess\.std|\brequire\(|^import\s[^\n]{1,200}\sfrom\s*['\"]",
    re.MULTILINE,
)
_one_at_a_time = threading.Lock()


def recognise(source: str, allowed: Sequence[ProgrammingLanguage]) -> ProgrammingLanguage | None:
    """The language that a message is a program in; None when it does not look like a program."""
    python, javascript = _is_python(source), _is_javascript(source)
    if not python and not javascript:
        return None
    if len(allowed) == 1:
        return allowed[0]
    return "python" if python else "javascript"


def is_code_line(line: str) -> bool:
    """Whether a line of its own looks like code in either language."""
    line = line.strip()
    return any(pattern.fullmatch(line) for pattern in (_PYTHON_LINE, _JAVASCRIPT_LINE))


def parse_python(source: str) -> ast.Module | None:
    """The program's syntax tree; None when it is no Python."""
    try:
        # Warnings about a candidate's program are not for our log.
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_python(source: str) -> bool:
    mended = mend(source, "python")
    tree = parse_python(source) or parse_python(mended)
    if tree is not None:
        return any(isinstance(node, _DOES_SOMETHING) or _writes(node) for node in ast.walk(tree))
    return (
        any(_PYTHON_MARK.match(line.strip()) for line in mended.split("\n"))
        and not _JAVASCRIPT_MARK.search(mended)
        and _mostly(_PYTHON_LINE, mended)
    )


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    return name in _WRITERS


def _is_javascript(source: str) -> bool:
    mended = mend(source, "javascript")
    return bool(_JAVASCRIPT_MARK.search(mended)) and _mostly(_JAVASCRIPT_LINE, mended)


def _mostly(pattern: re.Pattern[str], source: str) -> bool:
    """Whether more than half of the lines that are not empty match."""
    lines = [line.strip() for line in source.split("\n") if line.strip()]
    return 2 * sum(bool(pattern.fullmatch(line)) for line in lines) > len(lines)
