"""Calls to the platform: the library's client, with our token, addresses and time limits.

The library blocks, so every call runs on a thread. Errors carry the platform's errcode; the table
of meanings is 全局返回码说明, the numbers of customer-service messages 客服消息 (45015, 45047).
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from wechatpy.client import WeChatClient
from wechatpy.enterprise.client import WeChatClient as WeComClient
from wechatpy.exceptions import WeChatClientException

from bot.channels.errors import (
    HeldError,
    PermanentSendError,
    RetryableSendError,
    SendError,
    UnreachableError,
)
from bot.storage.access import AccessTokens, Fetch

T = TypeVar("T")
TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and to wait for an answer."""
WORKERS = 8
BAD_TOKEN = frozenset({40001, 40014, 42001, 41001})
"""The access token is missing, wrong or has ended."""
MAX_VOICE_BYTES = 2_000_000
MAX_VOICE_SECONDS = 60.0
MISCONFIGURED_SECONDS = 30.0
LIMIT_SECONDS = 60.0


@dataclass(frozen=True)
class Account:
    """An account that pushes to us. `api` is the platform's address, without a slash."""

    id: str
    secret: str
    api: str
    stable: bool = True
    """Whether the stable-token endpoint is used, which does not end others' tokens."""


class ApiError(Exception):
    """The platform answered with an errcode."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"errcode {code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Media:
    """A file from the platform."""

    data: bytes
    content_type: str


class _Ours:
    """The library's client, with our address and time limits, and the calling thread's token."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.id, account.secret, timeout=TIMEOUT, auto_retry=False)  # type: ignore[call-arg]
        self.API_BASE_URL = f"{account.api}/cgi-bin/"
        self.held = threading.local()

    @property
    def access_token(self) -> str:
        return str(self.held.token)


class _Official(_Ours, WeChatClient):  # type: ignore[misc]
    pass


class _WeCom(_Ours, WeComClient):  # type: ignore[misc]
    pass


