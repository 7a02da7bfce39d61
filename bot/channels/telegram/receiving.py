"""How updates come in: asked for by long polling, or pushed to a webhook set at the start."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from telegram.error import RetryAfter, TelegramError

from bot.channels.base import Receive
from bot.channels.telegram.bot import TelegramBot, delay_of, mend_of
from bot.channels.telegram.parse import NAME
from bot.storage.database import Database
from bot.storage.tables import Cursor

log = structlog.get_logger()

LONGEST_WAIT = 60.0
FIRST_WAIT = 1.0
"""Seconds before the second try; each further wait is twice as long, up to LONGEST_WAIT."""
AT_ONCE = 16
"""Chats whose updates are taken in at the same time."""
TRIES = 3
FIRST_RETRY_WAIT = 0.2
"""Seconds before an update is taken in again; meanwhile those behind it wait."""

Raw = Mapping[str, Any]


@asynccontextmanager
async def in_background(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run `work` beside the body, and cancel it at the end."""

    async def run() -> None:
        await work()

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_done(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`, again and again at growing intervals while it does not succeed."""
    for failures in itertools.count():
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - the server goes on without Telegram meanwhile
            await _wait_after(what, error, failures)


def _growing(first: float, failures: int) -> float:
    return min(LONGEST_WAIT, first * 2.0 ** min(failures, 10))


async def _wait_after(what: str, error: Exception, failures: int) -> None:
    """Log an error without its message, which may hold the token, and wait longer each time."""
    delay = _growing(FIRST_WAIT, failures)
    if isinstance(error, RetryAfter):
        delay = max(delay, delay_of(error))
    mend = mend_of(error) if isinstance(error, TelegramError) else "see the database and network"
    log.warning(what, error=type(error).__name__, mend=mend, wait=delay)
    await asyncio.sleep(delay)


class Webhook:
    """Sets the webhook once Telegram can be reached."""

    def __init__(self, bot: TelegramBot, url: str, secret: str) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._run):
            yield

    async def _run(self) -> None:
        await until_done(
            "telegram: webhook not set",
            lambda: self._bot.use_webhook(self._url, self._secret),
        )
        log.info("telegram: webhook set")


class Polling:
    """Long polling. The cursor moves only once all updates before it were taken in.

    After a crash some updates come again; they are known by their ids. The cursor always follows
    what the server gave last, even downwards: Telegram answers an offset from the future from its
    oldest update, and after a quiet week its ids begin anew at random (Telegram Bot API, Update).
    `give_up` is told of a message that could not be taken, so that its sender learns of it.
    """

    def __init__(
        self,
        bot: TelegramBot,
        receive: Receive,
        give_up: Receive,
        database: Database,
    ) -> None:
        self._bot = bot
        self._receive = receive
        self._give_up = give_up
        self._database = database
        self._cursor = f"{NAME}:{bot.bot_id}"
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._run):
            yield

    async def _run(self) -> None:
        await until_done("telegram: not connected", self._bot.use_polling)
        log.info("telegram: polling")
        failures = 0
        while True:
            try:
                await self._once()
                failures = 0
            except Exception as error:  # noqa: BLE001 - polling must never end
                await _wait_after("telegram: no updates", error, failures)
                failures += 1

    async def _once(self) -> None:
        """One request, and everything it brought."""
        offset = await self._database.read(self._read_cursor)
        updates = await self._bot.updates(offset)
        if not updates:
            return
        chats: dict[object, list[Raw]] = defaultdict(list)
        for update in updates:
            chats[_chat_of(update)].append(update)
        async with asyncio.TaskGroup() as group:
            for in_order in chats.values():
                group.create_task(self._take_in(in_order))
        after = int(updates[-1]["update_id"]) + 1
        await self._database.write(
            lambda session: session.merge(Cursor(name=self._cursor, value=after))
        )

    def _read_cursor(self, session: Session) -> int | None:
        cursor = session.get(Cursor, self._cursor)
        return cursor.value if cursor is not None else None

    async def _take_in(self, updates: Sequence[Raw]) -> None:
        """The updates of one chat, one after the other."""
        async with self._places:
            for update in updates:
                await self._take_one(update)

    async def _take_one(self, update: Raw) -> None:
        """Take an update in. One that fails again and again must not hold up all others."""
        faults = 0
        for tries in itertools.count():
            try:
                receive = self._receive if faults < TRIES else self._give_up
                return await self._bot.take_in(update, receive)
            except OperationalError as error:
                # The database is away; nothing may be lost, so this waits as long as it takes.
                log.error("telegram: database", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the traceback may show a candidate's words
                number, name = update.get("update_id"), type(error).__name__
                log.error("telegram: update not taken", update=number, error=name)
                faults += 1
                if faults > TRIES:
                    return
            await asyncio.sleep(_growing(FIRST_RETRY_WAIT, tries))


def _chat_of(update: Raw) -> object:
    """The chat of an update, so that each chat's updates stay in order."""
    query = update.get("callback_query")
    holder = query if isinstance(query, Mapping) else update
    message = holder.get("message") or holder.get("edited_message")
    chat = message.get("chat") if isinstance(message, Mapping) else None
    return chat.get("id") if isinstance(chat, Mapping) else update.get("update_id")
