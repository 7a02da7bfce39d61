"""WeChat and WeCom: takes pushes in, answers on their connection where it can, else sends.

An official account may send 5 messages in 48 hours after one of the candidate's, so a turn is one
message, and what is left is counted. When nothing is left, the reply waits for the candidate.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

import requests
import structlog
from fastapi import APIRouter
from sqlmodel import Session
from wechatpy.replies import TextReply

from bot.channels.base import Capabilities, Clip, Incoming, Reception
from bot.channels.errors import FetchError, HeldError, RetryableSendError, SendError
from bot.channels.layout import lay_out
from bot.channels.wechat.api import Api, ApiError, send_error
from bot.channels.wechat.envelope import Envelope, Query
from bot.channels.wechat.parse import Push, parse
from bot.channels.wechat.passive import Slot, Slots
from bot.channels.wechat.webhook import NOTHING, wechat_webhook
from bot.storage.database import Database
from bot.storage.pushes import KeptPushes
from bot.storage.sending import Quota
from bot.storage.together import Together
from dialogues.events import Reply

log = structlog.get_logger()
T = TypeVar("T")

SWEEP_SECONDS = 30.0
STALE_SECONDS = 60.0
"""After so long, whoever confirmed a push without having taken it in has died."""
AT_ONCE = 32
"""Pushes that are taken in at the same time. When more come than can be, the others wait without any
work done for them, so that they can at least be confirmed in time; else all would be repeated."""
SOON_SECONDS = 0.1
"""How long a reply may take to come before the database is asked whether there will be one."""
LEFT_FOR_WORDS = 2
"""How many of the messages that are counted are kept for what is written."""
NO_QUOTA = "nothing may be sent before they write again"
"""Why a message is held, in our words."""

Post = Callable[[Any, str, str], Any]
"""Sends a text, or the media id of a recording, with the library's client: client, address, it."""


