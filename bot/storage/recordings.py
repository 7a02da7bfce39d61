"""Recordings of voices: sealed until they are taken down, then gone unless they are to be kept."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from bot.security.sealing import Key
from bot.storage.tables import Recording, WaitingMessage
from dialogues.events import Spoken


@dataclass(frozen=True)
class Words:
    """What a recording says, and how well it could be heard."""

    text: str
    spoken: Spoken

    def as_json(self) -> str:
        return json.dumps({"text": self.text, "spoken": self.spoken.model_dump(mode="json")})

    @classmethod
    def of_json(cls, text: str) -> "Words":
        found: dict[str, Any] = json.loads(text)
        return cls(found["text"], Spoken.model_validate(found["spoken"]))


def keep(session: Session, key: Key, row: Recording, audio: bytes) -> None:
    """Keep a recording, and its place among the pieces of the answer it belongs to."""
    row.audio = key.seal_bytes(audio, _place("audio", row.id))
    session.add(row)
    session.flush()
    session.add(
        WaitingMessage(
            interview_id=row.interview_id,
            channel=row.channel,
            message_id=row.message_id,
            at=row.at,
            recording_id=row.id,
        )
    )


def open_audio(key: Key, row: Recording) -> bytes:
    """The recording; raises ErasedError when it is gone."""
    return key.open_bytes(row.audio, _place("audio", row.id))


def taken_down(
    session: Session, key: Key, row: Recording, words: Words, now: float, *, keep_audio: bool
) -> None:
    """Its words are known."""
    row.words = key.seal(words.as_json(), _place("words", row.id))
    _done(session, row, now, keep_audio)


def not_taken_down(session: Session, row: Recording, now: float, *, keep_audio: bool) -> None:
    """It says nothing that could be judged; nothing waits for it any more."""
    session.execute(sa.delete(WaitingMessage).where(col(WaitingMessage.recording_id) == row.id))
    _done(session, row, now, keep_audio)


def _done(session: Session, row: Recording, now: float, keep_audio: bool) -> None:
    row.done_at = now
    if not keep_audio:
        row.audio = None
    session.add(row)


def words_of(key: Key, row: Recording) -> Words | None:
    """What it says, once that is known."""
    return Words.of_json(key.open(row.words, _place("words", row.id))) if row.words else None


def find(session: Session, channel: str, message_id: str) -> Recording | None:
    """The recording that came in a message."""
    query = select(Recording).where(
        Recording.channel == channel, Recording.message_id == message_id
    )
    return session.exec(query).first()


def seconds_ahead(session: Session) -> float:
    """How many seconds of speech wait to be taken down."""
    query = select(func.coalesce(func.sum(Recording.seconds), 0.0))
    return float(session.exec(query.where(col(Recording.done_at).is_(None))).one())


def drop_unwanted(session: Session, interview_id: str, wanted: Collection[str]) -> None:
    """Forget the recordings that nobody waits for: their words are not known, and will not be."""
    unwanted = (
        col(Recording.interview_id) == interview_id,
        col(Recording.done_at).is_(None),
        col(Recording.id).not_in(wanted),
    )
    ids = select(Recording.id).where(*unwanted)
    session.execute(sa.delete(WaitingMessage).where(col(WaitingMessage.recording_id).in_(ids)))
    session.execute(sa.delete(Recording).where(*unwanted))


def drop_all(session: Session, interview_id: str) -> None:
    """Forget everything that was recorded in an interview."""
    session.execute(sa.delete(Recording).where(col(Recording.interview_id) == interview_id))


def drop_audio(session: Session, recording_id: str) -> None:
    """Its time is over."""
    session.execute(
        sa.update(Recording).where(col(Recording.id) == recording_id).values(audio=None)
    )


def _place(what: str, recording_id: str) -> str:
    return f"recording.{what}:{recording_id}"
