"""What a Telegram update says, as the rest of Miantan understands it. Pure."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from telegram import Audio, CallbackQuery, Message, Update, User, VideoNote
from telegram import Document as TelegramDocument
from telegram import Voice as TelegramVoice
from telegram.constants import ChatType, MessageEntityType

from bot.channels.base import Command, Document, Incoming, NotTaken, Voice
from dialogues.guide import Language

NAME = "telegram"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query")

_COMMAND = re.compile(r"/(?P<name>[a-z]+)(?:@\w+)?(?:\s+(?P<rest>.*))?", re.I | re.S)
_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}


Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the file with an id."""


def parse(update: Update, bot_id: str, fetch: Fetch) -> Incoming | None:
    """The message in an update; None where there is nothing to take, such as a pinned message.

    A message is known by bot, chat and number, since numbers are unique in a chat only; a tap and
    a change by bot and update.
    """
    update_id = f"{bot_id}:{update.update_id}"
    if update.callback_query is not None:
        return _tap(update.callback_query, update_id)
    if update.message is not None:
        return _said(update.message, _id_of(update.message, bot_id), fetch)
    if update.edited_message is not None:
        return _changed(update.edited_message, update_id, _id_of(update.edited_message, bot_id))
    return None


def _id_of(message: Message, bot_id: str) -> str:
    return f"{bot_id}:{message.chat.id}:{message.message_id}"


def _tap(query: CallbackQuery, message_id: str) -> Incoming | None:
    message = query.message
    if message is None or message.chat.type != ChatType.PRIVATE or not query.data:
        return None
    # A message older than 48 hours is inaccessible and comes without its text.
    shown = message.text or "" if isinstance(message, Message) else ""
    return Incoming(
        channel=NAME,
        address=str(message.chat.id),
        message_id=message_id,
        text=query.data,
        language=language_of(query.from_user),
        tapped=shown,
    )


def _said(message: Message, message_id: str, fetch: Fetch) -> Incoming | None:
    if message.chat.type != ChatType.PRIVATE:
        return _not_taken(message, message_id, "group") if message.text else None
    if message.document is not None and message.animation is None:
        return _handed_in(message, message_id, message.document, fetch)
    voice = message.voice or message.audio or message.video_note
    if voice is not None:
        return _spoken(message, message_id, voice, fetch)
    if not message.text:
        media = message.effective_attachment is not None
        return _not_taken(message, message_id, "media") if media else None
    start, command = read_command(message.text)
    return _from(message, message_id, text=_with_fences(message), start=start, command=command)


def _from(message: Message, message_id: str, text: str = "", **more: Any) -> Incoming:
    """What a person sent in their chat with the bot."""
    return Incoming(
        channel=NAME,
        address=str(message.chat.id),
        message_id=message_id,
        text=text,
        language=language_of(message.from_user),
        **more,
    )


def _handed_in(
    message: Message, message_id: str, document: TelegramDocument, fetch: Fetch
) -> Incoming:
    return _from(
        message,
        message_id,
        document=Document(
            name=document.file_name or "",
            size=document.file_size,
            content_type=document.mime_type or "",
            fetch=partial(fetch, document.file_id),
        ),
    )


def _spoken(
    message: Message, message_id: str, voice: TelegramVoice | Audio | VideoNote, fetch: Fetch
) -> Incoming:
    """A voice message, a sound file, or the sound of a round video."""
    return _from(
        message,
        message_id,
        voice=Voice(
            size=voice.file_size,
            seconds=_seconds(voice.duration),
            fetch=partial(fetch, voice.file_id),
        ),
    )


def _seconds(duration: int | timedelta) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)


def _changed(message: Message, update_id: str, edits: str) -> Incoming | None:
    """An edited text. Other changes, such as of its preview, come without a date (Bot API)."""
    if message.chat.type != ChatType.PRIVATE or not message.text or message.edit_date is None:
        return None
    return _from(message, update_id, text=_with_fences(message), edits=edits)


def _with_fences(message: Message) -> str:
    """The text with its code blocks between ``` lines again, which Telegram takes out.

    Places and lengths are in UTF-16 units (Bot API, MessageEntity).
    """
    units = (message.text or "").encode("utf-16-le")
    blocks = [each for each in message.entities if each.type == MessageEntityType.PRE]
    for block in sorted(blocks, key=lambda each: each.offset, reverse=True):
        start, end = 2 * block.offset, 2 * (block.offset + block.length)
        opening, closing = f"```{block.language or ''}\n", "\n```"
        units = (
            units[:start]
            + opening.encode("utf-16-le")
            + units[start:end]
            + closing.encode("utf-16-le")
            + units[end:]
        )
    return units.decode("utf-16-le", "replace")


def _not_taken(message: Message, message_id: str, why: NotTaken) -> Incoming:
    return _from(
        message,
        message_id,
        not_taken=why,
    )


def read_command(text: str) -> tuple[str | None, Command | None]:
    """The code of `/start CODE`, or a command that stands alone; other words are words."""
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None, None
    name, rest = match["name"].lower(), (match["rest"] or "").strip()
    if name == "start":
        return rest, None
    return None, None if rest else _COMMANDS.get(name)


def language_of(user: User | None) -> Language | None:
    """Chinese for every zh-…, else English; None when Telegram does not say."""
    code = user.language_code if user is not None else None
    if not code:
        return None
    return "zh" if code.lower().startswith("zh") else "en"
