"""Conditions in plain words, Chinese and English, and the names that they use.

Negation is worked into the words. A comparison with an absent value is false, so a negated one is
also true of what is unknown, and the words say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

from dialogues import conditions
from dialogues.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Known,
    Literal,
    Membership,
    Missing,
    Not,
    Reference,
    Scalar,
)
from dialogues.drawing.textwidth import shorten
from dialogues.guide import Guide, Language, Question, Text
from dialogues.guidefile import PERSONAL

QUOTED_WIDTH = 20.0
"""How much of a question's text is quoted, in em (Chinese characters)."""

OTHERWISE: Text = {"zh": "否则", "en": "otherwise"}
ALWAYS: Text = {"zh": "总是", "en": "always"}
NEVER: Text = {"zh": "从不", "en": "never"}

_AND: Text = {"zh": "，并且", "en": ", and "}
_OR: Text = {"zh": "，或者", "en": ", or "}
_BRACKETS: Text = {"zh": "（{}）", "en": "({})"}
_QUOTES: Text = {"zh": "“{}”", "en": "“{}”"}
_CANDIDATE_TYPE: Text = {"zh": "候选人类型", "en": "the candidate type"}
_ANSWER: Text = {"zh": "{}的回答", "en": "the answer to {}"}
_NUMBER_OF_WORDS: Text = {"zh": "{}字数", "en": "the number of words in {}"}
_UNKNOWN: dict[str, Text] = {
    "profile": {"zh": "，或未知", "en": ", or unknown"},
    "answer": {"zh": "，或没有回答", "en": ", or there is none"},
    "two": {"zh": "，或其中有未知的", "en": ", or one of the two is unknown"},
}
_IMPOSSIBLE: Text = {"zh": "（不可能成立）", "en": " (which is never so)"}
_CERTAIN: Text = {"zh": "（总是成立）", "en": " (which is always so)"}

_COMPARED: dict[Language, dict[str, str]] = {
    "zh": {"==": "是", "!=": "不是", "<": "不到", "<=": "不超过", ">": "超过", ">=": "至少"},
    "en": {
        "==": " is ",
        "!=": " is not ",
        "<": " is less than ",
        "<=": " is at most ",
        ">": " is more than ",
        ">=": " is at least ",
    },
}
_COUNTED: dict[Language, dict[str, str]] = {
    "zh": {
        "==": "正好 {} 字",
        "!=": "不是 {} 字",
        "<": "不到 {} 字",
        "<=": "不超过 {} 字",
        ">": "超过 {} 字",
        ">=": "至少 {} 字",
    },
    "en": {
        "==": " has exactly {} words",
        "!=": " has fewer or more than {} words",
        "<": " has fewer than {} words",
        "<=": " has at most {} words",
        ">": " has more than {} words",
        ">=": " has at least {} words",
    },
}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def in_language(text: Text, language: Language) -> str | None:
    """The text in the language, else in another one that it has; None when there is none."""
    return text.get(language) or next(iter(text.values()), None)


def say_field(name: str, guide: Guide, language: Language) -> str:
    """A profile field's label, else its id."""
    field = guide.profile.get(name)
    return (in_language(field.label, language) if field else None) or name


def say_question(question: Question, language: Language, width: float = QUOTED_WIDTH) -> str:
    """A question's label, else its text, in one line of at most `width` em, without quotes."""
    text = in_language(question.label, language) or in_language(question.text, language) or ""
    return shorten(PERSONAL.sub(r"[\1]", text), width)