class WeChatChannel:
    """One account, of either kind."""

    def __init__(
        self,
        name: str,
        capabilities: Capabilities,
        envelope: Envelope,
        api: Api,
        post: Post,
        post_voice: Post,
        database: Database,
        kept: KeptPushes,
        quota: Quota | None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`quota` is None where the platform does not count."""
        self.name, self.capabilities = name, capabilities
        self.envelope, self.api = envelope, api
        self._post, self._post_voice = post, post_voice
        self._database, self._now = database, now
        self._small = Together(database)
        self._kept, self._quota = kept, quota
        self._slots = Slots()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._taking: dict[str, asyncio.Task[list[Reply]]] = {}
        """Pushes that are being taken in, by their message's id."""

    @asynccontextmanager
    async def running(self, reception: Reception) -> AsyncIterator[None]:
        """See `bot.channels.base.Channel`; at the end, what is under way is finished."""
        sweeps = asyncio.create_task(self._sweep(reception))
        try:
            yield
        finally:
            sweeps.cancel()
            await asyncio.wait({sweeps, *self._under_way})
            await asyncio.to_thread(self.api.close)

    async def _sweep(self, reception: Reception) -> None:
        """Take in what a process that died had confirmed already; those taken in are known."""
        while True:
            try:
                for xml in await self._database.read(self._left_over):
                    push = self._parse(xml)
                    await self._finish(push, self._take(push, reception))
            except Exception as error:  # noqa: BLE001 - the next sweep tries again
                log.error("not taken in", channel=self.name, error=type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    def _left_over(self, session: Session) -> list[str]:
        return self._kept.older_than(session, self._now() - STALE_SECONDS)

    def router(self, reception: Reception) -> APIRouter:
        """The address that the platform verifies and pushes to."""
        return wechat_webhook(self, reception)

    # Sending.

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> str | None:
        """Send replies as one text, or as few as their length allows."""
        parts = lay_out(replies, self.capabilities).texts
        carrier = None
        slot = self._slots.at(address) if skip < len(parts) else None
        if slot is not None and await slot.fill(parts[skip]):
            carrier, skip = slot.message_id, skip + 1
        for number, part in enumerate(parts[skip:], skip):
            await self._send_part(address, part, number)
        return carrier

    async def speak(self, address: str, clip: Clip) -> None:
        """See `bot.channels.base.Channel`. Nothing is spoken that would cost the reply to their next
        message: of what the platform counts, something must be left."""
        if await self._left(address) <= LEFT_FOR_WORDS:
            raise HeldError(NO_QUOTA)
        try:
            media = await self.api.upload_voice(clip.data, clip.seconds)
            if not await self._may_send(address):
                raise HeldError(NO_QUOTA)
            await self.api.call(lambda client: self._post_voice(client, address, media))
        except (ApiError, requests.RequestException, TimeoutError) as error:
            failed = send_error(error, 0)
            await self._recount(address, failed)
            raise failed from None

    async def _left(self, address: str) -> int:
        quota = self._quota
        if quota is None:
            return LEFT_FOR_WORDS + 1
        return await self._database.read(lambda s: quota.left(s, address, self._now()))

    async def _send_part(self, address: str, text: str, number: int) -> None:
        if not await self._may_send(address):
            raise HeldError(NO_QUOTA, number)
        try:
            await self.api.call(lambda client: self._post(client, address, text))
        except (ApiError, requests.RequestException, TimeoutError) as error:
            failed = send_error(error, number)
            await self._recount(address, failed)
            raise failed from None

    async def _may_send(self, address: str) -> bool:
        """Whether a message may be sent; it is counted then."""
        quota = self._quota
        if quota is None:
            return True
        return await self._database.write(lambda s: quota.take(s, address, self._now()))

    async def _recount(self, address: str, failed: Exception) -> None:
        """Set the count right after a send that failed."""
        quota = self._quota
        if quota is None:
            return
        if isinstance(failed, HeldError):
            await self._database.write(lambda s: quota.use_up(s, address))
        elif isinstance(failed, RetryableSendError):
            await self._database.write(lambda s: quota.give_back(s, address))

    # Receiving.

    def read(self, query: Query, body: bytes) -> Push:
        """A push, opened; raises RefusedError or UnreadableError."""
        return self._parse(self.envelope.open(query, body))

    def _parse(self, xml: str) -> Push:
        return parse(xml, self.name, self._fetch)

    async def _fetch(self, media_id: str) -> bytes:
        try:
            return (await self.api.download(media_id)).data
        except (ApiError, requests.RequestException, TimeoutError) as error:
            raise FetchError(type(error).__name__) from None

    async def take_in(self, push: Push, reception: Reception, until: float) -> tuple[str, Slot]:
        """Take a push in; returns the answer to write, and the slot to tell when it was written.

        `until` is the event loop's time at which an answer must be there.
        """
        with self._slots.opened(push.sender, push.message_id) as slot:
            if push.incoming is None:
                await self._grant(push)
                return NOTHING, slot
            said = await self._answer(push, push.incoming, reception, slot, until)
            filled = slot.close()
            if said is not None and filled is not None:
                slot.was_written(False)  # it goes out another way
            text = said or filled
            return (NOTHING if text is None else self._render(push, text)), slot

    async def _grant(self, push: Push) -> None:
        quota, at = self._quota, min(push.at, self._now())
        if quota is not None and (push.wrote or push.acted):
            await self._small.write(
                lambda s: quota.grant(s, push.sender, message=push.wrote, at=at)
            )

    async def _answer(
        self,
        push: Push,
        incoming: Incoming,
        reception: Reception,
        slot: Slot,
        until: float,
    ) -> str | None:
        """The words to answer a push with; None for what fills the slot, or for nothing in time."""
        loop = asyncio.get_running_loop()
        taking = self._taking.get(push.message_id)
        repeated = taking is not None
        if taking is None:
            taking = self._taking[push.message_id] = self._begin(self._take(push, reception))
            taking.add_done_callback(lambda _: self._taking.pop(push.message_id, None))
        await asyncio.wait({taking}, timeout=until - loop.time())
        if not taking.done():
            if not repeated:
                await self._small.write(
                    lambda s: self._kept.keep(s, push.message_id, push.xml, self._now())
                )
                self._begin(self._finish(push, taking))
            return None
        told = taking.result()
        if told and not repeated:
            return self._first_part(told)
        await slot.wait(min(SOON_SECONDS, until - loop.time()))
        if not slot.filled:
            expected = await reception.expected(incoming)
            if expected.coming:
                await slot.wait(until - loop.time())
                if not slot.filled:
                    # It may have gone out meanwhile as the answer to an earlier try of this push.
                    expected = await reception.expected(incoming)
            if expected.carried and not slot.filled:
                return self._first_part(expected.carried)
        return None

    def _begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do something that goes on when the push is answered."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _take(self, push: Push, reception: Reception) -> list[Reply]:
        """Take a push in; returns what to tell."""
        told: list[Reply] = []
        async with self._places:
            await self._grant(push)
            if push.incoming is not None:
                await reception.take(replace(push.incoming, tell=told.append))
        return told

    async def _finish(self, push: Push, taking: Awaitable[list[Reply]]) -> None:
        """Forget a push that was kept once it is taken in, and send what is to be told."""
        told = await taking
        await self._small.write(lambda s: self._kept.drop(s, push.message_id))
        await self._tell(push.sender, told)

    async def _tell(self, address: str, told: Sequence[Reply]) -> None:
        try:
            if told:
                await self.send(address, told)
        except SendError as error:
            log.info("not told", channel=self.name, error=type(error).__name__)

    def _first_part(self, replies: Sequence[Reply]) -> str:
        return lay_out(replies, self.capabilities).texts[0]

    def _render(self, push: Push, text: str) -> str:
        # The library does not guard against the end of a CDATA section in a text.
        safe = text.replace("]]>", "]]]]><![CDATA[>")
        now = int(self._now())
        reply = TextReply(source=push.receiver, target=push.sender, content=safe, time=now)
        return self.envelope.seal(reply.render())
