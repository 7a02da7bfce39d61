"""Numbers in words, as they are said: years, times, shares, amounts, and digits one by one.

The words come from cn2an and num2words. What neither is sure to say rightly (dates in figures,
fractions) is said number by number.
"""

import re
from collections.abc import Callable
from importlib import import_module

from bot.speaking.base import Language

PACKAGES = {"cn2an": "cn2an", "num2words": "num2words"}
"""What this takes, by module and project."""
MOST_DIGITS = 7
"""A longer number, or one that begins with 0, is said digit by digit, as a telephone's."""
_DIGITS = "零一二三四五六七八九"
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_AMOUNT = r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?(?![0-9])"
_COMMAS = re.compile(r"(?<![0-9,.])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_SEVERAL = re.compile(
    r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9])"
    r"|(?<![0-9-])(?:[0-9]+(?:-[0-9]+){2,}|0[0-9]{2,3}-[0-9]{7,8})(?![0-9-])"
)
_TIME = re.compile(r"(?<![0-9:.])([01]?[0-9]|2[0-4])[:：]([0-5][0-9])(?![0-9:])")
_RANGE = re.compile(rf"({_AMOUNT}%?)\s*[-–—~～]\s*(?=[0-9])")
_MINUS = re.compile(r"(?<![\w)）])[-−](?=[0-9])")
_MONEY = re.compile(rf"([¥￥$€£])\s?({_AMOUNT})")
_SHARE = re.compile(rf"({_AMOUNT})\s?[%％]")
_ORDINAL = re.compile(r"(?<![0-9.])([0-9]{1,6})(?:st|nd|rd|th)\b")
_YEAR = {
    "zh": re.compile(r"(?<![0-9.])([0-9]{4})(?=\s?年)"),
    "en": re.compile(
        r"(?:(?<=\bin )|(?<=\bsince )|(?<=\buntil ))(?:19|20)[0-9]{2}(?![0-9.,]*[0-9])", re.I
    ),
}
_PAIR = re.compile(
    r"(?<![0-9.第])2(?=\s?(?:个|位|次|种|年|天|分钟|周|家|条|名|项|门|小时|件|段|句|道|份|组|张|台|轮))"
)
_PLAIN = re.compile(_AMOUNT)
_REST = re.compile(r"[0-9]+")
_MONEY_NAMES = {
    "zh": {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"},
    "en": {"¥": " yuan", "￥": " yuan", "$": " dollars", "€": " euros", "£": " pounds"},
}


def in_words(text: str, language: Language) -> str:
    """The text with its numbers in words."""
    say = {"zh": _chinese, "en": _english}[language]
    money, to = _MONEY_NAMES[language], "到" if language == "zh" else " to "
    text = _COMMAS.sub(lambda m: m[0].replace(",", ""), text)
    text = _MONEY.sub(lambda m: f"{m[2]}{money[m[1]]}", text)
    text = _SEVERAL.sub(lambda m: _apart(m, _one_by_one(m[0], language), language), text)
    text = _TIME.sub(lambda m: _time(int(m[1]), int(m[2]), language), text)
    text = _RANGE.sub(lambda m: f"{m[1]}{to}", text)
    text = _MINUS.sub("负" if language == "zh" else "minus ", text)
    text = _SHARE.sub(lambda m: _share(m[1], language), text)
    text = _ORDINAL.sub(lambda m: _num2words(int(m[1]), "ordinal"), text)
    text = _YEAR[language].sub(lambda m: _year(m[0], language), text)
    if language == "zh":
        text = _PAIR.sub("两", text)
    text = _PLAIN.sub(lambda m: _apart(m, say(m[0]), language), text)
    return _REST.sub(lambda m: _apart(m, _one_by_one(m[0], language), language), text)


def _apart(found: re.Match[str], words: str, language: Language) -> str:
    """English words stand apart from letters that the number touched: B2B, Python3."""
    if language == "zh":
        return words
    text, begin, end = found.string, found.start(), found.end()
    before = " " if begin and text[begin - 1].isalpha() else ""
    after = " " if end < len(text) and text[end].isalpha() else ""
    return f"{before}{words}{after}"


def _chinese(number: str) -> str:
    whole, _, rest = number.partition(".")
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        said = _one_by_one(whole, "zh")
    else:
        said = str(import_module("cn2an").an2cn(whole, "low"))
    return f"{said}点{_one_by_one(rest, 'zh')}" if rest else said


def _english(number: str) -> str:
    whole, _, rest = number.partition(".")
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        said = _one_by_one(whole, "en")
    else:
        said = _num2words(int(whole), "cardinal")
    return f"{said} point {_one_by_one(rest, 'en')}" if rest else said


def _one_by_one(number: str, language: Language) -> str:
    """Digits, points and strokes: 2.0.1, 010-62345678."""
    if language == "zh":
        return "".join("点" if c == "." else "，" if c == "-" else _DIGITS[int(c)] for c in number)
    words = ("point" if c == "." else "," if c == "-" else _ENGLISH[int(c)] for c in number)
    return " ".join(words).replace(" ,", ",")


def _time(hour: int, minute: int, language: Language) -> str:
    if language == "zh":
        rest = f"{'零' if minute < 10 else ''}{_chinese(str(minute))}分" if minute else ""
        return f"{'两' if hour == 2 else _chinese(str(hour))}点{rest}"
    if not minute:
        return f"{_num2words(hour, 'cardinal')} o'clock"
    oh = "oh " if minute < 10 else ""
    return f"{_num2words(hour, 'cardinal')} {oh}{_num2words(minute, 'cardinal')}"


def _share(number: str, language: Language) -> str:
    if language == "zh":
        return f"百分之{_chinese(number)}"
    return f"{_english(number)} percent"


def _year(number: str, language: Language) -> str:
    if language == "zh":
        return _one_by_one(number, "zh")
    return _num2words(int(number), "year")


def _num2words(number: int, kind: str) -> str:
    words: Callable[..., str] = import_module("num2words").num2words
    return str(words(number, lang="en", to=kind)).replace("-", " ").replace(",", "")
