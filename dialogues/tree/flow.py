"""The way of one candidate type through a guide, exact over all facts at once.

Places are questions together with what of their block has been asked. A block is a stretch of the
file within which a `go` leads backwards; elsewhere the position alone says what has been asked.
Every step moves on in the file or adds a question to the block, so places have no cycles.
"""

import heapq
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from dialogues import conditions
from dialogues.guide import END, Guide, Question
from dialogues.tree.diagram import SUM, Budget, Diagrams, TooComplexError
from dialogues.tree.domains import Value, facts_of
from dialogues.tree.lowering import Lowering
from dialogues.tree.walk import walk

__all__ = ["Budget", "Extent", "Flow", "Route", "TooComplexError"]

MAX_ROUTES = 1000
WALK_STEPS = 30
"""What the engine's step from question to question counts for."""


@dataclass(frozen=True)
class Route:
    """A way that can be taken: its questions in order, facts that lead there, and its share.

    The share is the chance of this way when each fact is drawn independently and uniformly from its
    representative values. Facts not named do not matter.
    """

    questions: tuple[str, ...]
    share: float
    facts: Mapping[str, Value]


@dataclass(frozen=True)
class Extent:
    """The least and the greatest sum over the ways, each with a way that has it."""

    low: float
    high: float
    low_route: Route
    high_route: Route


@dataclass(frozen=True)
class Place:
    """A question being asked, by position, and what was asked before in its block."""

    index: int
    visited: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Step:
    """A way on from a place: `condition` says when, given the place. None stands for the end.

    `branch` is None where no branch holds.
    """

    branch: int | None
    target: Place | None
    condition: int


@dataclass
class BranchFate:
    """What can become of a branch: looked at, taken, passed over, and where it leads amiss."""

    seen: bool = False
    taken: bool = False
    passed: bool = False
    repeats: bool = False
    other_type: bool = False


@dataclass
class _Ways:
    """All places, in an order in which every step goes forward."""

    reach: dict[Place, int] = field(default_factory=dict)
    steps: dict[Place, list[Step]] = field(default_factory=dict)
    by_question: dict[int, list[Place]] = field(default_factory=dict)
    reach_of: dict[int, int] = field(default_factory=dict)


