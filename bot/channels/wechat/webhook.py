"""The webhooks of WeChat and WeCom: an answer of 200 means that the push is stored."""

import asyncio
from typing import Protocol

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.background import BackgroundTask

from bot.channels.base import Reception
from bot.channels.wechat.envelope import Envelope, Query, RefusedError
from bot.channels.wechat.parse import Push, UnreadableError
from bot.channels.wechat.passive import Slot
from bot.web.api_error import ApiError
from bot.web.body import read_body

log = structlog.get_logger()

ANSWER_SECONDS = 4.0
"""The platform waits 5 seconds for an answer to a push."""
MAX_PUSH = 100_000
NOTHING = "success"
"""An answer that shows the candidate nothing."""


class Pushed(Protocol):
    """What takes pushes in."""

    name: str
    envelope: Envelope

    def read(self, query: Query, body: bytes) -> Push:
        """A push, opened; raises RefusedError or UnreadableError."""
        ...

    async def take_in(self, push: Push, reception: Reception, until: float) -> tuple[str, Slot]:
        """Take it in; returns the answer to write, and the slot to tell when it was written."""
        ...


def wechat_webhook(channel: Pushed, reception: Reception) -> APIRouter:
    """The address that the platform verifies once, and pushes to."""
    router = APIRouter(tags=["channels"])
    path = f"/webhooks/{channel.name}"

    @router.get(path)
    async def verify(request: Request) -> Response:
        """Show that the address knows the account's token."""
        try:
            return PlainTextResponse(channel.envelope.echo(request.query_params))
        except (RefusedError, UnreadableError) as error:
            raise ApiError(403, str(error)) from None

    @router.post(path)
    async def take(request: Request) -> Response:
        """Take a push in. What cannot be read is answered too, since the platform would repeat it."""
        until = asyncio.get_running_loop().time() + ANSWER_SECONDS
        body = await read_body(request, MAX_PUSH)
        try:
            push = channel.read(request.query_params, body)
        except RefusedError as error:
            raise ApiError(403, str(error)) from None
        except UnreadableError as error:
            log.warning("not a push", channel=channel.name, reason=str(error))
            return PlainTextResponse(NOTHING)
        answer, slot = await channel.take_in(push, reception, until)
        kind = "text/plain" if answer == NOTHING else "application/xml"

        async def written() -> None:
            # A function of its own, since others are run in a thread.
            slot.was_written()

        return Response(answer, media_type=kind, background=BackgroundTask(written))

    return router
