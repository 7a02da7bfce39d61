"""What stands beside an answer: "… and it went well. Who will read this?" is an answer and a question.

The same for every parser. A parser brings a judge, which gives one piece of text an intent with its
confidence, 0–1.
"""

import re
from collections.abc import Callable

from bot.understanding.base import NOTHING_OPEN, Context, Understood
from dialogues.replying import contains, count_words, plain

LONG, LONG_CHARACTERS = 80, 1_000
"""Words (or Chinese characters), and characters, above which a message is an answer, whatever it
speaks of."""
LEAST = 0.5
"""Probability that a command must have."""
LEAST_BESIDE = 0.9
"""And one that stands beside an answer."""
LONGEST_OPTION, LONGEST_COURTESY = 12, 5
"""Words of an option, and of a greeting or thanks to the interviewer in a role play."""
LONGEST_BESIDE, SHORTEST_ANSWER = 40, 8
"""Words of what stands beside an answer, and of the answer."""
BESIDE = frozenset(
    {
        "ask_about_scoring",
        "ask_about_process",
        "ask_about_privacy",
        "pause",
        "request_human",
        "withdraw_consent",
        "delete_my_data",
        "change_language",
    }
)
"""What may stand beside an answer."""
SUGGESTED = {
    "请再说一遍": "repeat_question",
    "repeat": "repeat_question",
    "这是什么意思": "clarify_question",
    "what does that mean": "clarify_question",
    "跳过": "skip_question",
    "skip": "skip_question",
    "暂停": "pause",
    "pause": "pause",
    "继续": "resume",
    "resume": "resume",
    "修改上一个回答": "correct_last_answer",
    "correct my last answer": "correct_last_answer",
    "转人工": "request_human",
    "talk to a person": "request_human",
    "撤回同意": "withdraw_consent",
    "withdraw my consent": "withdraw_consent",
    "删除我的资料": "delete_my_data",
    "delete my data": "delete_my_data",
}
"""The very words that the interviewer tells candidates to send (dialogues/texts.py)."""
_WORD = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"[-+−]?[.,:/\s%]*\d[\d.,:/\s%]*")
_CUT = re.compile(
    r"(?<=[。！？!?；;\n])|(?<=\.)(?=\s)"
    r"|[\s,，](?=(?:对了|另外|顺便|还有[个一]|by the way\b|btw\b|also,|oh and\b|one more thing\b))",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"吗[？?]?\s*$|吗[？?，,]|是否|能否|可否|有没有|有无|是不是|能不能|会不会|可不可以|愿不愿|要不要"
    r"|(?:^|[.!?,;:]\s+|\b(?:and|or|so|but)\s+)(?:do|does|did|are|is|was|were|have|has|had|can|could"
    r"|would|will|should|may)\s+(?:you|your|it|this|that|there|he|she|they|we)\b",
    re.IGNORECASE,
)

Judge = Callable[[str, Context], tuple[str, float]]


def understand_with(judge: Judge, name: str, text: str, context: Context) -> Understood:
    """The intent of a message of any length, and what its last sentence asks for besides.

    `name` is the parser's. What the judge raises is passed on.
    """
    certain = "answer" if names_an_option(text, context) else without_model(text)
    if certain is not None:
        return Understood(certain, 1.0, name)
    head, tail = cut_off_last(text)
    if is_long(text):
        return Understood("answer", 1.0, name, _beside(judge, tail, context))
    intent, confidence = judge(text, context)
    if _is_meant_for_the_question(intent, text, context):
        return Understood("answer", confidence, name)
    if intent == "answer":
        also = _beside(judge, tail, context) if count_words(head) >= SHORTEST_ANSWER else None
        return Understood(intent, confidence, name, also)
    if intent in BESIDE and _is_answer(judge, head, context):
        return Understood("answer", confidence, name, intent)
    return Understood(intent if confidence >= LEAST else "unsure", confidence, name)


def _is_answer(judge: Judge, head: str, context: Context) -> bool:
    """Whether what comes before the last sentence is an answer of its own."""
    if count_words(head) < SHORTEST_ANSWER or without_model(head) is not None:
        return False
    intent, confidence = judge(head, context)
    return intent == "answer" and confidence >= LEAST_BESIDE


def _beside(judge: Judge, tail: str, context: Context) -> str | None:
    """What the last sentence asks for. In a role play it is said to somebody else."""
    if not tail or is_long(tail) or context.kind == "scenario":
        return None
    if count_words(tail) > LONGEST_BESIDE:
        return None
    if without_model(tail) is not None:
        return None
    intent, confidence = judge(tail, NOTHING_OPEN)
    return intent if intent in BESIDE and confidence >= LEAST_BESIDE else None


def names_an_option(text: str, context: Context) -> bool:
    """Whether a choice is open and the words stand in it: "delete", where that can be chosen."""
    said = plain(text)
    if context.kind != "choice" or not said or count_words(said) > LONGEST_OPTION:
        return False
    return contains(plain(context.question), said)


def asks_yes_or_no(context: Context) -> bool:
    """Whether "yes" and "no" answer the open question: a choice, or one that asks for them."""
    return context.kind == "choice" or bool(_YES_OR_NO.search(context.question))


def _is_meant_for_the_question(intent: str, text: str, context: Context) -> bool:
    """Courtesies that answer what is open: a yes where one is asked for, a role play's greeting."""
    if context.kind == "scenario" and intent in ("greet_or_start", "thanks"):
        return count_words(text) > LONGEST_COURTESY
    return intent in ("affirm", "deny") and asks_yes_or_no(context)


def is_long(text: str) -> bool:
    """Whether a message is an answer for its length alone."""
    return len(text) > LONG_CHARACTERS or count_words(text) > LONG


def without_model(text: str) -> str | None:
    """What needs no model: a message without letters and digits, a bare number, suggested words."""
    if not _WORD.search(text):
        return "no_words"
    if _NUMBER.fullmatch(text.strip()):
        return "answer"
    return SUGGESTED.get(plain(text)) if len(text) <= LONG else None


def cut_off_last(text: str) -> tuple[str, str]:
    """What comes before the last sentence, and that sentence; nothing and nothing for a single one."""
    last = next((i for i in range(len(text) - 1, -1, -1) if _WORD.match(text, i)), -1)
    starts = (match.start() for match in _CUT.finditer(text.rstrip()))
    cuts = [start for start in starts if 0 < start <= last]
    return (text[: cuts[-1]].strip(), text[cuts[-1] :].strip(" ,，\n")) if cuts else ("", "")
