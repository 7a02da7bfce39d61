"""Taking recordings down: durable work that runs beside all else, at a lower priority.

Each recording is taken down once: what it says is kept in one transaction with all that follows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from prometheus_client import Counter
from sqlmodel import Session

from bot.joining import Joining
from bot.pipeline import Pipeline
from bot.security.sealing import ErasedError
from bot.storage import interviews, recordings
from bot.storage.interviews import Opened, TurnConflictError
from bot.storage.recordings import Words
from bot.storage.tables import Recording
from bot.text import clean
from bot.work.queues import WorkQueues
from dialogues.events import NotHeard, Spoken
from dialogues.guide import Language

log = structlog.get_logger()
TAKEN_DOWN = Counter("miantan_recordings_total", "Recordings taken down", ["outcome"])
DAY = 86_400.0


class Heard(Protocol):
    """What was heard in a recording. `reasons` why it is not good enough to be judged; none: it is.
    `original` are the words as recognised, `text` as they are scored."""

    @property
    def text(self) -> str: ...
    @property
    def original(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def figures(self) -> dict[str, float]: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...


Hear = Callable[[bytes, Language], Heard]
"""Listens to a recording in a language. Slow; what cannot be read at all has its reason."""


@dataclass(frozen=True)
class _Opened:
    """A recording that is to be heard; `audio` is None once it was."""

    interview_id: str
    message_id: str
    audio: bytes | None
    language: Language


@dataclass
class Transcribing:
    """Takes recordings down. With no `hear` there is nothing that could."""

    pipeline: Pipeline
    joining: Joining
    queues: WorkQueues
    hear: Hear | None
    now: Callable[[], float] = time.time

    def take_down(self, recording_id: str) -> None:
        """Listen to a recording, and take up what it says or tell that it says nothing clear."""
        found = self.pipeline.database.read_now(lambda s: self._open(s, recording_id))
        if found is None:
            return
        if found.audio is not None:
            self._keep_words(recording_id, found, self._listen(found.audio, found.language))
        self.joining.words_came(found.interview_id)

    def _listen(self, audio: bytes, language: Language) -> Heard:
        if self.hear is None:
            raise RuntimeError("speech is turned off, but a recording waits: set MIANTAN_SPEECH")
        return self.hear(audio, language)

    def _open(self, session: Session, recording_id: str) -> _Opened | None:
        """A recording; None where nothing is to be done."""
        row = session.get(Recording, recording_id)
        if row is None:
            return None
        try:
            opened = interviews.open_interview(session, self.pipeline.master, row.interview_id)
        except ErasedError:
            return None
        audio = recordings.open_audio(opened.key, row) if row.done_at is None else None
        return _Opened(row.interview_id, row.message_id, audio, opened.state.language)

    def _keep_words(self, recording_id: str, found: _Opened, heard: Heard) -> None:
        text = clean(heard.text)
        reasons = heard.reasons or (() if text else ("silence",))
        original = clean(heard.original)
        spoken = Spoken(
            recording=recording_id,
            message=found.message_id,
            model=heard.model,
            quality=heard.figures,
            original=original if original != text else None,
        )
        if reasons:
            self._not_heard(found.interview_id, NotHeard(spoken, reasons, text))
        else:
            words = Words(text, spoken)
            self.pipeline.database.write_now(lambda s: self._heard(s, recording_id, words))
        TAKEN_DOWN.labels(reasons[0] if reasons else "heard").inc()
        log.info("recording taken down", recording=recording_id, reasons=list(reasons))

    def _heard(self, session: Session, recording_id: str, words: Words) -> None:
        row = session.get(Recording, recording_id)
        if row is None or row.done_at is not None:
            return
        interviews.lock(session, row.interview_id)
        try:
            opened = interviews.open_interview(session, self.pipeline.master, row.interview_id)
        except ErasedError:
            return
        recordings.taken_down(
            session, opened.key, row, words, self.now(), keep_audio=self._keeps(session, row)
        )

    def _not_heard(self, interview_id: str, given: NotHeard) -> None:
        def also(session: Session, opened: Opened) -> None:
            row = session.get(Recording, given.spoken.recording)
            if row is None or row.done_at is not None:
                # Dropped meanwhile, or another process was first: nothing of this turn is kept.
                raise _DoneAlready
            recordings.not_taken_down(
                session, row, self.now(), keep_audio=self._keeps(session, row)
            )

        while True:
            try:
                self.pipeline.add_now(interview_id, given, also)
                return
            except TurnConflictError:
                continue
            except (_DoneAlready, ErasedError):
                return

    def _keeps(self, session: Session, row: Recording) -> bool:
        """Whether the recording itself is kept for a while; then it is dropped by a timer."""
        days = self.pipeline.voice_days
        if days > 0:
            self.queues.drop_audio(session, row.id, days * DAY)
        return days > 0

    def drop_audio(self, recording_id: str) -> None:
        """A recording was kept long enough."""
        self.pipeline.database.write_now(
            lambda session: recordings.drop_audio(session, recording_id)
        )


class _DoneAlready(Exception):
    """A recording needs nothing any more."""
