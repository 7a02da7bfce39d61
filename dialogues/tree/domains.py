"""The facts that conditions read, each with finitely many values that stand for all others.

Conditions only compare, so a value matters by its place among the constants that it is compared
with. Facts that are compared with each other share their constants, and each gap between two
constants has room for as many different values as there are such facts. What holds for these
values then holds for all.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from dialogues import conditions
from dialogues.conditions import Comparison, Condition, Membership, Reference, Scalar
from dialogues.guide import Guide, ProfileField, Question
from dialogues.replying import LARGEST
from dialogues.tree.diagram import Budget

Value = Scalar | bool | None
"""A fact's value; None when it is not known, or a question was not asked or was skipped."""

Sort = Literal["choice", "text", "number", "whole", "flag"]


@dataclass(frozen=True)
class Fact:
    """A fact by its name in conditions (`resume.X` for what a résumé says), with its values.

    A text's values are those it is compared with and others; of a number some from each gap.
    """

    name: str
    values: tuple[Value, ...]


@dataclass
class _Seen:
    """What is known of a fact while conditions are read."""

    sort: Sort
    options: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    turns: int = 0
    group: "_Group" = field(default_factory=lambda: _Group())


@dataclass
class _Group:
    """Facts that are compared with the same constants, or with each other when `related`."""

    members: list[str] = field(default_factory=list)
    numbers: set[float] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    related: bool = False


def question_conditions(question: Question) -> Iterator[Condition]:
    """The question's conditions in the order in which they are looked at."""
    for _, text in question.conditions():
        yield conditions.parse(text)


def facts_of(guide: Guide, candidate_type: str, budget: Budget) -> tuple[Fact, ...]:
    """The facts on which the way of a candidate type depends, by first use in the guide.

    Raises TooComplexError.
    """
    return _Domains(guide, candidate_type, budget).facts()


def answer_fact(guide: Guide, candidate_type: str, question_id: str) -> str | None:
    """The fact that an answer's value is; None when this type never gives an answer with one."""
    question = guide.by_id.get(question_id)
    if question is None or question.kind not in ("choice", "number"):
        return None
    return f"answer.{question_id}" if question.meant_for(candidate_type) else None


def profile_facts(guide: Guide, candidate_type: str, name: str) -> tuple[str, ...]:
    """The facts that may say `profile.NAME`, the first known one counting."""
    field = guide.profile[name]
    question = guide.by_id.get(field.answer or "")
    if question is None or not question.meant_for(candidate_type):
        return (f"profile.{name}",)
    names = (f"profile.{name}", f"answer.{question.id}")
    return (*names, f"resume.{name}") if read_from_resume(field) else names


def read_from_resume(field: ProfileField) -> bool:
    """Whether a résumé may state the fact."""
    return bool(field.resume) or any(option.resume for option in field.options)


def value_facts(guide: Guide, candidate_type: str, reference: Reference) -> tuple[str, ...]:
    """The facts whose values a reference may give."""
    match reference:
        case Reference("profile", name):
            return profile_facts(guide, candidate_type, name)
        case Reference("answer", name):
            fact = answer_fact(guide, candidate_type, name)
            return (fact,) if fact else ()
        case Reference("words", name) if guide.by_id[name].meant_for(candidate_type):
            return (f"words({name})",)
    return ()


