"""What holds of every interview, on any small guide, whatever a candidate says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dialogues import engine
from dialogues.events import (
    Answered,
    Asked,
    Consented,
    Event,
    Finished,
    PositionSet,
    Reply,
    Said,
    Skipped,
    Started,
    TypeSet,
)
from dialogues.guide import END, Question
from dialogues.plan import Plan
from dialogues.state import State
from dialogues.texts import TEXTS, say
from tests.plans import TYPES, Talk, make_guide, make_plan, options, probe, question

INTENTS = (*engine.COMMANDS, "affirm", "deny", "thanks", "no_words", "answer", "unheard_of")
TEXTS_SAID = (
    "",
    "x",
    "X.",
    "yes",
    "no",
    "agree",
    "decline",
    "campus",
    "p1",
    "1",
    "2",
    "３",
    "-1",
    "10,000",
    "三个月",
    "I did it myself, in two weeks",
    "我们把延迟降到一半",
    "👍",
    "?",
    "\n\t",
    "switch to English",
    "换成中文",
    "9" * 400,
    "{company} %s",
)
IDS = ("q0", "q1", "q2", "q3", "q4", "q5")
HITS = ("k0", "k1")
HIT_SETS = st.sets(st.sampled_from(HITS))
ANSWERS = st.sampled_from(("short", "不清楚", "a longer answer with more words"))
TURNS = st.tuples(ANSWERS, st.integers(0, 5), HIT_SETS)


@dataclass
class Known:
    """What the test itself knows of an interview, kept apart from the engine's state."""

    type: str | None = None
    years: float | None = None
    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    hits: dict[str, set[str]] = field(default_factory=dict)
    open: str | None = None


Test = Callable[[Known], bool]
WHENS: dict[str, Test] = {
    "candidate.type == 'campus'": lambda k: k.type == "campus",
    "candidate.type != 'campus'": lambda k: k.type not in (None, "campus"),
    "profile.years >= 2": lambda k: k.years is not None and k.years >= 2,
    "not profile.years >= 2": lambda k: k.years is None or k.years < 2,
    "known(profile.years)": lambda k: k.years is not None,
}
for _id in IDS:
    WHENS |= {
        f"answer.{_id} == 'x'": lambda k, q=_id: k.values.get(q) == "x",
        f"answer.{_id} in (1, 'y') and words({_id}) < 9": lambda k, q=_id: (
            k.values.get(q) in (1.0, "y") and k.words.get(q, 9) < 9
        ),
        f"words({_id}) > 2 or answer.{_id} < 0": lambda k, q=_id: (
            k.words.get(q, 0) > 2 or (isinstance(k.values.get(q), float) and k.values[q] < 0)
        ),
    }
PROBE_WHENS: dict[str, Test] = WHENS | {
    f"missing({hit})": lambda k, hit=hit: hit not in k.hits.get(k.open or "", set()) for hit in HITS
}


