"""A parser that knows a command only when the whole message is one, word for word.

A long answer that mentions deleting data is an answer; nothing but the very words of a command is
taken for one.
"""

import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from bot.understanding.base import Understood
from dialogues.replying import plain

_SPACES = re.compile(r"[\s,，、]+")
_BEFORE = (
    "我想要",
    "我想",
    "我要",
    "i want to ",
    "i would like to ",
    "i'd like to ",
    "can you ",
    "could you ",
    "请问",
    "请",
    "麻烦",
    "那",
    "嗯",
    "please ",
    "ok ",
    "okay ",
)
_AFTER = ("吧", "吗", "呢", "啊", "呀", "谢谢", " please", " thanks", " thank you")
_LONGEST = 60


class PhraseParser:
    """Exact phrases of `dialogues/nlu/nlu.yml`, but for case, punctuation and courtesy."""

    name = "phrases"

    def __init__(self) -> None:
        self._intents = {
            _key(example): intent for intent, examples in intents().items() for example in examples
        }

    def parse(self, text: str) -> Understood:
        if not any(unicodedata.category(c)[0] in "LN" for c in text):
            return Understood("no_words", 1.0, self.name)
        if len(text) > _LONGEST:
            return Understood("answer", 1.0, self.name)
        key = _key(text)
        found = (self._intents[k] for k in _less_and_less_courteous(key) if k in self._intents)
        intent = next(found, "answer")
        if intent in ("affirm", "deny") and "吗" in key:
            intent = "answer"  # 可以吗 asks, it does not say yes.
        return Understood(intent, 1.0, self.name)


def intents() -> dict[str, list[str]]:
    """The examples of every intent, read from the Rasa project."""
    text = files("dialogues").joinpath("nlu/nlu.yml").read_text(encoding="utf-8")
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return {
        entry["intent"]: [
            line.removeprefix("- ").strip() for line in entry["examples"].splitlines() if line
        ]
        for entry in data["nlu"]
    }


def _key(text: str) -> str:
    return _SPACES.sub(" ", plain(text).replace("’", "'"))


def _less_and_less_courteous(key: str) -> Iterator[str]:
    keys = {key: None}
    while keys:
        yield from keys
        keys = {shorter: None for longer in keys for shorter in _less_courteous(longer)}


def _less_courteous(key: str) -> Iterator[str]:
    for word in _AFTER:
        if key.endswith(word):
            yield key.removesuffix(word).rstrip()
    for word in _BEFORE:
        if key.startswith(word):
            yield key.removeprefix(word).lstrip()
