"""Documents that candidates hand in during an interview.

They are fetched and read beside all else, since that may take a while; what comes of it is one turn
of the interview. A document that is being read when the process ends must be sent again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from bot.channels.base import Document, Incoming
from bot.documents.reading import DocumentError, read
from bot.joining import Joining
from bot.pipeline import Pipeline
from bot.security.sealing import ErasedError
from bot.storage.interviews import Outcome
from dialogues.additions import NotGivenError
from dialogues.events import GiveProfile
from dialogues.guide import RESUME

log = structlog.get_logger()

AT_ONCE = 2
"""Documents that are read at the same time; others wait."""

Tell = Callable[[Incoming, str], Awaitable[None]]
"""Tells the sender of a message the text of a key."""


class HandingIn:
    """Takes documents, one at a time from each address."""

    def __init__(self, pipeline: Pipeline, joining: Joining) -> None:
        self._pipeline, self._joining = pipeline, joining
        self._places = asyncio.Semaphore(AT_ONCE)
        self._reading: dict[tuple[str, str], str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is being read at the end is dropped."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(
        self, incoming: Incoming, document: Document, interview_id: str, tell: Tell
    ) -> None:
        """Begin to read a document; what is to be said is said later."""
        address = (incoming.channel, incoming.address)
        known = self._reading.get(address)
        if known is not None:
            if known != incoming.message_id:
                await tell(incoming, "document_one")
            return
        self._reading[address] = incoming.message_id
        later = replace(incoming, tell=None)  # its connection will be over
        task = asyncio.create_task(self._take(later, document, interview_id, tell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._reading.pop(address))

    async def read_in(
        self, document: Document, interview_id: str, message: tuple[str, str]
    ) -> Outcome:
        """Read a document that came in a message, and give what it says to the interview.

        Raises DocumentError, NotGivenError and ErasedError.
        """
        async with self._places:
            text = await read(document)
        # What was waiting to be heard came first.
        await asyncio.to_thread(self._joining.take_up, interview_id)
        given = GiveProfile({RESUME: text}, document.name)
        return await self._pipeline.add(interview_id, given, message)

    async def _take(
        self, incoming: Incoming, document: Document, interview_id: str, tell: Tell
    ) -> None:
        try:
            message = (incoming.channel, incoming.message_id)
            await self.read_in(document, interview_id, message)
        except DocumentError as error:
            log.info("document not taken", channel=incoming.channel, reason=error.key)
            await tell(incoming, error.key)
        except (NotGivenError, ErasedError):
            await tell(incoming, "ended")
        except Exception as error:  # noqa: BLE001 - the traceback may show a candidate's words
            log.error("document not taken", channel=incoming.channel, error=type(error).__name__)
            await tell(incoming, "not_taken")
