"""What a push of WeChat or WeCom says, as the rest of Miantan understands it. Pure.

Messages and events are those of the platform's guides 接收普通消息 and 接收事件推送.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

from wechatpy import parse_message

from bot.channels.base import Command, Incoming, Voice
from bot.channels.errors import FetchError

_ADDRESS = re.compile(r"[\w.@-]{1,128}", re.A)
_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}
_MEDIA = frozenset(
    {"voice", "image", "video", "shortvideo", "location", "link", "file", "miniprogrampage"}
)
LONGEST_ID = 500
START = "start:"
"""A menu key that begins with this enters the campaign, or invitation, named behind it."""


Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the file of a media id; raises FetchError."""


class UnreadableError(ValueError):
    """A push that is no message of the platform. Permanent."""


@dataclass(frozen=True)
class Push:
    """A push: `xml`, from `sender`, the person, to `receiver`, the account, `at` a time (epoch).

    `incoming` is None where there is nothing to take, such as a place shared in the background.
    `wrote` says that it is a message of theirs, `acted` that they followed, scanned or chose from
    the menu, and `left` that they do not follow any more.
    """

    sender: str
    receiver: str
    message_id: str
    incoming: Incoming | None
    at: float = 0.0
    xml: str = ""
    wrote: bool = False
    acted: bool = False
    left: bool = False


def parse(xml: str, channel: str, fetch: Fetch) -> Push:
    """A push in plain XML, with what gets the file of a media id; raises UnreadableError.

    Messages are told apart by MsgId, events, which have none, by FromUserName and CreateTime; the
    account is in front, since a MsgId is unique for one account only.
    """
    try:
        data: Any = parse_message(xml)._data
        sender, receiver, kind = (
            str(data[name]) for name in ("FromUserName", "ToUserName", "MsgType")
        )
    except Exception as error:  # noqa: BLE001 - hostile input; the library raises nearly anything
        raise UnreadableError(type(error).__name__) from None
    if not _ADDRESS.fullmatch(sender) or not _ADDRESS.fullmatch(receiver):
        raise UnreadableError("no sender or receiver")
    at = _number(data.get("CreateTime"))
    if kind.lower() == "event":
        return replace(_event(data, channel, sender, receiver), at=at, xml=xml)
    number = str(data.get("MsgId") or "")
    message_id = f"{receiver}:{number or _moment(data, sender)}"[:LONGEST_ID]
    incoming = _message(data, kind.lower(), channel, sender, message_id, fetch)
    return Push(sender, receiver, message_id, incoming, at, xml, wrote=True)


def _number(given: object) -> float:
    text = str(given)
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0.0


def _message(
    data: Mapping[str, Any], kind: str, channel: str, sender: str, message_id: str, fetch: Fetch
) -> Incoming | None:
    if kind == "text":
        text = data.get("Content")
        text = text if isinstance(text, str) else ""
        start, command = _written(text)
        return Incoming(channel, sender, message_id, text, start=start, command=command)
    media = [str(data[name]) for name in ("MediaId16K", "MediaId") if data.get(name)]
    if kind == "voice" and media:
        voice = Voice(None, None, partial(_first_of, media, fetch))
        return Incoming(channel, sender, message_id, "", voice=voice)
    if kind in _MEDIA:
        return Incoming(channel, sender, message_id, "", not_taken="media")
    return None


async def _first_of(media: Sequence[str], fetch: Fetch) -> bytes:
    """A recording, at 16,000 samples a second where there is one, else at 8,000."""
    for better in media[:-1]:
        with suppress(FetchError):
            return await fetch(better)
    return await fetch(media[-1])


def _event(data: Mapping[str, Any], channel: str, sender: str, receiver: str) -> Push:
    event, key = str(data.get("Event") or "").lower(), str(data.get("EventKey") or "")
    message_id = f"{receiver}:{_moment(data, sender)}:{event}:{key}"[:LONGEST_ID]

    def push(
        start: str | None = None,
        command: Command | None = None,
        acted: bool = False,
        left: bool = False,
    ) -> Push:
        incoming = None
        if start is not None or command is not None:
            incoming = Incoming(channel, sender, message_id, "", start=start, command=command)
        return Push(sender, receiver, message_id, incoming, acted=acted, left=left)

    match event:
        case "subscribe_scan" | "scan":
            return push(start=key, acted=True)
        case "subscribe" | "enter_agent":
            return push(start="", acted=event == "subscribe")
        case "click" if key.startswith(START):
            return push(start=key.removeprefix(START), acted=True)
        case "click":
            return push(command=_COMMANDS.get(key), acted=True)
        case "unsubscribe":
            return push(left=True)
    return push()


def _moment(data: Mapping[str, Any], sender: str) -> str:
    return f"{sender}:{data.get('CreateTime')}"


def _written(text: str) -> tuple[str | None, Command | None]:
    """`/start CODE` and `/help` work here too, for those who know them from elsewhere."""
    match = re.fullmatch(r"/([a-z]+)(?:\s+(\S+))?", text.strip(), re.I)
    if match is None:
        return None, None
    name, rest = match[1].lower(), match[2] or ""
    if name == "start":
        return rest, None
    return None, None if rest else _COMMANDS.get(name)
