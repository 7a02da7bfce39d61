"""What a channel is given, and how replies become plain text where there are no buttons."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from dialogues.events import Reply


@dataclass(frozen=True)
class Incoming:
    """A message on a channel whose candidates are known by their address.

    `start` is the code of an entry link, or None for ordinary words.
    """

    channel: str
    address: str
    message_id: str
    text: str
    start: str | None = None
    language: str | None = None


Receive = Callable[[Incoming], Awaitable[None]]
"""The pipeline's side: takes a message in; replies come through the outbox."""


class Channel(Protocol):
    """Sends replies to an address. Raises the errors of `bot.channels.errors`."""

    name: str

    async def send(self, address: str, reply: Reply) -> None: ...


def as_text(reply: Reply) -> str:
    """A reply in words alone: with its place in the interview and its options numbered."""
    text = reply.text
    if reply.progress is not None and reply.probe is None:
        number, total = reply.progress
        text = f"{number}/{total}  {text}"
    if reply.options:
        listed = "\n".join(f"{i}. {option.text}" for i, option in enumerate(reply.options, 1))
        text = f"{text}\n{listed}"
    return text
