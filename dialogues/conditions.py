"""The closed language of conditions in a guide.

Conditions read facts and compare them; nothing else can be written, and no Python is evaluated.
Facts: `candidate.type`, `profile.X`, `answer.QUESTION` (the option's id, or the number),
`known(profile.X)`, `missing(KEY_POINT)`, `words(QUESTION)`. A comparison with an absent value is
false, whatever the operator.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args

MAX_LENGTH = 2_000
MAX_DEPTH = 20

GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: negation (_AND negation)*
?negation: _NOT negation -> negate
    | comparison
    | known
    | missing
    | "(" disjunction ")"
comparison: value OPERATOR value
    | value _IN list -> membership
known: "known" "(" "profile" "." NAME ")"
missing: "missing" "(" NAME ")"
?value: "candidate" "." "type" -> candidate_type
    | "profile" "." NAME -> profile
    | "answer" "." NAME -> answer
    | "words" "(" NAME ")" -> words
    | literal
?literal: STRING -> string
    | NUMBER -> number
list: "[" literal ("," literal)* "]"
    | "(" literal ("," literal)* ")"
OPERATOR: "==" | "!=" | "<=" | ">=" | "<" | ">"
STRING: /"[^"\n]*"|'[^'\n]*'/
NUMBER: /-?\d+(\.\d+)?/
NAME: /[A-Za-z_][A-Za-z0-9_-]*/
_OR: /(?<![\w-])or(?![\w-])/
_AND: /(?<![\w-])and(?![\w-])/
_NOT: /(?<![\w-])not(?![\w-])/
_IN: /(?<![\w-])in(?![\w-])/
%import common.WS
%ignore WS
"""

Scalar = str | float


class ConditionError(ValueError):
    """A condition that is not in the grammar; permanent, mended by editing the guide."""

    code = "bad-condition"


class Facts(Protocol):
    """What a condition may look at while an interview runs."""

    def candidate_type(self) -> str | None: ...
    def profile(self, name: str) -> Scalar | None: ...
    def answer(self, question: str) -> Scalar | None: ...
    def words(self, question: str) -> int | None: ...
    def missing(self, key_point: str) -> bool: ...


@dataclass(frozen=True)
class OnlyType:
    """Facts of which the candidate type is known, or nothing at all."""

    name: str | None = None

    def candidate_type(self) -> str | None:
        return self.name

    def profile(self, name: str) -> Scalar | None:
        return None

    def answer(self, question: str) -> Scalar | None:
        return None

    def words(self, question: str) -> int | None:
        return None

    def missing(self, key_point: str) -> bool:
        return False


@dataclass(frozen=True)
class Literal:
    value: Scalar


@dataclass(frozen=True)
class Reference:
    """`kind` is one of candidate, profile, answer, words; `name` is empty for candidate.type."""

    kind: str
    name: str


@dataclass(frozen=True)
class Comparison:
    left: "Literal | Reference"
    operator: str
    right: "Literal | Reference"


@dataclass(frozen=True)
class Membership:
    value: "Literal | Reference"
    options: tuple[Literal, ...]


@dataclass(frozen=True)
class Known:
    name: str


@dataclass(frozen=True)
class Missing:
    key_point: str


@dataclass(frozen=True)
class Not:
    term: "Condition"


@dataclass(frozen=True)
class AllOf:
    terms: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    terms: tuple["Condition", ...]


Condition = Comparison | Membership | Known | Missing | Not | AllOf | AnyOf


