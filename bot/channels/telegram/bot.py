"""A Telegram bot: sends replies, and reads updates, polled or pushed.

Rules of the platform are those of the Telegram Bot API, https://core.telegram.org/bots/api.
"""

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

# python-telegram-bot then gives delays as timedelta, and does not warn about it each time.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.base import Capabilities, Clip, Receive
from bot.channels.errors import (
    FetchError,
    HeldError,
    PermanentSendError,
    RetryableSendError,
    SendError,
    UnreachableError,
)
from bot.channels.layout import Layout, lay_out, utf16
from bot.channels.telegram.parse import ALLOWED_UPDATES, parse
from bot.seldom import Seldom
from dialogues.courtesies import MENU
from dialogues.events import Reply
from dialogues.guide import Language

log = structlog.get_logger()

SENDS_A_SECOND = 25.0
"""Telegram takes about 30 messages a second over all chats."""
POLL_SECONDS = 25
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
"""A send that takes longer counts as not sent and is sent again, so this is generous."""
BAD_TOKEN_SECONDS = 30.0
TYPING_SECONDS = 4.0
"""How long a sign of typing is not sent again; an app shows it for 5 (Bot API, sendChatAction)."""
CAPABILITIES = Capabilities(
    length=4096,
    measure=utf16,
    buttons=100,
    voice_in=True,
    voice_out="opus",
    documents=True,
)
"""Characters of a message in UTF-16 units, and buttons (Bot API, sendMessage)."""

_NO_SUCH_CHAT = ("chat not found", "peer_id_invalid", "user not found", "user is deactivated")


class TelegramBot:
    """One bot. `running` opens and closes its connections; nothing else touches the network."""

    def __init__(self, token: str, api: str, sends_a_second: float = SENDS_A_SECOND) -> None:
        api = api.rstrip("/")
        self.bot_id = token.partition(":")[0]
        self._sending = HTTPXRequest(
            connection_pool_size=64,
            pool_timeout=ANSWER_SECONDS,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
            connect_timeout=CONNECT_SECONDS,
        )
        self._polling = HTTPXRequest(
            connection_pool_size=2, read_timeout=CONNECT_SECONDS, connect_timeout=CONNECT_SECONDS
        )
        self._bot = _RawBot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=self._sending,
            get_updates_request=self._polling,
        )
        self._pace = _Pace(sends_a_second)
        self._typing = Seldom(TYPING_SECONDS)
        self._aside: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connections are open; they are closed at the end."""
        await asyncio.gather(self._sending.initialize(), self._polling.initialize())
        try:
            yield
        finally:
            for task in self._aside:
                task.cancel()
            await asyncio.gather(*self._aside, return_exceptions=True)
            await asyncio.gather(self._sending.shutdown(), self._polling.shutdown())

    # Sending.

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> None:
        """Send a reply to a chat, as several messages where it is long."""
        layout = lay_out(replies, CAPABILITIES)
        for number, text in enumerate(layout.texts):
            if number < skip:
                continue
            last = number == len(layout.texts) - 1
            await self._pace.wait()
            try:
                await self._bot.send_message(
                    chat_id=int(address), text=text, reply_markup=_markup(layout) if last else None
                )
            except TelegramError as error:
                raise send_error(error, number) from None

    async def speak(self, address: str, clip: Clip) -> None:
        """Send a voice message, Opus in an OGG file (Bot API, sendVoice)."""
        await self._pace.wait()
        try:
            await self._bot.send_voice(
                chat_id=int(address),
                voice=clip.data,
                duration=round(clip.seconds),
                caption=clip.caption or None,
            )
        except TelegramError as error:
            raise send_error(error) from None

    # Receiving.

    async def take_in(self, data: Mapping[str, Any], receive: Receive) -> None:
        """Take one update in, given as the Bot API's JSON; when this returns, it is stored.

        What no one can read is logged and left. Raises what `receive` raises.
        """
        try:
            update = Update.de_json(dict(data), self._bot)
            incoming = parse(update, self.bot_id, self.fetch)
        except Exception as error:  # noqa: BLE001 - the traceback would show a candidate's words
            number = data.get("update_id")
            log.warning("telegram: unreadable update", update=number, error=type(error).__name__)
            return
        if incoming is None:
            log.debug("telegram: nothing to take", update=update.update_id)
            note = None
        else:
            if update.message is not None and incoming.not_taken is None:
                self._show_typing(incoming.address)
            note = await receive(incoming)
        if update.callback_query is not None:
            await self._answer_tap(update.callback_query.id, note)

    async def fetch(self, file_id: str) -> bytes:
        """A file, of at most the 20 MB that Telegram gives bots; raises FetchError."""
        try:
            file = await self._bot.get_file(file_id)
            return bytes(await file.download_as_bytearray())
        except TelegramError as error:
            raise FetchError(type(error).__name__) from None

    def _show_typing(self, address: str) -> None:
        """Show that an answer is being written, beside all else: nothing waits for it."""
        if self._typing.may(address):
            task = asyncio.create_task(self._type(int(address)))
            self._aside.add(task)
            task.add_done_callback(self._aside.discard)

    async def _type(self, chat: int) -> None:
        try:
            await self._bot.send_chat_action(chat, ChatAction.TYPING)
        except TelegramError as error:
            log.debug("telegram: typing not shown", error=type(error).__name__)

    async def _answer_tap(self, query_id: str, note: str | None) -> None:
        """End the button's waiting sign. It matters little, and an old tap cannot be answered."""
        try:
            await self._bot.answer_callback_query(query_id, text=note)
        except TelegramError as error:
            log.debug("telegram: tap not answered", error=type(error).__name__)

    async def updates(self, offset: int | None) -> Sequence[Mapping[str, Any]]:
        """Wait for updates, at most POLL_SECONDS. Those before `offset` are confirmed."""
        return await self._bot.raw_updates(offset, POLL_SECONDS, CONNECT_SECONDS)

    async def set_menu(self) -> None:
        """Tell Telegram the commands, in each language, and in English for all others."""
        languages: tuple[Language | None, ...] = (None, "zh", "en")
        try:
            for language in languages:
                commands = [(name, words[language or "en"]) for name, words in MENU.items()]
                await self._bot.set_my_commands(commands, language_code=language)
        except (BadRequest, Forbidden, InvalidToken) as error:  # trying again would not help
            reason = error.message if isinstance(error, BadRequest) else mend_of(error)
            log.warning("telegram: menu not set", error=type(error).__name__, reason=reason)

    async def use_polling(self) -> None:
        """Make sure that the token is good and no webhook is set; waiting updates stay."""
        await self._bot.initialize()
        await self._bot.delete_webhook(drop_pending_updates=False)

    async def use_webhook(self, url: str, secret: str) -> None:
        """Have updates pushed to the address, with the secret in a header."""
        await self._bot.initialize()
        await self._bot.set_webhook(
            url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False
        )


