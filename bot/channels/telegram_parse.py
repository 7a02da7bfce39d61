"""What a Telegram update says, as the rest of Miantan understands it. Pure."""

import re
from typing import get_args

from telegram import CallbackQuery, Message, Update, User
from telegram.constants import ChatType, MessageEntityType

from bot.channels.base import Command, Incoming, NotTaken
from dialogues.guide import Language

NAME = "telegram"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query")

_COMMAND = re.compile(r"/(?P<name>[a-z]+)(?:@\w+)?(?:\s+(?P<rest>.*))?", re.I | re.S)
_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}


def parse(update: Update, bot_id: str) -> Incoming | None:
    """The message in an update; None where there is nothing to take, such as a pinned message.

    Its id has the bot's id in front, since update ids are unique for one bot only.
    """
    message_id = f"{bot_id}:{update.update_id}"
    if update.callback_query is not None:
        return _tap(update.callback_query, message_id)
    if update.message is not None:
        return _said(update.message, message_id)
    if update.edited_message is not None and update.edited_message.text:
        return _not_taken(update.edited_message, message_id, "edited")
    return None


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


def _said(message: Message, message_id: str) -> Incoming | None:
    if message.chat.type != ChatType.PRIVATE:
        return _not_taken(message, message_id, "group") if message.text else None
    if not message.text:
        media = message.effective_attachment is not None
        return _not_taken(message, message_id, "media") if media else None
    start, command = read_command(message.text)
    return Incoming(
        channel=NAME,
        address=str(message.chat.id),
        message_id=message_id,
        text=_with_fences(message),
        start=start,
        language=language_of(message.from_user),
        command=command,
    )


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


def _not_taken(message: Message, message_id: str, why: NotTaken) -> Incoming | None:
    if why == "edited" and message.chat.type != ChatType.PRIVATE:
        return None
    return Incoming(
        channel=NAME,
        address=str(message.chat.id),
        message_id=message_id,
        text="",
        language=language_of(message.from_user),
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
