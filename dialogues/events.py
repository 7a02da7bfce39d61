"""What can happen in an interview: inputs that come in, events that are kept, replies that go out.

Every `Said` leaves exactly one event that carries its words (`Answered`, `Noted` or `Held`), so
nothing a candidate says is lost. Times are seconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from dialogues.guide import Language, Strict

Confirmable = Literal["skip", "human", "withdraw", "delete", "answer", "voice"]


class Spoken(Strict):
    """A recording that words were taken down from, and the message that it came in.

    `model` is what took them down, `quality` how well it could be heard (figures by name), and
    `original` the words as they were recognised, where the text differs from them.
    """

    recording: str
    message: str
    model: str
    quality: dict[str, float] = Field(default_factory=dict)
    original: str | None = None


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
    `edited` words are what the candidate changed the last answer to, afterwards. `spoken` are the
    recordings that the words were taken down from, and `fixable` says that a spoken answer may be
    corrected even though the interview is over.
    """

    text: str
    intent: str = "answer"
    hits: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    program: Program | None = None
    also: str | None = None
    parser: str = ""
    confirmed: bool = False
    edited: bool = False
    spoken: tuple[Spoken, ...] = ()
    fixable: bool = False


@dataclass(frozen=True)
class Record:
    """A recording of the candidate's voice came. `seconds` to wait for its words, as expected."""

    recording: str
    seconds: float = 0.0


@dataclass(frozen=True)
class NotHeard:
    """A recording could not be taken down well enough to be judged; `reasons` by name.

    `text` is what was recognised all the same, for people to read.
    """

    spoken: Spoken
    reasons: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class Fix:
    """The candidate says what was really said in an answer that was taken down from their voice."""

    question: str
    probe: str | None
    text: str
    hits: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TimedOut:
    """A timer rang: the interview closes when nothing was heard for `idle_seconds`."""

    idle_seconds: float


@dataclass(frozen=True)
class Remind:
    """A timer rang: the candidate is reminded when nothing was heard for `idle_seconds`.

    `number` is which reminder this is since they were heard; those before it need not have been
    made. `until` says when the interview closes. Where `told` is False it counts, and nothing is
    said.
    """

    idle_seconds: float
    until: str
    number: int = 1
    told: bool = True


@dataclass(frozen=True)
class AddQuestion:
    """A recruiter adds an approved question of the guide's bank for this candidate."""

    question: str
    by: str


@dataclass(frozen=True)
class Reopen:
    """A recruiter opens an interview again that has expired."""

    by: str


@dataclass(frozen=True)
class GiveProfile:
    """The candidate hands in facts of themselves, or a résumé, in a document of that name."""

    profile: Mapping[str, object]
    document: str = ""


Input = (
    Begin | Said | Record | NotHeard | Fix | TimedOut | Remind | AddQuestion | Reopen | GiveProfile
)


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


class ProfileGiven(Happened):
    """The candidate handed in `given`; `profile` are the facts known with it, all of them."""

    kind: Literal["profile_given"] = "profile_given"
    given: dict[str, str | float | bool | None]
    profile: dict[str, str | float]
    document: str = ""


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
    answer that was held before, with the words of that time; a `fixed` one has the words that were
    really said, and moves nothing else.
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
    fixed: bool = False
    spoken: tuple[Spoken, ...] = ()


class Noted(Happened):
    """Words of the candidate that are not an answer: a command, a consent, small talk."""

    kind: Literal["noted"] = "noted"
    text: str
    intent: str
    parser: str = ""
    spoken: tuple[Spoken, ...] = ()


class Held(Happened):
    """Words that may or may not be an answer; the candidate is asked which, and they are kept."""

    kind: Literal["held"] = "held"
    text: str
    intent: str
    hits: tuple[str, ...] = ()
    evidence: dict[str, Any] = Field(default_factory=dict)
    parser: str = ""
    spoken: tuple[Spoken, ...] = ()


class Recorded(Happened):
    """A recording came; its words belong to what was open then."""

    kind: Literal["recorded"] = "recorded"
    recording: str


class Unheard(Happened):
    """A recording of which nothing is judged: too little of it could be understood."""

    kind: Literal["unheard"] = "unheard"
    spoken: Spoken
    reasons: tuple[str, ...]
    text: str = ""


class VoiceAgreed(Happened):
    """The candidate agreed that recordings are kept and taken down."""

    kind: Literal["voice_agreed"] = "voice_agreed"


class VoiceDeclined(Happened):
    """The candidate did not; recordings that waited for it are dropped."""

    kind: Literal["voice_declined"] = "voice_declined"


class AloudSet(Happened):
    """The candidate wants questions spoken aloud as well, or does not."""

    kind: Literal["aloud_set"] = "aloud_set"
    on: bool


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


class Reminded(Happened):
    """The reminder of that number since the candidate was heard; not `told`, it only counts."""

    kind: Literal["reminded"] = "reminded"
    number: int
    told: bool = True


class Expired(Happened):
    kind: Literal["expired"] = "expired"


class InterviewReopened(Happened):
    """A recruiter opened the interview again after it had expired."""

    kind: Literal["interview_reopened"] = "interview_reopened"
    by: str


class Finished(Happened):
    kind: Literal["finished"] = "finished"


Event = Annotated[
    Started
    | Consented
    | Declined
    | PositionSet
    | TypeSet
    | ProfileSet
    | ProfileGiven
    | QuestionAdded
    | Asked
    | Reopened
    | Answered
    | Noted
    | Held
    | Recorded
    | Unheard
    | VoiceAgreed
    | VoiceDeclined
    | AloudSet
    | Skipped
    | ConfirmationAsked
    | ConfirmationDropped
    | Paused
    | Resumed
    | LanguageChanged
    | HandedOver
    | Withdrawn
    | DeletionRequested
    | Reminded
    | Expired
    | InterviewReopened
    | Finished,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


# Replies and work


class ReplyOption(Strict):
    id: str
    text: str


class Transcript(Strict):
    """What was understood of the recordings that came in the messages `of`; empty where that was
    too little."""

    of: tuple[str, ...]
    text: str


class Reply(Strict):
    """A message to the candidate. `progress` is (number of this question, expected total).

    `reminds` is what says nothing new: a reminder, and what is asked once more without being asked
    for. `transcript` is what was understood of recordings, where the reply says that back. `aloud`
    says that it is to be spoken as well, and `personal` that its words are this candidate's alone.
    """

    kind: Literal["text", "question", "consent", "notice", "report"]
    text: str
    options: tuple[ReplyOption, ...] = ()
    question: str | None = None
    probe: str | None = None
    progress: tuple[int, int] | None = None
    reminds: bool = False
    transcript: Transcript | None = None
    aloud: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Work:
    """Durable work caused by a turn; it is enqueued in the turn's transaction.

    `opening` tells the watch over a reopened interview from the one before, and the scoring after
    the end was taken back from the one before. `recording` is what to transcribe. `spoken_at` is
    when words were last taken down from a voice, 0 for never: their speaker may still correct them.
    """

    kind: Literal["score", "erase", "watch", "transcribe"]
    opening: int = 0
    recording: str = ""
    spoken_at: float = 0.0
