"""Finds the program in a chat message.

In doubt a message is no program: the chat then asks again, while a program that nobody meant to
send costs one of few attempts. What is fenced and names its language is always a program.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from bot.sandbox.mending import mend
from bot.sandbox.recognising import is_code_line, parse_python, recognise
from dialogues.guide import ProgrammingLanguage


@dataclass(frozen=True)
class Program:
    """A program, and where in the message it stands, in code points.

    `source` is what stands there, unless signs had to be mended.
    """

    language: ProgrammingLanguage
    source: str
    start: int
    end: int
    mended: bool = False


_NAMES: dict[str, ProgrammingLanguage] = {
    **dict.fromkeys(("python", "python3", "py", "py3"), "python"),
    **dict.fromkeys(("javascript", "js", "node", "nodejs", "node.js", "mjs"), "javascript"),
}
_BLOCK = re.compile(
    r"(?P<fence>```+|~~~+)(?:[ \t]*(?P<name>[\w+#.-]*)[ \t]*\n)?"
    r"(?P<inside>.*?)(?:(?P=fence)[ \t]*$|^[ \t]*(?P=fence)|\Z)",
    re.DOTALL | re.MULTILINE,
)
_NAME = r"(python3?|py3?|javascript|js|node(?:\.?js)?|mjs)(?:[ \t]*[\d.]+)?"
_HEADING = re.compile(rf"[ \t]*{_NAME}[ \t]*(?:代码|程序|code|program)?[ \t]*[:：]?", re.IGNORECASE)
_HINT = re.compile(rf"#!.*[/ ]{_NAME}\s*|(?:\#|//)\s*{_NAME}\s*", re.IGNORECASE)
_PROSE_ENDS = (":", "：", ",", "，", ".", "。", "!", "！", "~")
_QUOTES = ('"', "'", "“", "‘")
_MOST_PROSE_LINES = 3


def read_program(text: str, allowed: Sequence[ProgrammingLanguage]) -> Program | None:
    """The program in a message: its first fenced one, else the message if it is a program."""
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        return _plain(text, allowed)
    for block in blocks:
        start, end = _trimmed(text, *block.span("inside"))
        language = _language_of(block["name"], text[start:end], allowed)
        if start < end and language is not None and language in allowed:
            return _program(text, start, end, language)
    return None


def _language_of(
    name: str | None, source: str, allowed: Sequence[ProgrammingLanguage]
) -> ProgrammingLanguage | None:
    """The language of a fenced block; `name` is None when the fence stands inside a line."""
    if name:
        return _NAMES.get(name.lower())
    language = _hint(source) or recognise(source, allowed)
    if language is None and name is not None and len(allowed) == 1:
        return allowed[0]
    return language


def _plain(text: str, allowed: Sequence[ProgrammingLanguage]) -> Program | None:
    """The message, or what follows its first lines of prose or the language's bare name."""
    start, named = _beginning(text)
    start, end = _trimmed(text, start, len(text))
    source = text[start:end]
    hinted = _hint(source)
    if hinted:
        source = source.partition("\n")[2]
    named = named or hinted
    language = recognise(source, [named] if named else allowed)
    if language is None or language not in allowed:
        return None
    return _program(text, start, end, language)


def _beginning(text: str) -> tuple[int, ProgrammingLanguage | None]:
    """Where the program may begin, and the language when the line before it is its bare name."""
    start = 0
    for _ in range(_MOST_PROSE_LINES):
        line, ended, _ = text[start:].partition("\n")
        heading = _HEADING.fullmatch(line.rstrip())
        if not ended or not (heading or _is_prose(line)):
            break
        start += len(line) + 1
        if heading:
            return start, _NAMES[heading[1].lower()]
    return start, None


def _is_prose(line: str) -> bool:
    line = line.strip()
    return not line or (
        line.endswith(_PROSE_ENDS) and not line.startswith(_QUOTES) and not is_code_line(line)
    )


def _hint(source: str) -> ProgrammingLanguage | None:
    """The language that the first line names: `# python`, `// javascript` or `#!`."""
    match = _HINT.fullmatch(source.partition("\n")[0])
    name = (match[1] or match[2]).lower() if match else ""
    return _NAMES.get(name)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without empty lines around it; its first line keeps its indentation."""
    source = text[start:end]
    end = start + len(source.rstrip())
    indented = source[: len(source) - len(source.lstrip())]
    return min(start + indented.rfind("\n") + 1, end), end


def _program(text: str, start: int, end: int, language: ProgrammingLanguage) -> Program:
    source = text[start:end]
    mended = source
    if language == "javascript":
        mended = mend(source, language)
    elif parse_python(source) is None:
        tried = textwrap.dedent(mend(source, language))
        mended = tried if parse_python(tried) else source
    return Program(language, mended, start, end, mended != source)
