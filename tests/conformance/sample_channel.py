"""A whole channel: a gateway that speaks JSON over HTTP. docs/channels.md walks through it.

What people write comes in at `/webhooks/gateway`, replies are posted to the gateway's address, and
both sides show the same secret.
"""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict

import httpx2
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from bot.channels import errors
from bot.channels.base import Capabilities, Command, Incoming, NotTaken, Reception
from bot.channels.layout import lay_out
from bot.web.api_error import ApiError
from bot.web.body import read_body
from dialogues.events import Reply
from dialogues.guide import Language


class Message(BaseModel):
    """What the gateway posts. By its `id`, a message that comes again changes nothing."""

    id: str = Field(pattern=r"^[!-~]{1,128}$")
    person: str = Field(pattern=r"^[!-~]{1,128}$")
    text: str = ""
    start: str | None = None
    language: Language | None = None
    command: Command | None = None
    tapped: str | None = None
    not_taken: NotTaken | None = None

    def incoming(self, channel: str) -> Incoming:
        more = self.model_dump(exclude={"id", "person"})
        return Incoming(channel=channel, address=self.person, message_id=self.id, **more)


class Gateway:
    """One gateway at `url`."""

    name = "gateway"
    capabilities = Capabilities(length=1000, buttons=2)

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._bearer = url, f"Bearer {secret}"

    @asynccontextmanager
    async def running(self, reception: Reception) -> AsyncIterator[None]:
        """See `bot.channels.base.Channel`."""
        headers = {"Authorization": self._bearer}
        async with httpx2.AsyncClient(headers=headers, timeout=10) as self._http:
            yield

    def router(self, reception: Reception) -> APIRouter:
        """Where messages come in: an answer of 200 means that one is stored."""
        router = APIRouter(tags=["channels"])

        @router.post("/webhooks/gateway")
        async def take(request: Request) -> dict[str, str | None]:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), self._bearer.encode()):
                raise ApiError(403, "the secret is missing or wrong")
            try:
                message = Message.model_validate_json(await read_body(request))
            except ValidationError:
                raise ApiError(422, "not a message") from None
            return {"note": await reception.take(message.incoming(self.name))}

        return router

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> None:
        """See `bot.channels.base.Channel`. The buttons belong to the last part."""
        layout = lay_out(replies, self.capabilities)
        buttons = [asdict(button) for row in layout.rows for button in row]
        for number, text in enumerate(layout.texts[skip:], skip):
            last = number == len(layout.texts) - 1
            body = {"person": address, "text": text, "buttons": buttons if last else []}
            try:
                answer = await self._http.post(self._url, json=body)
            except httpx2.HTTPError as error:
                raise errors.RetryableSendError(type(error).__name__, parts=number) from None
            if not answer.is_success:
                raise send_error(answer, number)


def send_error(answer: httpx2.Response, parts: int) -> errors.SendError:
    """The error by how one recovers; `parts` did go out before it."""
    status, after = f"status {answer.status_code}", answer.headers.get("retry-after", "")
    match answer.status_code:
        case 400:
            return errors.PermanentSendError(status)
        case 403:
            return errors.HeldError(status, parts)
        case 404:
            return errors.UnreachableError(status)
    return errors.RetryableSendError(status, float(after) if after.isdecimal() else 1.0, parts)
