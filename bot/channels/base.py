"""The contract of a channel: what it can do, what it is given, and what it hands over.

A channel turns a platform's messages into `Incoming` and sends replies to an address. What a
platform cannot show is said in words by `bot.channels.layout`, from the channel's capabilities.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from fastapi import APIRouter

from dialogues.events import Reply
from dialogues.guide import Language

Command = Literal[
    "help", "correct", "language", "pause", "resume", "voice", "human", "privacy", "delete"
]
"""What a platform's menu offers besides words."""

Format = Literal["opus", "mp3", "amr"]
"""How speech is sent: Opus in an OGG file, MP3, or AMR-NB."""

NotTaken = Literal["group", "media"]
"""Why a message is no part of an interview: from a group, or without anything that can be taken."""


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do.

    A message has at most `length`, as `measure` counts it, and `buttons` buttons; with 0, options
    are numbered in the text. With `combined` all replies of a turn go out as one message, since
    the platform counts what is sent. `quota` says that it does, so that nobody is reminded where
    little is left. `voice_in` says that what candidates say aloud is taken, and `voice_out` in which
    format questions can be spoken, if they can; in words they are always. `documents` says that
    files are handed over.
    """

    length: int
    measure: Callable[[str], int] = len
    buttons: int = 0
    combined: bool = False
    quota: bool = False
    voice_in: bool = False
    voice_out: Format | None = None
    documents: bool = False


@dataclass(frozen=True)
class Document:
    """A file that came with a message, as the platform describes it: `size` in bytes, if it is
    told. `fetch` gets it and raises `bot.channels.errors.FetchError`."""

    name: str
    size: int | None
    content_type: str
    fetch: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Voice:
    """A recording that came with a message, as the platform describes it: `size` in bytes and its
    length in `seconds`, if they are told. `fetch` gets it and raises
    `bot.channels.errors.FetchError`."""

    size: int | None
    seconds: float | None
    fetch: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Incoming:
    """A message on a channel whose candidates are known by their address.

    `start` is the code of an entry link ("" without one), or None for other words. A tap on a
    button has the option's id as its `text`, and in `tapped` the message that the button was on.
    A message that was changed afterwards comes again with its new `text`, an id of its own, and in
    `edits` the id it came with first. A message with a file has it in `document`, one that was
    spoken in `voice`.
    `tell` takes an answer that belongs to no interview, where the platform waits for one on its
    own connection; without it, such an answer is sent.
    """

    channel: str
    address: str
    message_id: str
    text: str
    start: str | None = None
    language: Language | None = None
    command: Command | None = None
    tapped: str | None = None
    edits: str | None = None
    document: Document | None = None
    voice: Voice | None = None
    not_taken: NotTaken | None = None
    tell: Callable[[Reply], None] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Clip:
    """Speech as a channel sends it: its length in `seconds`, and `caption`, which says that the
    voice is synthetic, for where something can be written beside it."""

    data: bytes
    seconds: float
    caption: str = ""


Receive = Callable[[Incoming], Awaitable[str | None]]
"""Takes a message in; when this returns, it is stored. Replies come through the outbox.

Returns a short note for a tap that came to nothing, where a platform can show one on the button.
"""


@dataclass(frozen=True)
class Expected:
    """What a platform that takes an answer to its own request should be answered with.

    `coming` says that replies are on their way; `carried` are those that an earlier try of the
    same message was answered with, which the platform may not have received.
    """

    coming: bool
    carried: Sequence[Reply] = ()


class Reception(Protocol):
    """The side that a channel hands its messages to."""

    async def take(self, incoming: Incoming) -> str | None:
        """See `Receive`."""
        ...

    async def give_up(self, incoming: Incoming) -> str | None:
        """Tell the sender of a message that it could not be taken, because of a fault of ours."""
        ...

    async def expected(self, incoming: Incoming) -> Expected:
        """What follows a message that was taken in."""
        ...


class Channel(Protocol):
    """Where candidates talk. One class, and one row in bot/bootstrap.py."""

    name: str
    capabilities: Capabilities

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> str | None:
        """Send replies, without the first `skip` parts where they take several messages.

        One reply, or with `Capabilities.combined` all that wait. Returns the id of the message of
        theirs that the replies were an answer to, where they went out as such. Raises the errors
        of `bot.channels.errors`.
        """
        ...

    def running(self, reception: Reception) -> AbstractAsyncContextManager[None]:
        """Connections are open as long as the server runs, and messages come in."""
        ...

    def router(self, reception: Reception) -> APIRouter | None:
        """The addresses that the platform calls, if it calls any."""
        ...


@runtime_checkable
class SpeakingChannel(Channel, Protocol):
    """A channel where speech can be sent: `Capabilities.voice_out` says in which format."""

    async def speak(self, address: str, clip: Clip) -> None:
        """Send speech; raises the errors of `bot.channels.errors`."""
        ...