@v_args(inline=True)
class _Builder(Transformer[Token, Condition]):
    def disjunction(self, *terms: Condition) -> Condition:
        return AnyOf(terms)

    def conjunction(self, *terms: Condition) -> Condition:
        return AllOf(terms)

    def negate(self, term: Condition) -> Condition:
        return Not(term)

    def comparison(
        self, left: Literal | Reference, operator: Token, right: Literal | Reference
    ) -> Condition:
        return Comparison(left, str(operator), right)

    def membership(self, value: Literal | Reference, options: tuple[Literal, ...]) -> Condition:
        return Membership(value, options)

    def list(self, *options: Literal) -> tuple[Literal, ...]:
        return options

    def known(self, name: Token) -> Condition:
        return Known(str(name))

    def missing(self, name: Token) -> Condition:
        return Missing(str(name))

    def candidate_type(self) -> Reference:
        return Reference("candidate", "")

    def profile(self, name: Token) -> Reference:
        return Reference("profile", str(name))

    def answer(self, name: Token) -> Reference:
        return Reference("answer", str(name))

    def words(self, name: Token) -> Reference:
        return Reference("words", str(name))

    def string(self, token: Token) -> Literal:
        return Literal(str(token)[1:-1])

    def number(self, token: Token) -> Literal:
        return Literal(float(token))


_PARSER = Lark(GRAMMAR, parser="lalr", transformer=_Builder())


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Parse a condition; raises ConditionError with the place where it stops making sense."""
    if len(text) > MAX_LENGTH or _depth(text) > MAX_DEPTH:
        raise ConditionError(
            "condition is too long or too deeply nested "
            f"(at most {MAX_LENGTH} characters, {MAX_DEPTH} levels)"
        )
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        where = "at its end" if at_end else f"at character {(error.pos_in_stream or 0) + 1}"
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise ConditionError(f"cannot read condition {shown!r} {where}") from None
    return tree  # type: ignore[return-value]


_SHOWN = 120
_PIECES = re.compile(r""""[^"\n]*"|'[^'\n]*'|[\w-]+|[^\s]""")


def _depth(text: str) -> int:
    """How deep parentheses and `not` stand within each other."""
    deepest = nots = 0
    outer: list[int] = [0]
    for piece in _PIECES.findall(text):
        if piece == "not":
            nots += 1
        elif piece == "(":
            outer.append(outer[-1] + nots + 1)
            nots = 0
        else:
            nots = 0
            if piece == ")" and len(outer) > 1:
                outer.pop()
        deepest = max(deepest, outer[-1] + nots)
    return deepest


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition is true of the facts."""
    match condition:
        case AnyOf(terms):
            return any(holds(term, facts) for term in terms)
        case AllOf(terms):
            return all(holds(term, facts) for term in terms)
        case Not(term):
            return not holds(term, facts)
        case Known(name):
            return facts.profile(name) is not None
        case Missing(key_point):
            return facts.missing(key_point)
        case Membership(value, options):
            found = _value(value, facts)
            return found is not None and any(_equal(found, option.value) for option in options)
        case Comparison(left, operator, right):
            return _compare(_value(left, facts), operator, _value(right, facts))


def _value(term: Literal | Reference, facts: Facts) -> Scalar | None:
    if isinstance(term, Literal):
        return term.value
    match term.kind:
        case "candidate":
            return facts.candidate_type()
        case "profile":
            return facts.profile(term.name)
        case "answer":
            return facts.answer(term.name)
        case _:
            return facts.words(term.name)


def _equal(a: Scalar, b: Scalar) -> bool:
    if isinstance(a, str) != isinstance(b, str):
        return False
    return a == b


def _compare(a: Scalar | None, operator: str, b: Scalar | None) -> bool:
    if a is None or b is None:
        return False
    if operator == "==":
        return _equal(a, b)
    if operator == "!=":
        return not _equal(a, b)
    if isinstance(a, str) or isinstance(b, str):
        return False
    return _COMPARE[operator](a, b)


def references(condition: Condition) -> Iterator[Reference | Known | Missing]:
    """Everything the condition names, for checking against the guide."""
    match condition:
        case AnyOf(terms) | AllOf(terms):
            for term in terms:
                yield from references(term)
        case Not(term):
            yield from references(term)
        case Known() | Missing():
            yield condition
        case Membership(value, _):
            if isinstance(value, Reference):
                yield value
        case Comparison(left, _, right):
            yield from (side for side in (left, right) if isinstance(side, Reference))
