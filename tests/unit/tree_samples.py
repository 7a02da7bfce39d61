"""Small guides made at random, and their ways taken one by one."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from dialogues import path
from dialogues.guide import Guide, Question
from dialogues.state import Given, Heard, State
from dialogues.tree.domains import Value
from tests.plans import TYPES, make_guide, options, question

QUESTIONS = ("q0", "q1", "q2", "q3", "q4", "q5")
PROFILE: dict[str, Any] = {
    "degree": {"type": "choice", "options": ["b", "m"]},
    "years": {"type": "number"},
    "asked_years": {"type": "number", "answer": "q1", "resume": ["years"]},
    "city": {"type": "text", "answer": "q2"},
}
ATOMS = (
    "candidate.type == 'campus'",
    "profile.degree == 'm'",
    "profile.degree != 'm'",
    "profile.degree in ['b', 'x']",
    "profile.years >= 3",
    "profile.years < 3",
    "profile.asked_years > 1",
    "profile.asked_years <= profile.years",
    "known(profile.asked_years)",
    "profile.city == 'X'",
    "known(profile.city)",
    "answer.q0 == 'a'",
    "answer.q0 in ['a', 'b']",
    "answer.q1 < 2",
    "answer.q1 == profile.years",
    "answer.q5 == 'a'",
    "words(q0) > 3",
    "words(q2) < 4",
    "words(q2) >= 4",
    "words(q3) > words(q2)",
    "words(q4) == 2",
)


def condition_texts(atoms: tuple[str, ...] = ATOMS) -> st.SearchStrategy[str]:
    def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            inner.map(lambda text: f"not ({text})"),
            st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map(
                lambda parts: f"({parts[0]}){parts[1]}({parts[2]})"
            ),
        )

    return st.recursive(st.sampled_from(atoms), compound, max_leaves=3)


@st.composite
def guides(draw: st.DrawFn, count: int = 6) -> Guide:
    """A guide with some branches: forwards, backwards, to the end, to other types."""
    used = draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4))
    texts = condition_texts(tuple(used))
    made = []
    for i, name in enumerate(QUESTIONS[:count]):
        more: dict[str, Any] = {"minutes": draw(st.sampled_from((1, 2.5, 4)))}
        if i in (0, 5):
            more |= {"kind": "choice", "options": options("a", "b")}
        if i == 1:
            more |= {"kind": "number", "min": 0, "max": 2}
        types = draw(st.sampled_from((None, None, None, ["campus"], ["experienced"])))
        if types:
            more["for"] = types
        if draw(st.booleans()):
            more["competency"] = draw(st.sampled_from(("c", "d")))
        more["next"] = draw(
            st.lists(
                st.fixed_dictionaries(
                    {"go": st.sampled_from((*QUESTIONS[:count], "end"))},
                    optional={"when": texts},
                ),
                max_size=2,
            )
        )
        made.append(question(name, **more))
    return make_guide(*made, candidate_types=TYPES, profile=PROFILE)


@dataclass(frozen=True)
class Visit:
    """A question at the moment after its answer."""

    question: Question
    state: State


def visits(guide: Guide, candidate_type: str, facts: Mapping[str, Value]) -> Iterator[Visit]:
    """The engine's way with these facts."""
    state = State(candidate_type=candidate_type)
    now = known_by_now(guide, state, facts)
    found = path.first_question(guide, now)
    while found is not None:
        state = state.model_copy(update={"asked": (*state.asked, found.id), "question": found.id})
        given = answer_to(found, facts)
        if given is not None:
            state = state.model_copy(update={"answers": {**state.answers, found.id: given}})
        now = known_by_now(guide, state, facts)
        yield Visit(found, now)
        found = path.next_question(guide, now)


def answer_to(question: Question, facts: Mapping[str, Value]) -> Given | None:
    """The answer; None when it is skipped."""
    value, words = f"answer.{question.id}", f"words({question.id})"
    names = [name for name in (value, words) if name in facts]
    if names and facts[names[0]] is None:
        return None
    read: Any = facts.get(value) if question.kind != "open" else None
    return Given(value=read, heard={"": Heard(words=int(facts.get(words) or 0))})


def known_by_now(guide: Guide, state: State, facts: Mapping[str, Value]) -> State:
    profile: dict[str, Any] = {}
    for name, field in guide.profile.items():
        told = facts.get(f"answer.{field.answer}") if field.answer in state.answers else None
        sources = (facts.get(f"profile.{name}"), told, facts.get(f"resume.{name}"))
        known = [source for source in sources if source is not None]
        if known:
            profile[name] = known[0]
    return state.model_copy(update={"profile": profile})


def assignments(
    variables: Mapping[str, tuple[Value, ...]], limit: int
) -> list[dict[str, Value]] | None:
    """Every combination of the facts' values; None when there are more than `limit`."""
    count = 1
    for values in variables.values():
        count *= len(values)
    if count > limit:
        return None
    return [
        dict(zip(variables, values, strict=True))
        for values in itertools.product(*variables.values())
    ]
