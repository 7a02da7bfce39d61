"""Recordings of candidates' voices come in: kept, sealed, in the turn that they cause.

Their words follow later, as durable work (bot/work/transcribing.py).
"""

import asyncio
import uuid
from dataclasses import dataclass

from sqlmodel import Session

from bot.channels.base import Voice
from bot.channels.errors import FetchError
from bot.pipeline import Pipeline
from bot.storage import recordings
from bot.storage.interviews import Opened, Outcome
from bot.storage.tables import Recording
from dialogues.events import Record
from dialogues.voice import NotRecordedError

MAX_BYTES = 20_000_000
"""Bytes of a recording; a bot of Telegram is given no more, either (Bot API, getFile)."""
FETCH_SECONDS = 30.0
BYTES_A_SECOND = 4_000.0
"""Of speech, where its length is not told: about what Opus and AAC take."""
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class Arrived:
    """A recording in a message; `seconds` as its platform says, if it does."""

    interview_id: str
    channel: str
    message_id: str
    audio: bytes
    seconds: float | None = None


async def fetched(voice: Voice) -> bytes:
    """The recording of a message; raises NotRecordedError."""
    if voice.size is not None and voice.size > MAX_BYTES:
        raise NotRecordedError("voice_large")
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            audio = await voice.fetch()
    except (FetchError, TimeoutError):
        raise NotRecordedError("voice_not_fetched") from None
    return audio


class Recordings:
    """Takes recordings in. `pace` is how many seconds it takes to take down one second of speech,
    as far as is known."""

    def __init__(self, pipeline: Pipeline, pace: float) -> None:
        self._pipeline, self._pace = pipeline, pace

    async def take(self, arrived: Arrived) -> Outcome:
        """Take a recording in; the candidate is told that it came, or asked to agree first.

        Raises NotRecordedError where it has no place, LookupError and ErasedError.
        """
        if len(arrived.audio) > MAX_BYTES:
            raise NotRecordedError("voice_large")
        pipeline, row = self._pipeline, self._row(arrived)
        waits = await pipeline.database.read(recordings.seconds_ahead)

        def keep(session: Session, opened: Opened) -> None:
            recordings.keep(session, opened.key, row, arrived.audio)

        given = Record(row.id, (waits + row.seconds) * self._pace)
        message = (arrived.channel, arrived.message_id)
        return await pipeline.add(arrived.interview_id, given, message, keep)

    def _row(self, arrived: Arrived) -> Recording:
        seconds = arrived.seconds or len(arrived.audio) / BYTES_A_SECOND
        return Recording(
            id=uuid.uuid4().hex,
            interview_id=arrived.interview_id,
            channel=arrived.channel,
            message_id=arrived.message_id,
            at=self._pipeline.now(),
            seconds=min(seconds, LONGEST_SECONDS),
        )
