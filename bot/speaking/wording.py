"""A text made ready to be spoken: what is only for the eye taken out or named, numbers in words, and
cut where sentences end.

Program text, tables and addresses are named, not read: they stand there in writing.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bot.speaking.base import NOTHING, TOO_LONG, Language, NotSpokenError
from bot.speaking.numbers import in_words

MOST_CHARACTERS = 1_000
"""Of a text: what takes about four minutes to say in Chinese, one in English."""
LONGEST: dict[Language, int] = {"zh": 80, "en": 240}
"""Characters of a sentence: beyond these voices hurry, or leave the end out."""

Rule = tuple[re.Pattern[str], dict[Language, str]]
"""What is looked for, and what stands there instead in each language."""


def _rule(pattern: str, zh: str, en: str, flags: int = 0) -> Rule:
    return re.compile(pattern, flags), {"zh": zh, "en": en}


_MARKUP: Sequence[Rule] = (
    _rule(
        r"^(```|~~~).*?(?:^\1[ \t]*$|\Z)",
        "（程序见文字）",
        "(see the program in writing)",
        re.M | re.S,
    ),
    _rule(
        r"(?:^[ \t]*\|.*\|[ \t]*(?:\n|\Z))+",
        "（表格见文字）\n",
        "(see the table in writing)\n",
        re.M,
    ),
    _rule(r"!?\[([^\]\n]*)\]\([^)\s]*\)", r"\1", r"\1"),
    _rule(
        r"<?(?:https?://|www\.)[A-Za-z0-9._~:/?#@!$&*+;=%-]*[A-Za-z0-9/]>?", "链接", " the link "
    ),
    _rule(
        r"<?[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+>?",
        "邮箱地址",
        " the e-mail address ",
    ),
    _rule(r"^[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*$", "", "", re.M),
    _rule(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+)+", "", "", re.M),
    _rule(r"^[ \t]*([0-9]{1,2})[.)、][ \t]+", r"\1，", r"\1. ", re.M),
    _rule(r"\bC\+\+", "C加加", "C plus plus"),
    _rule(r"\bC#", "C井号", "C sharp"),
    _rule(r"\be\.g\.", "例如", "for example"),
    _rule(r"\bi\.e\.", "即", "that is"),
    _rule(r"℃|°C", "摄氏度", " degrees Celsius"),
    _rule(r"\*+|~~+|`+|__+|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", ""),
)
"""Before numbers are put in words; in this order."""
_SIGNS: Sequence[Rule] = (
    _rule(r"[&＆]", "和", " and "),
    _rule(r"[+＋]", "加", " plus "),
    _rule(r"[=＝]", "等于", " equals "),
    _rule(r"@", "艾特", " at "),
    _rule(r"(?<=\w)\s*/\s*(?=\w)", "、", ", "),
    _rule(r"\s*[→⇒]\s*", "，", ", "),
    _rule(r"[\\|^<>{}\[\]#*_`~$/]", " ", " "),
    _rule(r"[ \t\u3000\xa0]+", " ", " "),
    _rule(r" (?=[,.;:!?，。；：！？、])", "", ""),
)
"""After that."""

_WIDE = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
"""Wide digits and letters; wide punctuation belongs to Chinese."""
_UNSPOKEN = {"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn"}
"""Kinds of characters that are for the eye: emoji, marks on them, and control characters."""
_SELECTORS = {"\ufe0e", "\ufe0f", "\u20e3"}
_KEPT = {"\n", "\t", "`", "^"}

_CLOSING = "\"'”’」』）)】》"
_ENDS = "。！？!?；;….．"
_END = re.compile(
    rf"[。！？!?；;…]+[{_CLOSING}]*\s*"
    rf"|(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)(?<!\bvs)(?<!\b[A-Z])\.+[{_CLOSING}]*(?:\s+|$)"
)
_PAUSES = ("，、,：:—", " ")
"""Where a long sentence may be cut, the better places first."""


def sentences(text: str, language: Language) -> list[str]:
    """What is to be said, sentence by sentence.

    Raises NotSpokenError for a text without words, or with more than MOST_CHARACTERS.
    """
    shown = _for_the_ear(text, language)
    if len(shown) > MOST_CHARACTERS:
        raise NotSpokenError(TOO_LONG)
    said = _replaced(in_words(shown, language), _SIGNS, language)
    parts = [part for whole in _whole(said, language) for part in _short(whole, LONGEST[language])]
    if not parts:
        raise NotSpokenError(NOTHING)
    return parts


def _for_the_ear(text: str, language: Language) -> str:
    """Without what is only for the eye."""
    plain = text.replace("\r\n", "\n").translate(_WIDE)
    shown = _replaced(plain, _MARKUP, language)
    return "".join(c for c in shown if c in _KEPT or _is_spoken(c)).strip()


def _is_spoken(character: str) -> bool:
    return unicodedata.category(character) not in _UNSPOKEN and character not in _SELECTORS


def _replaced(text: str, rules: Sequence[Rule], language: Language) -> str:
    for pattern, instead in rules:
        text = pattern.sub(instead[language], text)
    return text


def _whole(text: str, language: Language) -> Iterator[str]:
    """Sentences; a line is one, even if it has no full stop."""
    for line in text.splitlines():
        begin = 0
        for end in [*(found.end() for found in _END.finditer(line)), len(line)]:
            sentence, begin = line[begin:end].strip(), end
            if not any(character.isalnum() for character in sentence):
                continue
            ended = sentence.rstrip(_CLOSING).endswith(tuple(_ENDS))
            stop = "。" if language == "zh" else "."
            yield sentence if ended else sentence.rstrip("，,：:、") + stop


def _short(sentence: str, most: int) -> Iterator[str]:
    """A sentence in parts of at most so many characters, cut where one would breathe."""
    while len(sentence) > most:
        at = next(
            (at for marks in _PAUSES if (at := _last(sentence[:most], marks)) > most // 3), most
        )
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    if any(character.isalnum() for character in sentence):
        yield sentence


def _last(text: str, marks: str) -> int:
    """Behind the last of the marks; 0 if there is none."""
    return max(text.rfind(mark) for mark in marks) + 1
