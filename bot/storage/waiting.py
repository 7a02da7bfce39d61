"""Messages that wait for the rest of their answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.sealing import Key
from bot.storage.tables import WaitingMessage


@dataclass(frozen=True)
class Waiting:
    """A message taken in but not yet heard. `at` in seconds since the epoch."""

    id: int
    channel: str
    message_id: str
    at: float
    text: str


def put(
    session: Session,
    key: Key,
    interview_id: str,
    channel: str,
    message_id: str,
    text: str,
    at: float,
) -> int:
    """Keep a message; returns the number under which it waits, which is never given again."""
    row = WaitingMessage(
        interview_id=interview_id,
        channel=channel,
        message_id=message_id,
        at=at,
        body=key.seal(text, _place(channel, message_id)),
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def is_waiting(session: Session, channel: str, message_id: str) -> bool:
    query = select(WaitingMessage.id).where(
        WaitingMessage.channel == channel, WaitingMessage.message_id == message_id
    )
    return session.exec(query).first() is not None


def read_all(session: Session, key: Key, interview_id: str) -> list[Waiting]:
    """All that waits for an interview, in the order it came."""
    rows = session.exec(
        select(WaitingMessage)
        .where(WaitingMessage.interview_id == interview_id)
        .order_by(col(WaitingMessage.id))
    )
    return [
        Waiting(
            row.id or 0,
            row.channel,
            row.message_id,
            row.at,
            key.open(row.body, _place(row.channel, row.message_id)),
        )
        for row in rows
    ]


def drop(session: Session, messages: Sequence[Waiting]) -> int:
    """Forget messages that were heard; returns how many of them still waited."""
    ids = [message.id for message in messages]
    dropped = session.execute(sa.delete(WaitingMessage).where(col(WaitingMessage.id).in_(ids)))
    return dropped.rowcount  # type: ignore[attr-defined, no-any-return]


def drop_all(session: Session, interview_id: str) -> None:
    """Forget everything that waits for an interview."""
    session.execute(
        sa.delete(WaitingMessage).where(col(WaitingMessage.interview_id) == interview_id)
    )


def _place(channel: str, message_id: str) -> str:
    return f"waiting_message.body:{channel}:{message_id}"
