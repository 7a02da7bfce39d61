"""`miantan wechat menu` and `miantan wechat qr`: what an official account needs once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import requests

from bot.bootstrap import SettingsError, build_wechat
from bot.channels.wechat.api import Api, ApiError
from bot.channels.wechat.channel import WeChatChannel
from bot.commands.errors import CommandError
from bot.security.sealing import load_master_key
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import check_schema

T = TypeVar("T")
MENU = {
    "面试": {"暂停 Pause": "pause", "继续 Resume": "resume", "修改上一个回答 Correct": "correct"},
    "帮助": {"帮助 Help": "help", "转人工 A person": "human", "中文 / English": "language"},
    "我的资料": {"隐私说明 Privacy": "privacy", "删除我的资料 Delete": "delete"},
}
"""Three columns at most, with names of at most 16 and 60 bytes (自定义菜单)."""


def set_menu(settings: Settings) -> str:
    """Give the account its menu, in place of the one that it has."""
    buttons = [
        {
            "name": name,
            "sub_button": [
                {"type": "click", "name": label, "key": key} for label, key in below.items()
            ],
        }
        for name, below in MENU.items()
    ]
    _ask(settings, lambda api: api.call(lambda client: client.menu.create({"button": buttons})))
    return "the menu is set; it shows within minutes, at once to those who follow anew"


def link_of_code(settings: Settings, code: str, seconds: int | None) -> str:
    """What a QR code must say so that scanning it brings the code."""
    return str(_ask(settings, lambda api: api.qr_link(code, seconds)))


def _ask(settings: Settings, work: Callable[[Api], Awaitable[Any]]) -> Any:
    database = Database(settings.url)
    try:
        check_schema(database)
        master = load_master_key(
            settings.master_key.get_secret_value() if settings.master_key else None, settings.home
        )
        channel = build_wechat(settings, database, master)
        if not isinstance(channel, WeChatChannel):
            raise CommandError("no official account is set up; set MIANTAN_WECHAT_APPID")
        try:
            return asyncio.run(_run(channel.api, work))
        finally:
            channel.api.close()
    except SettingsError as error:
        raise CommandError(str(error)) from None
    except ApiError as error:
        raise CommandError(f"WeChat refused: {error}", 1) from None
    except requests.RequestException as error:
        raise CommandError(
            f"WeChat did not answer ({type(error).__name__}); try again", 1
        ) from None
    finally:
        database.close()


async def _run(api: Api, work: Callable[[Api], Awaitable[Any]]) -> Any:
    return await work(api)
