"""The outbox: sends what turns left to send, in order, until it is sent or cannot be.

A reply is stored with its turn; `sent_at` is set once the channel took it. So after a crash what is
unsent is sent, and a reply is sent twice only when the crash, or a time-out, hid that it had gone
out. Within an interview the order is strict; interviews do not wait for each other. What cannot go
out before the candidate writes again is held, and released when they do.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from bot.channels.base import Channel
from bot.channels.errors import (
    HeldError,
    PermanentSendError,
    RetryableSendError,
    UnreachableError,
)
from bot.hub import Hub
from bot.security.sealing import ErasedError, Key
from bot.storage.claims import Claims
from bot.storage.database import Database
from bot.storage.interviews import open_message, unsent
from bot.storage.people import key_of, place_of_address
from bot.storage.tables import Interview, MessageRow
from dialogues.events import Reply

log = structlog.get_logger()
SENT = Counter("miantan_messages_sent_total", "Messages to candidates", ["channel", "outcome"])

SWEEP_SECONDS = 5.0
"""How often to look for what no announcement told of, such as another process's turns."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
AT_ONCE = 16
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Letter:
    """Replies that go out together: one, or with some channels all that wait in an interview.

    `address` is None where they cannot go out, for `reason`. `parts` of them are out already.
    `language` is the interview's, and `last` says that nothing else waited in it.
    """

    ids: tuple[int, ...]
    channel: str
    address: str | None
    replies: Sequence[Reply] = ()
    reason: str = ""
    parts: int = 0
    language: str = ""
    last: bool = False


@dataclass
class _Tries:
    """How sending a letter went so far."""

    letter: tuple[int, ...] = ()
    failures: int = 0
    parts: int = 0


