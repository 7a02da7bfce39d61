"""A second reading of a guide, for holding the engine against. It calls none of the engine's code.

`Model.follow` is told of each event and fails when the guide does not allow it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dialogues.events import (
    Answered,
    Asked,
    ConfirmationDropped,
    Consented,
    Event,
    Expired,
    Finished,
    Held,
    PositionSet,
    ProfileSet,
    Program,
    QuestionAdded,
    Reopened,
    Said,
    Skipped,
    Started,
    TypeSet,
)
from dialogues.guide import END, Guide, Question

IDS = ("q0", "q1", "q2", "q3", "q4", "q5")
HITS = ("k0", "k1")
UNCLEAR = ("unsure", "off_topic")


@dataclass
class Model:
    """What must be so after the events so far. `ordered` are the facts that the order gave."""

    guides: dict[str, Guide]
    ordered: dict[str, Any]
    read: dict[str, Any]
    guide: Guide | None = None
    consented: bool = False
    type: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    heard: dict[str, dict[str, tuple[int, set[str]]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    follow_ups: dict[str, list[str]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    open: tuple[str, str | None] | None = None
    last: tuple[str, str | None] | None = None
    reopened: bool = False
    tries: int = 0
    over: bool = False
    program: Program | None = None
    told: str | float | None = None
    """What the last answer told of the facts, until the facts are set."""
    said: Said | None = None
    """What the candidate says in this turn."""
    held: tuple[str, tuple[str, ...]] | None = None
    """Words that may be an answer, with their hits; they become one only by a yes."""
    dropped_now: tuple[str, tuple[str, ...]] | None = None
    """What was held when this turn began."""
    due: Callable[[], tuple[str, str | None] | None] | None = None
    """What must be asked next, to be worked out when the turn's facts are known."""

    # The facts that conditions read.

    def words(self, question: str) -> int | None:
        parts = self.heard.get(question)
        return None if parts is None else sum(words for words, _ in parts.values())

    def hits(self, question: str | None = None) -> set[str]:
        name = question or (self.open or ("", None))[0]
        return {hit for _, hits in self.heard.get(name, {}).values() for hit in hits}

    # Events.

    def follow(self, event: Event) -> None:
        match event:
            case Started():
                self.type = event.candidate_type
            case Consented():
                self.consented = True
            case PositionSet():
                self.guide = self.guides[event.position]
                known = {**self.read, **self.ordered}
                self.facts = {k: v for k, v in known.items() if k in self.guide.profile}
                assert event.profile == self.facts
            case TypeSet():
                self.type = event.candidate_type
                assert self.type in self.known_guide.candidate_types
            case QuestionAdded():
                assert self.may_add(event.question)
                self.added.append(event.question)
            case Held():
                self.hold(event)
            case ConfirmationDropped():
                self.dropped_now, self.held = self.held, None
            case Answered():
                self.check_words(event)
                self.answered(event)
            case ProfileSet():
                assert event.profile != self.facts
                self.learn()
                assert event.profile == self.facts
            case Skipped():
                assert (event.question, event.probe) == self.open
                if event.probe is None:
                    self.skipped.append(event.question)
                self.done(self.after_follow_up if event.probe else self.after_question)
            case Reopened():
                self.take_up_again(event)
            case Asked():
                self.ask(event)
            case Expired():
                self.held = None
            case Finished():
                assert self.next_up() is None
                self.open, self.due, self.over = None, None, True

    @property
    def known_guide(self) -> Guide:
        assert self.guide is not None
        return self.guide

    def question(self, name: str | None = None) -> Question:
        if name is None:
            assert self.open is not None
            name = self.open[0]
        return next(
            q for q in (*self.known_guide.questions, *self.known_guide.bank) if q.id == name
        )

    def done(self, then: Callable[[], tuple[str, str | None] | None]) -> None:
        self.last, self.reopened, self.due = self.open, False, then

    def answered(self, event: Answered) -> None:
        assert (event.question, event.probe) == self.open
        self.check_value(event)
        parts = self.heard.setdefault(event.question, {})
        parts[event.probe or ""] = (event.words, set(event.hits))
        if event.value is not None:
            self.values[event.question] = event.value
        self.tries += 1
        self.done(self.after_follow_up)
        if event.probe is None:
            told = event.value if self.question().kind != "open" else event.text.strip()[:500]
            self.told = told if told != "" else None
        task, program = self.question().code, self.program
        if task is not None:
            assert program is not None
            again = program.ran and program.passed < program.total and self.tries < task.attempts
            if again:
                self.due = None

    def hold(self, event: Held) -> None:
        assert self.said is not None
        assert event.intent in UNCLEAR
        assert (event.text, event.hits) == (self.said.text, self.said.hits)
        assert self.open is not None
        assert self.question().kind in ("open", "scenario", "case")
        assert self.held is None
        self.held = (event.text, event.hits)

    def check_words(self, event: Answered) -> None:
        """The words of this turn, or those held before it; nothing else."""
        assert self.held is None
        if event.confirmed:
            assert (event.text, event.hits) == self.dropped_now
        else:
            assert self.said is not None
            assert (event.text, event.hits) == (self.said.text, self.said.hits)
        self.dropped_now = None

    def learn(self) -> None:
        """What an answer told stands over the résumé, and under the order."""
        told, self.told = self.told, None
        for name, known in self.known_guide.profile.items():
            fills = self.last is not None and known.answer == self.last[0]
            if fills and told is not None and name not in self.ordered:
                self.facts[name] = told

    def check_value(self, event: Answered) -> None:
        asked = self.question()
        if asked.kind == "choice":
            assert event.value in {option.id for option in asked.options}
        elif asked.kind == "number":
            assert isinstance(event.value, float)
            assert asked.min is None or event.value >= asked.min
            assert asked.max is None or event.value <= asked.max
        else:
            assert event.value is None

    def take_up_again(self, event: Reopened) -> None:
        assert not self.reopened
        assert (event.question, event.probe) == self.last
        assert self.question(event.question).kind != "code"
        at = self.asked.index(event.question) + 1
        self.dropped += self.asked[at:]
        for name in self.asked[at:]:
            assert name not in self.heard, "an answer is never dropped"
            self.follow_ups.pop(name)
        del self.asked[at:]
        before = self.follow_ups[event.question]
        kept = before.index(event.probe) + 1 if event.probe else 0
        del before[kept:]
        self.skipped = [name for name in self.skipped if name != event.question]
        self.open, self.reopened, self.tries = self.last, True, 0

    def ask(self, event: Asked) -> None:
        assert self.consented
        assert self.type in self.known_guide.candidate_types
        assert self.next_up() == (event.question, event.probe)
        if event.probe is None:
            assert event.question not in self.asked
            self.asked.append(event.question)
            self.follow_ups[event.question] = []
        else:
            self.follow_ups[event.question].append(event.probe)
        self.open = (event.question, event.probe)
        self.due, self.reopened, self.tries = None, False, 0

    # What comes next.

    def next_up(self) -> tuple[str, str | None] | None:
        """What is due. Where nothing was answered or skipped, an answer was kept as it was."""
        if self.told is not None:
            before = dict(self.facts)
            self.learn()
            assert self.facts == before, "a fact was not set"
        if self.open is None:
            return self.first()
        if self.due is None:
            assert self.reopened or self.tries
            assert (self.open[1] or "") in self.heard[self.open[0]]
            return self.after_follow_up()
        return self.due()

    def first(self) -> tuple[str, None] | None:
        first = self.allowed_from(0) or next(iter(self.added), None)
        return (first, None) if first else None

    def after_follow_up(self) -> tuple[str, str | None] | None:
        asked = self.question()
        due = next(self.follow_ups_due(asked, self.follow_ups[asked.id]), None)
        return (asked.id, due) if due else self.after_question()

    def follow_ups_due(self, asked: Question, done: list[str]) -> Iterator[str]:
        yield from (part.id for part in asked.parts if part.id not in done)
        probes = [probe.id for probe in asked.probes]
        turn = len(done)
        if asked.turns and turn < len(asked.turns) and not set(done) & set(probes):
            lines = asked.turns[turn].replies
            said = [x.id for x in lines if x.when is None or PROBE_WHENS[x.when](self)]
            yield from said[:1]
        if len(set(done) & set(probes)) < asked.max_probes:
            for probe in asked.probes:
                if probe.id not in done and PROBE_WHENS[probe.when](self):
                    yield probe.id

    def after_question(self) -> tuple[str, None] | None:
        for name in self.added:
            if name not in self.asked:
                return name, None
        following = self.along_the_path(self.asked)
        return (following, None) if following else None

    def along_the_path(self, asked: list[str]) -> str | None:
        ids = [q.id for q in self.known_guide.questions]
        on_path = [name for name in asked if name in ids]
        if not on_path:
            return self.allowed_from(0, asked)
        last = self.question(on_path[-1])
        for branch in last.next:
            if branch.when is None or WHENS[branch.when](self):
                go = branch.go
                return None if go == END else self.allowed_from(ids.index(go), asked)
        return self.allowed_from(ids.index(last.id) + 1, asked)

    def allowed_from(self, start: int, asked: list[str] | None = None) -> str | None:
        seen = self.asked if asked is None else asked
        for q in self.known_guide.questions[start:]:
            if q.id not in seen and (q.for_types is None or self.type in q.for_types):
                return q.id
        return None

    def total(self) -> int:
        way = [*self.asked, *(name for name in self.added if name not in self.asked)]
        while (following := self.along_the_path(way)) is not None:
            way.append(following)
        return len(way)

    def may_add(self, name: str) -> bool:
        if self.guide is None:
            return False
        found = [q for q in self.guide.bank if q.id == name]
        fits = found and (found[0].for_types is None or self.type in found[0].for_types)
        return bool(fits) and name not in self.added and not self.over

    def may_correct(self) -> bool:
        if self.last is None or self.reopened:
            return False
        return self.question(self.last[0]).kind != "code"


