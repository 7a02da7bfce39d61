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


_WAITING = text("sent_at IS NULL AND failed IS NULL")


class Published(Table, table=True):
    """A guide or rubric file as it was published; frozen, named by its hash."""

    sha256: str = Field(primary_key=True)
    kind: str
    name: str
    version: int
    text: str
    published_at: float


class Campaign(Table, table=True):
    """A recruitment project (招聘项目). `open` admits anyone who has its name."""

    id: str = Field(primary_key=True)
    title: dict[str, str] = json_column()
    company: dict[str, str] = json_column()
    open: bool = False
    created_at: float


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
    """A message to the candidate. `sent_at` is NULL until the channel took it."""

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


class Inbound(Table, table=True):
    """A message taken in, so that a repeated one changes nothing. `outcome` holds no content."""

    channel: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    interview_id: str = Field(foreign_key="interview.id", index=True)
    turn: int
    at: float
    outcome: dict[str, Any] = json_column()


class WaitingMessage(Table, table=True):
    """A message that may be followed by more of the same answer; gone once it was taken up."""

    __tablename__ = "waiting_message"
    __table_args__ = (UniqueConstraint("channel", "message_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    interview_id: str = Field(foreign_key="interview.id", index=True)
    channel: str
    message_id: str
    at: float
    body: Sealed | None = sealed()


class ResultRow(Table, table=True):
    """The result of an interview, sealed, with the hash of its bytes."""

    __tablename__ = "result"
    interview_id: str = Field(primary_key=True, foreign_key="interview.id")
    created_at: float
    sha256: str
    overall: float | None = None
    body: Sealed | None = sealed()


class Delivery(Table, table=True):
    """A result on its way to one connector: waiting, retrying, sent, or failed."""

    __table_args__ = (UniqueConstraint("interview_id", "connector"),)
    id: str = Field(primary_key=True)
    interview_id: str = Field(foreign_key="interview.id")
    connector: str
    status: str
    first_attempt: int = 1
    attempts: int = 0
    created_at: float
    updated_at: float


class DeliveryAttempt(Table, table=True):
    """One try of a delivery and what came of it."""

    __tablename__ = "delivery_attempt"
    delivery_id: str = Field(primary_key=True, foreign_key="delivery.id")
    number: int = Field(primary_key=True)
    at: float
    outcome: str
    detail: str = ""


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
