"""Several messages in a row become one answer.

People on a phone send an answer in pieces. A piece is kept, and taken up together with those that
follow once nothing more has come for a quiet time. A timer here says when, to the moment; a
worker's rings a little later, for what a process left behind. What is no part of an account (a
command, an option, a number) is heard at once, after what was waiting before it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
from sqlmodel import Session

from bot.pipeline import MAX_CHARACTERS, Found, Inbound, Pipeline, usable
from bot.security.sealing import ErasedError
from bot.storage import waiting
from bot.storage.catalogue import Role
from bot.storage.interviews import Opened, Outcome, TurnConflictError, lock, taken_in
from bot.storage.waiting import Waiting
from bot.understanding.hearing import OPTION
from dialogues.commands import COMMANDS

log = structlog.get_logger()

LATER_SECONDS = 1.5
"""How much later a worker looks than the process that took a message in."""
LOOKS = 1_000
"""More looks than the timer of a piece takes; the one after a recording is numbered from here."""
ACCOUNTS = frozenset({"open", "scenario", "case", "code"})
"""Kinds of question that are answered in as many words as one likes."""

Listen = Callable[[Session, str, int, int, float], None]
"""Enqueues taking up an interview's messages: interview, message, how many times, seconds."""


class Joining:
    """Joins the messages of channels whose candidates write as in a chat. `quiet` in seconds."""

    def __init__(self, pipeline: Pipeline, quiet: float, listen: Listen) -> None:
        self.pipeline, self.quiet, self.listen = pipeline, quiet, listen
        self._timers: set[asyncio.Task[None]] = set()
        self._running = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Timers ring here; those that have not at the end are left to the workers."""
        self._running = True
        try:
            yield
        finally:
            self._running = False
            for timer in self._timers:
                timer.cancel()
            await asyncio.gather(*self._timers, return_exceptions=True)

    async def receive(self, inbound: Inbound) -> Outcome | None:
        """Take a message in; None where it waits for the rest. Raises as `Pipeline.receive` does."""
        text = usable(inbound.text)
        found = await self.pipeline.find(inbound)
        if isinstance(found, Outcome):
            return found
        if self._may_wait(inbound, found.opened):
            inbound = await self._understood(inbound, text, found)
            if await self._keep(inbound, text):
                return None
            before = await asyncio.to_thread(self.take_up, inbound.interview_id)
            if before is not None:
                # Something else may be open now.
                found = await self.pipeline.find(inbound)
                if isinstance(found, Outcome):
                    return found
                inbound = await self._understood(replace(inbound, understood=None), text, found)
                if await self._keep(inbound, text):
                    return None
        return await self.pipeline.receive(inbound, found)

    def _quiet(self, channel: str) -> float:
        """Whoever fetches replies says by sending that an answer is complete."""
        return 0.0 if channel in self.pipeline.pulled else self.quiet

    def _may_wait(self, inbound: Inbound, opened: Opened) -> bool:
        """Whether more of an answer may come, if only the words of a recording."""
        return self._quiet(inbound.channel) > 0 or bool(opened.state.recordings)

    async def _understood(self, inbound: Inbound, text: str, found: Found) -> Inbound:
        """The message with what it means, where that decides whether it waits."""
        opened, plan, role = found
        if inbound.understood is not None or not _asks_for_an_account(opened, role):
            return inbound
        return replace(inbound, understood=await self.pipeline.understand(opened, plan, text))

    async def _keep(self, inbound: Inbound, text: str) -> bool:
        """Whether the message is one that waits (or did before)."""
        understood = inbound.understood
        if understood is None or understood.intent in COMMANDS or understood.parser == OPTION:
            return False
        kept, number = await self.pipeline.database.write(
            lambda session: self._keep_piece(session, inbound, text)
        )
        if number is not None and self._running:
            quiet = self._quiet(inbound.channel)
            timer = asyncio.create_task(self._ring(inbound.interview_id, number, quiet))
            self._timers.add(timer)
            timer.add_done_callback(self._timers.discard)
        return kept

    async def _ring(self, interview_id: str, number: int, quiet: float) -> None:
        left: float | None = quiet
        while left is not None:
            await asyncio.sleep(left)
            try:
                left = await asyncio.to_thread(self.when_quiet, interview_id, number)
            except Exception as error:  # noqa: BLE001 - a worker looks again, and tells of it
                log.warning("not taken up yet", error=type(error).__name__)
                return

    def _keep_piece(self, session: Session, inbound: Inbound, text: str) -> tuple[bool, int | None]:
        """Whether the message waits, and its number if it begins to."""
        if taken_in(session, inbound.channel, inbound.message_id):
            return True, None
        lock(session, inbound.interview_id)
        opened, _, role = self.pipeline.look(session, inbound.interview_id)
        if not _asks_for_an_account(opened, role):
            return False, None
        before = waiting.read_all(session, opened.key, inbound.interview_id)
        if sum(len(message.text or "") + 1 for message in before) + len(text) > MAX_CHARACTERS:
            return False, None
        number = waiting.put(
            session,
            opened.key,
            inbound.interview_id,
            inbound.channel,
            inbound.message_id,
            text,
            self.pipeline.now(),
        )
        later = self._quiet(inbound.channel) + LATER_SECONDS
        self.listen(session, inbound.interview_id, number, 1, later)
        return True, number

    def take_up(self, interview_id: str) -> Outcome | None:
        """Take up at once what waits for an interview."""
        return self._take_up(interview_id, lambda messages: True)

    def when_quiet(self, interview_id: str, number: int) -> float | None:
        """The timer of message `number` rang: take up what waits if it is the last, and long ago.

        Returns the seconds still to wait, or None when there is nothing left for this timer to do.
        """
        left: list[float] = []

        def is_due(messages: Sequence[Waiting]) -> bool:
            last = messages[-1]
            still = self._left(last)
            if last.id == number and still > 0:
                left.append(still)
            return last.id == number and still <= 0

        try:
            self._take_up(interview_id, is_due)
        except ErasedError:
            return None
        return left[-1] if left else None

    def words_came(self, interview_id: str) -> None:
        """The words of a recording are known: they are taken up, together with what waits, as soon
        as nothing more came for the quiet time."""
        last: list[Waiting] = []

        def is_due(messages: Sequence[Waiting]) -> bool:
            last[:] = messages[-1:]
            return self._left(messages[-1]) <= 0

        if self._take_up(interview_id, is_due) is None and last:
            # A recording has no timer of its own; from now on it has.
            number, left = last[0].id, self._left(last[0])
            self.pipeline.database.write_now(
                lambda session: self.listen(session, interview_id, number, LOOKS, left)
            )

    def _left(self, last: Waiting) -> float:
        """Seconds to wait for more after what came last."""
        return last.at + self._quiet(last.channel) - self.pipeline.now()

    def _take_up(
        self, interview_id: str, choose: Callable[[Sequence[Waiting]], bool]
    ) -> Outcome | None:
        while True:
            try:
                return self.pipeline.receive_waiting(interview_id, choose)
            except TurnConflictError:
                continue


def _asks_for_an_account(opened: Opened, role: Role | None) -> bool:
    """Whether what is open may be answered in several messages."""
    state = opened.state
    if role is None or state.pending is not None or state.status not in ("asking", "paused"):
        return False
    question = role.guide.by_id.get(state.question or "")
    return question is not None and question.kind in ACCOUNTS
