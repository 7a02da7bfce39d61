"""What a channel is tried on: people who use it, the platform's troubles, and what is stored."""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, select

from bot.channels.base import Capabilities, Command
from bot.security.sealing import Key
from bot.storage.interviews import read_events, read_messages, unsent
from bot.storage.people import find_person, key_of
from bot.storage.tables import Interview, MessageRow
from dialogues.events import Answered, Held, Noted, Reply
from dialogues.guide import Language

PATIENCE = 20.0
"""Seconds to wait for something that must come."""


@dataclass(frozen=True)
class Shown:
    """A message as a person sees it, with the labels of its buttons in order."""

    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stored:
    """An interview as it is kept. `said` are the person's words, `chosen` the options by question;
    `waiting` counts the replies that can go out now, and `held` those that wait for the person."""

    status: str
    turns: int
    events: int
    replies: tuple[Reply, ...]
    said: tuple[str, ...]
    chosen: Mapping[str, str]
    waiting: int
    held: int


class Person(Protocol):
    """Someone on the platform. What they do returns once it is on its way."""

    async def enter(self, code: str) -> None:
        """Follow the entry link, or scan the QR code, of a campaign."""
        ...

    async def say(self, text: str) -> None:
        """Write a message."""
        ...

    async def edit(self, text: str) -> None:
        """Change the words of the last message they wrote."""
        ...

    async def choose(self, label: str) -> None:
        """Tap the button with this label, on the last message that has it."""
        ...

    async def command(self, name: Command) -> None:
        """Use the platform's own menu or command."""
        ...

    async def send_media(self) -> None:
        """Send a picture, or something else that no channel takes."""
        ...

    async def speak(self, words: str) -> None:
        """Send a voice message in which these words are said; only where voice is taken."""
        ...

    async def repeat(self) -> None:
        """The platform gives the last thing they did once more, as when our answer was lost.
        Returns once it was taken."""
        ...

    async def leave(self) -> None:
        """Block the account, or unfollow it: nothing reaches them from this moment on."""
        ...

    async def come_back(self) -> None:
        """Undo `leave`; what they say next is heard again."""
        ...

    async def read(self) -> Shown:
        """The next message they have not looked at; raises TimeoutError after PATIENCE."""
        ...

    def stored(self) -> Sequence[Stored]:
        """Their interviews as they are kept, in the order they began."""
        ...


Refused = Callable[[], Awaitable[None]]
"""Waits until something that we sent was refused since the outage began."""


class Rig(Protocol):
    """A platform with Miantan at work on it, and the campaign of `open_trial` open."""

    capabilities: Capabilities

    def person(self, language: Language) -> Person:
        """Someone new, whose phone is set to this language."""
        ...

    def outage(self, after: int = 0) -> AbstractAsyncContextManager[Refused]:
        """Within it the platform refuses what is sent, as in a fault of its own; `after` messages
        are shown before."""
        ...

    async def restart(self) -> None:
        """Stop Miantan and start it anew on the same database."""
        ...

    async def listen(self) -> None:
        """Have everything taken down that was said aloud; only where voice is taken."""
        ...


def stored_at(session: Session, master: Key, channel: str, address: str) -> Sequence[Stored]:
    """The interviews of whoever is known at an address."""
    person_id = find_person(session, master, channel, address)
    query = select(Interview).where(Interview.person_id == person_id)
    rows = session.exec(query.order_by("started_at")).all()
    return [read_stored(session, master, row) for row in rows]


def read_stored(session: Session, master: Key, row: Interview) -> Stored:
    """An interview as it is kept."""
    key = key_of(session, master, row)
    events = [event for _, event in read_events(session, row, key)]
    answers = [event for event in events if isinstance(event, Answered)]
    here = MessageRow.interview_id == row.id
    rows = session.exec(select(MessageRow).where(here))
    return Stored(
        status=row.status,
        turns=row.turn,
        events=len(events),
        replies=tuple(message.reply for message in read_messages(session, row, key)),
        said=tuple(e.text for e in events if isinstance(e, Answered | Noted | Held)),
        chosen={a.question: a.value for a in answers if isinstance(a.value, str)},
        waiting=len(session.exec(select(MessageRow.id).where(here, *unsent())).all()),
        held=sum(message.held_at is not None for message in rows),
    )


async def eventually(check: Callable[[], bool]) -> None:
    """Look again and again until it is so; raises TimeoutError after PATIENCE."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(check):  # noqa: ASYNC110 - the database does not tell
            await asyncio.sleep(0.01)


def seen(text: str) -> str:
    """What of a text can be seen or changes how it is seen: no spaces and no control characters."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cc")
