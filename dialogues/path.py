"""The path through a guide: which question comes next, and how long the way is."""

from dataclasses import dataclass

from dialogues import conditions
from dialogues.conditions import Scalar
from dialogues.guide import END, Branch, Guide, Line, Part, Probe, Question
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


def _holds(when: str | None, facts: StateFacts) -> bool:
    return when is None or conditions.holds(conditions.parse(when), facts)


def first_question(guide: Guide, state: State) -> Question | None:
    """The first of the path; where it has none for the candidate, one that a recruiter added."""
    return _next_allowed(guide, state, 0, frozenset()) or _next_added(guide, state)


def _next_added(guide: Guide, state: State) -> Question | None:
    waiting = (guide.by_id[name] for name in state.added if name not in state.asked)
    return next(waiting, None)


def next_question(guide: Guide, state: State) -> Question | None:
    """What is asked after the questions so far, or None at the end. Nothing is asked twice.

    A question that a recruiter added comes next; the path goes on after it.
    """
    on_path = [name for name in state.asked if name in guide.position]
    added = _next_added(guide, state)
    if added is not None or not on_path:
        return added
    return _follow(guide, state, guide.by_id[on_path[-1]], frozenset(state.asked))


def next_follow_up(state: State, question: Question) -> Part | Line | Probe | None:
    """What is said next within the question: parts of a case, lines of a scenario, then probes."""
    asked = state.probes_asked
    for part in question.parts:
        if part.id not in asked:
            return part
    probed = [probe.id for probe in question.probes if probe.id in asked]
    if not probed:
        line = _next_line(state, question)
        if line is not None:
            return line
    if len(probed) >= question.max_probes:
        return None
    facts = StateFacts(state)
    for probe in question.probes:
        if probe.id not in asked and _holds(probe.when, facts):
            return probe
    return None


def _next_line(state: State, question: Question) -> Line | None:
    """The first line that holds in the next turn of a scenario."""
    facts = StateFacts(state)
    for turn in question.turns:
        if not any(line.id in state.probes_asked for line in turn.replies):
            return next((line for line in turn.replies if _holds(line.when, facts)), None)
    return None


def expected_total(guide: Guide, state: State) -> int:
    """Questions on the way as things stand: those asked, and those still to come.

    While the candidate type is open, those of the type that has most.
    """
    if state.candidate_type not in guide.candidate_types:
        types = (state.model_copy(update={"candidate_type": x}) for x in guide.candidate_types)
        return max(expected_total(guide, known) for known in types)
    seen = {*state.asked, *state.added}
    on_path = [name for name in state.asked if name in guide.position]
    if state.asked and state.question is None:
        return len(state.asked)
    current = guide.by_id[on_path[-1]] if on_path else _next_allowed(guide, state, 0, frozenset())
    if current is None:
        return len(seen)
    seen.add(current.id)
    while (current := _follow(guide, state, current, frozenset(seen))) is not None:
        seen.add(current.id)
    return len(seen)


def _follow(guide: Guide, state: State, after: Question, seen: frozenset[str]) -> Question | None:
    branch = taken_branch(state, after)
    if branch is None:
        return _next_allowed(guide, state, guide.position[after.id] + 1, seen)
    if branch.go == END:
        return None
    return _next_allowed(guide, state, guide.position[branch.go], seen)


def taken_branch(state: State, after: Question) -> Branch | None:
    """The question's first branch that holds; None where the file goes on to the next question."""
    facts = StateFacts(state)
    return next((branch for branch in after.next if _holds(branch.when, facts)), None)


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
