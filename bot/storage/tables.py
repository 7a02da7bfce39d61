"""The tables. Times are seconds since the epoch; content is in sealed columns only."""

from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.security.sealing import Sealed, SealedColumn


def sealed(nullable: bool = False) -> Any:
    """A sealed column."""
    return Field(default=None, sa_column=Column(SealedColumn, nullable=nullable))


def json_column() -> Any:
    """Structured data that is no content: names, hashes, codes."""
    return Field(default=None, sa_column=Column(JSON, nullable=True))


class Table(SQLModel):
    """Rows may hold `Sealed` values."""

    model_config = {"arbitrary_types_allowed": True}


_WAITING = text("sent_at IS NULL AND failed IS NULL AND held_at IS NULL")
_HELD = text("held_at IS NOT NULL")


class Published(Table, table=True):
    """A guide or rubric file as it was published; frozen, named by its hash."""

    sha256: str = Field(primary_key=True)
    kind: str
    name: str
    version: int
    text: str
    published_at: float


class Campaign(Table, table=True):
    """A recruitment project (招聘项目). `open` admits anyone who has its name; otherwise who is
    invited. Once it is closed nobody begins any more. With `aloud` questions are spoken as well."""

    id: str = Field(primary_key=True)
    title: dict[str, str] = json_column()
    company: dict[str, str] = json_column()
    open: bool = False
    aloud: bool = False
    created_at: float
    closed_at: float | None = None


class CampaignPosition(Table, table=True):
    """A position (岗位) of a campaign, with the guide and rubric new interviews use."""

    __tablename__ = "campaign_position"
    campaign_id: str = Field(primary_key=True, foreign_key="campaign.id")
    id: str = Field(primary_key=True)
    ordinal: int = 0
    title: dict[str, str] = json_column()
    guide_sha256: str = Field(foreign_key="published.sha256")
    rubric_sha256: str = Field(foreign_key="published.sha256")


class Person(Table, table=True):
    """One human over all interviews. `key` is wrapped by the master key; NULL means erased."""

    id: str = Field(primary_key=True)
    key: Sealed | None = sealed(nullable=True)
    created_at: float


class Identity(Table, table=True):
    """A person's address on a channel, kept as a keyed hash."""

    channel: str = Field(primary_key=True)
    address_hash: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)


class Interview(Table, table=True):
    """An interview. `turn` is the expected sequence number; `key` is wrapped by the person's."""

    __table_args__ = (
        Index("ix_interview_started", "started_at", "id"),
        Index("ix_interview_person", "person_id", "campaign_id", "channel"),
    )
    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    person_id: str = Field(foreign_key="person.id")
    key: Sealed | None = sealed(nullable=True)
    channel: str
    source: str = ""
    status: str
    language: str
    position: str | None = None
    candidate_type: str | None = None
    files: dict[str, dict[str, str]] = json_column()
    turn: int = 0
    question: str | None = None
    probe: str | None = None
    answered: int = 0
    total: int = 0
    state: Sealed | None = sealed()
    address: Sealed | None = sealed(nullable=True)
    token_hash: str | None = Field(default=None, unique=True)
    started_at: float
    updated_at: float
    finished_at: float | None = None


class EventRow(Table, table=True):
    """An event of a turn, in order; the state is the fold of them."""

    __tablename__ = "event"
    interview_id: str = Field(primary_key=True, foreign_key="interview.id")
    turn: int = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    at: float
    kind: str
    body: Sealed | None = sealed()


