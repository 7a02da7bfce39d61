"""Telegram, polled and pushed, against a stand-in of the Bot API."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.channels.base import Command
from bot.channels.testing import ChannelConformance
from bot.channels.testing_rig import PATIENCE, Refused, Shown, Stored
from dialogues.guide import Language
from tests.conformance.runs import InAHome, Served
from tests.fakes import TelegramStandIn
from tests.helpers import until
from tests.telegram_files import ApiError
from tests.telegram_people import Candidate
from tests.voice import saying

SECRET = "a_Secret-1"


class Telegram(TelegramStandIn):
    """The stand-in, which can refuse what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.lets_through: int | None = None
        """How many messages more, before it refuses; None: all."""
        self.refused = asyncio.Event()

    async def _on_sendmessage(self, parameters: dict[str, Any]) -> Any:
        assert not {"parse_mode", "entities"} & parameters.keys(), "texts would be read as markup"
        if self.lets_through == 0:
            self.refused.set()
            raise ApiError(502, "Bad Gateway")
        if self.lets_through is not None:
            self.lets_through -= 1
        return await super()._on_sendmessage(parameters)


class Someone:
    """A person with Telegram."""

    def __init__(self, telegram: Telegram, served: Served, candidate: Candidate) -> None:
        self.telegram, self.served, self.candidate = telegram, served, candidate
        self.last = 0

    async def enter(self, code: str) -> None:
        await self.say(f"/start {code}")

    async def say(self, text: str) -> None:
        self.last = self.candidate.say(text)

    async def edit(self, text: str) -> None:
        self.last = self.candidate.edit(text)

    async def choose(self, label: str) -> None:
        self.last = self.candidate.tap(label)

    async def command(self, name: Command) -> None:
        await self.say(f"/{name}")

    async def send_media(self) -> None:
        self.candidate.send(location={"latitude": 31.2, "longitude": 121.5})

    async def speak(self, words: str) -> None:
        recording = self.telegram.upload(saying(words)) | {"duration": 4}
        self.last = self.candidate.send(voice=recording)

    async def repeat(self) -> None:
        pushed = len(self.telegram.pushed[self.last])
        self.telegram.repeat(self.last)
        if self.telegram.webhook:
            await until(lambda: len(self.telegram.pushed[self.last]) > pushed)
        else:  # What a chat says is taken in order: what follows comes behind it.
            await until(lambda: self.telegram.waiting == 0)

    async def leave(self) -> None:
        self.candidate.blocked = True

    async def come_back(self) -> None:
        self.candidate.blocked = False

    async def read(self) -> Shown:
        message = await self.candidate.next_message(PATIENCE)
        return Shown(message.text, tuple(message.buttons))

    def stored(self) -> Sequence[Stored]:
        return self.served.stored("telegram", str(self.candidate.id))


class TelegramRig:
    """One bot."""

    def __init__(self, telegram: Telegram, served: Served) -> None:
        self.telegram, self.served = telegram, served
        self.capabilities = served.capabilities("telegram")

    def person(self, language: Language) -> Someone:
        code = "zh-hans" if language == "zh" else "en-GB"
        return Someone(self.telegram, self.served, self.telegram.candidate(code))

    @asynccontextmanager
    async def outage(self, after: int = 0) -> AsyncIterator[Refused]:
        async def refused() -> None:
            await self.telegram.refused.wait()

        self.telegram.refused.clear()
        self.telegram.lets_through = after
        yield refused
        self.telegram.lets_through = None

    async def restart(self) -> None:
        await self.served.restart()

    async def listen(self) -> None:
        await self.served.listen()


class TestPolling(InAHome, ChannelConformance):
    """Without a secret."""

    @asynccontextmanager
    async def rig(self) -> AsyncIterator[TelegramRig]:
        telegram = Telegram()
        async with telegram.running():

            def settings(url: str) -> dict[str, Any]:
                return {"telegram_token": telegram.token, "telegram_api": telegram.url}

            async with Served(self.home, settings) as served:
                yield TelegramRig(telegram, served)


class TestWebhook(InAHome, ChannelConformance):
    """With a secret and a public address."""

    @asynccontextmanager
    async def rig(self) -> AsyncIterator[TelegramRig]:
        telegram = Telegram()
        async with telegram.running():

            def settings(url: str) -> dict[str, Any]:
                known = {"telegram_token": telegram.token, "telegram_api": telegram.url}
                return {**known, "telegram_secret": SECRET, "public_url": url}

            async def ready(url: str) -> None:
                await until(lambda: telegram.webhook.startswith(url))

            async with Served(self.home, settings, ready=ready) as served:
                yield TelegramRig(telegram, served)