Test = Callable[[Model], bool]
WHENS: dict[str, Test] = {
    "candidate.type == 'campus'": lambda m: m.type == "campus",
    "candidate.type != 'campus'": lambda m: m.type not in (None, "campus"),
    "profile.years >= 2": lambda m: m.facts.get("years", -1) >= 2,
    "not profile.years >= 2": lambda m: not m.facts.get("years", -1) >= 2,
    "known(profile.years)": lambda m: "years" in m.facts,
    "profile.tool == 'short'": lambda m: m.facts.get("tool") == "short",
}
for _id in IDS:
    WHENS |= {
        f"answer.{_id} == 'x'": lambda m, q=_id: m.values.get(q) == "x",
        f"answer.{_id} in (1, 'y') and words({_id}) < 9": lambda m, q=_id: (
            m.values.get(q) in (1.0, "y") and (m.words(q) or 0) < 9
        ),
        f"words({_id}) > 2 or answer.{_id} < 0": lambda m, q=_id: (
            (m.words(q) or 0) > 2 or (isinstance(m.values.get(q), float) and m.values[q] < 0)
        ),
    }
PROBE_WHENS: dict[str, Test] = WHENS | {
    f"missing({hit})": lambda m, hit=hit: hit not in m.hits() for hit in HITS
}


def whens_among(ids: tuple[str, ...], tests: dict[str, Test]) -> list[str]:
    """The conditions that name no other questions than these."""
    others = [id for id in IDS if id not in ids]
    return sorted(when for when in tests if not any(other in when for other in others))