class MessageRow(Table, table=True):
    """A message to the candidate. `sent_at` is NULL until the channel took it.

    `held_at` says that it waits for the candidate to write again, and `carrier` which of the
    candidate's messages it was the answer to on the wire. Of messages that go out together and are
    held midway, `parts_sent` says how many parts they took are out.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_interview", "interview_id", "id"),
        Index(
            "ix_message_waiting",
            "channel",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_message_held", "interview_id", sqlite_where=_HELD, postgresql_where=_HELD),
    )
    id: int | None = Field(default=None, primary_key=True)
    interview_id: str = Field(foreign_key="interview.id")
    turn: int
    ordinal: int = 0
    at: float
    channel: str
    kind: str
    question_id: str | None = None
    body: Sealed | None = sealed()
    sent_at: float | None = None
    failed: str | None = None
    held_at: float | None = None
    carrier: str | None = None
    parts_sent: int = 0


class Inbound(Table, table=True):
    """A message taken in, so that a repeated one changes nothing. `outcome` holds no content."""

    channel: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    interview_id: str = Field(foreign_key="interview.id", index=True)
    turn: int
    at: float
    outcome: dict[str, Any] = json_column()


class WaitingMessage(Table, table=True):
    """A message that may be followed by more of the same answer; gone once it was taken up.

    Its words are in `body`, or in the recording that it is, once they are known.
    """

    __tablename__ = "waiting_message"
    __table_args__ = (UniqueConstraint("channel", "message_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    interview_id: str = Field(foreign_key="interview.id", index=True)
    channel: str
    message_id: str
    at: float
    body: Sealed | None = sealed(nullable=True)
    recording_id: str | None = None


class Recording(Table, table=True):
    """A recording of a candidate's voice. `words` are known from `done_at` on, unless it says
    nothing that can be judged; `audio` is then deleted, or later, by the settings."""

    __table_args__ = (UniqueConstraint("channel", "message_id"),)
    id: str = Field(primary_key=True)
    interview_id: str = Field(foreign_key="interview.id", index=True)
    channel: str
    message_id: str
    at: float
    seconds: float
    audio: Sealed | None = sealed(nullable=True)
    words: Sealed | None = sealed(nullable=True)
    done_at: float | None = None


class ResultRow(Table, table=True):
    """The result of an interview, sealed, with the hash of its bytes."""

    __tablename__ = "result"
    interview_id: str = Field(primary_key=True, foreign_key="interview.id")
    created_at: float
    sha256: str
    overall: float | None = None
    body: Sealed | None = sealed()


class OnItsWay(Table):
    """What is tried until it arrives: waiting, retrying, sent, or failed."""

    status: str = "waiting"
    first_attempt: int = 1
    attempts: int = 0
    created_at: float
    updated_at: float


class Attempt(Table):
    """One try and what came of it; the detail names nobody."""

    at: float
    outcome: str
    detail: str = ""


class Delivery(OnItsWay, table=True):
    """A result on its way to one connector."""

    __table_args__ = (UniqueConstraint("interview_id", "connector"),)
    id: str = Field(primary_key=True)
    interview_id: str = Field(foreign_key="interview.id")
    connector: str


class DeliveryAttempt(Attempt, table=True):
    """One try of a delivery."""

    __tablename__ = "delivery_attempt"
    delivery_id: str = Field(primary_key=True, foreign_key="delivery.id")
    number: int = Field(primary_key=True)


class Invitation(Table, table=True):
    """A code that admits to a campaign: one person (`personal`), or all who have it (`shared`).

    `code` is sealed by the master key, `contact` by the key of the invited person.
    """

    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    code_hash: str = Field(unique=True)
    code: Sealed | None = sealed()
    kind: str
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    contact: Sealed | None = sealed(nullable=True)
    position: str | None = None
    candidate_type: str | None = None
    language: str | None = None
    source: str = ""
    uses: int = 0
    max_uses: int | None = None
    expires_at: float | None = None
    revoked_at: float | None = None
    interview_id: str | None = Field(default=None, foreign_key="interview.id")
    created_at: float
    created_by: str


class InvitationSending(OnItsWay, table=True):
    """An invitation on its way by e-mail, SMS or a chat."""

    __tablename__ = "invitation_sending"
    __table_args__ = (UniqueConstraint("invitation_id", "via"),)
    id: str = Field(primary_key=True)
    invitation_id: str = Field(foreign_key="invitation.id")
    via: str


class InvitationAttempt(Attempt, table=True):
    """One try of sending an invitation."""

    __tablename__ = "invitation_attempt"
    sending_id: str = Field(primary_key=True, foreign_key="invitation_sending.id")
    number: int = Field(primary_key=True)


class EntryLink(Table, table=True):
    """A link that a platform made for a code or a campaign, asked for once; sealed by the master
    key."""

    __tablename__ = "entry_link"
    channel: str = Field(primary_key=True)
    code_hash: str = Field(primary_key=True)
    link: Sealed | None = sealed()
    expires_at: float | None = None


class User(Table, table=True):
    """Someone who signs in to the console. Without a password only a one-time link opens it."""

    __tablename__ = "console_user"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    password_hash: str | None = None
    created_at: float


class SignInLink(Table, table=True):
    """A one-time sign-in."""

    __tablename__ = "sign_in_link"
    token_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="console_user.id")
    expires_at: float
    used_at: float | None = None


class ConsoleSession(Table, table=True):
    """A signed-in browser."""

    __tablename__ = "console_session"
    token_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="console_user.id")
    csrf: str
    created_at: float
    seen_at: float


class Executor(Table, table=True):
    """A process that runs durable work, and when it last said so."""

    id: str = Field(primary_key=True)
    beat_at: float


class Cursor(Table, table=True):
    """How far a stream was read, such as Telegram's updates."""

    name: str = Field(primary_key=True)
    value: int


class SendingQuota(Table, table=True):
    """How many messages a platform still lets us send to an address, and until when.

    One allowance comes with a message of theirs, another with an event such as a menu click.
    """

    __tablename__ = "sending_quota"
    channel: str = Field(primary_key=True)
    address_hash: str = Field(primary_key=True)
    message_left: int = 0
    message_until: float = 0.0
    event_left: int = 0
    event_until: float = 0.0


class AccessToken(Table, table=True):
    """A platform's access token, one for all processes; sealed by the master key."""

    __tablename__ = "access_token"
    name: str = Field(primary_key=True)
    token: Sealed | None = sealed()
    expires_at: float


class KeptPush(Table, table=True):
    """A push that was confirmed before it was taken in; gone once it is. Sealed by the master key."""

    __tablename__ = "kept_push"
    channel: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    at: float
    body: Sealed | None = sealed()
