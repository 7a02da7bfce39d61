"""Made-up candidates walk through a guide, by the engine's own path.

Each fact that conditions read is drawn uniformly from its representative values (see domains.py),
"unknown" among them; each key point is said with even odds in an answer, and so is each that is
still missing in the reply to a follow-up. The figures say what a guide can do, not what real
candidates will: their facts are not uniform.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dialogues.guide import Guide, Question
from dialogues.path import next_follow_up
from dialogues.state import Given, Heard, State
from dialogues.tree.domains import Value
from dialogues.tree.flow import Flow
from dialogues.tree.walk import steps

EVEN = 0.5


@dataclass
class Tally:
    """What happened to the candidates of one type. Minutes are one for each candidate."""

    candidates: int = 0
    routes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    minutes: list[float] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    follow_ups: Counter[tuple[str, str]] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float:
        """The minutes that so many percent of the candidates do not exceed (nearest rank)."""
        ordered = sorted(self.minutes)
        rank = max(1, -(-len(ordered) * percent // 100))
        return ordered[int(rank) - 1]


def simulate(
    guide: Guide,
    n: int,
    seed: int,
    candidate_type: str | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> dict[str, Tally]:
    """Let `n` candidates walk, of every type in turn or of one. The same seed, the same figures."""
    draw = random.Random(seed)  # noqa: S311 (no secret depends on it)
    types = [candidate_type] if candidate_type else list(guide.candidate_types)
    domains = {name: Flow(guide, name).variables for name in types}
    tallies = {name: Tally() for name in types}
    wanted = {q.id: q.asked_about if q.competency else () for q in guide.questions}
    for number in range(n):
        name = types[number % len(types)]
        facts = {fact: draw.choice(values) for fact, values in domains[name].items()}
        _walk(guide, name, facts, wanted, tallies[name], draw)
        on_step()
    return tallies


def _walk(
    guide: Guide,
    candidate_type: str,
    facts: Mapping[str, Value],
    wanted: Mapping[str, tuple[str, ...]],
    tally: Tally,
    draw: random.Random,
) -> None:
    tally.candidates += 1
    route, minutes = [], 0.0
    for question, state in steps(guide, candidate_type, facts):
        route.append(question.id)
        minutes += question.minutes
        if question.id in state.answers or not _can_be_skipped(question, facts):
            for follow_up in _follow_ups(question, state, wanted[question.id], draw):
                tally.follow_ups[question.id, follow_up] += 1
    tally.asked.update(route)
    tally.routes[tuple(route)] += 1
    tally.minutes.append(minutes)


def _can_be_skipped(question: Question, facts: Mapping[str, Value]) -> bool:
    """Whether some condition looks at the answer, so that skipping it was drawn."""
    return f"words({question.id})" in facts or f"answer.{question.id}" in facts


def _follow_ups(
    question: Question, state: State, wanted: tuple[str, ...], draw: random.Random
) -> Iterator[str]:
    """What is said after the question itself, each reply bringing what may be missing."""
    given = state.answers.get(question.id, Given(heard={"": Heard()}))
    said: set[str] = set()
    while True:
        said |= {point for point in wanted if point not in said and draw.random() < EVEN}
        words = given.heard[""].words
        heard = Given(value=given.value, heard={"": Heard(words=words, hits=tuple(sorted(said)))})
        state = state.model_copy(update={"answers": {**state.answers, question.id: heard}})
        follow_up = next_follow_up(state, question)
        if follow_up is None:
            return
        yield follow_up.id
        state = state.model_copy(update={"probes_asked": (*state.probes_asked, follow_up.id)})