class _RawBot(Bot):
    """A bot that gives updates as they came: one it cannot read must not hold up the others."""

    async def raw_updates(
        self, offset: int | None, seconds: int, slack: float
    ) -> Sequence[Mapping[str, Any]]:
        """Wait at most `seconds`, and `slack` seconds longer for the answer to arrive."""
        data = {"offset": offset, "timeout": seconds, "allowed_updates": list(ALLOWED_UPDATES)}
        found: list[dict[str, Any]] = await self._post(
            "getUpdates", data, read_timeout=seconds + slack
        )
        return found


class _Pace:
    """Spreads sends evenly, so that the limit over all chats is not reached."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        now = asyncio.get_running_loop().time()
        mine = max(now, self._next)
        self._next = mine + self._gap
        if mine > now:
            await asyncio.sleep(mine - now)


def _markup(layout: Layout) -> InlineKeyboardMarkup | None:
    if not layout.rows:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(button.label, callback_data=button.data) for button in row]
            for row in layout.rows
        ]
    )


def send_error(error: TelegramError, parts: int = 0) -> SendError:
    """The error by how one recovers. Never with the token, which InvalidToken's message holds."""
    name = type(error).__name__
    if isinstance(error, RetryAfter):
        return RetryableSendError(name, delay_of(error), parts)
    if isinstance(error, ChatMigrated) or _is_gone(error):
        return UnreachableError(name)
    if isinstance(error, Forbidden):
        return HeldError(name, parts)
    if isinstance(error, BadRequest):
        return PermanentSendError(f"{name}: {error.message}")
    if isinstance(error, InvalidToken):
        return RetryableSendError(name, BAD_TOKEN_SECONDS, parts)
    return RetryableSendError(name, parts=parts)


def _is_gone(error: TelegramError) -> bool:
    """Whether there is nobody at the address."""
    return isinstance(error, BadRequest | Forbidden) and any(
        words in error.message.lower() for words in _NO_SUCH_CHAT
    )


def delay_of(error: RetryAfter) -> float:
    """Seconds to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, dt.timedelta) else float(after)


def mend_of(error: TelegramError) -> str:
    """What an operator can do about an error of receiving."""
    if isinstance(error, Conflict):
        return (
            "another program reads this bot's updates, or a webhook is set: run one `miantan "
            "serve` that polls, or set MIANTAN_TELEGRAM_SECRET and MIANTAN_PUBLIC_URL on all"
        )
    if isinstance(error, InvalidToken):
        return "the token was rejected: set MIANTAN_TELEGRAM_TOKEN to the one @BotFather gave"
    if isinstance(error, BadRequest):
        return f"{error.message}; a webhook needs an https MIANTAN_PUBLIC_URL that Telegram reaches"
    return "tried again by itself"