class Api:
    """One account's calls."""

    def __init__(self, client: Any, tokens: AccessTokens, voices: Sequence[str]) -> None:
        """`voices` are the formats in which recordings can be sent."""
        self._client, self._tokens, self._voices = client, tokens, voices
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="wechat")

    async def call(self, work: Callable[[Any], T]) -> T:
        """Run a call of the client; with a new token once more where the platform refuses ours.

        Raises ApiError, or requests' errors where there is no answer.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._call, work)

    def close(self) -> None:
        self._threads.shutdown()
        self._client._http.close()
        self._tokens.close()

    def _call(self, work: Callable[[Any], T]) -> T:
        refused: str | None = None
        while True:
            token = self._client.held.token = self._tokens.get(refused)
            try:
                return work(self._client)
            except WeChatClientException as error:
                if error.errcode is None:
                    raise requests.ConnectionError("answered with an HTTP error") from None
                if error.errcode not in BAD_TOKEN or refused is not None:
                    raise ApiError(int(error.errcode), str(error.errmsg)) from None
                refused = token

    async def download(self, media_id: str) -> Media:
        """A file that a candidate sent; it is there for 3 days."""
        # Not the library's own call: for WeCom it goes to one address only, without a time limit.
        query = {"media_id": media_id}
        answer = await self.call(lambda client: client.get("media/get", params=dict(query)))
        return Media(answer.content, answer.headers.get("content-type", ""))

    async def upload_voice(self, data: bytes, seconds: float) -> str:
        """Upload a recording of at most 60 s for sending; returns its media id, good for 3 days.

        Raises ValueError for what the platform would not take (新增临时素材, 上传临时素材).
        """
        kind = "amr" if data.startswith(b"#!AMR") else "mp3" if _is_mp3(data) else ""
        if kind not in self._voices:
            raise ValueError(f"a recording must be one of: {', '.join(self._voices)}")
        if seconds > MAX_VOICE_SECONDS:
            raise ValueError(f"a recording is at most {MAX_VOICE_SECONDS:g} s long")
        if len(data) > MAX_VOICE_BYTES:
            raise ValueError(f"a recording has at most {MAX_VOICE_BYTES} bytes")
        name = f"voice.{kind}"
        # As bytes, not as a file, which would be empty when it is sent again with a new token.
        answer = await self.call(lambda client: client.media.upload("voice", (name, data)))
        return str(answer["media_id"])

    async def qr_link(self, code: str, seconds: int | None = None) -> str:
        """What a QR code must say so that scanning it brings `code` (1 to 64 characters).

        With `seconds` (at most 2,592,000) a temporary one, else a lasting one, of which an account
        has 100,000 (生成带参数二维码).
        """
        kind = "QR_STR_SCENE" if seconds else "QR_LIMIT_STR_SCENE"
        wanted: dict[str, Any] = {"action_name": kind}
        wanted["action_info"] = {"scene": {"scene_str": code}}
        if seconds:
            wanted["expire_seconds"] = seconds
        answer = await self.call(lambda client: client.qrcode.create(wanted))
        return str(answer["url"])


def official(account: Account, tokens: Callable[[Fetch], AccessTokens]) -> Api:
    """Calls of an official account."""
    client = _Official(account)

    def fetch(anew: bool) -> tuple[str, float]:
        if not account.stable:
            query = {"grant_type": "client_credential", "appid": account.id}
            return _token(client, "get", "token", params={**query, "secret": account.secret})
        body = {
            "grant_type": "client_credential",
            "appid": account.id,
            "secret": account.secret,
            "force_refresh": anew,
        }
        return _token(client, "post", "stable_token", json=body)

    return Api(client, tokens(fetch), ("amr", "mp3"))


def wecom(account: Account, tokens: Callable[[Fetch], AccessTokens]) -> Api:
    """Calls of a WeCom application."""
    client = _WeCom(account)

    def fetch(anew: bool) -> tuple[str, float]:
        query = {"corpid": account.id, "corpsecret": account.secret}
        return _token(client, "get", "gettoken", params=query)

    return Api(client, tokens(fetch), ("amr",))


def _is_mp3(data: bytes) -> bool:
    """Whether a recording begins as MP3 files do: with a tag, or with a frame of layer III."""
    frame = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2
    return data.startswith(b"ID3") or frame


def _token(client: Any, method: str, path: str, **what: Any) -> tuple[str, float]:
    """A token and its seconds; raises ApiError or requests' errors, never with the secret."""
    url = f"{client.API_BASE_URL}{path}"
    try:
        answer = client._http.request(method, url, timeout=TIMEOUT, **what)
        answer.raise_for_status()
        found = answer.json()
    except requests.RequestException as error:
        raise requests.ConnectionError(f"no token: {type(error).__name__}") from None
    if found.get("errcode"):
        raise ApiError(int(found["errcode"]), str(found.get("errmsg", "")))
    return str(found["access_token"]), float(found.get("expires_in", 7200))


def send_error(error: Exception, parts: int) -> SendError:
    """The error of a send by how one recovers; `parts` did go out before it."""
    if not isinstance(error, ApiError):
        return RetryableSendError(type(error).__name__, parts=parts)
    match error.code:
        case -1:  # the system is busy
            return RetryableSendError(str(error), parts=parts)
        case 45009 | 45011 | 45033:  # too many calls in this time
            return RetryableSendError(str(error), LIMIT_SECONDS, parts)
        case 45015 | 45047 | 43004 | 48001:  # out of time or count, not following, no permission
            return HeldError(str(error), parts)
        case 40003 | 46004 | 81013 | 60111:  # there is no such user, or not for this application
            return UnreachableError(str(error))
        case 40001 | 40013 | 40014 | 40125 | 40164 | 42001 | 41001 | 60020:
            # The token, secret, app id or our address is refused: an operator must mend it.
            return RetryableSendError(str(error), MISCONFIGURED_SECONDS, parts)
    return PermanentSendError(str(error))
