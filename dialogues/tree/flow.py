"""What candidates of one type can be asked: routes, lengths, and what is never reached."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from dialogues.guide import Question
from dialogues.tree.diagram import Budget, TooComplexError
from dialogues.tree.domains import Value
from dialogues.tree.extremes import GREATEST, LEAST, extreme
from dialogues.tree.walk import walk
from dialogues.tree.ways import Place, Step, Ways

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
    """The least and the greatest sum over the ways; a way that has it is found when asked for."""

    low: float
    high: float
    find_low: Callable[[], Route]
    find_high: Callable[[], Route]

    @cached_property
    def low_route(self) -> Route:
        return self.find_low()

    @cached_property
    def high_route(self) -> Route:
        return self.find_high()


class Flow(Ways):
    """What candidates of one type can be asked. Raises TooComplexError when that is too much."""

    def extent(self, weight: Callable[[Question], float]) -> Extent:
        """The least and the greatest sum of the asked questions' weights, over all ways."""
        exact = {
            index: Fraction(str(float(weight(self.guide.questions[index]))))
            for index in self.allowed
        }
        scale = math.lcm(*(each.denominator for each in exact.values()))
        weights = {index: int(each * scale) for index, each in exact.items()}
        low, at_low = self._extreme(weights, least=True)
        high, at_high = self._extreme(weights, least=False)
        return Extent(
            low / scale,
            high / scale,
            lambda: self.route_with(at_low),
            lambda: self.route_with(at_high),
        )

    def _extreme(self, weights: Mapping[int, int], least: bool) -> tuple[int, dict[int, int]]:
        always = [i for i, reach in self.reach_of.items() if reach == self.diagrams.true]
        total, picked = sum(weights[index] for index in always), dict[int, int]()
        for group in self._independent():
            part, facts = extreme(
                self, {index: weights[index] for index in group}, LEAST if least else GREATEST
            )
            total += part
            picked |= facts
        return total, picked

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
            condition = self.diagrams.both(condition, self.targets[place][target])
        return self._route(questions, condition)

    def where_lost(self, questions: Sequence[str], wanted: set[str]) -> tuple[int, Step] | None:
        """The last step on a way, with its question's position, before which one of the wanted
        questions could still have come; None when none of them could from the start."""
        leads: set[Place | None] = set()
        for place, steps in reversed(self.steps.items()):
            asks = self.guide.questions[place.index].id in wanted
            if asks or any(step.target in leads for step in steps):
                leads.add(place)
        for place, target in self.legs(questions):
            if place in leads and target not in leads:
                steps = self.steps[place]
                return place.index, next(step for step in steps if step.target == target)
        return None

    def _route(self, questions: tuple[str, ...], condition: int) -> Route:
        facts = self.named(self.diagrams.pick(condition))
        return Route(questions, float(self.diagrams.share(condition)), facts)

    def _independent(self) -> list[list[int]]:
        """The questions that some are asked, in groups that have no fact in common."""
        owner: dict[int, int] = {}
        groups: dict[int, list[int]] = {}
        facts_of_group: dict[int, set[int]] = {}
        for index, reach in self.reach_of.items():
            if self.diagrams.is_constant(reach):
                continue
            members, facts = [index], self.diagrams.levels(reach)
            for other in {owner[level] for level in facts if level in owner}:
                members += groups.pop(other)
                facts |= facts_of_group.pop(other)
            groups[index], facts_of_group[index] = members, facts
            owner |= dict.fromkeys(facts, index)
        return list(groups.values())

    def _walks(self, limit: int) -> list[tuple[tuple[str, ...], int]] | None:
        """Every different way with the facts that lead along it; None with more than `limit`.

        All ways grow together, and each leads to an end: too many are noticed early.
        """
        if self.first is None:
            return [((), self.diagrams.true)]
        ended: list[tuple[tuple[str, ...], int]] = []
        first: _Trail = (self.first.index, None)
        growing = [(self.first, self.diagrams.true, first)]
        while growing and len(ended) + len(growing) <= limit:
            grown: list[tuple[Place, int, _Trail]] = []
            for place, condition, trail in growing:
                for target, step in self.targets[place].items():
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


_Trail = tuple[int, "_Trail | None"]