class Flow:
    """What candidates of one type can be asked. Raises TooComplexError when that is too much."""

    def __init__(self, guide: Guide, candidate_type: str, budget: Budget | None = None) -> None:
        self.guide, self.type = guide, candidate_type
        self.allowed = [
            index for index, each in enumerate(guide.questions) if each.meant_for(candidate_type)
        ]
        budget = budget or Budget()
        facts = facts_of(guide, candidate_type, budget)
        self.variables: Mapping[str, tuple[Value, ...]] = {each.name: each.values for each in facts}
        self._names = [each.name for each in reversed(facts)]
        self.diagrams = Diagrams([len(each.values) for each in reversed(facts)], budget)
        self.lowering = Lowering(guide, candidate_type, facts, self.diagrams)
        self.fates: dict[tuple[int, int], BranchFate] = {}
        self._blocks = self._find_blocks()
        self._ways = _Ways()
        self._here = 0
        try:
            self._explore()
        except TooComplexError:
            raise TooComplexError(guide.questions[self._here].id) from None

    # What others ask.

    def reached(self, question_id: str) -> bool:
        """Whether any candidate of this type gets the question."""
        return self.reach(question_id) != self.diagrams.false

    def reach(self, question_id: str) -> int:
        """The diagram of the facts with which the question is asked."""
        index = self.guide.position.get(question_id, -1)
        return self._ways.reach_of.get(index, self.diagrams.false)

    def places(self, question_id: str) -> list[tuple[Place, int]]:
        """Where the question is asked, each place with the facts that lead there."""
        places = self._ways.by_question.get(self.guide.position.get(question_id, -1), [])
        return [(place, self._ways.reach[place]) for place in places]

    def asked(self, question_id: str, place: Place) -> int:
        """The facts with which a question has been asked at a place, its own included."""
        question = self.guide.by_id[question_id]
        if not question.meant_for(self.type):
            return self.diagrams.false
        index = self.guide.position.get(question_id)
        if index is None or index == place.index or index in place.visited:
            return self.diagrams.true  # Those of the bank may be asked anywhere.
        if self._block(index) < self._block(place.index):
            return self._ways.reach_of.get(index, self.diagrams.false)
        return self.diagrams.false

    def condition(self, text: str, question: Question, place: Place | None) -> int:
        """Where a condition holds at a place; without one, whatever has been asked."""
        return self.lowering.condition(
            conditions.parse(text),
            question,
            lambda name: self.diagrams.true if place is None else self.asked(name, place),
        )

    def extent(self, weight: Callable[[Question], float]) -> Extent:
        """The least and the greatest sum of the asked questions' weights, over all ways."""
        exact = {
            index: Fraction(str(float(weight(self.guide.questions[index]))))
            for index in self.allowed
        }
        scale = math.lcm(*(each.denominator for each in exact.values()))
        sums: dict[int, int] = {}
        for index, reach in self._ways.reach_of.items():
            sums[reach] = sums.get(reach, 0) + int(exact[index] * scale)
        low, high = sums.pop(self.diagrams.true, 0), 0
        high = low
        at_low: dict[int, int] = {}
        at_high: dict[int, int] = {}
        for group in self._independent(sums):
            total = self._total({reach: sums[reach] for reach in group})
            values = sorted(self.diagrams.values(total))  # type: ignore[type-var]
            low, high = low + int(values[0]), high + int(values[-1])  # type: ignore[call-overload]
            at_low |= self.diagrams.pick(total, values[0])
            at_high |= self.diagrams.pick(total, values[-1])
        return Extent(low / scale, high / scale, self.route_with(at_low), self.route_with(at_high))

    def routes(self, limit: int = MAX_ROUTES) -> list[Route] | None:
        """Every different way, the most likely first; None when there are more than `limit`."""
        walks = self._walks(limit)
        if walks is None:
            return None
        found = [self._route(questions, condition) for questions, condition in walks]
        return sorted(found, key=lambda route: (-route.share, route.questions))

    def count_routes(self, limit: int = MAX_ROUTES) -> int | None:
        """How many different ways there are; None when there are more than `limit`."""
        walks = self._walks(limit)
        return None if walks is None else len(walks)

    def route_with(self, picked: Mapping[int, int]) -> Route:
        """The engine's way with these facts (by level and index); all others have their first."""
        facts = self.named({level: picked.get(level, 0) for level in range(len(self._names))})
        self.diagrams.budget.spend(WALK_STEPS * len(self.allowed))
        questions = walk(self.guide, self.type, facts)
        condition = self.diagrams.true
        for place, target in self.legs(questions):
            condition = self.diagrams.both(condition, self._targets[place][target])
        return self._route(questions, condition)

    def legs(self, questions: Sequence[str]) -> Iterator[tuple[Place, Place | None]]:
        """From place to place along a way that can be taken, to the end."""
        place = self.first
        for following in (*questions[1:], None):
            if place is None:
                return
            index = None if following is None else self.guide.position[following]
            target = next(
                target
                for target in self._targets[place]
                if (None if target is None else target.index) == index
            )
            yield place, target
            place = target

    def where_lost(self, questions: Sequence[str], wanted: set[str]) -> tuple[int, Step] | None:
        """The last step on a way, with its question's position, before which one of the wanted
        questions could still have come; None when none of them could from the start."""
        leads: set[Place | None] = set()
        for place, steps in reversed(self._ways.steps.items()):
            asks = self.guide.questions[place.index].id in wanted
            if asks or any(step.target in leads for step in steps):
                leads.add(place)
        for place, target in self.legs(questions):
            if place in leads and target not in leads:
                steps = self._ways.steps[place]
                return place.index, next(step for step in steps if step.target == target)
        return None

    def named(self, picked: Mapping[int, int]) -> dict[str, Value]:
        """Facts by name instead of by level and index, in the order of the guide."""
        names = {self._names[level]: index for level, index in picked.items()}
        return {
            name: values[names[name]] for name, values in self.variables.items() if name in names
        }

    def _route(self, questions: tuple[str, ...], condition: int) -> Route:
        facts = self.named(self.diagrams.pick(condition))
        return Route(questions, float(self.diagrams.share(condition)), facts)

    # Sums.

    def _independent(self, reaches: Mapping[int, int]) -> list[list[int]]:
        """The diagrams in groups that have no fact in common."""
        owner: dict[int, int] = {}
        groups: dict[int, list[int]] = {}
        facts_of_group: dict[int, set[int]] = {}
        for reach in reaches:
            members, facts = [reach], self.diagrams.levels(reach)
            for other in {owner[level] for level in facts if level in owner}:
                members += groups.pop(other)
                facts |= facts_of_group.pop(other)
            groups[reach], facts_of_group[reach] = members, facts
            owner |= dict.fromkeys(facts, reach)
        return [group for group in groups.values() if group != [self.diagrams.false]]

    def _total(self, weights: Mapping[int, int]) -> int:
        """The sum of the weights of those that hold. Neighbours first, so that parts stay small."""
        parts = [self.diagrams.change(_weigh(w), reach) for reach, w in sorted(weights.items())]
        while len(parts) > 1:
            pairs = zip(parts[::2], [*parts[1::2], self.diagrams.constant(0)], strict=False)
            parts = [self.diagrams.apply(SUM, a, b) for a, b in pairs]
        return parts[0]

    # Ways.

    @cached_property
    def _targets(self) -> dict[Place, dict[Place | None, int]]:
        """Where it goes on from each place, with the facts for it."""
        result: dict[Place, dict[Place | None, int]] = {}
        for place, steps in self._ways.steps.items():
            targets = result.setdefault(place, {})
            for step in steps:
                before = targets.get(step.target, self.diagrams.false)
                targets[step.target] = self.diagrams.either(before, step.condition)
        return result

    def _walks(self, limit: int) -> list[tuple[tuple[str, ...], int]] | None:
        """Every different way with the facts that lead along it; None with more than `limit`.

        All ways grow together, and each leads to an end: too many are noticed early.
        """
        if self.first is None:
            return [((), self.diagrams.true)]
        ended: list[tuple[tuple[str, ...], int]] = []
        growing: list[tuple[Place, int, _Trail]] = [
            (self.first, self.diagrams.true, (self.first.index, None))
        ]
        while growing and len(ended) + len(growing) <= limit:
            grown = []
            for place, condition, trail in growing:
                for target, step in self._targets[place].items():
                    further = self.diagrams.both(condition, step)
                    if further == self.diagrams.false:
                        continue
                    if target is None:
                        ended.append((self._questions(trail), further))
                    else:
                        grown.append((target, further, (target.index, trail)))
            growing = grown
        return None if growing or len(ended) > limit else ended

    def _questions(self, trail: "_Trail | None") -> tuple[str, ...]:
        indices = []
        while trail is not None:
            indices.append(trail[0])
            trail = trail[1]
        return tuple(self.guide.questions[index].id for index in reversed(indices))

    # Places.

    def _find_blocks(self) -> list[tuple[int, int]]:
        """The stretches of the file, from first to last position, within which it goes back."""
        stretches = sorted(
            (self.guide.position[branch.go], index)
            for index in self.allowed
            for branch in self.guide.questions[index].next
            if branch.go != END and self.guide.position[branch.go] <= index
        )
        blocks: list[tuple[int, int]] = []
        for first, last in stretches:
            if blocks and first <= blocks[-1][1]:
                blocks[-1] = (blocks[-1][0], max(last, blocks[-1][1]))
            else:
                blocks.append((first, last))
        return blocks

    def _block(self, index: int) -> int:
        """The position at which the question's block begins: its own outside of blocks."""
        later = bisect_left(self._blocks, (index + 1, -1))
        if later and index <= self._blocks[later - 1][1]:
            return self._blocks[later - 1][0]
        return index

    def _next_allowed(self, start: int, visited: frozenset[int]) -> int | None:
        for index in self.allowed[bisect_left(self.allowed, start) :]:
            if index not in visited:
                return index
        return None

    def _explore(self) -> None:
        first = self._next_allowed(0, frozenset())
        self.first = None if first is None else Place(first)
        if self.first is None:
            return
        ways, diagrams = self._ways, self.diagrams
        ways.reach[self.first] = diagrams.true
        waiting = [self._key(self.first)]
        while waiting:
            place = heapq.heappop(waiting)[-1]
            self._here = place.index
            diagrams.budget.spend()
            reach = ways.reach[place]
            ways.by_question.setdefault(place.index, []).append(place)
            before = ways.reach_of.get(place.index, diagrams.false)
            ways.reach_of[place.index] = diagrams.either(before, reach)
            ways.steps[place] = steps = self._steps(place, reach)
            for step in steps:
                if step.target is None:
                    continue
                there = diagrams.both(reach, step.condition)
                if step.target not in ways.reach:
                    heapq.heappush(waiting, self._key(step.target))
                known = ways.reach.get(step.target, diagrams.false)
                ways.reach[step.target] = diagrams.either(known, there)

    def _key(self, place: Place) -> tuple[int, int, int, tuple[int, ...], Place]:
        visited = tuple(sorted(place.visited))
        return self._block(place.index), len(visited), place.index, visited, place

    def _steps(self, place: Place, reach: int) -> list[Step]:
        """The ways on that can be taken from a place."""
        diagrams, question = self.diagrams, self.guide.questions[place.index]
        left, steps = diagrams.true, []
        for number, branch in enumerate(question.next):
            fate = self.fates.setdefault((place.index, number), BranchFate())
            if diagrams.both(reach, left) == diagrams.false:
                break
            fate.seen = True
            holds = diagrams.true
            if branch.when is not None:
                holds = self.condition(branch.when, question, place)
            chosen = diagrams.both(left, holds)
            left = diagrams.both(left, diagrams.negate(holds))
            fate.passed = fate.passed or diagrams.both(reach, left) != diagrams.false
            if diagrams.both(reach, chosen) == diagrams.false:
                continue
            fate.taken = True
            self._note_target(fate, branch.go, place)
            start = None if branch.go == END else self.guide.position[branch.go]
            steps.append(Step(number, self._target(place, start), chosen))
        if diagrams.both(reach, left) != diagrams.false:
            steps.append(Step(None, self._target(place, place.index + 1), left))
        return steps

    def _note_target(self, fate: BranchFate, go: str, place: Place) -> None:
        if go == END:
            return
        index = self.guide.position[go]
        if not self.guide.questions[index].meant_for(self.type):
            fate.other_type = True
        elif index == place.index or index in place.visited:
            fate.repeats = True

    def _target(self, place: Place, start: int | None) -> Place | None:
        if start is None:
            return None
        visited = place.visited | {place.index}
        index = self._next_allowed(start, visited)
        if index is None:
            return None
        if self._block(index) != self._block(place.index):
            return Place(index)
        return Place(index, visited)


_Trail = tuple[int, "_Trail | None"]


def _weigh(weight: int) -> Callable[[bool], int]:
    return lambda holds: weight if holds else 0
