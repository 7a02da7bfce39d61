"""What the rigs have in common: Miantan served over HTTP, stopped and started anew."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self

import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application, BuildChannel, build
from bot.channels.base import Capabilities
from bot.channels.testing_rig import Stored, stored_at
from bot.storage.interviews import open_interview
from bot.storage.tables import Recording
from tests.fakes import loopback_socket, served
from tests.helpers import settings_in, web_app
from tests.voice import give_ears


class InAHome:
    """Each test of a class has a home of its own, with the trial's campaign."""

    home: Path

    @pytest.fixture(autouse=True)
    def _home(self, home: Path) -> None:
        self.home = home


class Served:
    """Miantan at `url`. `settings` are made for each start, from the address it will have."""

    application: Application
    url: str

    def __init__(
        self,
        home: Path,
        settings: Callable[[str], dict[str, Any]] = lambda url: {},
        more_channels: Sequence[BuildChannel] = (),
        ready: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        """`ready` is called with the address after each start."""
        self._home, self._settings, self._ready = home, settings, ready
        self._more_channels = more_channels

    async def __aenter__(self) -> Self:
        self._running = AsyncExitStack()
        await self._running.enter_async_context(self._served())
        if self._ready is not None:
            await self._ready(self.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def restart(self) -> None:
        await self.__aexit__()
        await self.__aenter__()

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        with closing(loopback_socket()) as place:
            self.url = f"http://127.0.0.1:{place.getsockname()[1]}"
            settings = settings_in(self._home, **self._settings(self.url))
            self.application = build(settings, self._more_channels)
            try:
                async with served(web_app(self.application, work=False), place):
                    yield
            finally:
                self.application.close()

    async def listen(self) -> None:
        """Take down what was recorded with consent; the stand-in hears what is written in it."""
        application = self.application
        give_ears(application)

        def waiting(session: Session) -> list[str]:
            rows = session.exec(select(Recording).where(col(Recording.done_at).is_(None))).all()
            opened = [
                (row.id, open_interview(session, application.master, row.interview_id).state)
                for row in rows
            ]
            return [recording for recording, state in opened if state.voice]

        for recording in await application.database.read(waiting):
            await asyncio.to_thread(application.tasks.transcribing.take_down, recording)

    def capabilities(self, channel: str) -> Capabilities:
        return self.application.channels[channel].capabilities

    def stored(self, channel: str, address: str) -> Sequence[Stored]:
        """The interviews of whoever is known to a channel by an address."""
        application = self.application
        return application.database.read_now(
            lambda session: stored_at(session, application.master, channel, address)
        )
