"""What a channel is given, and how replies become plain text where there are no buttons."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from dialogues.events import Reply
from dialogues.guide import Language

Command = Literal["help", "correct", "language", "pause", "resume", "human", "privacy", "delete"]
"""What a platform's menu offers besides words."""

NotTaken = Literal["group", "media", "edited"]
"""Why a message is no part of an interview: from a group, without text, or changed afterwards."""


@dataclass(frozen=True)
class Incoming:
    """A message on a channel whose candidates are known by their address.

    `start` is the code of an entry link ("" without one), or None for other words. A tap on a
    button has the option's id as its `text`, and in `tapped` the message that the button was on.
    """

    channel: str
    address: str
    message_id: str
    text: str
    start: str | None = None
    language: Language | None = None
    command: Command | None = None
    tapped: str | None = None
    not_taken: NotTaken | None = None


Receive = Callable[[Incoming], Awaitable[str | None]]
"""Takes a message in; when this returns, it is stored. Replies come through the outbox.

Returns a short note for a tap that came to nothing, where a platform can show one on the button.
"""


class Channel(Protocol):
    """Sends replies to an address. Raises the errors of `bot.channels.errors`."""

    name: str

    async def send(self, address: str, reply: Reply, skip: int = 0) -> None:
        """Send a reply, without its first `skip` parts where it takes several messages."""
        ...


def with_progress(reply: Reply) -> str:
    """A reply's words with its place in the interview, such as `3/8`."""
    if reply.progress is None or reply.probe is not None:
        return reply.text
    number, total = reply.progress
    return f"{number}/{total}  {reply.text}"


def as_text(reply: Reply) -> str:
    """A reply in words alone: with its place in the interview and its options numbered."""
    text = with_progress(reply)
    if reply.options:
        listed = "\n".join(f"{i}. {option.text}" for i, option in enumerate(reply.options, 1))
        text = f"{text}\n{listed}"
    return text