class Outbox:
    """Sends the messages of channels that do not fetch theirs."""

    def __init__(
        self,
        database: Database,
        master: Key,
        hub: Hub,
        channels: Mapping[str, Channel],
        now: Callable[[], float] = time.time,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._database = database
        self._master = master
        self._hub = hub
        self._channels = channels
        self._now = now
        self._sweep_seconds = sweep_seconds
        self.on_sent: Callable[[Letter], None] = lambda letter: None
        """Told of each letter that went out."""
        self._claims = Claims(database)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._news_for: set[str] = set()
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sends until the end, then lets what is being sent finish."""
        self._stopping.clear()
        with self._hub.follow(self._start):
            sweeps = asyncio.create_task(self._sweep_until_stopped())
            try:
                yield
            finally:
                self._stopping.set()
                await self._finish({sweeps, *self._senders.values()})

    async def _finish(self, tasks: set[asyncio.Task[None]]) -> None:
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._claims.close)

    async def _sweep_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                for interview_id in await self._database.read(self._waiting):
                    self._start(interview_id)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next sweep tries again
                log.error("outbox", error=type(error).__name__)
            await self._hub.wait(self._stopping, self._sweep_seconds)

    def _waiting(self, session: Session) -> list[str]:
        """Interviews with something to send, the longest waiting first."""
        query = (
            select(MessageRow.interview_id)
            .where(*self._unsent())
            .group_by(MessageRow.interview_id)
            .order_by(sa.func.min(MessageRow.id))
        )
        return list(session.exec(query))

    def _unsent(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            col(MessageRow.channel).in_(list(self._channels)),
            *unsent(),
        )

    def _start(self, interview_id: str) -> None:
        """Make sure that someone sends for this interview, and looks once more before leaving."""
        if self._stopping.is_set():
            return
        self._news_for.add(interview_id)
        if interview_id not in self._senders:
            self._senders[interview_id] = asyncio.create_task(self._send_all(interview_id))

    async def _send_all(self, interview_id: str) -> None:
        """Send what waits in one interview, in order."""
        tries = _Tries()
        claimed = self._claims.alone
        try:
            while not self._stopping.is_set():
                self._news_for.discard(interview_id)
                wait = None
                try:
                    claimed = claimed or await asyncio.to_thread(self._claims.take, interview_id)
                    if not claimed:
                        return
                    wait = await self._send_next(interview_id, tries)
                except Exception as error:  # noqa: BLE001 - others must not suffer; it is retried
                    log.error("outbox", interview=interview_id, error=type(error).__name__)
                    wait = self._wait_after(tries)
                if wait is None and interview_id not in self._news_for:
                    return
                if wait:
                    await self._hub.wait(self._stopping, wait)
        finally:
            # Nothing is awaited between the last look and this: later news starts a new sender.
            del self._senders[interview_id]
            if claimed and not self._claims.alone:
                with suppress(DBAPIError):  # the claim went with the connection
                    await asyncio.to_thread(self._claims.release, interview_id)

    async def _send_next(self, interview_id: str, tries: _Tries) -> float | None:
        """Send the next letter. Returns seconds to wait before the next step; None: all is sent."""
        begun = tries.letter if tries.parts else None
        letter = await self._database.read(lambda s: self._next(s, interview_id, begun))
        if letter is None:
            return None
        if tries.letter != letter.ids:
            tries.letter, tries.failures, tries.parts = letter.ids, 0, letter.parts
        if letter.address is None:
            await self._fail(letter, letter.reason)
            return 0.0
        channel = self._channels[letter.channel]
        try:
            async with self._places:
                carrier = await channel.send(letter.address, letter.replies, skip=tries.parts)
        except RetryableSendError as error:
            tries.parts = max(tries.parts, error.parts)
            SENT.labels(letter.channel, "retried").inc()
            log.info("not sent yet", message=letter.ids[0], reason=str(error), after=error.after)
            return max(error.after, self._wait_after(tries))
        except HeldError as error:
            SENT.labels(letter.channel, "held").inc()
            log.info("held until they write", message=letter.ids[0], reason=str(error))
            parts = max(tries.parts, error.parts)
            await self._mark(letter, held_at=self._now(), parts_sent=parts)
            tries.letter = ()
            return 0.0
        except (UnreachableError, PermanentSendError) as error:
            await self._fail(letter, type(error).__name__)
            return 0.0
        SENT.labels(letter.channel, "sent").inc()
        await self._mark(letter, sent_at=self._now(), carrier=carrier)
        self.on_sent(letter)
        tries.parts = 0
        return None if letter.last else 0.0

    def _next(
        self, session: Session, interview_id: str, begun: tuple[int, ...] | None
    ) -> Letter | None:
        """The first unsent messages of an interview; those that go on, once a part of them is out."""
        query = (
            select(MessageRow)
            .where(MessageRow.interview_id == interview_id, *self._unsent())
            .order_by(col(MessageRow.id))
        )
        found = session.exec(query.where(col(MessageRow.id).in_(begun)) if begun else query).all()
        if not found:
            return None
        channel, parts = found[0].channel, found[0].parts_sent
        if parts:
            found = [message for message in found if message.parts_sent]
        row = session.get_one(Interview, interview_id)
        try:
            key = key_of(session, self._master, row)
        except ErasedError:
            return _not_sent(found, "erased")
        if row.address is None:
            return _not_sent(found, "no address")
        replies = [open_message(key, message).reply for message in found]
        late = [m for m, r in zip(found, replies, strict=True) if r.reminds and m.turn < row.turn]
        if late:
            return _not_sent(late, "a reminder that is late")
        waiting = len(found)
        if not self._channels[channel].capabilities.combined:
            found, replies = found[:1], replies[:1]
        address = key.open(row.address, place_of_address(interview_id))
        last = len(found) == waiting and not begun and not parts
        return Letter(
            _ids(found), channel, address, replies, parts=parts, language=row.language, last=last
        )

    async def _fail(self, letter: Letter, reason: str) -> None:
        SENT.labels(letter.channel, "failed").inc()
        log.warning("cannot be sent", message=letter.ids[0], channel=letter.channel, reason=reason)
        await self._mark(letter, failed=reason)

    async def _mark(self, letter: Letter, **values: float | int | str | None) -> None:
        """Note what came of a letter, however long the database takes: it must not go out again."""
        tries = _Tries()
        statement = sa.update(MessageRow).where(col(MessageRow.id).in_(letter.ids)).values(**values)
        while True:
            try:
                await self._database.write(lambda session: session.execute(statement))
                return
            except Exception as error:
                if self._stopping.is_set():
                    raise
                log.error("outbox: not marked", message=letter.ids[0], error=type(error).__name__)
                await self._hub.wait(self._stopping, self._wait_after(tries))

    @staticmethod
    def _wait_after(tries: _Tries) -> float:
        """Seconds to wait after one more failure: longer each time, up to LONGEST_WAIT."""
        tries.failures += 1
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries.failures - 1, 10))


def _not_sent(messages: Sequence[MessageRow], reason: str) -> Letter:
    return Letter(_ids(messages), messages[0].channel, None, reason=reason)


def _ids(messages: Sequence[MessageRow]) -> tuple[int, ...]:
    return tuple(message.id or 0 for message in messages)
