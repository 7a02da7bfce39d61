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


class Heard(Strict):
    """What a message, or the reply to a follow-up, adds to an answer."""

    words: int = 0
    hits: tuple[str, ...] = ()


class Given(Strict):
    """What later conditions may ask of an answer. `heard` by follow-up; "" is the question's own."""

    value: str | float | None = None
    heard: dict[str, Heard] = Field(default_factory=dict)

    @property
    def words(self) -> int:
        return sum(each.words for each in self.heard.values())

    @property
    def hits(self) -> frozenset[str]:
        return frozenset(hit for each in self.heard.values() for hit in each.hits)


class Recording(Strict):
    """A recording whose words are not known yet, and what was open when it came."""

    question: str | None = None
    probe: str | None = None


class State(Strict):
    """Where an interview stands. `question` and `probe` (any follow-up) are what is open now.

    `last` is what was answered or skipped last; `reopened` while it is being corrected. `tries`
    counts the answers to what is open (programs may be sent again). `probes_before` are the
    follow-ups of the question before the open one. `held` are words that wait for a yes or no.
    `reminded` counts the reminders since the candidate was heard, `openings` how often a recruiter
    opened the interview again. `voice` says that the candidate agreed to recordings, of which
    `recordings` are those not taken down yet; `spoken_at` is when words last were (0: never), and
    `finishes` how often the end was reached. `aloud` says whether questions are spoken, where the
    candidate chose.
    """

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
    probes_before: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    answers: dict[str, Given] = Field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    last: tuple[str, str | None] | None = None
    reopened: bool = False
    tries: int = 0
    pending: Confirmable | None = None
    held: ev.Held | None = None
    heard_at: float = 0.0
    reminded: int = 0
    openings: int = 0
    voice: bool = False
    recordings: dict[str, Recording] = Field(default_factory=dict)
    spoken_at: float = 0.0
    finishes: int = 0
    aloud: bool | None = None

    @property
    def closed(self) -> bool:
        return self.status in CLOSED

    @property
    def has_answer(self) -> bool:
        """What is open was answered before: it is being corrected, or a program can be improved."""
        given = self.answers.get(self.question or "")
        return given is not None and (self.probe or "") in given.heard

    @property
    def answered(self) -> int:
        """Questions dealt with: those asked, less the one still open."""
        return len(self.asked) - (self.question is not None)


def apply(state: State, event: Event) -> State:
    """The state after the event."""
    return state.model_copy(update={**_change(state, event), **_voice(state, event)})


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
        case ev.ProfileSet():
            return {"profile": event.profile}
        case ev.ProfileGiven():
            given = {**state.given_profile, **event.given}
            return {"given_profile": given, "profile": event.profile, **_heard(event)}
        case ev.QuestionAdded():
            return {"added": (*state.added, event.question)}
        case ev.Recorded() | ev.Unheard():
            return _heard(event)
        case ev.VoiceAgreed():
            return {"voice": True}
        case ev.VoiceDeclined():
            return {"voice": False}
        case ev.AloudSet():
            return {"aloud": event.on}
        case ev.Asked():
            return _asked(state, event)
        case ev.Reopened():
            return _reopened(state, event)
        case ev.Answered():
            return _answered(state, event)
        case ev.Noted():
            return _heard(event)
        case ev.Skipped():
            skipped = (*state.skipped, event.question) if event.probe is None else state.skipped
            return {
                "skipped": skipped,
                "last": (event.question, event.probe),
                "reopened": False,
            }
        case ev.Held():
            return {"pending": "answer", "held": event, **_heard(event)}
        case ev.ConfirmationAsked():
            return {"pending": event.what}
        case ev.ConfirmationDropped():
            return {"pending": None, "held": None}
        case ev.LanguageChanged():
            return {"language": event.language}
        case ev.Reminded():
            return {"reminded": event.number}
        case ev.InterviewReopened():
            status = "asking" if state.consented else "consent"
            return {"status": status, "openings": state.openings + 1, **_heard(event)}
        case _:
            return _status(state, event)


def _heard(event: Event) -> dict[str, object]:
    """The idle time begins anew."""
    return {"heard_at": event.at, "reminded": 0}


def _voice(state: State, event: Event) -> dict[str, object]:
    """The recordings that are still to be taken down."""
    match event:
        case ev.Recorded():
            here = Recording(question=state.question, probe=state.probe)
            return {"recordings": {**state.recordings, event.recording: here}}
        case ev.Unheard():
            return {"recordings": _without(state, [event.spoken])}
        case ev.Answered() | ev.Noted() | ev.Held() if event.spoken:
            return {"recordings": _without(state, event.spoken), "spoken_at": event.at}
        case ev.VoiceDeclined():
            return {"recordings": {}}
    return {}


def _without(state: State, spoken: Iterable[ev.Spoken]) -> dict[str, Recording]:
    gone = {each.recording for each in spoken}
    return {name: kept for name, kept in state.recordings.items() if name not in gone}


def _status(state: State, event: Event) -> dict[str, object]:
    match event:
        case ev.Paused():
            return {"status": "paused"}
        case ev.Resumed():
            return {"status": "asking"}
        case ev.HandedOver():
            return {"status": "human", "pending": None, "held": None}
        case ev.Declined() | ev.Withdrawn():
            return {"status": "withdrawn", "pending": None, "held": None}
        case ev.DeletionRequested():
            return {"status": "erased", "pending": None, "held": None}
        case ev.Expired():
            return {"status": "expired", "pending": None, "held": None}
        case ev.Finished():
            return {
                "status": "finished",
                "question": None,
                "probe": None,
                "probes_asked": (),
                "probes_before": state.probes_asked,
                "reopened": False,
                "finishes": state.finishes + 1,
            }
    raise AssertionError(f"unknown event {event!r}")


def _asked(state: State, event: ev.Asked) -> dict[str, object]:
    change: dict[str, object] = {"probe": event.probe, "tries": 0, "reopened": False}
    if event.probe is not None:
        return change | {"probes_asked": (*state.probes_asked, event.probe)}
    return change | {
        "question": event.question,
        "probes_asked": (),
        "probes_before": state.probes_asked,
        "asked": (*state.asked, event.question),
    }


def _reopened(state: State, event: ev.Reopened) -> dict[str, object]:
    """What was open is forgotten; follow-ups after the reopened one may be asked anew."""
    follow_ups: tuple[str, ...] = ()
    if event.probe is not None:
        here = state.question == event.question
        known = state.probes_asked if here else state.probes_before
        follow_ups = known[: known.index(event.probe) + 1]
    return {
        "status": "asking" if state.status == "finished" else state.status,
        "question": event.question,
        "probe": event.probe,
        "probes_asked": follow_ups,
        "asked": state.asked[: state.asked.index(event.question) + 1],
        "skipped": tuple(name for name in state.skipped if name != event.question),
        "reopened": True,
        "tries": 0,
    }


def _answered(state: State, event: ev.Answered) -> dict[str, object]:
    before = state.answers.get(event.question, Given())
    heard = Heard(words=event.words, hits=event.hits)
    given = Given(
        value=event.value if event.value is not None else before.value,
        heard={**before.heard, event.probe or "": heard},
    )
    if event.fixed:
        return {"answers": {**state.answers, event.question: given}, **_heard(event)}
    return {
        "answers": {**state.answers, event.question: given},
        "last": (event.question, event.probe),
        "reopened": False,
        "tries": state.tries + 1,
        **_heard(event),
    }
