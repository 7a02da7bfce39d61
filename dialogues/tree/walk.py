"""The way that the engine takes with given facts."""

from collections.abc import Iterator, Mapping

from dialogues.guide import Guide, ProfileField, Question
from dialogues.path import first_question, next_question
from dialogues.state import Given, Heard, State
from dialogues.tree.domains import Value


def walk(guide: Guide, candidate_type: str, facts: Mapping[str, Value]) -> tuple[str, ...]:
    """The questions that the engine asks, in order; facts that are not named are not known.

    Answers to questions of the bank count as given before the first question.
    """
    return tuple(question.id for question, _ in steps(guide, candidate_type, facts))


def steps(
    guide: Guide, candidate_type: str, facts: Mapping[str, Value]
) -> Iterator[tuple[Question, State]]:
    """Each question that the engine asks, with the state after its answer."""
    state = State(candidate_type=candidate_type)
    for question in guide.bank:
        if question.meant_for(candidate_type):
            state = _answer(state, question, facts)
    state = _fill(guide, state, facts)
    found = first_question(guide, state)
    while found is not None:
        state = state.model_copy(update={"asked": (*state.asked, found.id), "question": found.id})
        state = _fill(guide, _answer(state, found, facts), facts)
        yield found, state
        found = next_question(guide, state)


def _answer(state: State, question: Question, facts: Mapping[str, Value]) -> State:
    value, words = facts.get(f"answer.{question.id}"), facts.get(f"words({question.id})")
    skipped = value is None and (f"answer.{question.id}" in facts or words is None)
    if skipped:
        return state
    read = value if question.kind in ("choice", "number") else None
    given = Given(value=read, heard={"": Heard(words=int(words or 0))})
    return state.model_copy(update={"answers": {**state.answers, question.id: given}})


def _fill(guide: Guide, state: State, facts: Mapping[str, Value]) -> State:
    """The state with the profile as it is known by now."""
    known = {name: _known(name, field, state, facts) for name, field in guide.profile.items()}
    profile = {name: value for name, value in known.items() if value is not None}
    return state.model_copy(update={"profile": profile})


def _known(name: str, field: ProfileField, state: State, facts: Mapping[str, Value]) -> Value:
    """An order's fact stands over an answer's, and that over the résumé's."""
    given = facts.get(f"profile.{name}")
    if given is None and field.answer in state.answers:
        given = facts.get(f"answer.{field.answer}")
    return facts.get(f"resume.{name}") if given is None else given