def say_condition(
    condition: Condition | str,
    guide: Guide,
    language: Language,
    question: Question | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """A condition in plain words, without a full stop.

    `question` is where the condition stands; its own answer is then “this answer”. `names` are
    names of key points by id. A text is parsed first, which may raise ConditionError.
    """
    parsed = conditions.parse(condition) if isinstance(condition, str) else condition
    return _Speaker(guide, language, question, names or {}).say(parsed, False).text


def say_branches(question: Question, guide: Guide, language: Language) -> list[str]:
    """When each branch of `next` is taken, in order.

    “Otherwise” after others, “always” when it stands first, “never” behind one without condition.
    """
    said: list[str] = []
    open_end = True
    for branch in question.next:
        if not open_end:
            said.append(NEVER[language])
        elif branch.when is not None:
            said.append(say_condition(branch.when, guide, language, question))
        else:
            said.append((OTHERWISE if said else ALWAYS)[language])
            open_end = False
    return said


@dataclass(frozen=True)
class _Said:
    """Words, and how their parts are joined; joined words need brackets among others."""

    text: str
    joined: OneOf["", "and", "or"] = ""


@dataclass(frozen=True)
class _Speaker:
    guide: Guide
    language: Language
    question: Question | None
    names: Mapping[str, str]

    def say(self, condition: Condition, negated: bool) -> _Said:
        match condition:
            case Not(term):
                return self.say(term, not negated)
            case AllOf(terms):
                return self._join(terms, negated, "or" if negated else "and")
            case AnyOf(terms):
                return self._join(terms, negated, "and" if negated else "or")
            case Known(name):
                return _Said(self._known(name, negated))
            case Missing(key_point):
                return _Said(self._missing(key_point, negated))
            case Membership(value, options):
                return self._membership(value, options, negated)
            case Comparison(left, operator, right):
                return self._comparison(left, operator, right, negated)

    def _join(self, terms: tuple[Condition, ...], negated: bool, word: OneOf["and", "or"]) -> _Said:
        said = [self.say(term, negated) for term in terms]
        between = (_AND if word == "and" else _OR)[self.language]
        bracketed = (
            _BRACKETS[self.language].format(each.text) if each.joined else each.text
            for each in said
        )
        return _Said(between.join(bracketed), word)

    def _known(self, name: str, negated: bool) -> str:
        field = say_field(name, self.guide, self.language)
        if self.language == "zh":
            return _spaced("不知道" if negated else "知道", field)
        return f"{field} is not known" if negated else f"{field} is known"

    def _missing(self, key_point: str, negated: bool) -> str:
        name = self._quoted(self.names.get(key_point, key_point))
        if self.language == "zh":
            return f"已经说到{name}" if negated else f"还没有说到{name}"
        return f"{name} has come up" if negated else f"{name} has not come up yet"

    def _membership(
        self, value: Literal | Reference, options: tuple[Literal, ...], negated: bool
    ) -> _Said:
        if isinstance(value, Literal):
            return self._constant(Membership(value, options), negated)
        if len(options) == 1:
            return self._comparison(value, "==", options[0], negated)
        listed = [self._value(option.value, value) for option in options]
        if self.language == "zh":
            choice = "、".join(listed[:-1]) + "或" + listed[-1]
            text = self._compared(value, "!=" if negated else "==", choice)
        else:
            joined = ", ".join(listed[:-1])
            last = "nor" if negated and len(listed) == 2 else "or"
            choice = f"{joined} {last} {listed[-1]}"
            none_of = " is neither " if len(listed) == 2 else " is none of "
            text = self._quantity(value) + (none_of if negated else " is ") + choice
        return self._or_unknown(text, value.kind) if negated else _Said(text)

    def _comparison(
        self,
        left: Literal | Reference,
        operator: str,
        right: Literal | Reference,
        negated: bool,
    ) -> _Said:
        if isinstance(left, Literal):
            if isinstance(right, Literal):
                return self._constant(Comparison(left, operator, right), negated)
            left, operator, right = right, _TURNED[operator], left
        if self._never_holds(left, operator, right):
            plain = self._simple(left, operator, right)
            if not negated:
                return _Said(plain + _IMPOSSIBLE[self.language])
            return _Said(self._simple(left, _OPPOSITE[operator], right) + _CERTAIN[self.language])
        if negated:
            kind = left.kind if isinstance(right, Literal) else "two"
            return self._or_unknown(self._simple(left, _OPPOSITE[operator], right), kind)
        if operator == "!=":
            if isinstance(right, Reference):
                return self._differ(left, right)
            if left.kind == "profile":
                return self._known_and_not(left, right)
        return _Said(self._simple(left, operator, right))

    def _simple(self, left: Reference, operator: str, right: Literal | Reference) -> str:
        if isinstance(right, Reference):
            return self._compared(left, operator, self._quantity(right))
        value = self._value(right.value, left)
        if left.kind == "words":
            counted = _COUNTED[self.language][operator].format(value)
            return self._subject(left) + (counted.rstrip("s") if value == "1" else counted)
        return self._compared(left, operator, value)

    def _compared(self, left: Reference, operator: str, right: str) -> str:
        if (self.language, left.kind, operator) == ("zh", "answer", "=="):
            return self._asked(left) + "答" + right
        return _spaced(self._quantity(left), _COMPARED[self.language][operator], right)

    def _known_and_not(self, left: Reference, right: Literal) -> _Said:
        field, value = self._subject(left), self._value(right.value, left)
        if self.language == "zh":
            return _Said(_spaced(field, "已知，但不是", value), "and")
        return _Said(f"{field} is known and is not {value}", "and")

    def _differ(self, left: Reference, right: Reference) -> _Said:
        one, other = self._subject(left), self._subject(right)
        if self.language == "zh":
            return _Said(_spaced(one, "和", other, "都已知，但不相同"), "and")
        return _Said(f"{one} and {other} are known and differ", "and")

    def _or_unknown(self, text: str, kind: str) -> _Said:
        if kind == "candidate":
            return _Said(text)
        reason = _UNKNOWN.get(kind, _UNKNOWN["answer"])
        return _Said(text + reason[self.language], "or")

    def _constant(self, condition: Comparison | Membership, negated: bool) -> _Said:
        true = conditions.holds(condition, _NO_FACTS) != negated
        return _Said((ALWAYS if true else NEVER)[self.language])

    def _never_holds(self, left: Reference, operator: str, right: Literal | Reference) -> bool:
        """Whether text is ordered, or text and number are held to be equal."""
        kinds = {self._kind(left), self._kind(right)}
        if operator in ("==", "!="):
            return operator == "==" and kinds == {"text", "number"}
        return "text" in kinds

    def _kind(self, term: Literal | Reference) -> str:
        """text, number, or nothing when it is not known."""
        if isinstance(term, Literal):
            return "text" if isinstance(term.value, str) else "number"
        if term.kind == "candidate":
            return "text"
        if term.kind == "words":
            return "number"
        if term.kind == "profile":
            field = self.guide.profile.get(term.name)
            return "" if field is None else "number" if field.type == "number" else "text"
        asked = self.guide.by_id.get(term.name)
        kinds = {"choice": "text", "number": "number"}
        return kinds.get(asked.kind, "") if asked else ""

    def _subject(self, reference: Reference) -> str:
        if reference.kind == "candidate":
            return _CANDIDATE_TYPE[self.language]
        if reference.kind == "profile":
            return say_field(reference.name, self.guide, self.language)
        if self.language == "en" and self._is_here(reference):
            return "this answer"
        return _ANSWER[self.language].format(self._asked(reference))

    def _quantity(self, reference: Reference) -> str:
        """What is compared: the number of words where it is not their count that is said."""
        subject = self._subject(reference)
        return (
            _NUMBER_OF_WORDS[self.language].format(subject)
            if reference.kind == "words"
            else subject
        )

    def _asked(self, reference: Reference) -> str:
        if self._is_here(reference):
            return "这一题" if self.language == "zh" else "this question"
        asked = self.guide.by_id.get(reference.name)
        return self._quoted(say_question(asked, self.language) if asked else reference.name)

    def _is_here(self, reference: Reference) -> bool:
        return self.question is not None and reference.name == self.question.id

    def _value(self, value: Scalar, beside: Reference) -> str:
        """A literal as the reader knows it: an option's text, a type's name, or itself."""
        if not isinstance(value, str):
            return f"{value:.15g}"
        if beside.kind == "candidate" and value in self.guide.candidate_types:
            name = in_language(self.guide.candidate_types[value], self.language)
            return shorten(name or value, QUOTED_WIDTH)
        if beside.kind == "profile":
            field = self.guide.profile.get(beside.name)
            listed = field.options if field else []
        else:
            asked = self.guide.by_id.get(beside.name)
            listed = asked.options if asked else []
        for option in listed:
            if option.id == value:
                text = shorten(in_language(option.text, self.language) or value, QUOTED_WIDTH)
                return text if beside.kind == "profile" else self._quoted(text)
        return self._quoted(value)

    def _quoted(self, text: str) -> str:
        return _QUOTES[self.language].format(text)


_NO_FACTS = conditions.OnlyType()


def _spaced(*parts: str) -> str:
    """The parts side by side, with a space between Chinese and Latin words or numbers."""
    text = ""
    for part in parts:
        if text and part and _latin(text[-1]) != _latin(part[0]):
            text += " " if _letter(text[-1]) and _letter(part[0]) else ""
        text += part
    return text


def _latin(character: str) -> bool:
    return character.isascii()


def _letter(character: str) -> bool:
    return character.isalnum()
