"""Stand-ins for the platforms: real HTTP servers on loopback that keep the platform's rules.

`TelegramStandIn` follows the Telegram Bot API (https://core.telegram.org/bots/api) as far as
Miantan uses it, and has the candidates' side: `candidate.say(…)`, `candidate.tap(…)`,
`await candidate.next_message()`.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.telegram_files import ApiError, MenusAndFiles
from tests.telegram_people import Candidate, Received


class _Server(uvicorn.Server):
    """A server that leaves the test run's signal handlers alone, and ends without delay."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.005)

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def loopback_socket() -> socket.socket:
    """A listening place on a free port."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    return place


@asynccontextmanager
async def served(app: Any, place: socket.socket | None = None) -> AsyncIterator[str]:
    """The application behind a real HTTP server in this event loop; gives its address."""
    place = place or loopback_socket()
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[place]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        place.close()


class TelegramStandIn(MenusAndFiles):
    """A Bot API server with one bot."""

    def __init__(self, token: str = "110201543:stand-in-token") -> None:
        super().__init__()
        self.token = token
        self.bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Miantan",
            "username": "miantan_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        self.numbers = itertools.count(1)
        self.candidates: dict[int, Candidate] = {}
        self.groups: set[int] = set()
        self.group_messages: asyncio.Queue[str] = asyncio.Queue()
        self.open_taps: dict[str, Candidate] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.floods: dict[int, deque[float]] = defaultdict(deque)
        """For a chat, the retry_after of each of the next sends."""
        self.down = False
        """Whether it answers 502, as Telegram does in trouble."""
        self.webhook = ""
        self.secret = ""
        self.pushed: dict[int, list[int]] = defaultdict(list)
        """For an update, the status of each push to the webhook."""
        self._update_ids = itertools.count(700_000_001)
        self._updates: list[dict[str, Any]] = []
        self._all: dict[int, tuple[dict[str, Any], int]] = {}
        self._again: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._poll = 0
        self._pushers: dict[int, asyncio.Task[None]] = {}
        self._to_push: dict[int, deque[dict[str, Any]]] = defaultdict(deque)
        self._closing = False

    # The test's side.

    @asynccontextmanager
    async def running(self) -> AsyncIterator["TelegramStandIn"]:
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self.download),
            ]
        )
        async with httpx2.AsyncClient(verify=False) as self._http, served(app) as self.url:
            try:
                yield self
            finally:
                self._closing = True
                self._wake()
                for task in self._pushers.values():
                    task.cancel()
                await asyncio.gather(*self._pushers.values(), return_exceptions=True)

    def candidate(self, language_code: str | None = "zh-hans") -> Candidate:
        number = 5_000_000_000 + len(self.candidates)  # ids pass 32 bits, as Telegram's do
        self.candidates[number] = Candidate(self, number, language_code)
        return self.candidates[number]

    def push(self, kind: str, content: dict[str, Any], chat: int) -> int:
        """A new update."""
        number = next(self._update_ids)
        update = {"update_id": number, kind: content}
        self._all[number] = (update, chat)
        if self.webhook:
            self._push(update, chat)
        else:
            self._updates.append(update)
            self._wake()
        return number

    def repeat(self, update_id: int) -> None:
        """Give an update once more, as happens when its confirmation was lost."""
        update, chat = self._all[update_id]
        if self.webhook:
            self._push(update, chat)
        else:
            self._again.append(update)
            self._wake()

    def message_of(self, update_id: int, chat: int) -> dict[str, Any]:
        """The message as it is now, which came with an update of this chat."""
        update, where = self._all[update_id]
        assert where == chat, "a message of someone else"
        number = update["message"]["message_id"]
        return next(
            content
            for later, of in reversed(self._all.values())
            for kind in ("edited_message", "message")
            if of == chat and (content := later.get(kind)) and content["message_id"] == number
        )

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)

    @property
    def waiting(self) -> int:
        """Updates that nobody confirmed yet."""
        return len(self._updates) + len(self._again)

    # The server's side.

    async def _answer(self, request: Request) -> Response:
        parameters = dict(request.query_params)
        if request.headers.get("content-type", "").startswith("application/json"):
            parameters |= await request.json()
        else:
            async with request.form() as form:
                for name, value in form.items():
                    is_file = isinstance(value, UploadFile)
                    parameters[name] = await value.read() if is_file else value
        method = request.path_params["method"]
        try:
            if request.path_params["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            handler = getattr(self, f"_on_{method.lower()}", None)
            if handler is None:
                raise ApiError(404, "Not Found")
            self.calls.append((method, parameters))
            return JSONResponse({"ok": True, "result": await handler(parameters)})
        except ApiError as error:
            body = {"ok": False, "error_code": error.code, "description": str(error)}
            if error.parameters:
                body["parameters"] = error.parameters
            return JSONResponse(body, error.code)

    async def _on_getme(self, parameters: dict[str, Any]) -> Any:
        self._check_up()
        return self.bot

    async def _on_getupdates(self, parameters: dict[str, Any]) -> Any:
        self._check_up()
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        self._wake()
        offset = int(parameters.get("offset") or 0)
        deadline = time.monotonic() + float(parameters.get("timeout") or 0)
        while True:
            self._confirm(offset)
            if self._poll != mine:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            found = self._again + self._updates[: int(parameters.get("limit") or 100)]
            self._again = []
            left = deadline - time.monotonic()
            if found or left <= 0 or self._closing:
                return found
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    def _confirm(self, offset: int) -> None:
        """Forget what comes before the offset; one far in the future counts as none (tdlib)."""
        newest = max(self._all, default=0)
        if offset <= newest + 10:
            self._updates = [u for u in self._updates if u["update_id"] >= offset]

    async def _on_setwebhook(self, parameters: dict[str, Any]) -> Any:
        self._check_up()
        self.webhook = parameters.get("url", "")
        self.secret = parameters.get("secret_token", "")
        self._wake()
        waiting, self._updates = self._updates, []
        for update in waiting:
            self._push(update, self._all[update["update_id"]][1])
        return True

    async def _on_deletewebhook(self, parameters: dict[str, Any]) -> Any:
        self._check_up()
        self.webhook = self.secret = ""
        if parameters.get("drop_pending_updates") == "true":
            self._updates.clear()
        return True

    async def _on_getwebhookinfo(self, parameters: dict[str, Any]) -> Any:
        return {
            "url": self.webhook,
            "has_custom_certificate": False,
            "pending_update_count": self.waiting,
        }

    async def _on_sendmessage(self, parameters: dict[str, Any]) -> Any:
        chat, text = int(parameters["chat_id"]), parameters.get("text", "")
        self._check_chat(chat)
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        buttons = _buttons(parameters.get("reply_markup"))
        self._check_up()
        if self.floods[chat]:
            after = self.floods[chat].popleft()
            raise ApiError(429, f"Too Many Requests: retry after {after}", retry_after=after)
        number = next(self.numbers)
        if chat in self.groups:
            self.group_messages.put_nowait(text)
        else:
            self.candidates[chat].receive(Received(number, text, buttons))
        return {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "group" if chat in self.groups else "private"},
            "from": self.bot,
            "text": text,
        }

    async def _on_answercallbackquery(self, parameters: dict[str, Any]) -> Any:
        candidate = self.open_taps.pop(parameters.get("callback_query_id", ""), None)
        if candidate is None:
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        if parameters.get("text"):
            candidate.notes.append(parameters["text"])
        return True

    def _check_up(self) -> None:
        if self.down:
            raise ApiError(502, "Bad Gateway")

    def _check_chat(self, chat: int) -> None:
        if chat in self.groups:
            return
        candidate = self.candidates.get(chat)
        if candidate is None:
            raise ApiError(400, "Bad Request: chat not found")
        if candidate.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not candidate.started:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")

    def _wake(self) -> None:
        self._news.set()

    def _push(self, update: dict[str, Any], chat: int) -> None:
        """Push an update to the webhook, behind those of the same chat."""
        self._to_push[chat].append(update)
        if chat not in self._pushers or self._pushers[chat].done():
            self._pushers[chat] = asyncio.create_task(self._push_all(chat))

    async def _push_all(self, chat: int) -> None:
        """Push in order; what is not taken with a 2xx is pushed again."""
        waiting = self._to_push[chat]
        delay = 0.02
        while waiting:
            update = waiting[0]
            headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
            try:
                answer = await self._http.post(self.webhook, json=update, headers=headers)
                status = answer.status_code
            except httpx2.HTTPError:
                status = 0
            self.pushed[update["update_id"]].append(status)
            if 200 <= status < 300:
                waiting.popleft()
                delay = 0.02
            else:
                await asyncio.sleep(delay)
                delay = min(1.0, delay * 2)


def _buttons(markup: str | dict[str, Any] | None) -> dict[str, str]:
    """The inline keyboard, checked as Telegram does."""
    if not markup:
        return {}
    keyboard = json.loads(markup) if isinstance(markup, str) else markup
    found: dict[str, str] = {}
    for row in keyboard["inline_keyboard"]:
        for button in row:
            data = button.get("callback_data", "")
            if not button.get("text"):
                raise ApiError(
                    400, "Bad Request: text buttons are unallowed in the inline keyboard"
                )
            if not 1 <= len(data.encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            found[button["text"]] = data
    return found
