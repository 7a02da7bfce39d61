"""Comparisons that cannot mean what they say, found by reading each condition on its own."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dialogues import conditions
from dialogues.conditions import Comparison, Condition, Literal, Membership, Reference, Scalar
from dialogues.guide import Guide, ProfileField, Question
from dialogues.yamlfile import Document, FileProblem, Path

IMPOSSIBLE = "impossible-comparison"
UNKNOWN = "unknown-value"


@dataclass(frozen=True)
class Sort:
    """What values a side of a comparison can have: `options` of a choice, numbers in bounds."""

    kind: str
    options: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf


def comparison_problems(
    guide: Guide, text: str, document: Document, path: Path
) -> list[FileProblem]:
    """What is wrong with the comparisons of a condition, each message once."""
    found: dict[str, FileProblem] = {}
    for code, message, mend in _of(guide, conditions.parse(text)):
        found.setdefault(message, document.problem(path, message, mend, code))
    return list(found.values())


_Problem = tuple[str, str, str]


def _of(guide: Guide, condition: Condition) -> Iterator[_Problem]:
    match condition:
        case conditions.AnyOf(terms) | conditions.AllOf(terms):
            for term in terms:
                yield from _of(guide, term)
        case conditions.Not(term):
            yield from _of(guide, term)
        case Comparison(left, operator, right):
            yield from _comparison(guide, left, operator, right)
        case Membership(value, options):
            for option in options:
                yield from _comparison(guide, value, "==", option)


def _comparison(
    guide: Guide, left: Literal | Reference, operator: str, right: Literal | Reference
) -> Iterator[_Problem]:
    empty = [side for side in (left, right) if _sort(guide, side).kind == "nothing"]
    for side in empty:
        kind = guide.by_id[side.name].kind if isinstance(side, Reference) else ""
        yield (
            IMPOSSIBLE,
            f"{_written(side)} has no value: the question is of the kind {kind}",
            "compare answers to choice and number questions; of others, words(…)",
        )
    if empty:
        return
    kinds = {_sort(guide, side).kind == "number" for side in (left, right)}
    if len(kinds) > 1:
        yield (
            IMPOSSIBLE,
            f"{_written(left)} and {_written(right)} are a number and a word",
            "compare numbers with numbers, and words with words in quotes",
        )
    elif kinds == {False} and operator not in ("==", "!="):
        yield (
            IMPOSSIBLE,
            f"{_written(left)} {operator} {_written(right)} compares words by size",
            "use == or != or in […]",
        )
    else:
        for side, other in ((left, right), (right, left)):
            if isinstance(side, Reference) and isinstance(other, Literal):
                yield from _constant(guide, side, other.value)
        if isinstance(left, Reference) and isinstance(right, Reference):
            yield from _alike(guide, left, right)


def _constant(guide: Guide, side: Reference, value: Scalar) -> Iterator[_Problem]:
    sort = _sort(guide, side)
    if isinstance(value, str):
        if sort.options and value not in sort.options:
            yield (
                UNKNOWN,
                f"{_written(side)} is never {value!r}",
                f"use one of {', '.join(sort.options)}",
            )
        elif not sort.options and ProfileField(type="text").accept(value) != value:
            yield (
                IMPOSSIBLE,
                f"{_written(side)} is never {value!r}: texts are not empty and have no outer spaces",
                "correct the text in quotes",
            )
    elif not sort.low <= value <= sort.high:
        yield (
            IMPOSSIBLE,
            f"{_written(side)} is never {value:g}: it is {_bounds(sort)}",
            "correct the number, or the question's min and max",
        )


def _alike(guide: Guide, left: Reference, right: Reference) -> Iterator[_Problem]:
    one, other = _sort(guide, left), _sort(guide, right)
    if one.options and other.options and not set(one.options) & set(other.options):
        yield (
            IMPOSSIBLE,
            f"{_written(left)} and {_written(right)} have no option in common",
            "compare facts with the same options",
        )


def _bounds(sort: Sort) -> str:
    parts = []
    if sort.low > -math.inf:
        parts.append(f"at least {sort.low:g}")
    if sort.high < math.inf:
        parts.append(f"at most {sort.high:g}")
    return " and ".join(parts)


def _sort(guide: Guide, side: Literal | Reference) -> Sort:
    match side:
        case Literal(value):
            return Sort("text" if isinstance(value, str) else "number")
        case Reference("candidate"):
            return Sort("choice", tuple(guide.candidate_types))
        case Reference("profile", name):
            field = guide.profile[name]
            return Sort(field.type, tuple(option.id for option in field.options))
        case Reference("words"):
            return Sort("number", low=0)
        case Reference(_, name):
            return _answer_sort(guide.by_id[name])
    raise AssertionError(side)


def _answer_sort(question: Question) -> Sort:
    match question.kind:
        case "choice":
            return Sort("choice", tuple(option.id for option in question.options))
        case "number":
            low = -math.inf if question.min is None else question.min
            high = math.inf if question.max is None else question.max
            return Sort("number", low=low, high=high)
    return Sort("nothing")


def _written(side: Literal | Reference) -> str:
    match side:
        case Literal(value):
            return repr(value) if isinstance(value, str) else f"{value:g}"
        case Reference("candidate"):
            return "candidate.type"
        case Reference("words", name):
            return f"words({name})"
    return f"{side.kind}.{side.name}"
