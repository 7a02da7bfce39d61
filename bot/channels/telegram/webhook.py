"""Telegram's webhook: an answer of 200 means that the update is stored."""

import hmac
import json
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.base import Receive
from bot.channels.telegram.bot import TelegramBot
from bot.web.api_error import ApiError
from bot.web.body import read_body

log = structlog.get_logger()

PATH = "/webhooks/telegram"


def telegram_webhook(bot: TelegramBot, receive: Receive, secret: str) -> APIRouter:
    """The address that Telegram pushes to, given as `secret_token` to setWebhook.

    What cannot be read is answered with 200 too, since Telegram repeats everything else.
    """
    router = APIRouter(tags=["channels"])

    @router.post(PATH)
    async def take(
        request: Request,
        given: Annotated[str, Header(alias="X-Telegram-Bot-Api-Secret-Token")] = "",
    ) -> Response:
        """Take an update in."""
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise ApiError(403, "the secret token is missing or wrong")
        try:
            data = json.loads(await read_body(request))
        except (ValueError, RecursionError):
            raise ApiError(400, "the body is not valid JSON") from None
        if not isinstance(data, dict) or type(data.get("update_id")) is not int:
            log.warning("telegram: not an update")
        else:
            await bot.take_in(data, receive)
        return JSONResponse({})

    return router
