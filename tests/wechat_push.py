"""From the platform to the bot's webhook: pushes, their repetition, and the answers."""

import asyncio
import itertools
import secrets
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.wechat_media import MediaStore
from tests.wechat_people import PATIENCE, Person, Received
from tests.wechat_wire import Fields, Sealer, WireError, parse, render, signature

FAILURE = "该公众号提供的服务出现故障，请稍后再试"
TEXT_BYTES = 2048


@dataclass
class Attempt:
    """One request to the webhook. Its status is 0 where no answer came in time."""

    query: dict[str, str]
    sent: str
    status: int = 0
    seconds: float = 0.0
    body: str = ""


@dataclass
class Push:
    """A message or an event on its way to the webhook."""

    person: Person
    fields: Fields
    attempts: list[Attempt] = field(default_factory=list)
    answer: Received | None = None
    """What the person was shown for it."""
    trouble: str = ""
    """Why the person was told of a failure."""
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def xml(self) -> str:
        return render(self.fields)

    @property
    def number(self) -> int:
        """The message's id; events have none."""
        return int(self.fields.get("MsgId", 0))

    async def over(self, seconds: float = PATIENCE) -> "Push":
        """Wait until it was taken or given up."""
        async with asyncio.timeout(seconds):
            await self._done.wait()
        return self

    def end(self) -> None:
        self._done.set()


