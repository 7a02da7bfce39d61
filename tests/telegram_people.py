"""The candidates' side of the stand-in for Telegram: what people do on their phones."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes import TelegramStandIn

PATIENCE = 20.0
"""Seconds a test waits for something that must come."""


@dataclass(frozen=True)
class Received:
    """A message as a candidate sees it. `buttons` maps each label to its data."""

    message_id: int
    text: str
    buttons: dict[str, str]


@dataclass
class Candidate:
    """Someone with Telegram on the phone."""

    server: "TelegramStandIn"
    id: int
    language_code: str | None = "zh-hans"
    blocked: bool = False
    started: bool = False
    history: list[Received] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What taps were answered with, where it was something."""
    voices: list[tuple[bytes, int, str]] = field(default_factory=list)
    """Voice messages that they heard: sound, seconds and caption."""
    typing: int = 0
    """How often they were shown that an answer is being written."""
    _last: int = 0
    _unread: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)

    def hear(self, voice: tuple[bytes, int, str]) -> None:
        self.voices.append(voice)

    def receive(self, message: Received) -> None:
        self.history.append(message)
        self._unread.put_nowait(message)

    async def next_message(self, seconds: float = PATIENCE) -> Received:
        """The next message not yet looked at."""
        async with asyncio.timeout(seconds):
            return await self._unread.get()

    async def no_message(self, seconds: float = 0.3) -> None:
        """Nothing arrives for a moment."""
        with contextlib.suppress(TimeoutError):
            message = await self.next_message(seconds)
            raise AssertionError(f"unexpected message: {message.text}")

    def say(self, text: str) -> int:
        """Send words; returns the update's id."""
        return self._send(text=text)

    def send(self, **content: Any) -> int:
        """Send a message with other content, such as `voice={…}`."""
        return self._send(**content)

    def hand_in(self, data: bytes, name: str, content_type: str, **more: Any) -> int:
        """Send a file, with a caption, or without what its size is."""
        document = self.server.upload(data) | {"file_name": name, "mime_type": content_type}
        if "file_size" in more and more.pop("file_size") is None:
            del document["file_size"]
        return self._send(document=document, **more)

    def edit(self, text: str, said: int | None = None) -> int:
        """Change the words that came with an update, by default the last ones."""
        message = self.server.message_of(said or self._last, self.id)
        if message.get("text") in (None, text):
            raise AssertionError("an app lets only texts be changed, and to something else")
        edited = {**message, "text": text, "edit_date": int(time.time())}
        return self.server.push("edited_message", edited, self.id)

    def see_preview_change(self, said: int) -> int:
        """Telegram tells of a change that is none to the words, such as a preview's."""
        return self.server.push("edited_message", self.server.message_of(said, self.id), self.id)

    def tap(self, label: str, message: Received | None = None) -> int:
        """Tap a button by its label or data: on the last message that has it, or on a given one."""
        shown = [message] if message else [m for m in reversed(self.history) if m.buttons]
        for one in shown:
            for text, data in one.buttons.items():
                if label in (text, data):
                    return self._tap(one, data)
        raise AssertionError(f"there is no button {label}")

    def in_group(self, text: str) -> int:
        """Say something in a group with the bot."""
        message = self._message(text=text)
        message["chat"] = {"id": -self.id, "type": "group", "title": "a group"}
        self.server.groups.add(-self.id)
        return self.server.push("message", message, -self.id)

    def _send(self, **content: Any) -> int:
        self.started = True
        self._last = self.server.push("message", self._message(**content), self.id)
        return self._last

    def _tap(self, message: Received, data: str) -> int:
        query_id = str(next(self.server.numbers))
        self.server.open_taps[query_id] = self
        shown = {
            "message_id": message.message_id,
            "date": int(time.time()),
            "chat": {"id": self.id, "type": "private"},
            "from": self.server.bot,
            "text": message.text,
        }
        query = {
            "id": query_id,
            "from": self._user(),
            "chat_instance": "1",
            "message": shown,
            "data": data,
        }
        return self.server.push("callback_query", query, self.id)

    def _user(self) -> dict[str, Any]:
        user = {"id": self.id, "is_bot": False, "first_name": "Candidate"}
        return user | ({"language_code": self.language_code} if self.language_code else {})

    def _message(self, **content: Any) -> dict[str, Any]:
        return {
            "message_id": next(self.server.numbers),
            "date": int(time.time()),
            "chat": {"id": self.id, "type": "private", "first_name": "Candidate"},
            "from": self._user(),
            **content,
        }
