"""Work in a process of its own, of lower priority, so that it never slows what people wait for.

The process starts with the first work and keeps what that loads; one that dies is started again
with the next. What passes between the two goes through a pipe and is kept nowhere.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

LOWER_PRIORITY = 10
"""What is added to the process's niceness."""

Made = TypeVar("Made")


class Lowly:
    """Does work in another process. Safe from several threads; one at a time."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._closed = False

    def run(self, work: Callable[..., Made], *given: object, seconds: float | None = None) -> Made:
        """What a function makes of what is given; both must be such as pickle takes.

        Raises what the function raises, BrokenProcessPool when the process died over it or is
        ended for good, and TimeoutError when it took more than so many seconds, and was ended.
        """
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("ended")
            try:
                return self._process().submit(work, *given).result(seconds)
            except (BrokenProcessPool, TimeoutError):
                self._stop()
                raise

    def close(self) -> None:
        """End the process for good; what it is at work on is lost."""
        self._closed = True
        self._stop()

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._pool

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it ends it
    os.nice(LOWER_PRIORITY)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that was killed cannot end this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
