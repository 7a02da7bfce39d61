"""What is to happen seldom, however often there is an occasion."""

import time
from collections.abc import Callable, Hashable


class Seldom:
    """Allows something for each key once in `seconds`. Kept in this process only."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._until: dict[Hashable, float] = {}

    def may(self, key: Hashable) -> bool:
        """Whether it is time again; if so, it counts as done."""
        now = self._now()
        # The first in is the first over, so what is over stands in front.
        while self._until and self._until[first := next(iter(self._until))] <= now:
            del self._until[first]
        if key in self._until:
            return False
        self._until[key] = now + self._seconds
        return True
