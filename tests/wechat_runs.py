"""Miantan at work with the stand-ins for WeChat and WeCom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.bootstrap import Application
from tests.fakes import loopback_socket, served
from tests.helpers import build_in, web_app
from tests.wechat_people import Person, Received
from tests.wechat_platform import WeChatPlatform, WeComPlatform

CAMPUS = "campus-software-engineer"
SALES = "sales-representative"


def settings_for(platform: WeChatPlatform | WeComPlatform) -> dict[str, Any]:
    """What a company sets to connect its account."""
    if isinstance(platform, WeComPlatform):
        return {
            "wecom_corpid": platform.corpid,
            "wecom_agent": platform.agentid,
            "wecom_secret": platform.secret,
            "wecom_token": platform.token,
            "wecom_aes_key": platform.aes_key,
            "wecom_api": platform.url,
        }
    return {
        "wechat_appid": platform.appid,
        "wechat_secret": platform.secret,
        "wechat_token": platform.token,
        "wechat_aes_key": platform.aes_key,
        "wechat_api": platform.url,
    }


@asynccontextmanager
async def connected(
    platform: WeChatPlatform | WeComPlatform, home: Path, work: bool = False, **values: Any
) -> AsyncIterator[Application]:
    """Miantan, and the platform pushing to it."""
    application = build_in(home, **{**settings_for(platform), **values})
    name = "wecom" if isinstance(platform, WeComPlatform) else "wechat"
    try:
        async with served(web_app(application, work), loopback_socket()) as url:
            platform.webhook = f"{url}/webhooks/{name}"
            yield application
    finally:
        application.close()


async def begin(person: Person, campaign: str = CAMPUS) -> Received:
    """Up to the first question of the guide."""
    person.say(f"/start {campaign}")
    for answer in ("1", "1"):
        await person.next_message()
        person.say(answer)
    return await person.next_message()
