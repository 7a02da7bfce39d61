"""The web chat, by the chat API over HTTP."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2

from bot.channels.base import Capabilities, Command
from bot.channels.testing import ChannelConformance, Feature
from bot.channels.testing_rig import PATIENCE, Refused, Shown, Stored, read_stored
from bot.storage.tables import Interview
from dialogues.guide import Language
from tests.conformance.runs import InAHome, Served
from tests.voice import saying

FETCHED = "the page fetches its messages"
CAPABILITIES = Capabilities(length=1_000_000, buttons=1_000, voice_in=True)
"""The API gives each reply whole, and the page shows all of it."""


class Someone:
    """A person with the page open."""

    def __init__(self, rig: "WebRig", language: Language) -> None:
        self.rig, self.language = rig, language
        self.session = self.token = ""
        self._seen, self._recording = 0, b""
        self._numbers = itertools.count(1)
        self._last: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._unread: asyncio.Queue[Shown] = asyncio.Queue()

    async def enter(self, code: str) -> None:
        begun = await self._post(f"{code}/sessions", {"language": self.language})
        self.session, self.token = begun["session"], begun["token"]
        self._see(begun["messages"])

    async def say(self, text: str) -> None:
        self._last = {"id": f"m{next(self._numbers)}", "text": text}
        await self.repeat()

    async def choose(self, label: str) -> None:
        await self.say(self._ids[label])

    async def repeat(self) -> None:
        answer = await self._post(f"sessions/{self.session}/messages", self._last)
        self._see(answer["messages"])

    async def look(self) -> None:
        """Fetch what came by itself, as the page does."""
        url = f"{self.rig.served.url}/api/v1/chat/sessions/{self.session}/messages"
        answer = await self.rig.client.get(
            url, params={"after": self._seen}, headers={"Authorization": f"Bearer {self.token}"}
        )
        self._see(answer.json()["messages"])

    async def read(self) -> Shown:
        async with asyncio.timeout(PATIENCE):
            return await self._unread.get()

    def stored(self) -> Sequence[Stored]:
        application = self.rig.served.application
        return application.database.read_now(
            lambda s: [read_stored(s, application.master, s.get_one(Interview, self.session))]
        )

    async def edit(self, text: str) -> None:
        raise NotImplementedError

    async def command(self, name: Command) -> None:
        raise NotImplementedError

    async def send_media(self) -> None:
        raise NotImplementedError

    async def speak(self, words: str) -> None:
        self._last = {"id": f"m{next(self._numbers)}"}
        self._recording = saying(words)
        await self.repeat()

    async def leave(self) -> None:
        raise NotImplementedError

    async def come_back(self) -> None:
        raise NotImplementedError

    async def _post(self, path: str, body: Mapping[str, str]) -> Any:
        url = f"{self.rig.served.url}/api/v1/chat/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if "text" in body or "language" in body:
            answer = await self.rig.client.post(url, json=body, headers=headers)
        else:
            media = {"media": ("a.webm", self._recording, "audio/webm")}
            answer = await self.rig.client.post(url, data=body, files=media, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _see(self, messages: Sequence[Any]) -> None:
        for message in messages:
            self._seen = max(self._seen, int(message["id"]))
            options = message["options"] or []
            self._ids |= {option["text"]: option["id"] for option in options}
            self._unread.put_nowait(Shown(message["text"], tuple(o["text"] for o in options)))


class WebRig:
    """The server."""

    capabilities = CAPABILITIES

    def __init__(self, served: Served, client: httpx2.AsyncClient) -> None:
        self.served, self.client = served, client
        self.people: list[Someone] = []

    def person(self, language: Language) -> Someone:
        self.people.append(Someone(self, language))
        return self.people[-1]

    def outage(self, after: int = 0) -> AbstractAsyncContextManager[Refused]:
        raise NotImplementedError

    async def restart(self) -> None:
        await self.served.restart()

    async def listen(self) -> None:
        await self.served.listen()
        for someone in self.people:
            await someone.look()


class TestWebChat(InAHome, ChannelConformance):
    """Sessions with a token."""

    lacks: Mapping[Feature, str] = {
        "addresses": "a page belongs to a session that has begun",
        "commands": "the page has no menu; everything is said in words",
        "edits": "what was sent stays",
        "leaving": FETCHED,
        "media": "the page sends text and recordings only",
        "outage": FETCHED,
    }
    answers_repeats = True

    @asynccontextmanager
    async def rig(self) -> AsyncIterator[WebRig]:
        async with Served(self.home) as served, httpx2.AsyncClient(verify=False) as client:
            yield WebRig(served, client)
