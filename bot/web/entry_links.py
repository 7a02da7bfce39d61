"""The links of an entry with WeChat's among them: asked for once, then kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import requests
import structlog
from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from bot.bootstrap import Application
from bot.channels.wechat.api import ApiError
from bot.channels.wechat.channel import WeChatChannel
from bot.invitations import qr
from bot.invitations.links import WECHAT, Places
from bot.storage.entry_links import keep_link, kept_link
from bot.web.chat_api import application
from bot.web.console_frame import Problem

log = structlog.get_logger()

WAIT_SECONDS = 5.0
"""How long a page waits for WeChat."""
REST_SECONDS = 60.0
"""After it did not answer, it is left alone for so long."""
LONGEST_SECONDS = 2_592_000
"""How long a temporary code of WeChat's may work (生成带参数二维码). Lasting ones are few."""
KINDS = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Way:
    """Where candidates enter: a campaign that is open to all, or an invitation's code."""

    campaign: str
    code: str | None = None
    expires_at: float | None = None

    def links(self, places: Places) -> dict[str, str]:
        if self.code is None:
            return places.of_campaign(self.campaign)
        return places.of_code(self.campaign, self.code)


@dataclass(frozen=True)
class Links:
    """The links by place. `unanswered` when WeChat was asked in vain."""

    by_place: Mapping[str, str]
    unanswered: bool


async def links_of(request: Request, way: Way) -> Links:
    """The links of a way in, with that of WeChat where an official account is connected."""
    app = application(request)
    places = app.tasks.inviting.places
    channel = app.channels.get(WECHAT)
    if not isinstance(channel, WeChatChannel):
        return Links(way.links(places), False)
    code = way.code or way.campaign
    link = await _kept(app, code) or await _asked(request, channel, way)
    if link is None:
        return Links(way.links(places), True)
    return Links(way.links(replace(places, wechat={code: link})), False)


async def drawn(request: Request, way: Way, place: str, kind: str) -> Response:
    """The QR code of a link, as a file."""
    link = (await links_of(request, way)).by_place.get(place)
    if link is None or kind not in KINDS:
        raise Problem(404, "no_page")
    body = qr.svg(link) if kind == "svg" else qr.png(link)
    name = f"{way.code or way.campaign}-{place}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=KINDS[kind], headers=headers)


async def _kept(app: Application, code: str) -> str | None:
    def read(session: Session) -> str | None:
        return kept_link(session, app.master, WECHAT, code, app.pipeline.now())

    return await app.database.read(read)


async def _asked(request: Request, channel: WeChatChannel, way: Way) -> str | None:
    """WeChat's link for the code, None when it does not answer."""
    app = application(request)
    code, now = way.code or way.campaign, app.pipeline.now()
    if now < getattr(request.app.state, "wechat_rests_until", 0.0):
        return None
    seconds = int(way.expires_at - now) + 1 if way.expires_at is not None else None
    if seconds is not None and not 0 < seconds <= LONGEST_SECONDS:
        seconds = None
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            link = await channel.api.qr_link(code, seconds)
    except (ApiError, requests.RequestException, TimeoutError, KeyError) as error:
        log.warning("WeChat made no QR code", error=type(error).__name__)
        request.app.state.wechat_rests_until = now + REST_SECONDS
        return None
    ends = now + seconds if seconds is not None else None
    await app.database.write(lambda s: keep_link(s, app.master, WECHAT, code, link, ends))
    return link
