"""Answers to a push on its own connection: they count against no quota, but have 5 seconds.

A webhook opens a slot while it waits; whoever sends to that address meanwhile fills it. A slot is
filled once, and what fills it counts as sent when the answer was written.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

WRITE_SECONDS = 5.0
"""How long writing an answer may take before it counts as not sent."""


class Slot:
    """A push that waits for its answer."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self._text: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def wait(self, seconds: float) -> None:
        """Wait until it is filled, at most `seconds`."""
        await asyncio.wait({self._text}, timeout=max(0.0, seconds))

    def close(self) -> str | None:
        """Nothing fills it any more; returns what did."""
        if not self._text.done():
            self._text.set_result(None)
        return self._text.result()

    @property
    def filled(self) -> bool:
        return self._text.done() and self._text.result() is not None

    def was_written(self, whether: bool = True) -> None:
        """The answer went out, or could not."""
        if not self._written.done():
            self._written.set_result(whether)

    async def fill(self, text: str) -> bool:
        """Give the answer; whether it went out."""
        if self._text.done():
            return False
        self._text.set_result(text)
        await asyncio.wait({self._written}, timeout=WRITE_SECONDS)
        return self._written.done() and self._written.result()


class Slots:
    """The open slots, the newest of each address; all in one event loop."""

    def __init__(self) -> None:
        self._open: dict[str, Slot] = {}

    @contextmanager
    def opened(self, address: str, message_id: str) -> Iterator[Slot]:
        """A slot that is there for as long as the body runs. It takes the place of an older one,
        since only the newest push can be answered late."""
        slot = Slot(message_id)
        older = self._open.get(address)
        if older is not None:
            older.close()
        self._open[address] = slot
        try:
            yield slot
        finally:
            slot.close()
            if self._open.get(address) is slot:
                del self._open[address]

    def at(self, address: str) -> Slot | None:
        """The open slot of an address."""
        return self._open.get(address)
