"""What a cell of a list of people means. Each reader raises WrongError with how to mend it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from bot.storage.invitations import Via
from dialogues.guide import Language, ProfileField, Text

LONGEST = 200
_HEADERS: Mapping[str, str] = {
    "name": "name fullname candidate candidatename 姓名 名字 候选人 候选人姓名",
    "email": "email mail emailaddress 邮箱 电子邮箱 邮件 电子邮件 邮箱地址",
    "phone": "phone mobile tel telephone phonenumber mobilephone 手机 手机号 手机号码 电话 联系电话",
    "language": "language lang 语言",
    "position": "position 岗位 职位 应聘岗位 应聘职位",
    "type": "type candidatetype 类型 候选人类型",
    "source": "source 来源 渠道",
    "telegram": "telegram telegramid telegramchatid",
    "wechat": "wechat openid wechatopenid 微信openid",
    "wecom": "wecom wecomuserid 企业微信userid",
}
_MEANING = {word: name for name, words in _HEADERS.items() for word in words.split()}
_LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("zh", "zhcn", "chinese", "中文", "汉语", "普通话", "简体中文"), "zh"),
    **dict.fromkeys(("en", "english", "英文", "英语"), "en"),
}
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"{_LOCAL}(?:\.{_LOCAL})*@(?:[A-Za-z0-9-]{{1,63}}\.)+[A-Za-z0-9-]{{2,63}}")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_BETWEEN_DIGITS = re.compile(r"[\s().-]")
_CHAT_ID = re.compile(r"[0-9]{1,20}")
_USER_ID = re.compile(r"[A-Za-z0-9_.@-]{1,64}")


class WrongError(ValueError):
    """What is wrong in a cell, and how to mend it."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message, self.mend = message, mend


def plain(text: str) -> str:
    """A word as it is compared: in any case and width, without spaces and signs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def meaning(header: str) -> str | None:
    """The column that a header names, None for a fact of the profile."""
    return _MEANING.get(plain(header))


def column_of(via: Via) -> str:
    """The column of the addresses that this way leads to."""
    return "phone" if via == "sms" else via


def as_words(text: str) -> str:
    if len(text) > LONGEST:
        raise WrongError(f"there are {len(text)} characters", f"keep to {LONGEST}")
    return text


def as_email(text: str) -> str:
    address = unicodedata.normalize("NFKC", text).strip()
    if not _EMAIL.fullmatch(address) or len(address) > 254:
        raise WrongError(f"{_cut(text)} is no e-mail address", "write one, as name@example.com")
    return address


def as_phone(text: str) -> str:
    digits = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not _PHONE.fullmatch(digits):
        raise WrongError(
            f"{_cut(text)} is no phone number",
            "format the column as text, and write digits, with + and the country code if abroad",
        )
    return digits


def as_language(text: str, languages: Sequence[Language]) -> Language:
    found = _LANGUAGES.get(plain(text))
    if found is None or found not in languages:
        raise WrongError(
            f"the campaign is not held in {_cut(text)}", f"write {' or '.join(languages)}"
        )
    return found


def as_choice(text: str, choices: Mapping[str, Text]) -> str:
    """The id of a choice, by its id or one of its names."""
    for name, texts in choices.items():
        if plain(text) in {plain(word) for word in (name, *texts.values())}:
            return name
    known = ", ".join(choices)
    raise WrongError(f"{_cut(text)} is none of the campaign's", f"write one of {known}")


def as_address(text: str, via: Via) -> str:
    """Where a person writes from in a chat."""
    address = unicodedata.normalize("NFKC", text).strip()
    if via == "telegram" and not _CHAT_ID.fullmatch(address):
        raise WrongError(
            f"{_cut(text)} is no Telegram chat id",
            "write the number under which the person talks to the bot, for a bot cannot write to "
            "user names",
        )
    if not _USER_ID.fullmatch(address):
        raise WrongError(f"{_cut(text)} is no id of a user", "write the id that the platform gives")
    return address


def as_fact(text: str, field: ProfileField) -> str | float:
    """A fact of the profile, as the guide's conditions see it."""
    named = {option.id: option.text for option in field.options}
    given = as_choice(text, named) if field.type == "choice" else text
    fact = field.accept(given)
    if fact is None:
        raise WrongError(f"{_cut(text)} is no number", "write digits only")
    return fact


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