class Pushing:
    """The part of a platform that talks to the webhook."""

    failure = FAILURE
    plain_signature = True
    """Whether the address has a signature over token, timestamp and nonce."""

    def __init__(self, account: str, receiver: str, token: str, aes_key: str | None) -> None:
        self.account = account
        self.receiver = receiver
        self.token = token
        self.aes_key = aes_key
        self.webhook = ""
        self.patience = 5.0
        self.retries = 3
        self.pause = 0.0
        """Seconds before a push is repeated."""
        self.now: Callable[[], float] = time.time
        self.media = MediaStore(lambda: self.now())
        self.menu_keys: set[str] | None = None
        self.pushes: list[Push] = []
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx2.AsyncClient(limits=limits, trust_env=False)
        self._running: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(24_700_000_000_000_001)

    def next_number(self) -> int:
        return next(self._numbers)

    def push(self, person: Person, fields: Fields) -> Push:
        """Begin to push; several pushes of one person may be under way at once."""
        assert self.webhook, "no webhook is set"
        push = Push(person, dict(fields))
        self.pushes.append(push)
        task = asyncio.create_task(self._deliver(push))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return push

    async def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until every push was taken or given up."""
        for push in self.pushes:
            await push.over(seconds)

    async def verify(self) -> bool:
        """Ask the webhook for its echo, as when its address is entered."""
        echo = str(secrets.randbelow(10**19))
        sent = self._sealer().seal(echo) if not self.plain_signature else echo
        query = self._signed(sent if not self.plain_signature else None) | {"echostr": sent}
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._http.get(self._address(query), timeout=None)
        except (TimeoutError, httpx2.HTTPError):
            return False
        return answer.status_code == 200 and answer.content == echo.encode()

    async def _stop_pushing(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._http.aclose()

    # A push.

    async def _deliver(self, push: Push) -> None:
        try:
            for attempt in range(1 + self.retries):
                if attempt:
                    await asyncio.sleep(self.pause)
                if await self._attempt(push):
                    self._read(push, push.attempts[-1].body)
                    return
            self._fail(push, "no answer")
        finally:
            push.end()

    async def _attempt(self, push: Push) -> bool:
        query, body = self._request(push)
        attempt = Attempt(query, body)
        push.attempts.append(attempt)
        headers = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Accept": "*/*"}
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.patience):
                answer = await self._http.post(
                    self._address(query), content=body.encode(), headers=headers, timeout=None
                )
            attempt.status = answer.status_code
            attempt.body = answer.content.decode()
        except (TimeoutError, httpx2.HTTPError):
            pass
        except UnicodeDecodeError:
            attempt.body = "not UTF-8"
        attempt.seconds = time.monotonic() - started
        return attempt.status == 200

    def _request(self, push: Push) -> tuple[dict[str, str], str]:
        """The query and the body of a request, signed anew."""
        if self.aes_key is None:
            return self._signed() | {"openid": push.person.openid}, push.xml
        sealed = self._sealer().seal(push.xml)
        query = self._signed(sealed)
        if self.plain_signature:
            query |= {"openid": push.person.openid, "encrypt_type": "aes"}
        return query, self._envelope(sealed)

    def _envelope(self, sealed: str) -> str:
        return render({"ToUserName": self.account, "Encrypt": sealed})

    def _signed(self, sealed: str | None = None) -> dict[str, str]:
        stamp, nonce = str(int(self.now())), str(secrets.randbelow(10**10))
        query = {"timestamp": stamp, "nonce": nonce}
        if self.plain_signature:
            query["signature"] = signature(self.token, stamp, nonce)
        if sealed is not None:
            query["msg_signature"] = signature(self.token, stamp, nonce, sealed)
        return query

    def _address(self, query: dict[str, str]) -> str:
        joint = "&" if "?" in self.webhook else "?"
        return f"{self.webhook}{joint}{urllib.parse.urlencode(query)}"

    def _sealer(self) -> Sealer:
        assert self.aes_key, "no EncodingAESKey is set"
        return Sealer(self.aes_key, self.receiver)

    # Its answer.

    def _read(self, push: Push, body: str) -> None:
        """Show the answer to the person, or a failure where it is not in the right format."""
        if body in ("", "success"):
            return
        try:
            push.answer = self._passive(push.person, self._opened(body))
        except WireError as error:
            self._fail(push, str(error))
            return
        if push.answer:
            push.person.receive(push.answer)

    def _fail(self, push: Push, trouble: str) -> None:
        push.trouble = trouble
        push.person.fail(self.failure)

    def _opened(self, body: str) -> dict[str, Any]:
        """The elements of an answer, decrypted where the account's messages are."""
        fields = parse(body)
        if self.aes_key is None:
            return fields
        names = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
        missing = [name for name in names if not isinstance(fields.get(name), str)]
        if missing:
            raise WireError(f"not encrypted: no {missing[0]}")
        stamp, nonce, sealed = fields["TimeStamp"], fields["Nonce"], fields["Encrypt"]
        if fields["MsgSignature"] != signature(self.token, stamp, nonce, sealed):
            raise WireError("wrong MsgSignature")
        return parse(self._sealer().open(sealed))

    def _passive(self, person: Person, fields: dict[str, Any]) -> Received | None:
        """What an answer shows, checked as the platform does."""
        if fields.get("ToUserName") != person.openid:
            raise WireError("ToUserName is not who wrote")
        if fields.get("FromUserName") != self.account:
            raise WireError("FromUserName is not the account")
        stamp = str(fields.get("CreateTime"))
        if not (stamp.isascii() and stamp.isdigit()):
            raise WireError("CreateTime is not an integer")
        kind = fields.get("MsgType")
        if kind == "text":
            return Received("text", _text(fields.get("Content")), "passive", content=fields)
        if kind in ("image", "voice", "video"):
            media = self.media.get(_part(fields, kind.capitalize()).get("MediaId"))
            if media is None or media.kind != kind:
                raise WireError(f"there is no such {kind}")
            return Received(kind, "", "passive", media.id, media.data, content=fields)
        if kind == "music":
            return Received("music", _text(_part(fields, "Music").get("Title")), "passive")
        if kind == "news":
            return _news(fields)
        if kind == "transfer_customer_service":
            return None
        raise WireError(f"unknown MsgType {kind}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise WireError("no text")
    if len(value.encode()) > TEXT_BYTES:
        raise WireError(f"more than {TEXT_BYTES} bytes of text")
    return value


def _part(fields: dict[str, Any], name: str) -> dict[str, Any]:
    part = fields.get(name)
    if not isinstance(part, dict):
        raise WireError(f"no {name}")
    return part


def _news(fields: dict[str, Any]) -> Received:
    articles = _part(fields, "Articles").get("item", [])
    if not 1 <= len(articles) <= 8 or fields.get("ArticleCount") != str(len(articles)):
        raise WireError("wrong ArticleCount")
    titles = [_text(article.get("Title")) for article in articles]
    return Received("news", "\n".join(titles), "passive", content=fields)
