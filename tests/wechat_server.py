"""What the stand-ins for official accounts and WeCom have in common: the HTTP server."""

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.fakes import served
from tests.wechat_media import Media, format_of, seconds_of
from tests.wechat_people import Received
from tests.wechat_push import TEXT_BYTES, Pushing
from tests.wechat_rules import ApiError, Tokens, check_menu, menu_keys

Answer = dict[str, Any] | Response
Handler = Callable[[Request], Awaitable[Answer]]

ESCAPED = re.compile(rb"(?<!\\)((?:\\\\)*)\\u(?=[0-9a-fA-F]{4})")
"""A character written as \\uXXXX, which the platform does not read."""


class Platform(Pushing):
    """What official accounts and WeCom have in common."""

    bad_token = 40001
    bad_secret = 40125
    formats: ClassVar[Mapping[str, tuple[str, ...]]]
    """For a type of file that can be uploaded, what it may be."""
    sizes: ClassVar[Mapping[str, int]] = {"voice": 2 << 20, "image": 10 << 20}
    wrong_type, wrong_content = 40004, 40005
    sub_name_bytes = 60

    def __init__(
        self, account: str, receiver: str, secret: str, token: str, aes_key: str | None
    ) -> None:
        super().__init__(account, receiver, token, aes_key)
        self.secret = secret
        self.url = ""
        self.tokens = Tokens(lambda: self.now(), self.bad_token)
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """The JSON body of each call that had one."""
        self.menu: dict[str, Any] | None = None
        self.busy = 0
        """How many of the next sends are answered with errcode -1."""
        self.lost = 0
        """How many of the next sends are delivered, but their answer never arrives."""
        self.slow = 0.0
        """Seconds after which a send is answered; it is delivered at once."""
        self.down = False
        """Whether everything is answered with 502."""
        self._closing = asyncio.Event()
        self._handlers: dict[str, tuple[str, Handler]] = {
            "media/upload": ("POST", self._on_upload),
            "media/get": ("GET", self._on_media),
            "menu/create": ("POST", self._on_menu_create),
            "menu/get": ("GET", self._on_menu_get),
        }

    # The test's side.

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        app = Starlette(
            routes=[Route("/cgi-bin/{path:path}", self._answer, methods=["GET", "POST"])]
        )
        async with served(app) as self.url:
            try:
                yield self
            finally:
                self._closing.set()
                await self._stop_pushing()

    @property
    def token_seconds(self) -> float:
        """How long a new token is good."""
        return self.tokens.seconds

    @token_seconds.setter
    def token_seconds(self, seconds: float) -> None:
        self.tokens.seconds = seconds

    def expire_tokens(self, code: int = 42001) -> None:
        """Make every token bad at once; they are refused with this code from now on."""
        self.tokens.end_all(code)

    # The server's side.

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.calls[path] += 1
        if self.down:
            return Response("Bad Gateway", 502)
        try:
            answer = await self._handled(path, request)
        except ApiError as error:
            text = f"{error} rid: {time.time_ns():x}"
            answer = {"errcode": error.code, "errmsg": text} | error.more
        if isinstance(answer, Response):
            return answer
        return JSONResponse(answer, media_type="application/json; encoding=utf-8")

    async def _handled(self, path: str, request: Request) -> Answer:
        if path not in self._handlers:
            raise ApiError(40066, "invalid url")
        method, handler = self._handlers[path]
        if request.method != method:
            code = 43001 if method == "GET" else 43002
            raise ApiError(code, f"require {method} method")
        return await handler(request)

    def _check_token(self, request: Request) -> None:
        self.tokens.check(request.query_params.get("access_token"))

    async def _json(self, request: Request) -> dict[str, Any]:
        """The body. What is written as \\uXXXX stays as it is written."""
        raw = await request.body()
        if not raw:
            raise ApiError(44002, "empty post data")
        try:
            body = json.loads(ESCAPED.sub(rb"\1\\\\u", raw))
        except ValueError as error:
            raise ApiError(47001, "data format error") from error
        if not isinstance(body, dict):
            raise ApiError(47001, "data format error")
        self.requests.append((request.path_params["path"], body))
        return body

    def _check_busy(self) -> None:
        if self.busy:
            self.busy -= 1
            raise ApiError(-1, "system error")

    async def _sent(self, answer: dict[str, Any]) -> Answer:
        """The answer to a send that was delivered: late or lost where the test says so."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), self.slow)
        if not self.lost:
            return answer
        self.lost -= 1
        return StreamingResponse(_nothing(), headers={"content-length": "64"})

    async def _on_upload(self, request: Request) -> Answer:
        self._check_token(request)
        kind = request.query_params.get("type", "")
        if kind not in self.formats:
            raise ApiError(self.wrong_type, "invalid media type")
        async with request.form() as form:
            file = form.get("media")
            if not isinstance(file, UploadFile):
                raise ApiError(41005, "media data missing")
            data = await file.read()
        if not data:
            raise ApiError(44001, "empty media data")
        if not 5 < len(data) <= self.sizes[kind]:
            raise ApiError(40006, "invalid meida size")  # the platform's own spelling
        format = format_of(data)
        if format not in self.formats[kind]:
            raise ApiError(self.wrong_content, "invalid file type")
        if kind == "voice" and seconds_of(data) > 60:
            raise ApiError(45007, "playtime out of limit")
        media = self.media.add(kind, data, format)
        return self._upload_answer(media)

    def _upload_answer(self, media: Media) -> Answer:
        return {"type": media.kind, "media_id": media.id, "created_at": int(media.made)}

    async def _on_media(self, request: Request) -> Answer:
        try:
            self._check_token(request)
            media = self.media.get(request.query_params.get("media_id"))
            if media is None:
                raise ApiError(40007, "invalid media_id")
        except ApiError as error:
            body = {"errcode": error.code, "errmsg": str(error)}
            return JSONResponse(body, media_type="text/plain")
        if media.kind == "video" and self.plain_signature:
            return {"video_url": f"http://video.example.test/{media.id}"}
        name = f'attachment; filename="{media.id}.{media.format}"'
        headers = {"content-disposition": name, "cache-control": "no-cache, must-revalidate"}
        return Response(media.data, headers=headers, media_type=media.content_type)

    async def _on_menu_create(self, request: Request) -> Answer:
        self._check_token(request)
        if ESCAPED.search(await request.body()):
            raise ApiError(40033, "invalid charset. please check your request, if include \\uxxxx")
        body = await self._json(request)
        check_menu(body, self.sub_name_bytes)
        self.menu, self.menu_keys = body, menu_keys(body)
        return {"errcode": 0, "errmsg": "ok"}

    async def _on_menu_get(self, request: Request) -> Answer:
        self._check_token(request)
        if self.menu is None:
            raise ApiError(46003, "menu no exist")
        return self._menu_answer([{"sub_button": []} | one for one in self.menu["button"]])

    def _menu_answer(self, buttons: list[dict[str, Any]]) -> Answer:
        return {"menu": {"button": buttons}}

    def _message(self, body: dict[str, Any]) -> Received:
        """The message that a send asks for."""
        kind = body.get("msgtype")
        content = body.get(str(kind))
        if not isinstance(content, dict):
            raise ApiError(40008, "invalid message type")
        if kind == "text":
            text = self._text(content.get("content"))
            return Received("text", text, "custom", content=content)
        if kind in ("image", "voice"):
            media = self.media.get(content.get("media_id"))
            if media is None or media.kind != kind:
                raise ApiError(40007, "invalid media_id")
            if kind == "voice" and media.format not in self.formats["voice"]:
                raise ApiError(40007, "invalid media_id")
            return Received(kind, "", "custom", media.id, media.data, content=content)
        if kind == "news":
            return _news(content)
        if kind == "msgmenu" and self.plain_signature:
            return _menu(content)
        raise ApiError(40008, "invalid message type")

    def _text(self, text: object) -> str:
        if not isinstance(text, str) or not text.strip():
            raise ApiError(44004, "empty content")
        if len(text.encode()) > TEXT_BYTES:
            raise ApiError(45002, "content size out of limit")
        return text


async def _nothing() -> AsyncIterator[bytes]:
    """The beginning of an answer that breaks off."""
    yield b"{"


def _news(content: dict[str, Any]) -> Received:
    articles = content.get("articles")
    if not isinstance(articles, list) or len(articles) != 1:
        raise ApiError(45008, "article size out of limit")
    return Received("news", str(articles[0].get("title")), "custom", content=content)


def _menu(content: dict[str, Any]) -> Received:
    lines = content.get("list") or []
    choices = {str(line["content"]): str(line["id"]) for line in lines}
    parts = [content.get("head_content"), *choices, content.get("tail_content")]
    text = "\n".join(str(part) for part in parts if part)
    return Received("msgmenu", text, "custom", choices=choices, content=content)
