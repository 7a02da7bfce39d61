"""Messages that wait for the rest of their answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.sealing import Key, Sealed
from bot.storage.recordings import words_of
from bot.storage.tables import Recording, WaitingMessage
from dialogues.events import Spoken


@dataclass(frozen=True)
class Waiting:
    """A message taken in but not yet heard. `at` in seconds since the epoch.

    `text` is None of a recording that was not taken down yet; `spoken` says that it is one.
    `sealed` is a text as it is kept, which tells whether it was changed since.
    """

    id: int
    channel: str
    message_id: str
    at: float
    text: str | None
    sealed: Sealed | None = None
    spoken: Spoken | None = None
    recording: str | None = None


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


def read_all(session: Session, key: Key, interview_id: str) -> list[Waiting]:
    """All that waits for an interview, in the order it came."""
    rows = session.exec(
        select(WaitingMessage, Recording)
        .outerjoin(Recording, col(Recording.id) == col(WaitingMessage.recording_id))
        .where(WaitingMessage.interview_id == interview_id)
        .order_by(col(WaitingMessage.id))
    )
    return [_opened(key, row, recording) for row, recording in rows]


def _opened(key: Key, row: WaitingMessage, recording: Recording | None) -> Waiting:
    here = (row.id or 0, row.channel, row.message_id, row.at)
    if recording is not None:
        words = words_of(key, recording)
        text, spoken = (words.text, words.spoken) if words else (None, None)
        return Waiting(*here, text, spoken=spoken, recording=recording.id)
    return Waiting(*here, key.open(row.body, _place(row.channel, row.message_id)), row.body)


def replace(
    session: Session, key: Key, channel: str, message_id: str, text: str, at: float
) -> bool:
    """Change a message that waits, from where the quiet time begins anew; False where none does."""
    query = select(WaitingMessage).where(
        WaitingMessage.channel == channel, WaitingMessage.message_id == message_id
    )
    row = session.exec(query).first()
    if row is None or row.recording_id is not None:
        return False
    row.body = key.seal(text, _place(channel, message_id))
    session.add(row)
    session.flush()
    theirs = col(WaitingMessage.interview_id) == row.interview_id
    session.execute(sa.update(WaitingMessage).where(theirs).values(at=at))
    return True


def drop(session: Session, messages: Sequence[Waiting]) -> int:
    """Forget messages that were heard; returns how many of them still waited, unchanged."""
    texts = [(message.id, message.sealed) for message in messages if message.sealed is not None]
    voices = [message.id for message in messages if message.sealed is None]
    kept = sa.tuple_(col(WaitingMessage.id), col(WaitingMessage.body))
    heard = kept.in_(texts) | col(WaitingMessage.id).in_(voices)
    dropped = session.execute(sa.delete(WaitingMessage).where(heard))
    return dropped.rowcount  # type: ignore[attr-defined, no-any-return]


def drop_all(session: Session, interview_id: str) -> None:
    """Forget everything that waits for an interview."""
    session.execute(
        sa.delete(WaitingMessage).where(col(WaitingMessage.interview_id) == interview_id)
    )


def _place(channel: str, message_id: str) -> str:
    return f"waiting_message.body:{channel}:{message_id}"
