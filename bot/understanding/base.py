"""What a parser is."""

from dataclasses import dataclass
from typing import Protocol

INTENTS = (
    "answer",
    "repeat_question",
    "clarify_question",
    "skip_question",
    "pause",
    "resume",
    "correct_last_answer",
    "request_human",
    "ask_about_scoring",
    "ask_about_process",
    "ask_about_privacy",
    "withdraw_consent",
    "delete_my_data",
    "change_language",
    "greet_or_start",
    "thanks",
    "affirm",
    "deny",
    "off_topic",
)
"""What dialogues/nlu/nlu.yml has examples of; parsers may also say `unsure` and `no_words`."""


@dataclass(frozen=True)
class Context:
    """What is open when a message comes: the question's text and kind, empty when there is none."""

    question: str = ""
    kind: str = ""


NOTHING_OPEN = Context()


@dataclass(frozen=True)
class Understood:
    """An intent with its confidence, 0–1, and the name of the parser that told it.

    `also` is what an answer asks for besides.
    """

    intent: str
    confidence: float
    parser: str
    also: str | None = None


class Parser(Protocol):
    """Tells what a message means. It may take long: never call it on the event loop."""

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        """The intent of a message of any length; never raises for what is in it."""
        ...
