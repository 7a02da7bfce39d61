"""The two kinds of account, put together from their settings."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.channels.base import Capabilities
from bot.channels.layout import utf8
from bot.channels.wechat.api import Account, ApiError, official, wecom
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.envelope import Envelope
from bot.security.sealing import Key
from bot.storage.access import AccessTokens, Fetch
from bot.storage.database import Database
from bot.storage.pushes import KeptPushes
from bot.storage.sending import Quota

WECHAT, WECOM = "wechat", "wecom"
MAX_BYTES = 2048
"""Bytes of a text message (客服消息, 发送应用消息); an answer to a push is held to it as well."""
NO_SUCH_USER = 81013


def official_account(
    database: Database, master: Key, account: Account, token: str, aes_key: str | None
) -> WeChatChannel:
    """An official account (公众号). Raises ValueError for a wrong AES key."""

    def post(client: Any, address: str, text: str) -> None:
        client.message.send_text(address, text)

    def speak(client: Any, address: str, media: str) -> None:
        client.message.send_voice(address, media)

    return WeChatChannel(
        WECHAT,
        Capabilities(
            length=MAX_BYTES,
            measure=utf8,
            combined=True,
            quota=True,
            voice_in=True,
            voice_out="mp3",
        ),
        Envelope(token, account.id, aes_key),
        official(account, _tokens(database, master, f"{WECHAT}:{account.id}")),
        post,
        speak,
        database,
        KeptPushes(master, WECHAT),
        Quota(master, WECHAT),
    )


def wecom_application(
    database: Database, master: Key, account: Account, agent: int, token: str, aes_key: str
) -> WeChatChannel:
    """An application (企业微信应用) of a company; what is sent is not counted over days."""

    def post(client: Any, address: str, text: str) -> None:
        _reached(client.message.send_text(agent, address, text))

    def speak(client: Any, address: str, media: str) -> None:
        _reached(client.message.send_voice(agent, address, media))

    return WeChatChannel(
        WECOM,
        Capabilities(length=MAX_BYTES, measure=utf8, combined=True, voice_in=True, voice_out="amr"),
        Envelope(token, account.id, aes_key, sealed_echo=True),
        wecom(account, _tokens(database, master, f"{WECOM}:{account.id}:{agent}")),
        post,
        speak,
        database,
        KeptPushes(master, WECOM),
        None,
    )


def _reached(answer: Mapping[str, Any]) -> None:
    if answer.get("invaliduser"):
        raise ApiError(NO_SUCH_USER, "invaliduser")


def _tokens(database: Database, master: Key, name: str) -> Callable[[Fetch], AccessTokens]:
    return lambda fetch: AccessTokens(database, master, name, fetch)
