"""What can happen in an interview: inputs that come in, events that are kept, replies that go out.

Every `Said` leaves exactly one event that carries its words (`Answered`, `Noted` or `Held`), so
nothing a candidate says is lost. Times are seconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from dialogues.guide import Language, Strict

Confirmable = Literal["skip", "human", "withdraw", "delete", "answer"]


# Inputs


@dataclass(frozen=True)
class Begin:
    """A candidate arrives. What is None is asked, where there is a choice."""

    language: Language
    position: str | None = None
    candidate_type: str | None = None
    profile: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """How a program did. `ran` is False where the sandbox failed; then there are no counts.

    `examples` are the tests shown to the candidate: name, verdict, and a line of detail.
    """

    ran: bool
    passed: int = 0
    total: int = 0
    examples: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Said:
    """A message of the candidate as it was understood.

    `also` is what an answer asks for besides ("…also, is this scored?"), and `parser` the name of
    what told both. `hits` are the key points of the open question found in the text; `evidence` is
    what they rest on, opaque to the engine and kept with the answer. `program` says how the program
    in it did. `confirmed` words were held before, and the candidate says that they are an answer.
    """

    text: str
    intent: str = "answer"
    hits: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    program: Program | None = None
    also: str | None = None
    parser: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class TimedOut:
    """A timer rang: the interview closes when nothing was heard for `idle_seconds`."""

    idle_seconds: float


@dataclass(frozen=True)
class AddQuestion:
    """A recruiter adds an approved question of the guide's bank for this candidate."""

    question: str
    by: str


Input = Begin | Said | TimedOut | AddQuestion


# Events


class Happened(Strict):
    at: float


class Started(Happened):
    kind: Literal["started"] = "started"
    language: Language
    profile: dict[str, str | float | bool | None] = Field(default_factory=dict)
    candidate_type: str | None = None


class Consented(Happened):
    kind: Literal["consented"] = "consented"


class Declined(Happened):
    kind: Literal["declined"] = "declined"


class PositionSet(Happened):
    """The position is known; `profile` is the part of what was given that its guide knows."""

    kind: Literal["position_set"] = "position_set"
    position: str
    profile: dict[str, str | float]


class TypeSet(Happened):
    kind: Literal["type_set"] = "type_set"
    candidate_type: str


class ProfileSet(Happened):
    """The facts known of the candidate, all of them, after an answer told of one."""

    kind: Literal["profile_set"] = "profile_set"
    profile: dict[str, str | float]


class QuestionAdded(Happened):
    """A recruiter added a question of the bank; it is asked next."""

    kind: Literal["question_added"] = "question_added"
    question: str
    by: str


class Asked(Happened):
    """`probe` is the id of the follow-up: a probe, a part of a case, a line of a scenario."""

    kind: Literal["asked"] = "asked"
    question: str
    probe: str | None = None


class Reopened(Happened):
    """The candidate takes up the last answer again; what was asked since is not asked any more."""

    kind: Literal["reopened"] = "reopened"
    question: str
    probe: str | None = None


class Answered(Happened):
    """An answer, or the reply to a follow-up, which belongs to its question's answer.

    A second one to the same question and follow-up takes the place of the first. `confirmed` is an
    answer that was held before, with the words of that time.
    """

    kind: Literal["answered"] = "answered"
    question: str
    probe: str | None = None
    text: str
    value: str | float | None = None
    words: int
    hits: tuple[str, ...] = ()
    evidence: dict[str, Any] = Field(default_factory=dict)
    also: str | None = None
    parser: str = ""
    confirmed: bool = False


class Noted(Happened):
    """Words of the candidate that are not an answer: a command, a consent, small talk."""

    kind: Literal["noted"] = "noted"
    text: str
    intent: str
    parser: str = ""


class Held(Happened):
    """Words that may or may not be an answer; the candidate is asked which, and they are kept."""

    kind: Literal["held"] = "held"
    text: str
    intent: str
    hits: tuple[str, ...] = ()
    evidence: dict[str, Any] = Field(default_factory=dict)
    parser: str = ""


class Skipped(Happened):
    kind: Literal["skipped"] = "skipped"
    question: str
    probe: str | None = None


class ConfirmationAsked(Happened):
    kind: Literal["confirmation_asked"] = "confirmation_asked"
    what: Confirmable


class ConfirmationDropped(Happened):
    kind: Literal["confirmation_dropped"] = "confirmation_dropped"


class Paused(Happened):
    kind: Literal["paused"] = "paused"


class Resumed(Happened):
    kind: Literal["resumed"] = "resumed"


class LanguageChanged(Happened):
    kind: Literal["language_changed"] = "language_changed"
    language: Language


class HandedOver(Happened):
    kind: Literal["handed_over"] = "handed_over"


class Withdrawn(Happened):
    kind: Literal["withdrawn"] = "withdrawn"


class DeletionRequested(Happened):
    kind: Literal["deletion_requested"] = "deletion_requested"


class Expired(Happened):
    kind: Literal["expired"] = "expired"


class Finished(Happened):
    kind: Literal["finished"] = "finished"


Event = Annotated[
    Started
    | Consented
    | Declined
    | PositionSet
    | TypeSet
    | ProfileSet
    | QuestionAdded
    | Asked
    | Reopened
    | Answered
    | Noted
    | Held
    | Skipped
    | ConfirmationAsked
    | ConfirmationDropped
    | Paused
    | Resumed
    | LanguageChanged
    | HandedOver
    | Withdrawn
    | DeletionRequested
    | Expired
    | Finished,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


# Replies and work


class ReplyOption(Strict):
    id: str
    text: str


class Reply(Strict):
    """A message to the candidate. `progress` is (number of this question, expected total)."""

    kind: Literal["text", "question", "consent", "notice", "report"]
    text: str
    options: tuple[ReplyOption, ...] = ()
    question: str | None = None
    probe: str | None = None
    progress: tuple[int, int] | None = None


@dataclass(frozen=True)
class Work:
    """Durable work caused by a turn; it is enqueued in the turn's transaction."""

    kind: Literal["score", "erase", "watch"]
