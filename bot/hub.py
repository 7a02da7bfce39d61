"""Telling listeners in this process that an interview has something new."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Hub:
    """Wakes those who wait for an interview. `announce` may be called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._followers: set[Callable[[str], None]] = set()

    def bind(self) -> None:
        """Use the running event loop."""
        self._loop = asyncio.get_running_loop()

    def announce(self, interview_id: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, interview_id)

    @contextmanager
    def listen(self, interview_id: str) -> Iterator[asyncio.Event]:
        """An event that is set at each announcement; the listener clears it."""
        event = asyncio.Event()
        self._waiting[interview_id].add(event)
        try:
            yield event
        finally:
            self._waiting[interview_id].discard(event)
            if not self._waiting[interview_id]:
                del self._waiting[interview_id]

    @contextmanager
    def follow(self, follower: Callable[[str], None]) -> Iterator[None]:
        """Tell `follower`, in the event loop, of whatever interview has something new."""
        self._followers.add(follower)
        try:
            yield
        finally:
            self._followers.discard(follower)

    def _wake(self, interview_id: str) -> None:
        for event in self._waiting.get(interview_id, ()):
            event.set()
        for follower in self._followers:
            follower(interview_id)

    @staticmethod
    async def wait(event: asyncio.Event, seconds: float) -> bool:
        """Wait until the event is set, at most `seconds`; whether it was."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True
