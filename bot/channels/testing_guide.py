"""The interview that channels are tried with: options of all lengths, hostile words, a long text.

No question follows up, so what comes next is known. It is told in Chinese and English.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from bot.storage.catalogue import GivenFiles, open_campaign, publish
from dialogues.guide import Language

CODE = "channel-trial"
"""The campaign's name, open to all, as it stands in an entry link."""

Text = Mapping[Language, str]

HOSTILE = (
    "<b>&amp; &#60;</b> <script>alert('x')</script> ]]> <![CDATA[x]]> *a* _b_ ~c~ `d` "
    '[e](http://example.test/) {"f": [%s, $g, {h}]} \\n \\u0041 %0A '
    "\u200b\u200d\ufeff| \u202eabc\u202c | שלום مرحبا | e\u0301 | 👨‍👩‍👧‍👦 🇨🇳 👍🏽 | 𠮷"
)
"""Markup of many kinds, unseen characters, both directions, and characters of several parts."""
CONTROLS = "\x00\x07\x0b\x1b"
"""What no one can see and some platforms cannot carry: it may be left out."""


def _lines(first: int, last: int) -> str:
    return "\n".join(
        f"{number}. A parcel comes in on belt {number}: scan it, read the label aloud, then pass it "
        f"on. 第{number}条传送带上来了包裹，先扫码，再报出标签，然后往下传。"
        for number in range(first, last + 1)
    )


MATERIAL = _lines(1, 35)
"""With the question under it more than one message on every platform: 7 KB in 4,700 characters."""

SHIFTS: Mapping[Language, tuple[str, ...]] = {
    "zh": ("早班", "中班", "晚班"),
    "en": ("Morning", "Afternoon", "Night"),
}
SHIFT_IDS = ("morning", "afternoon", "night")
FIRST: Mapping[Language, tuple[str, ...]] = {
    "zh": (
        "先请提出需求的同事说清楚场景，再决定要不要改，以及什么时候改",
        "先照着字面的意思改好，交给他看，不合适的话再改一次",
    ),
    "en": (
        "Ask the colleague what it is for, then decide whether and when to change it",
        "Change it to the letter at once, show it, and change it again if it does not fit",
    ),
}
FIRST_IDS = ("ask", "change")
QUESTIONS: Mapping[str, Text] = {
    "shift": {"zh": "您愿意上哪个班？", "en": "Which shift would you take?"},
    "first": {"zh": "需求很含糊，您先做什么？", "en": "A request is vague. What do you do first?"},
    "sign": {"zh": f"牌子上写着：{HOSTILE}", "en": f"A sign says: {HOSTILE}"},
    "handbook": {
        "zh": f"{_lines(36, 42)}\n您会怎么改进这些步骤？",
        "en": f"{_lines(36, 42)}\nHow would you make these steps better?",
    },
    "story": {"zh": "请讲一件您做成的事。", "en": "Tell me about something you got done."},
}
"""In the order they are asked; the first two have options, and `handbook` has material."""
ANSWER: Text = {
    "zh": "我做了一个预约系统，我负责后端，把接口延迟降到了一半，和同事一起上线。",
    "en": "I built a booking system, did the backend myself and halved its latency with my team.",
}
"""An answer to any question without options."""


def open_trial(session: Session, company: dict[Language, str]) -> None:
    """Publish the guide with its rubric, and open its campaign to all."""
    guide, rubric = (json.dumps(each, ensure_ascii=False) for each in (_guide(), _rubric()))
    now = time.time()
    role = publish(session, GivenFiles(guide, rubric), now)
    open_campaign(session, CODE, company, {CODE: role}, now)


def _guide() -> dict[str, Any]:
    return {
        "guide": CODE,
        "version": 1,
        "title": {"zh": "渠道试用", "en": "Trial of a channel"},
        "rubric": CODE,
        "languages": ["zh", "en"],
        "candidate_types": {"all": {"zh": "所有人", "en": "Everyone"}},
        "questions": [_question(name, text) for name, text in QUESTIONS.items()],
    }


def _question(name: str, text: Text) -> dict[str, Any]:
    if name == "sign":
        text = {language: f"{words} {CONTROLS}|" for language, words in text.items()}
    found: dict[str, Any] = {"id": name, "text": text}
    for choice, ids, options in (("shift", SHIFT_IDS, SHIFTS), ("first", FIRST_IDS, FIRST)):
        if name == choice:
            found["kind"] = "choice"
            found["options"] = [
                {"id": each, "text": {language: options[language][i] for language in options}}
                for i, each in enumerate(ids)
            ]
    if name == "handbook":
        found |= {"kind": "case", "material": {"zh": MATERIAL, "en": MATERIAL}}
    if name == "story":
        found["competency"] = "care"
    return found


def _rubric() -> dict[str, Any]:
    done = {"id": "done", "texts": {"zh": ["我把它做完了"], "en": ["I got it done"]}}
    return {
        "rubric": CODE,
        "version": 1,
        "competencies": {"care": {"weight": 100, "name": {"zh": "细心", "en": "Care"}}},
        "questions": {"story": {"key_points": [done]}},
    }
