"""Undoes what keyboards and chat programs do to a program: “quotes”, （full width）, odd spaces."""

import re

from dialogues.guide import ProgrammingLanguage

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_QUOTES = str.maketrans("“”„‟″‘’‚‛′", "\"\"\"\"\"'''''")
_SPACES = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_NOTHING = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_SIGNS = str.maketrans("、", ",")
_OUTER = re.compile(r"^[ \t]+", re.MULTILINE)

# What is not closed goes on to the end, so that reading takes linear time.
_TEXT = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_LITERALS: dict[ProgrammingLanguage, re.Pattern[str]] = {
    "python": re.compile(rf"('''(?:.*?'''|.*)|\"\"\"(?:.*?\"\"\"|.*)|{_TEXT}|\#[^\n]*)", re.DOTALL),
    "javascript": re.compile(
        rf"(/\*(?:.*?\*/|.*)|//[^\n]*|`(?:\\.|[^`\\])*`|{_TEXT}|/(?:\\.|[^/\\\n])+/)", re.DOTALL
    ),
}


def mend(source: str, language: ProgrammingLanguage) -> str:
    """The source with ASCII signs and plain spaces outside its texts and comments."""
    source = _outside(source, language, {**_QUOTES, **_SPACES, **_NOTHING})
    # Only now it is plain where its texts are.
    source = _outside(source, language, {**_FULL_WIDTH, **_SIGNS})
    if language == "python":
        source = _OUTER.sub(lambda spaces: spaces[0].expandtabs(4), source)
    return source


def _outside(source: str, language: ProgrammingLanguage, signs: dict[int, int | str | None]) -> str:
    parts = _LITERALS[language].split(source)
    parts[::2] = [part.translate(signs) for part in parts[::2]]
    return "".join(parts)
