"""Telegram as a channel: one bot, whose updates are polled, or pushed to a webhook."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter

from bot.channels.base import Clip, Reception
from bot.channels.telegram.bot import CAPABILITIES, TelegramBot
from bot.channels.telegram.parse import NAME
from bot.channels.telegram.receiving import Polling, Webhook, in_background, until_done
from bot.channels.telegram.webhook import PATH, telegram_webhook
from bot.storage.database import Database
from dialogues.events import Reply

log = structlog.get_logger()


class TelegramChannel:
    """With a secret, updates come by webhook at the public address, else by polling."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self, bot: TelegramBot, database: Database, secret: str | None, public_url: str
    ) -> None:
        self._bot, self._database = bot, database
        self._secret, self._public_url = secret, public_url

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> None:
        """See `bot.channels.base.Channel`."""
        await self._bot.send(address, replies, skip)

    async def speak(self, address: str, clip: Clip) -> None:
        """See `bot.channels.base.Channel`."""
        await self._bot.speak(address, clip)

    @asynccontextmanager
    async def running(self, reception: Reception) -> AsyncIterator[None]:
        """See `bot.channels.base.Channel`."""
        async with self._bot.running(), in_background(self._set_menu):
            if self._secret is None:
                polling = Polling(self._bot, reception.take, reception.give_up, self._database)
                async with polling.running():
                    yield
            elif self._public_url:
                async with Webhook(self._bot, self._public_url + PATH, self._secret).running():
                    yield
            else:
                log.warning(
                    "telegram: set MIANTAN_PUBLIC_URL, or set the webhook by hand", path=PATH
                )
                yield

    async def _set_menu(self) -> None:
        await until_done("telegram: menu not set", self._bot.set_menu)

    def router(self, reception: Reception) -> APIRouter | None:
        """The address of the webhook."""
        if self._secret is None:
            return None
        return telegram_webhook(self._bot, reception.take, self._secret)
