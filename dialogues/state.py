"""The state of an interview: a fold of its events, and nothing else."""

from collections.abc import Iterable
from functools import reduce
from typing import Literal

from pydantic import Field

from dialogues import events as ev
from dialogues.events import Confirmable, Event
from dialogues.guide import Language, Strict

Status = Literal[
    "consent",
    "asking",
    "waiting",
    "paused",
    "human",
    "finished",
    "withdrawn",
    "erased",
    "expired",
]
CLOSED: frozenset[Status] = frozenset({"finished", "withdrawn", "erased", "expired"})


class Given(Strict):
    """What later conditions may ask of an answer."""

    value: str | float | None = None
    words: int = 0
    hits: tuple[str, ...] = ()


class State(Strict):
    """Where an interview stands. `question` and `probe` are what is open now."""

    status: Status = "consent"
    language: Language = "zh"
    consented: bool = False
    given_profile: dict[str, str | float | bool | None] = Field(default_factory=dict)
    position: str | None = None
    candidate_type: str | None = None
    profile: dict[str, str | float] = Field(default_factory=dict)
    question: str | None = None
    probe: str | None = None
    probes_asked: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    answers: dict[str, Given] = Field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    pending: Confirmable | None = None
    heard_at: float = 0.0

    @property
    def closed(self) -> bool:
        return self.status in CLOSED

    @property
    def answered(self) -> int:
        """Questions dealt with: those asked, less the one still open."""
        return len(self.asked) - (self.question is not None)


def apply(state: State, event: Event) -> State:
    """The state after the event."""
    return state.model_copy(update=_change(state, event))


def fold(happened: Iterable[Event]) -> State:
    """The state after all the events, from the first."""
    return reduce(apply, happened, State())


def _change(state: State, event: Event) -> dict[str, object]:
    match event:
        case ev.Started():
            return {
                "language": event.language,
                "given_profile": event.profile,
                "candidate_type": event.candidate_type,
                "heard_at": event.at,
            }
        case ev.Consented():
            return {"consented": True, "status": "asking"}
        case ev.PositionSet():
            return {"position": event.position, "profile": event.profile}
        case ev.TypeSet():
            return {"candidate_type": event.candidate_type}
        case ev.Asked():
            return _asked(state, event)
        case ev.Answered():
            return {"answers": {**state.answers, event.question: _given(state, event)}} | {
                "heard_at": event.at
            }
        case ev.Noted():
            return {"heard_at": event.at}
        case ev.Skipped():
            return {"skipped": (*state.skipped, event.question)} if event.probe is None else {}
        case ev.ConfirmationAsked():
            return {"pending": event.what}
        case ev.ConfirmationDropped():
            return {"pending": None}
        case ev.LanguageChanged():
            return {"language": event.language}
        case _:
            return _status(event)


def _status(event: Event) -> dict[str, object]:
    match event:
        case ev.Paused():
            return {"status": "paused"}
        case ev.Resumed():
            return {"status": "asking"}
        case ev.HandedOver():
            return {"status": "human", "pending": None}
        case ev.Declined() | ev.Withdrawn():
            return {"status": "withdrawn", "pending": None}
        case ev.DeletionRequested():
            return {"status": "erased", "pending": None}
        case ev.Expired():
            return {"status": "expired", "pending": None}
        case ev.Finished():
            return {"status": "finished", "question": None, "probe": None, "probes_asked": ()}
    raise AssertionError(f"unknown event {event!r}")


def _asked(state: State, event: ev.Asked) -> dict[str, object]:
    if event.probe is not None:
        return {"probe": event.probe, "probes_asked": (*state.probes_asked, event.probe)}
    return {
        "question": event.question,
        "probe": None,
        "probes_asked": (),
        "asked": (*state.asked, event.question),
    }


def _given(state: State, event: ev.Answered) -> Given:
    before = state.answers.get(event.question, Given())
    return Given(
        value=event.value if event.value is not None else before.value,
        words=before.words + event.words,
        hits=tuple(sorted({*before.hits, *event.hits})),
    )
