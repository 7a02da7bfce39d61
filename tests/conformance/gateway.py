"""A stand-in for the gateway of the sample channel, and people who use it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Command
from bot.channels.testing_rig import PATIENCE, Shown
from dialogues.guide import Language
from tests.fakes import served


class GatewayStandIn:
    """Pushes what people write to `webhook`, in order and until it is taken, and shows replies."""

    def __init__(self, secret: str = "stand-in-secret") -> None:
        self.secret = secret
        self.webhook = ""
        self.people: dict[str, User] = {}
        self.lets_through: int | None = None
        """How many messages more, before it refuses; None: all."""
        self.refused = asyncio.Event()
        self.statuses: list[tuple[int, dict[str, str]]] = []
        """Answers to the next sends: status and headers."""
        self.numbers = itertools.count(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["GatewayStandIn"]:
        app = Starlette(routes=[Route("/send", self._send, methods=["POST"])])
        async with (
            httpx2.AsyncClient(headers=self.headers, verify=False) as self.http,
            served(app) as url,
        ):
            self.url = f"{url}/send"
            try:
                yield self
            finally:
                for person in self.people.values():
                    person.stop()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    async def _send(self, request: Request) -> Response:
        body = await request.json()
        person = self.people.get(body["person"])
        if request.headers.get("authorization") != self.headers["Authorization"]:
            return Response(status_code=401)
        if self.statuses:
            status, headers = self.statuses.pop(0)
            return Response(status_code=status, headers=headers)
        if self.lets_through == 0:
            self.refused.set()
            return Response(status_code=503)
        if person is None:
            return Response(status_code=404)
        if person.blocking:
            return Response(status_code=403)
        if not body["text"] or len(body["text"]) > 1000 or len(body["buttons"]) > 2:
            return Response(status_code=400)
        if self.lets_through is not None:
            self.lets_through -= 1
        person.receive(body["text"], {b["label"]: b["data"] for b in body["buttons"]})
        return Response(status_code=200)


class User:
    """A person behind the gateway."""

    def __init__(self, gateway: GatewayStandIn, language: Language) -> None:
        self.gateway, self.language = gateway, language
        self.address = f"person-{len(gateway.people) + 1}"
        gateway.people[self.address] = self
        self.blocking = False
        self._shown = ("", dict[str, str]())
        self._last: dict[str, Any] = {}
        self._unread: asyncio.Queue[Shown] = asyncio.Queue()
        self._to_push: asyncio.Queue[tuple[dict[str, Any], asyncio.Event]] = asyncio.Queue()
        self._pushing = asyncio.create_task(self._push_all())

    def receive(self, text: str, buttons: dict[str, str]) -> None:
        self._shown = (text, buttons) if buttons else self._shown
        self._unread.put_nowait(Shown(text, tuple(buttons)))

    def stop(self) -> None:
        self._pushing.cancel()

    async def enter(self, code: str) -> None:
        self._act(start=code)

    async def say(self, text: str) -> None:
        self._act(text=text)

    async def edit(self, text: str) -> None:
        raise NotImplementedError

    async def choose(self, label: str) -> None:
        text, buttons = self._shown
        self._act(text=buttons[label], tapped=text)

    async def command(self, name: Command) -> None:
        self._act(command=name)

    async def send_media(self) -> None:
        self._act(not_taken="media")

    async def speak(self, words: str) -> None:
        raise NotImplementedError

    async def repeat(self) -> None:
        await self._push(self._last).wait()

    async def leave(self) -> None:
        self.blocking = True

    async def come_back(self) -> None:
        self.blocking = False

    async def read(self) -> Shown:
        async with asyncio.timeout(PATIENCE):
            return await self._unread.get()

    def _act(self, **what: str) -> None:
        number = f"message-{next(self.gateway.numbers)}"
        who = {"id": number, "person": self.address, "language": self.language}
        self._last = who | what
        self._push(self._last)

    def _push(self, message: dict[str, Any]) -> asyncio.Event:
        taken = asyncio.Event()
        self._to_push.put_nowait((message, taken))
        return taken

    async def _push_all(self) -> None:
        while True:
            message, taken = await self._to_push.get()
            while not await self._is_taken(message):
                await asyncio.sleep(0.02)
            taken.set()

    async def _is_taken(self, message: dict[str, Any]) -> bool:
        try:
            answer = await self.gateway.http.post(self.gateway.webhook, json=message)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200
