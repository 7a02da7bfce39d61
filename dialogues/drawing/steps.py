"""The ways from question to question that candidates of each type can take, without their facts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogues import conditions
from dialogues.conditions import AllOf, AnyOf, Condition, Not, Reference
from dialogues.guide import END, Guide, Question

START = ""
"""The key of the start; no question has it."""


@dataclass(frozen=True)
class Step:
    """A way from one question to the next that some candidates can take.

    `source` is START or a question, `target` a question or END. `branch` is the place in the
    question's `next`; None is falling through to the following question.
    """

    source: str
    target: str
    types: tuple[str, ...]
    branch: int | None = None

    @property
    def key(self) -> str:
        return f"{self.source}>{self.target}>{'' if self.branch is None else self.branch}"


def steps(guide: Guide) -> list[Step]:
    """Every way on, in file order; equal ways of several candidate types are one."""
    types: dict[Step, list[str]] = {}
    for name in guide.candidate_types:
        following = _following(guide, name)
        types.setdefault(Step(START, following[0], ()), []).append(name)
        for question in guide.questions:
            if question.meant_for(name):
                for step in _steps_from(guide, question, name, following):
                    types.setdefault(step, []).append(name)
    ways = [replace(step, types=tuple(names)) for step, names in types.items()]
    last = len(guide.questions)
    return sorted(
        ways,
        key=lambda way: (
            guide.position.get(way.source, -1),
            last if way.branch is None else way.branch,
        ),
    )


def _following(guide: Guide, candidate_type: str) -> list[str]:
    """For each place in the file the first question at or after it that the type is asked."""
    following = [END]
    for question in reversed(guide.questions):
        following.append(question.id if question.meant_for(candidate_type) else following[-1])
    return following[::-1]


def _steps_from(
    guide: Guide, question: Question, candidate_type: str, following: list[str]
) -> list[Step]:
    own = guide.position[question.id]
    ways: list[Step] = []
    for i, branch in enumerate(question.next):
        sure = True if branch.when is None else decided(branch.when, candidate_type)
        if sure is False:
            continue
        # A question is never asked twice, so going to itself is going on.
        target = END if branch.go == END else following[guide.position[branch.go]]
        if target == question.id:
            target = following[own + 1]
        ways.append(Step(question.id, target, (), i))
        if sure:
            return ways
    return [*ways, Step(question.id, following[own + 1], ())]


def decided(condition: Condition | str, candidate_type: str) -> bool | None:
    """What a condition comes to for all candidates of a type; None when it depends on more."""
    if isinstance(condition, str):
        condition = conditions.parse(condition)
    match condition:
        case Not(term):
            inner = decided(term, candidate_type)
            return None if inner is None else not inner
        case AllOf(terms):
            parts = [decided(term, candidate_type) for term in terms]
            return False if False in parts else None if None in parts else True
        case AnyOf(terms):
            parts = [decided(term, candidate_type) for term in terms]
            return True if True in parts else None if None in parts else False
    for reference in conditions.references(condition):
        if not (isinstance(reference, Reference) and reference.kind == "candidate"):
            return None
    return conditions.holds(condition, conditions.OnlyType(candidate_type))


def layers(guide: Guide, ways: Sequence[Step]) -> dict[str, int]:
    """The row of every question: below all that lead to it from before it in the file."""
    into: dict[str, list[str]] = {}
    for step in ways:
        into.setdefault(step.target, []).append(step.source)
    rows = {START: 0}
    before = START
    for question in guide.questions:
        # Sources later in the file have no row yet: their lines go back.
        above = [rows[source] for source in into.get(question.id, []) if source in rows]
        rows[question.id] = 1 + max(above, default=rows[before])
        before = question.id
    rows[END] = 1 + max(rows.values())
    return rows
