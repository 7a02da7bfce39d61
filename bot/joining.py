"""Several messages in a row become one answer.

People on a phone send an answer in pieces. A piece is kept, and taken up together with those that
follow once nothing more has come for a quiet time; a worker's timer says when. What is no part of
an account (a command, an option, a number) is heard at once, after what was waiting before it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from bot.pipeline import MAX_CHARACTERS, Inbound, Pipeline, usable
from bot.security.sealing import ErasedError
from bot.storage import waiting
from bot.storage.catalogue import Role
from bot.storage.interviews import Opened, Outcome, TurnConflictError, lock, taken_in
from bot.storage.waiting import Waiting
from bot.understanding.hearing import OPTION
from dialogues.commands import COMMANDS

ACCOUNTS = frozenset({"open", "scenario", "case", "code"})
"""Kinds of question that are answered in as many words as one likes."""

Listen = Callable[[Session, str, int, int, float], None]
"""Enqueues taking up an interview's messages: interview, message, how many times, seconds."""


@dataclass(frozen=True)
class Joining:
    """Joins the messages of channels whose candidates write as in a chat. `quiet` in seconds."""

    pipeline: Pipeline
    quiet: float
    listen: Listen

    async def receive(self, inbound: Inbound) -> None:
        """Take a message in; raises as `Pipeline.receive` does."""
        text = usable(inbound.text)
        if self.quiet > 0:
            inbound = await self._understood(inbound, text)
            if await self._keep(inbound, text):
                return
            before = await asyncio.to_thread(self.take_up, inbound.interview_id)
            if before is not None:
                # Something else may be open now.
                inbound = await self._understood(replace(inbound, understood=None), text)
                if await self._keep(inbound, text):
                    return
        await self.pipeline.receive(inbound)

    async def _understood(self, inbound: Inbound, text: str) -> Inbound:
        """The message with what it means, where that decides whether it waits."""
        if inbound.understood is not None:
            return inbound
        opened, plan, role = await self.pipeline.database.read(
            lambda session: self.pipeline.look(session, inbound.interview_id)
        )
        if not _asks_for_an_account(opened, role):
            return inbound
        return replace(inbound, understood=await self.pipeline.understand(opened, plan, text))

    async def _keep(self, inbound: Inbound, text: str) -> bool:
        """Whether the message is one that waits (or did before)."""
        understood = inbound.understood
        if understood is None or understood.intent in COMMANDS or understood.parser == OPTION:
            return False
        return await self.pipeline.database.write(
            lambda session: self._keep_piece(session, inbound, text)
        )

    def _keep_piece(self, session: Session, inbound: Inbound, text: str) -> bool:
        if taken_in(session, inbound.channel, inbound.message_id):
            return True
        lock(session, inbound.interview_id)
        opened, _, role = self.pipeline.look(session, inbound.interview_id)
        if not _asks_for_an_account(opened, role):
            return False
        before = waiting.read_all(session, opened.key, inbound.interview_id)
        if sum(len(message.text) + 1 for message in before) + len(text) > MAX_CHARACTERS:
            return False
        number = waiting.put(
            session,
            opened.key,
            inbound.interview_id,
            inbound.channel,
            inbound.message_id,
            text,
            self.pipeline.now(),
        )
        self.listen(session, inbound.interview_id, number, 1, self.quiet)
        return True

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
            still = last.at + self.quiet - self.pipeline.now()
            if last.id == number and still > 0:
                left.append(still)
            return last.id == number and still <= 0

        try:
            self._take_up(interview_id, is_due)
        except ErasedError:
            return None
        return left[-1] if left else None

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
