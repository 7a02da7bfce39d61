"""The path through a guide: which question comes next, and how long the way is."""

from dataclasses import dataclass

from dialogues import conditions
from dialogues.conditions import Scalar
from dialogues.guide import END, Guide, Probe, Question
from dialogues.state import State


@dataclass(frozen=True)
class StateFacts:
    """The facts that conditions read, taken from a state."""

    state: State

    def candidate_type(self) -> str | None:
        return self.state.candidate_type

    def profile(self, name: str) -> Scalar | None:
        return self.state.profile.get(name)

    def answer(self, question: str) -> Scalar | None:
        given = self.state.answers.get(question)
        return given.value if given else None

    def words(self, question: str) -> int | None:
        given = self.state.answers.get(question)
        return given.words if given else None

    def missing(self, key_point: str) -> bool:
        given = self.state.answers.get(self.state.question or "")
        return given is None or key_point not in given.hits


def first_question(guide: Guide, state: State) -> Question | None:
    return _next_allowed(guide, state, 0, frozenset(state.asked))


def next_question(guide: Guide, state: State, after: Question) -> Question | None:
    """The question after `after`, or None at the end. A question is never asked twice."""
    return _follow(guide, state, after, frozenset(state.asked))


def next_probe(state: State, question: Question) -> Probe | None:
    """The first probe not yet asked whose condition holds, within the question's limit."""
    if len(state.probes_asked) >= question.max_probes:
        return None
    facts = StateFacts(state)
    for probe in question.probes:
        if probe.id not in state.probes_asked and conditions.holds(
            conditions.parse(probe.when), facts
        ):
            return probe
    return None


def expected_total(guide: Guide, state: State) -> int:
    """Questions on the way as things stand: those asked, and those still to come.

    While the candidate type is open, those of the type that has most.
    """
    if state.candidate_type not in guide.candidate_types:
        types = (state.model_copy(update={"candidate_type": x}) for x in guide.candidate_types)
        return max(expected_total(guide, known) for known in types)
    seen = set(state.asked)
    current = guide.by_id.get(state.question or "")
    if current is None:
        if state.asked:
            return len(state.asked)
        current = first_question(guide, state)
        if current is None:
            return 0
        seen.add(current.id)
    while (current := _follow(guide, state, current, frozenset(seen))) is not None:
        seen.add(current.id)
    return len(seen)


def _follow(guide: Guide, state: State, after: Question, seen: frozenset[str]) -> Question | None:
    facts = StateFacts(state)
    for branch in after.next:
        if branch.when is None or conditions.holds(conditions.parse(branch.when), facts):
            if branch.go == END:
                return None
            return _next_allowed(guide, state, guide.position[branch.go], seen)
    return _next_allowed(guide, state, guide.position[after.id] + 1, seen)


def _next_allowed(guide: Guide, state: State, start: int, seen: frozenset[str]) -> Question | None:
    for question in guide.questions[start:]:
        if question.id not in seen and question.meant_for(state.candidate_type):
            return question
    return None


def longest_minutes(guide: Guide, candidate_type: str) -> float:
    """The minutes of the longest path for a candidate type, whatever the conditions say."""
    longest: dict[int, float] = {len(guide.questions): 0.0}
    for index in range(len(guide.questions) - 1, -1, -1):
        question = guide.questions[index]
        if not question.meant_for(candidate_type):
            longest[index] = longest[index + 1]
            continue
        ends = [
            len(guide.questions) if branch.go == END else guide.position[branch.go]
            for branch in question.next
        ]
        if all(branch.when is not None for branch in question.next):
            ends.append(index + 1)
        # A branch backwards leads to what was asked already, and from there on.
        longest[index] = question.minutes + max(
            longest.get(end, longest[index + 1]) for end in ends
        )
    return longest[0]