@st.composite
def questions(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = IDS[: draw(st.sampled_from((4, 5, 6, 6, 2, 1)))]
    made = []
    for id in ids:
        more: dict[str, Any] = {}
        kind = draw(st.sampled_from(("open", "open", "choice", "number", "scenario")))
        if kind == "choice":
            more["options"] = options(*draw(st.sampled_from((("x",), ("x", "y", "no")))))
        elif kind == "number":
            more |= draw(st.sampled_from(({}, {"min": 1}, {"max": 3}, {"min": -1, "max": 2})))
        else:
            whens = draw(st.lists(st.sampled_from(sorted(PROBE_WHENS)), max_size=3))
            more["probes"] = [probe(f"p{i}", when) for i, when in enumerate(whens)]
            more["max_probes"] = draw(st.integers(0, 3))
        only = draw(st.sampled_from((None, None, None, ["campus"], ["experienced"])))
        if only:
            more["for"] = only
        branch = st.fixed_dictionaries(
            {"go": st.sampled_from((*ids, *ids, END))},
            optional={"when": st.sampled_from(sorted(w for w in WHENS if _named(w, ids)))},
        )
        more["next"] = draw(st.lists(branch, max_size=draw(st.sampled_from((0, 0, 1, 2)))))
        for item in more.get("probes", []):
            if not _named(item["when"], ids):
                item["when"] = "missing(k0)"
        made.append(question(id, kind=kind, **more))
    return made


def _named(when: str, ids: tuple[str, ...]) -> bool:
    return all(id not in when or id in ids for id in IDS)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    guides = [
        make_guide(
            *draw(questions()),
            candidate_types=draw(st.sampled_from((TYPES, {**TYPES, "intern": TYPES["campus"]}))),
            profile={"years": {"type": "number"}},
            languages=draw(st.sampled_from((["zh", "en"], ["zh", "en"], ["zh"]))),
        )
        for _ in range(draw(st.sampled_from((1, 1, 2))))
    ]
    return make_plan(*guides)


class Interviews(RuleBasedStateMachine):
    @initialize(
        plan=plans(),
        language=st.sampled_from(("zh", "en")),
        position=st.sampled_from((None, "p1", "p9")),
        candidate_type=st.sampled_from((None, "campus", "experienced", "retired")),
        years=st.sampled_from((None, 1, 2.5, "3", "many", True)),
        way=st.lists(TURNS, min_size=2, max_size=3) | st.lists(TURNS, min_size=8, max_size=16),
    )
    def begin(
        self,
        plan: Plan,
        language: str,
        position: str | None,
        candidate_type: str | None,
        years: object,
        way: list[tuple[str, int, set[str]]],
    ) -> None:
        self.plan = plan
        self.talk = Talk(plan)
        self.known = Known()
        self.move: tuple[str | None, str | None] | None = None
        self.probes = self.after_the_end = 0
        self.consented = False
        self.work: list[str] = []
        self.talk.begin(
            language, position=position, candidate_type=candidate_type, profile={"years": years}
        )
        assert "AI" in self.talk.texts[0]
        assert self.talk.replies[1].kind == "consent"
        self.check()
        for text, pick, hits in way:
            if not self.talk.state.closed:
                self.cooperate(text, pick, hits)

    # What a candidate does.

    @precondition(lambda self: not self.talk.state.closed)
    @rule(
        text=st.sampled_from(TEXTS_SAID) | st.text(st.characters(exclude_categories=["Cs"])),
        intent=st.sampled_from(INTENTS),
        hits=HIT_SETS,
    )
    def says_anything(self, text: str, intent: str, hits: set[str]) -> None:
        self.say(text, intent, *sorted(hits))

    @precondition(lambda self: not self.talk.state.closed)
    @rule(text=ANSWERS, pick=st.integers(0, 5), hits=HIT_SETS)
    def answers(self, text: str, pick: int, hits: set[str]) -> None:
        self.cooperate(text, pick, hits)

    @precondition(lambda self: self.talk.state.question is not None)
    @rule(text=ANSWERS, hits=HIT_SETS)
    def answers_the_question(self, text: str, hits: set[str]) -> None:
        self.cooperate(text, 0, hits)

    @precondition(lambda self: self.talk.state.status in ("asking", "paused"))
    @rule(intent=st.sampled_from(INTENTS))
    def commands(self, intent: str) -> None:
        self.say("please", intent)

    @precondition(lambda self: self.talk.state.pending is not None)
    @rule(intent=st.sampled_from(("affirm", "affirm", "deny", "answer")))
    def confirms(self, intent: str) -> None:
        self.say("well", intent)

    @precondition(lambda self: not self.talk.state.closed)
    @rule(index=st.integers(0, 3), by_text=st.booleans())
    def picks_an_option(self, index: int, by_text: bool) -> None:
        prompt = engine.prompt(self.plan, self.talk.state)
        chosen = prompt[-1].options[index : index + 1] if prompt else ()
        for option in chosen:
            self.say(option.text if by_text else option.id, "answer")

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        self.talk.now += seconds
        self.talk.time_out(90)
        expired = [event for event in self.talk.last.events if event.kind == "expired"]
        assert len(self.talk.last.events) == len(expired) == len(self.talk.replies)
        self.check()

    @precondition(lambda self: self.talk.state.closed and self.after_the_end < 2)
    @rule()
    def asks_again_after_the_end(self) -> None:
        self.after_the_end += 1
        self.say("hello?", "answer")
        assert self.talk.texts == [say("closed", self.talk.state.language)]

    def cooperate(self, text: str, pick: int, hits: set[str]) -> None:
        self.say(*cooperative(self.plan, self.talk.state, text, pick), *sorted(hits))

    def say(self, text: str, intent: str, *hits: str) -> None:
        before = self.talk.state
        self.talk.say(text, intent, *hits)
        if before.closed:
            assert self.talk.texts == [say("closed", before.language)]
            assert [event.kind for event in self.talk.last.events] == ["noted"]
        if before.status == "human":
            assert self.talk.texts == [say("human_noted", before.language)]
        self.check()

    # What holds of every turn.

    def check(self) -> None:
        for event in self.talk.last.events:
            self.follow(event)
        self.work += [work.kind for work in self.talk.last.work]
        first = any(
            isinstance(e, Asked) and e.probe is None and self.talk.asked[0] == e.question
            for e in self.talk.last.events
        )
        if first:
            assert "30%" in self.talk.texts[0]
            assert "40%" in self.talk.texts[0]
            assert self.talk.replies[0].kind == "notice"
        for reply in self.talk.replies:
            self.check_reply(reply)

    def check_reply(self, reply: Reply) -> None:
        state = self.talk.state
        assert reply.text.strip()
        assert len({option.id for option in reply.options}) == len(reply.options)
        assert all(option.text for option in reply.options)
        if reply.kind == "question":
            assert state.consented
        if reply.question is not None:
            assert (reply.question, reply.probe) == (state.question, state.probe)
            assert reply.progress is not None
            assert 1 <= reply.progress[0] == len(state.asked) <= reply.progress[1]
            assert ("（中）" in reply.text) == (state.language == "zh")

    def follow(self, event: Event) -> None:
        """Compare an event with what the guide allows, by the test's own reading of it."""
        known = self.known
        match event:
            case Started():
                known.type = event.candidate_type
            case Consented():
                self.consented = True
            case PositionSet():
                years = event.profile.get("years")
                known.years = years if isinstance(years, float) else None
            case TypeSet():
                known.type = event.candidate_type
            case Asked(probe=None):
                assert self.consented
                assert known.type in self.guide_types()
                if known.open is None:
                    self.move = (self.allowed_from(0), None)
                assert self.move == (event.question, None)
                known.open, self.probes, self.move = event.question, 0, None
            case Asked():
                assert self.move == (event.question, event.probe)
                self.probes += 1
                assert self.probes <= self.question().max_probes
                self.move = None
            case Answered():
                assert (event.question, event.probe) == (known.open, self.before_probe())
                known.words[event.question] = known.words.get(event.question, 0) + event.words
                known.hits.setdefault(event.question, set()).update(event.hits)
                if event.value is not None:
                    known.values[event.question] = event.value
                self.check_value(event)
                self.move = self.next_move()
            case Skipped():
                assert event.question == known.open
                self.move = self.next_move() if event.probe else (self.next_question(), None)
            case Finished():
                if known.open is None:
                    assert self.allowed_from(0) is None
                else:
                    assert self.move == (None, None)
                self.move = None

    def before_probe(self) -> str | None:
        asked = [e for e in self.talk.events[: -len(self.talk.last.events)] if isinstance(e, Asked)]
        return asked[-1].probe

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

    def guide_types(self) -> set[str]:
        return set(self.plan.positions[self.talk.state.position or ""].guide.candidate_types)

    def questions(self) -> list[Question]:
        return self.plan.positions[self.talk.state.position or ""].guide.questions

    def question(self) -> Question:
        return next(q for q in self.questions() if q.id == self.known.open)

    def next_move(self) -> tuple[str | None, str | None]:
        """The probe that is due, else the next question."""
        asked = self.question()
        done = [
            e.probe
            for e in self.talk.events
            if isinstance(e, Asked) and e.question == asked.id and e.probe
        ]
        done = done[: self.probes]
        if self.probes < asked.max_probes:
            for item in asked.probes:
                if item.id not in done and PROBE_WHENS[item.when](self.known):
                    return asked.id, item.id
        return self.next_question(), None

    def next_question(self) -> str | None:
        asked, ids = self.question(), [q.id for q in self.questions()]
        for branch in asked.next:
            if branch.when is None or WHENS[branch.when](self.known):
                return None if branch.go == END else self.allowed_from(ids.index(branch.go))
        return self.allowed_from(ids.index(asked.id) + 1)

    def allowed_from(self, start: int) -> str | None:
        asked = self.asked_before()
        for candidate in self.questions()[start:]:
            only = candidate.for_types
            if candidate.id not in asked and (only is None or self.known.type in only):
                return candidate.id
        return None

    def asked_before(self) -> set[str]:
        """Main questions asked up to the event that is being followed."""
        turn = len(self.talk.last.events)
        earlier = self.talk.events[:-turn] if turn else self.talk.events
        return {e.question for e in earlier if isinstance(e, Asked)}

    # What holds at any time.

    @invariant()
    def no_question_is_asked_twice(self) -> None:
        main = [e.question for e in self.talk.events if isinstance(e, Asked) and e.probe is None]
        assert len(set(main)) == len(main)
        assert tuple(main) == self.talk.asked

    @invariant()
    def work_follows_from_events(self) -> None:
        kinds = [event.kind for event in self.talk.events]
        assert self.work.count("watch") == 1
        assert self.work.count("score") == kinds.count("finished") <= 1
        assert self.work.count("erase") == kinds.count("deletion_requested") <= 1
        assert len(self.work) == 1 + self.work.count("score") + self.work.count("erase")

    @invariant()
    def a_closed_interview_has_nothing_open(self) -> None:
        state = self.talk.state
        prompt = engine.prompt(self.plan, state)
        assert bool(prompt) == (not state.closed and state.status != "human")
        if state.closed or state.status == "human":
            assert state.pending is None

    @invariant()
    def a_cooperative_candidate_comes_to_the_end(self) -> None:
        state = self.talk.state
        for _ in range(40):
            if state.closed or state.status == "human":
                return
            said = Said(*cooperative(self.plan, state, "an answer"))
            state = engine.advance(self.plan, state, said, self.talk.now).state
        raise AssertionError(f"stuck at {state!r}")


def cooperative(plan: Plan, state: State, answer: str, pick: int = 0) -> tuple[str, str]:
    """What a willing candidate says: consent, an option, a number, or an answer.

    With `pick` 0 it is one that fits: the first option, a number in range.
    """
    prompt = engine.prompt(plan, state)
    if not prompt:
        return answer, "answer"
    if prompt[-1].options:
        listed = prompt[-1].options if prompt[-1].kind != "consent" else prompt[-1].options[:1]
        return listed[pick % len(listed)].id, "answer"
    asked = plan.positions[state.position or ""].guide.by_id[state.question or ""]
    if asked.kind == "number":
        fitting = asked.min if asked.min is not None else asked.max if asked.max is not None else 3
        return f"{(fitting, 3, 1, -1, 0, 2)[pick]:g}", "answer"
    return answer, "answer"


TestInterviews = Interviews.TestCase
TestInterviews.settings = settings(max_examples=120, stateful_step_count=30)


def test_every_text_is_there_in_both_languages() -> None:
    for key, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, key
        assert all(text.strip() for text in texts.values()), key
        zh, en = ({part.split("}")[0] for part in t.split("{")[1:]} for t in texts.values())
        assert zh == en or key == "number_again", key
