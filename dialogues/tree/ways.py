"""The ways of one candidate type through a guide, exact over all facts at once.

Places are questions together with what of their block has been asked. A block is a stretch of the
file within which a `go` leads backwards; elsewhere the position alone says what has been asked.
Every step moves on in the file or adds a question to the block, so places have no cycles.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dialogues import conditions
from dialogues.guide import END, Guide, Question
from dialogues.tree.diagram import Budget, Diagrams, TooComplexError
from dialogues.tree.domains import Value, facts_of
from dialogues.tree.lowering import Lowering


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


class Ways:
    """All places that candidates of a type may come to, with the facts that lead there.

    Raises TooComplexError, with the id of the question that was too much where there is one.
    """

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
        self.reach_of: dict[int, int] = {}
        self.steps: dict[Place, list[Step]] = {}
        self._reach: dict[Place, int] = {}
        self._by_question: dict[int, list[Place]] = {}
        self._here = 0
        try:
            self._explore()
        except TooComplexError:
            raise TooComplexError(guide.questions[self._here].id) from None

    def reached(self, question_id: str) -> bool:
        """Whether any candidate of this type gets the question."""
        return self.reach(question_id) != self.diagrams.false

    def reach(self, question_id: str) -> int:
        """The diagram of the facts with which the question is asked."""
        index = self.guide.position.get(question_id, -1)
        return self.reach_of.get(index, self.diagrams.false)

    def places(self, question_id: str) -> list[tuple[Place, int]]:
        """Where the question is asked, each place with the facts that lead there."""
        places = self._by_question.get(self.guide.position.get(question_id, -1), [])
        return [(place, self._reach[place]) for place in places]

    def asked(self, question_id: str, place: Place) -> int:
        """The facts with which a question has been asked at a place, its own included."""
        question = self.guide.by_id[question_id]
        if not question.meant_for(self.type):
            return self.diagrams.false
        index = self.guide.position.get(question_id)
        if index is None or index == place.index or index in place.visited:
            return self.diagrams.true  # Those of the bank may be asked anywhere.
        if self._block(index) < self._block(place.index):
            return self.reach_of.get(index, self.diagrams.false)
        return self.diagrams.false

    def condition(self, text: str, question: Question, place: Place | None) -> int:
        """Where a condition holds at a place; without one, whatever has been asked."""
        return self.lowering.condition(
            conditions.parse(text),
            question,
            lambda name: self.diagrams.true if place is None else self.asked(name, place),
        )

    def legs(self, questions: Sequence[str]) -> Iterator[tuple[Place, Place | None]]:
        """From place to place along a way that can be taken, to the end."""
        place = self.first
        for following in (*questions[1:], None):
            if place is None:
                return
            index = None if following is None else self.guide.position[following]
            target = next(
                target
                for target in self.targets[place]
                if (None if target is None else target.index) == index
            )
            yield place, target
            place = target

    def named(self, picked: Mapping[int, int]) -> dict[str, Value]:
        """Facts by name instead of by level and index, in the order of the guide."""
        names = {self._names[level]: index for level, index in picked.items()}
        return {
            name: values[names[name]] for name, values in self.variables.items() if name in names
        }

    @cached_property
    def targets(self) -> dict[Place, dict[Place | None, int]]:
        """Where it goes on from each place, with the facts for it."""
        result: dict[Place, dict[Place | None, int]] = {}
        for place, steps in self.steps.items():
            targets = result.setdefault(place, {})
            for step in steps:
                before = targets.get(step.target, self.diagrams.false)
                targets[step.target] = self.diagrams.either(before, step.condition)
        return result

    @cached_property
    def looked_at(self) -> dict[Place, set[int]]:
        """The facts, by level, that conditions before a place may have looked at."""
        known: dict[Place, set[int]] = {place: set() for place in self.steps}
        for place, targets in self.targets.items():
            here = known[place].union(*(self.diagrams.levels(each) for each in targets.values()))
            self.diagrams.budget.spend(len(here) // 10)
            for target in targets:
                if target is not None:
                    known[target] |= here
        return known

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
        diagrams = self.diagrams
        self._reach[self.first] = diagrams.true
        waiting = [self._key(self.first)]
        while waiting:
            place = heapq.heappop(waiting)[-1]
            self._here = place.index
            diagrams.budget.spend(10 + 2 * len(place.visited))
            reach = self._reach[place]
            self._by_question.setdefault(place.index, []).append(place)
            before = self.reach_of.get(place.index, diagrams.false)
            self.reach_of[place.index] = diagrams.either(before, reach)
            self.steps[place] = steps = self._steps(place, reach)
            for step in steps:
                if step.target is None:
                    continue
                there = diagrams.both(reach, step.condition)
                if step.target not in self._reach:
                    heapq.heappush(waiting, self._key(step.target))
                known = self._reach.get(step.target, diagrams.false)
                self._reach[step.target] = diagrams.either(known, there)

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
