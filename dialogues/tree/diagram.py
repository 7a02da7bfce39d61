"""Decision diagrams: functions of finitely many finite facts, each distinct function stored once.

Multi-terminal, multi-valued, reduced and ordered (Bryant 1986; Srinivasan et al. 1990). A function
is an integer; two functions are equal exactly when their integers are. Facts have levels: a lower
level stands nearer to the root.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

MAX_STEPS = 4_000_000


class TooComplexError(Exception):
    """The work has gone beyond its budget."""


class Budget:
    """Steps that may still be taken; a step takes a few microseconds and some 200 bytes."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises TooComplexError when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise TooComplexError


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of two values; with `neutral` on one side it gives the other side,
    with `absorbing` on either side `absorbing`. Unset where there is none."""

    function: Callable[..., Hashable]
    neutral: Hashable = ...
    absorbing: Hashable = ...


BOTH = Operation(lambda a, b: a and b, True, False)
EITHER = Operation(lambda a, b: a or b, False, True)
SUM = Operation(lambda a, b: None if a is None or b is None else a + b, 0)
WHERE = Operation(lambda held, value: value if held else None)
FIRST_KNOWN = Operation(lambda a, b: b if a is None else a)


class Diagrams:
    """The functions over facts with `sizes` values each."""

    def __init__(self, sizes: Sequence[int], budget: Budget | None = None) -> None:
        self.sizes = sizes
        self.budget = budget or Budget()
        self._leaf = len(sizes)
        self._levels: list[int] = []
        self._children: list[tuple[int, ...]] = []
        self._values: dict[int, Hashable] = {}
        self._known: dict[Hashable, int] = {}
        self._done: dict[Hashable, int] = {}
        self._shares: dict[int, Fraction] = {}
        self.false, self.true = self.constant(False), self.constant(True)

    def constant(self, value: Hashable) -> int:
        """The function that always gives `value`."""
        return self._store((type(value), value), self._leaf, (), value)

    def choice(self, level: int, values: Iterable[Hashable]) -> int:
        """The function that gives, for each value of a fact in turn, one of `values`."""
        return self._node(level, tuple(self.constant(value) for value in values))

    def value(self, node: int) -> Hashable:
        """What a constant function gives."""
        return self._values[node]

    def is_constant(self, node: int) -> bool:
        return self._levels[node] == self._leaf

    def _store(
        self, key: Hashable, level: int, children: tuple[int, ...], value: Hashable = None
    ) -> int:
        found = self._known.get(key)
        if found is not None:
            return found
        self.budget.spend(1 + len(children))
        self._known[key] = node = len(self._levels)
        self._levels.append(level)
        self._children.append(children)
        if level == self._leaf:
            self._values[node] = value
        return node

    def _node(self, level: int, children: tuple[int, ...]) -> int:
        if children.count(children[0]) == len(children):
            return children[0]
        return self._store((level, children), level, children)

    def apply(self, operation: Operation, a: int, b: int) -> int:
        """The operation on what both functions give; raises TooComplexError."""
        try:
            return self._apply(operation, a, b)
        except RecursionError:
            raise TooComplexError from None

    def _apply(self, operation: Operation, a: int, b: int) -> int:
        levels, leaf = self._levels, self._leaf
        level_a, level_b = levels[a], levels[b]
        for one, other, level in ((a, b, level_a), (b, a, level_b)):
            if level == leaf:
                value = self._values[one]
                if value == operation.neutral:
                    return other
                if value == operation.absorbing:
                    return one
        key = (operation, a, b)
        found = self._done.get(key)
        if found is not None:
            return found
        self.budget.spend()
        level = min(level_a, level_b)
        if level == leaf:
            result = self.constant(operation.function(self._values[a], self._values[b]))
        else:
            size = self.sizes[level]
            under_a = self._children[a] if level_a == level else (a,) * size
            under_b = self._children[b] if level_b == level else (b,) * size
            children = []
            for i in range(size):
                children.append(self._apply(operation, under_a[i], under_b[i]))
            result = self._node(level, tuple(children))
        self._done[key] = result
        return result

    def change(self, function: Callable[..., Hashable], node: int) -> int:
        """`function` of what the function gives."""
        return self.apply(Operation(lambda value, _: function(value)), node, self.false)

    def both(self, a: int, b: int) -> int:
        return self.apply(BOTH, a, b)

    def either(self, a: int, b: int) -> int:
        return self.apply(EITHER, a, b)

    def negate(self, node: int) -> int:
        return self.apply(_NOT, node, self.true)

    def grow(self, node: int, level: int) -> int:
        """Where `node` holds for the fact's value or for any earlier one of its values."""

        def cumulate(children: list[int]) -> int:
            for i in range(1, len(children)):
                children[i] = self.either(children[i - 1], children[i])
            return self._node(level, tuple(children))

        return self._rebuild(node, {level: cumulate})

    def without(self, node: int, levels: Iterable[int], operation: Operation) -> int:
        """The operation over all values of the facts at `levels`, on which it then depends no more."""

        def join(children: list[int]) -> int:
            return reduce(lambda a, b: self.apply(operation, a, b), children)

        return self._rebuild(node, dict.fromkeys(levels, join))

    def given(self, node: int, indices: Mapping[int, int]) -> int:
        """The function where the named facts have the values at these indices."""

        def take(index: int) -> Callable[[list[int]], int]:
            return lambda children: children[index]

        return self._rebuild(node, {level: take(index) for level, index in indices.items()})

    def _rebuild(self, node: int, change: Mapping[int, Callable[[list[int]], int]]) -> int:
        """The function with other nodes at some levels, from below."""
        done: dict[int, int] = {}
        for each in reversed(self.under(node)):
            level, children = self._levels[each], [done[child] for child in self._children[each]]
            if level == self._leaf:
                done[each] = each
            elif level in change:
                done[each] = change[level](children)
            else:
                done[each] = self._node(level, tuple(children))
        return done[node]

    def under(self, node: int) -> list[int]:
        """The node and all below it, every node before those below it."""
        found, order = {node}, [node]
        for each in order:
            for child in self._children[each]:
                if child not in found:
                    found.add(child)
                    order.append(child)
        self.budget.spend(len(order))
        return sorted(order, key=self._levels.__getitem__)

    def levels(self, node: int) -> set[int]:
        """The facts on which the function depends."""
        return {self._levels[each] for each in self.under(node)} - {self._leaf}

    def values(self, node: int) -> set[Hashable]:
        """All that the function can give."""
        return {self._values[each] for each in self.under(node) if each in self._values}

    def pick(self, node: int, value: Hashable = True) -> dict[int, int]:
        """Values of facts, by level and index, for which the function gives `value`.

        Facts that do not matter are left out; the earliest values are taken. Raises LookupError.
        """
        leads = {self.constant(value)}
        for each in reversed(self.under(node)):
            if not leads.isdisjoint(self._children[each]):
                leads.add(each)
        if node not in leads:
            raise LookupError(value)
        picked = {}
        while not self.is_constant(node):
            index = next(i for i, child in enumerate(self._children[node]) if child in leads)
            picked[self._levels[node]] = index
            node = self._children[node][index]
        return picked

    def at(self, node: int, indices: Mapping[int, int]) -> Hashable:
        """What the function gives there; facts not named have their first value."""
        while not self.is_constant(node):
            node = self._children[node][indices.get(self._levels[node], 0)]
        return self._values[node]

    def share(self, node: int) -> Fraction:
        """How much of all combinations of values a condition holds for: exact, from 0 to 1."""
        for each in reversed(self.under(node) if node not in self._shares else ()):
            if self.is_constant(each):
                self._shares[each] = Fraction(int(self._values[each] is True))
            elif each not in self._shares:
                children = self._children[each]
                total = sum((self._shares[child] for child in children), Fraction(0))
                self._shares[each] = total / len(children)
        return self._shares[node]


_NOT = Operation(lambda value, _: not value)
