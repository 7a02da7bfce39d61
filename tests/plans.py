"""Small plans for tests of the engine, and a talk that checks what always holds."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dialogues import engine
from dialogues.events import (
    EVENT,
    AddQuestion,
    Answered,
    Begin,
    Event,
    Held,
    Input,
    Noted,
    Program,
    Reply,
    Said,
    TimedOut,
)
from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from dialogues.plan import Dimension, Plan, Position
from dialogues.state import State, fold

DIMENSIONS = (
    Dimension("skill", {"zh": "专业", "en": "Foundations"}, 30),
    Dimension("solving", {"zh": "问题解决", "en": "Problem solving"}, 40),
    Dimension("teamwork", {"zh": "协作", "en": "Teamwork"}, 30),
)
TYPES = {
    "campus": {"zh": "应届生", "en": "New graduate"},
    "experienced": {"zh": "社招", "en": "Experienced hire"},
}


def both(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def question(id: str, **more: Any) -> dict[str, Any]:
    """A question whose text is its id."""
    return {"id": id, "text": both(id), **more}


def probe(id: str, when: str) -> dict[str, Any]:
    return {"id": id, "when": when, "text": both(id)}


def options(*ids: str) -> list[dict[str, Any]]:
    return [{"id": id, "text": both(id)} for id in ids]


def part(id: str) -> dict[str, Any]:
    return {"id": id, "text": both(id)}


def line(id: str, when: str | None = None) -> dict[str, Any]:
    return {"id": id, "text": both(id), **({"when": when} if when else {})}


def scenario(id: str, *turns: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A scenario of these turns, each a list of lines."""
    return question(id, kind="scenario", turns=[{"replies": turn} for turn in turns], **more)


def case(id: str, *parts: str, **more: Any) -> dict[str, Any]:
    """A case with its material and these parts."""
    material = both(f"{id} material")
    return question(id, kind="case", material=material, parts=[part(x) for x in parts], **more)


def program(id: str, attempts: int = 3, languages: Sequence[str] = ("python",)) -> dict[str, Any]:
    """A question that a program answers."""
    code = {"languages": list(languages), "attempts": attempts}
    return question(id, kind="code", competency="skill", code=code)


def make_guide(*questions: Mapping[str, Any], **more: Any) -> Guide:
    """A guide, read from its text as any other. JSON is YAML."""
    data = {
        "guide": "sample",
        "version": 1,
        "title": both("Sample"),
        "rubric": "sample",
        "languages": ["zh", "en"],
        "candidate_types": {"campus": TYPES["campus"]},
        "questions": questions,
        **more,
    }
    return load_guide(json.dumps(data), "guide")


def make_plan(*guides: Guide) -> Plan:
    """A plan with a position for each guide: p1, p2, …"""
    positions = {
        f"p{i}": Position(f"p{i}", {"zh": f"岗位{i}", "en": f"Position {i}"}, guide, DIMENSIONS)
        for i, guide in enumerate(guides, 1)
    }
    return Plan({"zh": "校招", "en": "Campus"}, {"zh": "面谈公司", "en": "Miantan Ltd"}, positions)


class Talk:
    """An interview, turn by turn. Every turn is checked for what must hold of all turns."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.state = State()
        self.events: list[Event] = []
        self.last: engine.Transition
        self.now = 1_700_000_000.0

    def begin(self, language: str = "en", **more: Any) -> "Talk":
        self.turn(Begin(language=language, **more))  # type: ignore[arg-type]
        return self

    def started(self, language: str = "en", **more: Any) -> "Talk":
        """Begun and consented."""
        self.begin(language, **more)
        self.say("agree")
        return self

    def say(self, text: str, intent: str = "answer", *hits: str) -> tuple[Reply, ...]:
        return self.turn(Said(text, intent, hits, {"hits": list(hits)}))

    def say_besides(self, text: str, also: str, *hits: str) -> tuple[Reply, ...]:
        """An answer that asks for something besides."""
        return self.turn(Said(text, "answer", hits, {"hits": list(hits)}, also=also))

    def send(self, program: Program, *hits: str) -> tuple[Reply, ...]:
        """A program is sent, which did like this."""
        return self.turn(Said("print(input())", "answer", hits, {}, program))

    def correct(self) -> tuple[Reply, ...]:
        return self.say("correct my last answer", "correct_last_answer")

    def add(self, question: str) -> tuple[Reply, ...]:
        return self.turn(AddQuestion(question, "recruiter"))

    def answer(self, *texts: str) -> tuple[Reply, ...]:
        for text in texts:
            self.say(text)
        return self.replies

    def time_out(self, idle_seconds: float) -> tuple[Reply, ...]:
        return self.turn(TimedOut(idle_seconds))

    def turn(self, heard: Input) -> tuple[Reply, ...]:
        before, given = copy.deepcopy(self.state), copy.deepcopy(heard)
        after = engine.advance(self.plan, self.state, heard, self.now)
        assert engine.advance(self.plan, before, given, self.now) == after, "advance is not pure"
        assert (self.state, heard) == (before, given), "advance changed its inputs"
        self.events += after.events
        assert fold(self.events) == after.state, "the state is not the fold of its events"
        stored = [EVENT.validate_json(event.model_dump_json()) for event in self.events]
        assert stored == self.events, "an event does not survive storage"
        assert State.model_validate_json(after.state.model_dump_json()) == after.state
        if isinstance(heard, Said):
            kept = [e.text for e in after.events if isinstance(e, Answered | Noted | Held)]
            taken = [e.text for e in after.events if isinstance(e, Answered) and e.confirmed]
            held = [self.state.held.text] if taken and self.state.held else []
            assert taken == held, "only words that were held are confirmed"
            assert kept == [heard.text, *held], "words were lost or kept twice"
        self.state, self.last = after.state, after
        return after.replies

    @property
    def replies(self) -> tuple[Reply, ...]:
        return self.last.replies

    @property
    def texts(self) -> list[str]:
        return [reply.text for reply in self.replies]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.last.events]

    @property
    def open(self) -> str | None:
        """What is asked: QUESTION, or QUESTION.PROBE."""
        if self.state.probe is not None:
            return f"{self.state.question}.{self.state.probe}"
        return self.state.question

    @property
    def asked(self) -> tuple[str, ...]:
        return self.state.asked
