"""Decision diagrams against tables of all values."""

import itertools
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.tree.diagram import SUM, Budget, Diagrams, TooComplexError

SIZES = (2, 3, 2, 4)
POINTS = list(itertools.product(*map(range, SIZES)))
Table = dict[tuple[int, ...], object]


@st.composite
def functions(draw: st.DrawFn) -> Callable[[Diagrams], tuple[int, Table]]:
    """A way to build a condition, step by step, as a diagram and as a table."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("fact", "and", "or", "not")),
                st.integers(0, len(SIZES) - 1),
                st.integers(0, 3),
            ),
            min_size=1,
            max_size=12,
        )
    )

    def build(diagrams: Diagrams) -> tuple[int, Table]:
        stack: list[tuple[int, Table]] = [(diagrams.true, dict.fromkeys(POINTS, True))]
        for kind, level, value in steps:
            node, table = stack[-1]
            if kind == "not":
                made = diagrams.negate(node), {p: not table[p] for p in POINTS}
            elif kind == "fact" or len(stack) < 2:
                made = (
                    diagrams.choice(level, (i <= value for i in range(SIZES[level]))),
                    {p: p[level] <= value for p in POINTS},
                )
            else:
                other, rest = stack[level % (len(stack) - 1)]
                if kind == "and":
                    made = diagrams.both(node, other), {p: table[p] and rest[p] for p in POINTS}
                else:
                    made = diagrams.either(node, other), {p: table[p] or rest[p] for p in POINTS}
            stack.append(made)
        return stack[-1]

    return build


@given(functions(), functions(), st.integers(1, 9), st.integers(1, 9))
def test_diagrams_are_their_tables(one, other, a: int, b: int) -> None:
    diagrams = Diagrams(SIZES)
    (f, f_table), (g, g_table) = one(diagrams), other(diagrams)
    for point in POINTS:
        assert diagrams.at(f, dict(enumerate(point))) is f_table[point]
    assert (f == g) == (f_table == g_table), "equal functions are one node"
    share = Fraction(sum(map(bool, f_table.values())), len(POINTS))
    assert diagrams.share(f) == share

    weigh_f = diagrams.change(lambda holds: a if holds else 0, f)
    weigh_g = diagrams.change(lambda holds: b if holds else 0, g)
    total = diagrams.apply(SUM, weigh_f, weigh_g)
    sums = {p: a * bool(f_table[p]) + b * bool(g_table[p]) for p in POINTS}
    assert diagrams.values(total) == set(sums.values())
    for value in set(sums.values()):
        picked = diagrams.pick(total, value)
        reached = [p for p in POINTS if all(p[level] == i for level, i in picked.items())]
        assert {sums[p] for p in reached} == {value}
    with pytest.raises(LookupError):
        diagrams.pick(total, -1)

    levels = {
        level
        for level in range(len(SIZES))
        if any(
            f_table[p] != f_table[(*p[:level], i, *p[level + 1 :])]
            for p in POINTS
            for i in range(SIZES[level])
        )
    }
    assert diagrams.levels(f) == levels


@given(functions(), st.integers(0, len(SIZES) - 1))
def test_growing_holds_for_all_later_values(build, level: int) -> None:
    diagrams = Diagrams(SIZES)
    node, table = build(diagrams)
    grown = diagrams.grow(node, level)
    for p in POINTS:
        earlier = [(*p[:level], i, *p[level + 1 :]) for i in range(p[level] + 1)]
        assert diagrams.at(grown, dict(enumerate(p))) is any(table[e] for e in earlier)


def test_values_of_different_types_are_different() -> None:
    diagrams = Diagrams(())
    assert len({diagrams.constant(x) for x in (1, 1.0, True, "1", None)}) == 5


def test_a_budget_ends_it() -> None:
    diagrams = Diagrams([2] * 40, Budget(2_000))
    left = [diagrams.choice(i, (False, True)) for i in range(20)]
    right = [diagrams.choice(20 + i, (False, True)) for i in range(20)]
    node = diagrams.false
    with pytest.raises(TooComplexError):
        for a, b in zip(left, right, strict=True):
            node = diagrams.either(node, diagrams.both(a, b))


def test_more_facts_than_can_be_followed_end_it_too() -> None:
    diagrams = Diagrams([2] * 1_500)
    node = diagrams.true
    with pytest.raises(TooComplexError):
        for level in range(1_500):
            node = diagrams.both(diagrams.choice(level, (False, True)), node)