class _Domains:
    def __init__(self, guide: Guide, candidate_type: str, budget: Budget) -> None:
        self.guide, self.type, self.budget = guide, candidate_type, budget
        self.seen: dict[str, _Seen] = {}
        for question in (*guide.questions, *guide.bank):
            budget.spend()
            if question.meant_for(candidate_type):
                for condition in question_conditions(question):
                    self._read(condition, question)

    def facts(self) -> tuple[Fact, ...]:
        return tuple(Fact(name, self._values(name, seen)) for name, seen in self.seen.items())

    def _read(self, condition: Condition, question: Question) -> None:
        self.budget.spend()
        match condition:
            case conditions.AnyOf(terms) | conditions.AllOf(terms):
                for term in terms:
                    self._read(term, question)
            case conditions.Not(term):
                self._read(term, question)
            case conditions.Known(name):
                self._join(self._value_facts(Reference("profile", name)))
            case conditions.Missing(key_point) if question.competency is not None:
                self.seen.setdefault(f"missing({question.id}.{key_point})", _Seen("flag"))
            case Membership(value, options):
                self._compare((value, *options))
            case Comparison(left, _, right):
                self._compare((left, right))

    def _compare(self, sides: Iterable[conditions.Literal | Reference]) -> None:
        facts: list[str] = []
        groups = [self._value_facts(side) for side in sides if isinstance(side, Reference)]
        for names in groups:
            facts += names
        group = self._join(facts)
        if group is None:
            return
        group.related = group.related or sum(map(bool, groups)) > 1
        for side in sides:
            match side:
                case Reference("candidate"):
                    group.words.add(self.type)
                case conditions.Literal(str(word)):
                    group.words.add(word)
                case conditions.Literal(float(number)):
                    group.numbers.add(number)

    def _value_facts(self, reference: Reference) -> tuple[str, ...]:
        names = value_facts(self.guide, self.type, reference)
        for name in names:
            if name not in self.seen:
                self.seen[name] = self._new(name)
                self.seen[name].group.members.append(name)
        return names

    def _new(self, name: str) -> _Seen:
        kind, _, rest = name.partition(".")
        if kind in ("profile", "resume"):
            field = self.guide.profile[rest]
            return _Seen(field.type, tuple(option.id for option in field.options))
        if kind == "answer":
            question = self.guide.by_id[rest]
            return _Seen(
                "text" if question.kind not in ("choice", "number") else question.kind,
                tuple(option.id for option in question.options),
                -math.inf if question.min is None else question.min,
                math.inf if question.max is None else question.max,
            )
        question = self.guide.by_id[name[len("words(") : -1]]
        return _Seen("whole", low=0, turns=len(question.turns))

    def _join(self, names: Iterable[str]) -> "_Group | None":
        """One group of all of them."""
        first: _Group | None = None
        for name in names:
            group = self.seen[name].group
            if first is None:
                first = group
            elif group is not first:
                first.members += group.members
                first.numbers |= group.numbers
                first.words |= group.words
                first.related |= group.related
                for member in group.members:
                    self.seen[member].group = first
        return first

    def _values(self, name: str, seen: _Seen) -> tuple[Value, ...]:
        if seen.sort == "flag":
            return (True, False)
        known: tuple[Scalar, ...]
        match seen.sort:
            case "choice":
                known = seen.options
            case "text":
                known = self._texts(seen.group)
            case _:
                known = self._numbers(seen)
        if seen.sort == "whole" and f"answer.{name[len('words(') : -1]}" in self.seen:
            return known  # It is known exactly when that answer is.
        return (None, *known)

    def _sorts(self, group: _Group, *sorts: Sort) -> list[_Seen]:
        return [self.seen[name] for name in group.members if self.seen[name].sort in sorts]

    def _texts(self, group: _Group) -> tuple[str, ...]:
        words = group.words | {o for each in self._sorts(group, "choice") for o in each.options}
        others = (f"other {i}" if i > 1 else "other" for i in range(1, 10_000))
        room = len(self._sorts(group, "text")) if group.related else 1
        self.budget.spend(len(words) + room)
        free = [other for other in others if other not in words][:room]
        return (*sorted(word for word in words if _ANY_TEXT.accept(word) == word), *free)

    def _numbers(self, seen: _Seen) -> tuple[float, ...]:
        group, constants, room = seen.group, set(seen.group.numbers), 1
        if group.related:
            alike = self._sorts(group, "number", "whole")
            room = len(alike) + sum(each.turns for each in alike)
            constants |= {bound for each in alike for bound in (each.low, each.high)}
            self.budget.spend(room * len(constants))
            if self._sorts(group, "whole"):
                constants |= set(_representatives(constants, 0, math.inf, room, whole=True))
        self.budget.spend((1 + room) * (1 + len(constants)))
        return _representatives(constants, seen.low, seen.high, room, whole=seen.sort == "whole")


_ANY_TEXT = ProfileField(type="text")


def _representatives(
    constants: Iterable[float], low: float, high: float, room: int, whole: bool
) -> tuple[float, ...]:
    """The constants from `low` to `high`, and up to `room` numbers from each gap between them."""
    marks = sorted({c for c in constants if abs(c) < LARGEST})
    found = {c for c in marks if low <= c <= high and not (whole and c != int(c))}
    for start, end in zip([-math.inf, *marks], [*marks, math.inf], strict=True):
        inside = between(max(start, low), min(end, high), room, whole)
        if not inside:
            inside = [x for x in (low, high) if start < x < end and not (whole and x != int(x))]
        found.update(inside)
    return tuple(sorted(found))


def between(low: float, high: float, room: int, whole: bool = False) -> list[float]:
    """Up to `room` numbers strictly between the two, whole ones preferred."""
    if low >= high:
        return []
    if math.isinf(low) and math.isinf(high):
        return [float(i) for i in range(room)]
    if math.isinf(low):
        return [math.ceil(high) - 1.0 - i for i in range(room)]
    if math.isinf(high):
        return [math.floor(low) + 1.0 + i for i in range(room)]
    first, last = math.floor(low) + 1, math.ceil(high) - 1
    if last - first + 1 >= room:
        start = first + (last - first + 1 - room) // 2
        return [float(start + i) for i in range(room)]
    if whole:
        return [float(i) for i in range(first, last + 1)]
    steps = {low + (high - low) * (i + 1) / (room + 1) for i in range(room)}
    return sorted(x for x in steps if low < x < high)
