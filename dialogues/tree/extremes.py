"""The least and the greatest sum of weights along a way, with facts that lead to it.

Going back from the end, each place gets what is still to come, as a function of those facts that a
condition before it may have looked at; over all other facts, the best is taken at once.
"""

from collections.abc import Mapping

from dialogues.tree.diagram import FIRST_KNOWN, SUM, WHERE, Operation
from dialogues.tree.ways import Place, Ways


def _better(least: bool) -> Operation:
    def choose(a: int | None, b: int | None) -> int | None:
        if a is None or b is None:
            return b if a is None else a
        return min(a, b) if least else max(a, b)

    return Operation(choose)


LEAST, GREATEST = _better(True), _better(False)


def extreme(ways: Ways, weights: Mapping[int, int], best: Operation) -> tuple[int, dict[int, int]]:
    """The best sum of the weights (by position in the file), and facts by level and index.

    Facts that do not matter are left out. Raises TooComplexError.
    """
    if ways.first is None:
        return 0, {}
    diagrams, known = ways.diagrams, ways.looked_at
    to_come: dict[Place | None, int] = {None: diagrams.constant(0)}
    with_choice: dict[Place, int] = {}
    for place in reversed(ways.steps):
        value = _going_on(ways, place, to_come)
        weight = weights.get(place.index, 0)
        if weight:
            value = diagrams.apply(SUM, diagrams.constant(weight), value)
        with_choice[place] = value
        free = [] if diagrams.is_constant(value) else diagrams.levels(value) - known[place]
        to_come[place] = diagrams.without(value, free, best) if free else value
    total = diagrams.value(to_come[ways.first])
    assert isinstance(total, int)
    return total, _facts(ways, with_choice, to_come)


def _going_on(ways: Ways, place: Place, to_come: Mapping[Place | None, int]) -> int:
    """What is still to come after a place."""
    diagrams, targets = ways.diagrams, ways.targets[place]
    if len({to_come[target] for target in targets}) == 1:
        return to_come[next(iter(targets))]
    value = diagrams.constant(None)
    for target, condition in targets.items():
        part = diagrams.apply(WHERE, condition, to_come[target])
        value = diagrams.apply(FIRST_KNOWN, value, part)
    return value


def _facts(
    ways: Ways,
    with_choice: Mapping[Place, int],
    to_come: Mapping[Place | None, int],
) -> dict[int, int]:
    """Facts that lead to the best sum, chosen from place to place; any other has its first value."""
    diagrams, place = ways.diagrams, ways.first
    picked: dict[int, int] = {}
    while place is not None:
        if not diagrams.is_constant(with_choice[place]):
            wanted = diagrams.at(to_come[place], picked)
            fixed = {level: picked.get(level, 0) for level in ways.looked_at[place]}
            picked |= diagrams.pick(diagrams.given(with_choice[place], fixed), wanted)
        place = next(
            target
            for target, condition in ways.targets[place].items()
            if diagrams.at(condition, picked) is True
        )
    return picked
