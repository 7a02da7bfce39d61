"""Probes and scenario lines that can be said, against the engine on every course of answers."""

import itertools
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues.guide import Guide, Question
from dialogues.path import next_follow_up
from dialogues.state import Given, Heard, State
from dialogues.tree.flow import Flow
from dialogues.tree.followups import line_fates, probe_fates
from tests.plans import both, make_guide, probe, question
from tests.unit.tree_samples import condition_texts

ATOMS = (
    "missing(a)",
    "not missing(a)",
    "missing(b)",
    "not missing(b)",
    "words(q) < 3",
    "words(q) >= 3",
    "words(q) > 6 and words(q) < 8",
    "words(q) < profile.years",
    "words(q) > profile.years",
    "profile.years >= 2",
    "not known(profile.years)",
)
KEY_POINTS = ("a", "b")


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    texts = condition_texts(tuple(draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=3))))
    names = (f"f{i}" for i in itertools.count())

    def line() -> dict[str, Any]:
        when = draw(st.one_of(st.none(), texts))
        return {"id": next(names), "text": both("line"), **({"when": when} if when else {})}

    turns = [
        {"replies": [line() for _ in range(draw(st.integers(1, 2)))]}
        for _ in range(draw(st.integers(0, 3)))
    ]
    probes = [probe(next(names), draw(texts)) for _ in range(draw(st.integers(0, 4)))]
    more: dict[str, Any] = {"competency": "c"} if draw(st.booleans()) else {}
    scenario = question(
        "q",
        kind="scenario",
        turns=turns,
        probes=probes,
        max_probes=draw(st.integers(0, 3)),
        **more,
    )
    return make_guide(question("before"), scenario, profile={"years": {"type": "number"}})


Point = tuple[float | None, int, frozenset[str], tuple[str, ...]]


def said_by_the_engine(guide: Guide, flow: Flow) -> set[str]:
    """All that is said on some course of answers, in which words and hits only grow."""
    asked = guide.by_id["q"]
    words = sorted({int(w) for w in flow.variables.get("words(q)", (0,)) if w is not None})
    own = KEY_POINTS if asked.competency else ()
    sets = [frozenset(c) for n in range(3) for c in itertools.combinations(own, n)]
    years: Any = flow.variables.get("profile.years", (None,))
    todo: list[Point] = [(y, w, h, ()) for y in years for w in words for h in sets]
    seen, said = set(todo), set()
    while todo:
        year, count, hits, before = todo.pop()
        found = next_follow_up(state_of(asked, year, count, hits, before), asked)
        if found is None:
            continue
        said.add(found.id)
        for more, further in itertools.product(words, sets):
            point = (year, more, further, (*before, found.id))
            if more >= count and further >= hits and point not in seen:
                seen.add(point)
                todo.append(point)
    return said


def state_of(
    asked: Question, year: float | None, words: int, hits: frozenset[str], before: tuple[str, ...]
) -> State:
    return State(
        candidate_type="campus",
        question=asked.id,
        asked=("before", asked.id),
        profile={} if year is None else {"years": year},
        answers={"q": Given(heard={"": Heard(words=words, hits=tuple(sorted(hits)))})},
        probes_asked=before,
    )


def said_by_the_compiler(flow: Flow, asked: Question) -> Iterator[str]:
    for turn, row in zip(asked.turns, line_fates(flow, asked), strict=True):
        yield from (line.id for line, fate in zip(turn.replies, row, strict=True) if fate.said)
    for each, fate in zip(asked.probes, probe_fates(flow, asked), strict=True):
        if fate.said:
            yield each.id


@settings(max_examples=100, deadline=None)
@given(guides())
def test_what_can_be_said_is_what_the_engine_says(guide: Guide) -> None:
    flow = Flow(guide, "campus")
    assert set(said_by_the_compiler(flow, guide.by_id["q"])) == said_by_the_engine(guide, flow)
