"""Rigs for WeChat and WeCom, against stand-ins of their platforms."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.base import Command
from bot.channels.testing_rig import PATIENCE, Refused, Shown, Stored
from bot.channels.wechat import webhook
from dialogues.guide import Language
from tests.conformance.runs import Served
from tests.voice import saying
from tests.wechat_media import AMR_HEADER
from tests.wechat_people import Candidate, Member, Person
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_push import Push
from tests.wechat_runs import settings_for
from tests.wechat_server import Answer, Platform

SENDS = ("message/custom/send", "message/send")


class Refusing(Platform):
    """A platform that can refuse what is sent."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.lets_through: int | None = None
        """How many messages more, before it refuses; None: all."""
        self.refused = asyncio.Event()

    async def _handled(self, path: str, request: Request) -> Answer:
        if path in SENDS and self.lets_through == 0:
            self.refused.set()
            return Response("Bad Gateway", 502)
        if path in SENDS and self.lets_through is not None:
            self.lets_through -= 1
        return await super()._handled(path, request)


class WeChat(Refusing, WeChatPlatform):
    """WeChat."""


class WeCom(Refusing, WeComPlatform):
    """WeCom."""


class Someone:
    """A person with WeChat or WeCom."""

    def __init__(self, rig: "WeChatRig", person: Person) -> None:
        self.rig, self.person = rig, person
        self.last: Push | None = None

    async def enter(self, code: str) -> None:
        if isinstance(self.person, Candidate):
            self.last = self.person.scan(code)
        else:
            await self.say(f"/start {code}")

    async def say(self, text: str) -> None:
        self.last = self.person.say(text)

    async def edit(self, text: str) -> None:
        raise NotImplementedError

    async def choose(self, label: str) -> None:
        raise AssertionError("there are no buttons")

    async def command(self, name: Command) -> None:
        self.last = self.person.click(name)

    async def send_media(self) -> None:
        self.last = self.person.image()

    async def speak(self, words: str) -> None:
        self.last = self.person.voice(saying(words, header=AMR_HEADER))

    async def repeat(self) -> None:
        assert self.last is not None
        await self.person.repeat(self.last).over()

    async def leave(self) -> None:
        assert isinstance(self.person, Candidate | Member)
        self.person.unfollow()

    async def come_back(self) -> None:
        assert isinstance(self.person, Candidate | Member)
        self.person.follow()

    async def read(self) -> Shown:
        try:
            return Shown((await self.person.next_message(PATIENCE)).text)
        except TimeoutError:
            assert not self.person.failures, self.person.platform.pushes[-1].trouble
            raise

    def stored(self) -> Sequence[Stored]:
        return self.rig.served.stored(self.rig.channel, self.person.openid)


class WeChatRig:
    """One account."""

    def __init__(self, platform: WeChat | WeCom, served: Served) -> None:
        self.platform, self.served = platform, served
        self.channel = "wecom" if isinstance(platform, WeCom) else "wechat"
        self.capabilities = served.capabilities(self.channel)
        self.people: list[Person] = []

    def person(self, language: Language) -> Someone:
        if isinstance(self.platform, WeCom):
            self.people.append(self.platform.candidate())
        else:
            self.people.append(self.platform.candidate(following=True))
        return Someone(self, self.people[-1])

    @asynccontextmanager
    async def outage(self, after: int = 0) -> AsyncIterator[Refused]:
        """Answers to pushes come too late as well, so that everything has to be sent."""

        async def refused() -> None:
            await self.platform.refused.wait()

        self.platform.refused.clear()
        self.platform.lets_through = after
        with too_late():
            yield refused
        self.platform.lets_through = None

    async def restart(self) -> None:
        await self.served.restart()

    async def listen(self) -> None:
        await self.served.listen()


@contextmanager
def too_late() -> Iterator[None]:
    """No answer to a push is there in time, so that all replies are sent."""
    with patch.object(webhook, "ANSWER_SECONDS", 0.0):
        yield


@asynccontextmanager
async def wechat_rig(platform: WeChat | WeCom, home: Path) -> AsyncIterator[WeChatRig]:
    """The platform, and Miantan with its account; at the end no answer was a failure."""
    async with platform.running():
        # Pushes are dated to the second, and those of one second count as one; with a clock that
        # is ahead they count by the moment they come.
        platform.now = lambda: time.time() + 2
        name = "wecom" if isinstance(platform, WeCom) else "wechat"

        async def ready(url: str) -> None:
            platform.webhook = f"{url}/webhooks/{name}"

        async with Served(home, lambda url: settings_for(platform), ready=ready) as served:
            rig = WeChatRig(platform, served)
            yield rig
            assert not [failure for person in rig.people for failure in person.failures]
