"""What holds of every interview, on any small guide, whatever a candidate says."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dialogues import engine
from dialogues.additions import NotAddedError, NotReopenedError
from dialogues.events import AddQuestion, Asked, Program, Remind, Reopen, Reply, Said
from dialogues.guide import Text
from dialogues.plan import Plan
from dialogues.state import State
from dialogues.texts import TEXTS, say
from tests.interview_model import HITS, IDS, PROBE_WHENS, WHENS, Model, whens_among
from tests.plans import (
    TYPES,
    Talk,
    both,
    case,
    line,
    make_guide,
    make_plan,
    options,
    probe,
    program,
    question,
    scenario,
)

INTENTS = (
    *engine.COMMANDS,
    *engine.UNCLEAR,
    "affirm",
    "deny",
    "thanks",
    "no_words",
    "answer",
    "unheard_of",
)
ALSO = st.sampled_from((None, None, *engine.EXPLAINED, *engine.AFTERWARDS, "skip_question"))
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
    "{company} {profile.tool} %s",
)
HIT_SETS = st.sets(st.sampled_from(HITS))
ANSWERS = st.sampled_from(("short", "不清楚", "a longer answer with more words"))
TURNS = st.tuples(ANSWERS, st.integers(0, 5), HIT_SETS)
PROGRAMS = st.sampled_from(
    (Program(True, 0, 2), Program(True, 1, 2), Program(True, 2, 2), Program(False))
)
YEARS = {None: None, 1: 1.0, 2.5: 2.5, "3": 3.0, "many": None}
RESUMES = {None: None, "7年工作经验": 7.0, "写过代码，3-5年工作经验": None}


@st.composite
def questions(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = IDS[: draw(st.sampled_from((4, 5, 6, 6, 2, 1)))]
    return [draw(questions_of(id, ids)) | {"next": draw(branches(ids))} for id in ids]


@st.composite
def questions_of(draw: st.DrawFn, id: str, ids: tuple[str, ...]) -> dict[str, Any]:
    kind = draw(st.sampled_from(("open", "open", "choice", "number", "scenario", "case", "code")))
    whens = st.sampled_from(whens_among(ids, PROBE_WHENS))
    made = question(id, kind=kind)
    if kind == "choice":
        made["options"] = options(*draw(st.sampled_from((("x",), ("x", "y", "no")))))
    elif kind == "number":
        made |= draw(st.sampled_from(({}, {"min": 1}, {"max": 3}, {"min": -1, "max": 2})))
    elif kind == "case":
        made = case(id, *draw(st.sampled_from((("a",), ("a", "b"), ()))))
    elif kind == "scenario":
        turns = draw(st.lists(st.lists(st.none() | whens, min_size=1, max_size=2), max_size=2))
        made = scenario(
            id, *([line(f"l{i}{j}", x) for j, x in enumerate(t)] for i, t in enumerate(turns))
        )
    elif kind == "code":
        made = program(id, attempts=draw(st.integers(1, 3)))
    if kind in ("open", "scenario", "case"):
        asked = draw(st.lists(whens, max_size=3))
        made["probes"] = [probe(f"p{i}", when) for i, when in enumerate(asked)]
        made["max_probes"] = draw(st.integers(0, 3))
    if kind in ("open", "choice", "number") and draw(st.booleans()):
        made["text"] = {"zh": id + "{profile.tool}（中）", "en": id + " {profile.tool}"}
    only = draw(st.sampled_from((None, None, None, ["campus"], ["experienced"])))
    return made | ({"for": only} if only else {})


def branches(ids: tuple[str, ...]) -> st.SearchStrategy[list[dict[str, str]]]:
    branch = st.fixed_dictionaries(
        {"go": st.sampled_from((*ids, *ids, "end"))},
        optional={"when": st.sampled_from(whens_among(ids, WHENS))},
    )
    return st.sampled_from((0, 0, 1, 2)).flatmap(lambda most: st.lists(branch, max_size=most))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    return make_plan(*(draw(guides()) for _ in range(draw(st.sampled_from((1, 1, 2))))))


BANK = [
    question("b0", probes=[probe("p0", "missing(k0)")]),
    question("b1", **{"for": ["campus"]}),
]


@st.composite
def guides(draw: st.DrawFn) -> Any:
    asked = draw(questions())
    years: dict[str, Any] = {"type": "number", "resume": ["年工作经验"], "default": both("?")}
    tool: dict[str, Any] = {"type": "text", "default": both("it")}
    for fact, kind in ((years, "number"), (tool, "open")):
        fitting = [q["id"] for q in asked if q.get("kind", "open") == kind]
        if fitting:
            fact["answer"] = draw(st.sampled_from(fitting))
    return make_guide(
        *asked,
        candidate_types=draw(st.sampled_from((TYPES, {**TYPES, "intern": TYPES["campus"]}))),
        profile={"years": years, "tool": tool},
        languages=draw(st.sampled_from((["zh", "en"], ["zh", "en"], ["zh"]))),
        bank=BANK,
    )


class Interviews(RuleBasedStateMachine):
    @initialize(
        plan=plans(),
        language=st.sampled_from(("zh", "en")),
        position=st.sampled_from((None, "p1", "p9")),
        candidate_type=st.sampled_from((None, "campus", "experienced", "retired")),
        years=st.sampled_from(list(YEARS)),
        tool=st.sampled_from((None, None, "vi")),
        resume=st.sampled_from(list(RESUMES)),
        way=st.lists(TURNS, min_size=2, max_size=3) | st.lists(TURNS, min_size=8, max_size=14),
    )
    def begin(
        self,
        plan: Plan,
        language: str,
        position: str | None,
        candidate_type: str | None,
        years: Any,
        tool: str | None,
        resume: str | None,
        way: list[tuple[str, int, set[str]]],
    ) -> None:
        self.plan = plan
        self.talk = Talk(plan)
        ordered = {"years": YEARS[years], "tool": tool}
        read = {"years": RESUMES[resume]}
        self.model = Model(
            {position.id: position.guide for position in plan.positions.values()},
            {k: v for k, v in ordered.items() if v is not None},
            {k: v for k, v in read.items() if v is not None},
        )
        self.after_the_end = 0
        self.work: list[str] = []
        profile = {"years": years, "tool": tool, "resume": resume}
        self.talk.begin(language, position=position, candidate_type=candidate_type, profile=profile)
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
        also=ALSO,
    )
    def says_anything(self, text: str, intent: str, hits: set[str], also: str | None) -> None:
        self.say(Said(text, intent, tuple(sorted(hits)), also=also))

    @precondition(lambda self: not self.talk.state.closed)
    @rule(text=ANSWERS, pick=st.integers(0, 5), hits=HIT_SETS, program=PROGRAMS)
    def answers(self, text: str, pick: int, hits: set[str], program: Program) -> None:
        self.cooperate(text, pick, hits, program)

    @precondition(lambda self: self.talk.state.question is not None)
    @rule(text=ANSWERS, hits=HIT_SETS, also=ALSO)
    def answers_the_question(self, text: str, hits: set[str], also: str | None) -> None:
        said = cooperative(self.plan, self.talk.state, text, 0, hits)
        self.say(replace(said, also=also))

    @precondition(lambda self: self.talk.state.status in ("asking", "paused"))
    @rule(
        text=st.sampled_from(TEXTS_SAID),
        intent=st.sampled_from(engine.UNCLEAR),
        hits=HIT_SETS,
        then=st.sampled_from(("affirm", "affirm", "deny", "unsure", "answer", "pause", None)),
    )
    def says_unclear_words(self, text: str, intent: str, hits: set[str], then: str | None) -> None:
        self.say(Said(text, intent, tuple(sorted(hits)), {"hits": sorted(hits)}))
        if then is not None and not self.talk.state.closed:
            self.say(Said(text if then == "unsure" else "well then", then))

    @precondition(lambda self: self.talk.state.status in ("asking", "paused"))
    @rule(intent=st.sampled_from(INTENTS))
    def commands(self, intent: str) -> None:
        self.say(Said("please", intent))

    @precondition(lambda self: self.talk.state.status in ("asking", "paused"))
    @rule(then_corrects=st.booleans())
    def skips(self, then_corrects: bool) -> None:
        self.say(Said("please", "skip_question"))
        if self.talk.state.pending is not None:
            self.say(Said("well", "affirm"))
        if then_corrects and not self.talk.state.closed:
            self.say(Said("please", "correct_last_answer"))

    @precondition(lambda self: self.talk.state.status in ("asking", "paused"))
    @rule(then=st.sampled_from((None, None, "answer", "deny", "resume", "skip_question")))
    def corrects_the_last_answer(self, then: str | None) -> None:
        expected = self.model.may_correct()
        self.say(Said("please", "correct_last_answer"))
        assert ("reopened" in self.talk.kinds) == expected
        if then is not None:
            self.say(Said("well then", then))

    @precondition(lambda self: self.talk.state.pending is not None)
    @rule(intent=st.sampled_from(("affirm", "affirm", "deny", "answer")))
    def confirms(self, intent: str) -> None:
        self.say(Said("well", intent))

    @precondition(lambda self: not self.talk.state.closed)
    @rule(index=st.integers(0, 3), by_text=st.booleans())
    def picks_an_option(self, index: int, by_text: bool) -> None:
        prompt = engine.prompt(self.plan, self.talk.state)
        chosen = prompt[-1].options[index : index + 1] if prompt else ()
        for option in chosen:
            assert engine.is_offered(self.plan, self.talk.state, option.id)
            self.say(Said(option.text if by_text else option.id))

    @rule(name=st.sampled_from(("b0", "b0", "b1", "q0", "nothing")))
    def a_recruiter_adds_a_question(self, name: str) -> None:
        before = self.talk.state
        takes = not before.closed and before.status != "human"
        if self.model.may_add(name) and takes:
            self.talk.turn(AddQuestion(name, "recruiter"))
            assert self.talk.kinds == ["question_added"]
            assert (self.talk.replies, self.talk.last.work) == ((), ())
            self.check()
        else:
            with pytest.raises(NotAddedError):
                self.talk.add(name)

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        self.talk.now += seconds
        self.talk.time_out(90)
        expired = [event for event in self.talk.last.events if event.kind == "expired"]
        assert len(self.talk.last.events) == len(expired) == len(self.talk.replies)
        self.check()

    @rule(seconds=st.sampled_from((30, 30, 0, 29)), number=st.integers(1, 3), told=st.booleans())
    def a_reminder_is_due(self, seconds: int, number: int, told: bool) -> None:
        """It asks what is open, and changes nothing else."""
        self.talk.now += seconds
        before = self.talk.state
        waits = before.status in ("asking", "paused") and self.talk.now - before.heard_at >= 30
        self.talk.turn(Remind(30, "tomorrow", number, told))
        made = waits and before.reminded < number
        assert self.talk.kinds == ["reminded"] * made
        assert bool(self.talk.replies) == (made and told)
        assert all(reply.reminds for reply in self.talk.replies)
        assert self.talk.last.work == ()
        counted = before.model_copy(update={"reminded": number}) if made else before
        assert self.talk.state == counted
        self.check()

    @rule()
    def a_recruiter_opens_it_again(self) -> None:
        if self.talk.state.status == "expired":
            self.reopen()
        else:
            with pytest.raises(NotReopenedError):
                self.talk.turn(Reopen("recruiter"))

    @precondition(lambda self: self.talk.state.status in ("consent", "asking", "paused"))
    @rule(reopened=st.sampled_from((True, True, True, False)))
    def stays_away(self, reopened: bool) -> None:
        self.talk.now += 90
        self.talk.time_out(90)
        assert self.talk.kinds == ["expired"]
        self.check()
        if reopened:
            self.reopen()

    def reopen(self) -> None:
        before = self.talk.state
        self.talk.turn(Reopen("recruiter"))
        assert self.talk.state.status == ("asking" if before.consented else "consent")
        assert (self.talk.state.heard_at, self.talk.state.reminded) == (self.talk.now, 0)
        asked = engine.prompt(self.plan, self.talk.state)[-1]
        assert self.talk.texts[-1].endswith(asked.text), "a case comes with its material"
        self.check()

    @precondition(lambda self: self.talk.state.closed and self.after_the_end < 2)
    @rule(intent=st.sampled_from(("answer", "correct_last_answer", "resume")))
    def asks_again_after_the_end(self, intent: str) -> None:
        self.after_the_end += 1
        self.say(Said("hello?", intent))
        assert self.talk.texts == [say("closed", self.talk.state.language)]

    def cooperate(
        self, text: str, pick: int, hits: set[str], program: Program | None = None
    ) -> None:
        self.say(cooperative(self.plan, self.talk.state, text, pick, hits, program))

    def say(self, said: Said) -> None:
        before = self.talk.state
        self.model.program = said.program
        self.model.said = said
        self.talk.turn(said)
        if before.closed:
            assert self.talk.texts == [say("closed", before.language)]
            assert [event.kind for event in self.talk.last.events] == ["noted"]
        elif before.status == "human" and before.pending is None:
            words = [say("human_noted", before.language)]
            asked = self.talk.state.pending is not None
            assert self.talk.texts == words or asked
        self.check()

    # What holds of every turn.

    def check(self) -> None:
        for event in self.talk.last.events:
            self.model.follow(event)
        self.work += [work.kind for work in self.talk.last.work]
        if any(isinstance(e, Asked) and len(self.talk.asked) == 1 for e in self.talk.last.events):
            self.check_the_criteria()
        for reply in self.talk.replies:
            self.check_reply(reply)
        asked = [reply for reply in self.talk.replies if reply.question is not None]
        assert len(asked) <= 1, "the question is asked once"
        answered = any(event.kind in ("answered", "skipped") for event in self.talk.last.events)
        if answered:
            assert self.model.due is None, "nothing was asked"

    def check_the_criteria(self) -> None:
        """They come before the first question, unless it was there before."""
        if self.talk.kinds[-1] == "asked" and not self.model.heard and not self.model.skipped:
            assert "30%" in self.talk.texts[0]
            assert "40%" in self.talk.texts[0]
            assert self.talk.replies[0].kind == "notice"

    def check_reply(self, reply: Reply) -> None:
        state = self.talk.state
        assert reply.text.strip()
        assert len({option.id for option in reply.options}) == len(reply.options)
        assert all(option.text for option in reply.options)
        if reply.kind == "question":
            assert state.consented
        if reply.question is None:
            return
        assert reply.question == state.question
        asked = self.model.question(reply.question)
        assert reply.probe == state.probe
        assert reply.progress == (len(self.model.asked), self.model.total())
        follow_ups = [*asked.parts, *asked.probes, *(x for t in asked.turns for x in t.replies)]
        text = next((x.text for x in follow_ups if x.id == reply.probe), asked.text)
        material = asked.material.get(state.language)
        if material is None or (reply.probe is not None and not reply.text.startswith(material)):
            assert reply.text == self.filled(text)
        else:
            assert reply.text == f"{material}\n\n{self.filled(text)}"

    def filled(self, text: Text) -> str:
        said = text[self.talk.state.language]
        if "{profile.tool}" not in said:
            return said
        tool = " ".join("".join(c if c.isprintable() else " " for c in self.tool()).split())
        return said.replace("{profile.tool}", tool[:60] + "…" if len(tool) > 60 else tool)

    def tool(self) -> str:
        told = self.model.facts.get("tool", "")
        default = self.model.known_guide.profile["tool"].default[self.talk.state.language]
        return told if any(c.isprintable() and not c.isspace() for c in told) else default

    # What holds at any time.

    @invariant()
    def no_question_is_asked_twice(self) -> None:
        """But those that a correction dropped, which nobody had answered."""
        main = Counter(
            e.question for e in self.talk.events if isinstance(e, Asked) and e.probe is None
        )
        assert main == Counter([*self.model.asked, *self.model.dropped])
        assert tuple(self.model.asked) == self.talk.asked
        assert len(set(self.talk.asked)) == len(self.talk.asked)

    @invariant()
    def the_state_is_what_the_model_knows(self) -> None:
        state, model = self.talk.state, self.model
        assert (state.profile, state.skipped) == (model.facts, tuple(model.skipped))
        assert state.added == tuple(model.added)
        assert (state.reopened, state.last) == (model.reopened, model.last)
        assert (state.held is not None) == (state.pending == "answer")
        if state.held is not None:
            assert (state.held.text, state.held.hits) == model.held
        else:
            assert model.held is None
        assert set(state.answers) == set(model.heard)
        for name, given in state.answers.items():
            assert (given.words, given.hits) == (model.words(name), model.hits(name))
            assert given.value == model.values.get(name)
        if not state.closed:
            assert (model.open or (None, None)) == (state.question, state.probe)

    @invariant()
    def work_follows_from_events(self) -> None:
        kinds = [event.kind for event in self.talk.events]
        watches = 1 + kinds.count("interview_reopened")
        assert self.work.count("watch") == watches
        assert self.work.count("score") == kinds.count("finished") <= 1
        assert self.work.count("erase") == kinds.count("deletion_requested") <= 1
        assert len(self.work) == watches + self.work.count("score") + self.work.count("erase")

    @invariant()
    def a_closed_interview_has_nothing_open(self) -> None:
        state = self.talk.state
        prompt = engine.prompt(self.plan, state)
        if state.status == "human":
            assert bool(prompt) == (state.pending is not None)
        else:
            assert bool(prompt) == (not state.closed)
        if state.closed:
            assert state.pending is None

    def teardown(self) -> None:
        """From wherever it stands, a cooperative candidate comes to the end."""
        if not hasattr(self, "talk"):
            return
        state = self.talk.state
        for _ in range(60):
            if state.closed or (state.status == "human" and state.pending is None):
                return
            said = cooperative(self.plan, state, "an answer")
            state = engine.advance(self.plan, state, said, self.talk.now).state
        raise AssertionError(f"stuck at {state!r}")


def cooperative(
    plan: Plan,
    state: State,
    answer: str,
    pick: int = 0,
    hits: set[str] | frozenset[str] = frozenset(),
    program: Program | None = None,
) -> Said:
    """What a willing candidate says: consent, an option, a number, a program, or an answer.

    With `pick` 0 it is one that fits: the first option, a number in range.
    """
    prompt = engine.prompt(plan, state)
    found = tuple(sorted(hits))
    if not prompt:
        return Said(answer, "answer", found)
    asked = (
        plan.positions[state.position].guide.by_id.get(state.question or "")
        if state.position
        else None
    )
    if asked is not None and asked.kind == "code" and state.pending is None:
        return Said("print(1)", "answer", found, {}, program or Program(True, 1, 1))
    if prompt[-1].options:
        listed = prompt[-1].options if prompt[-1].kind != "consent" else prompt[-1].options[:1]
        return Said(listed[pick % len(listed)].id)
    if asked is not None and asked.kind == "number":
        fitting = asked.min if asked.min is not None else asked.max if asked.max is not None else 3
        return Said(f"{(fitting, 3, 1, -1, 0, 2)[pick]:g}")
    return Said(answer, "answer", found)


TestInterviews = Interviews.TestCase
TestInterviews.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)


def test_every_text_is_there_in_both_languages() -> None:
    for key, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, key
        assert all(text.strip() for text in texts.values()), key
        zh, en = ({part.split("}")[0] for part in t.split("{")[1:]} for t in texts.values())
        assert zh == en, key
