"""The one entry: speech of a text, from what was made before or made now.

Speech is made in one other process of lower priority, one text at a time. Only a certain number
wait for it: whoever comes later is told so at once, since the text stands there in writing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.lowly import Lowly
from bot.speaking.base import Engine, EngineError, Language, NotNowError, NotSpokenError
from bot.speaking.cache import Cache, Seal, key_of
from bot.speaking.encode import Clip, Format
from bot.speaking.engines import load_engine
from bot.speaking.making import VERSION, make

FOLDER = "spoken"
MOST_WAITING = 16
SECONDS = 600.0
"""For one text, loading the model included: Coqui may fetch it first."""
MOST_REFUSED = 1_000
"""Texts that are remembered as not to be spoken."""

Build = Callable[[], Engine | None]
"""Makes the engine, here and in the other process."""

_engine: Engine | None = None


def ready_speaker(
    setting: str, home: Path, seal: Seal, open: Seal, threads: int = 1
) -> "Speaker | None":
    """What speaks by a setting as in `load_engine`, or None where it is "off"; `seal` and `open`
    are for what is kept below `home`. Takes no memory before the first text. Raises EngineError.
    """
    build = partial(load_engine, setting, home, threads)
    engine = build()
    return Speaker(build, engine.name, Cache(home / FOLDER, seal, open)) if engine else None


class Speaker:
    """Speaks texts. Safe from several threads, which wait for it: seconds, where it is new."""

    def __init__(
        self, build: Build, engine: str, cache: Cache, waiting: int = MOST_WAITING
    ) -> None:
        """`engine` is the name of the engine that is built."""
        self._build, self._name, self._cache = build, engine, cache
        self._lowly = Lowly()
        self._most_waiting = waiting
        self._making: dict[str, Future[Clip]] = {}
        self._refused: dict[str, str] = {}
        self._lock = threading.Lock()

    def clip(self, text: str, language: Language, format: Format, *, personal: bool) -> Clip:
        """Speech of a text. What is not `personal` is the guide's own, and kept for the next.

        Raises NotSpokenError for a text that cannot be spoken, NotNowError where too many wait or
        the process died, and EngineError where the engine is wrong.
        """
        key = key_of(VERSION, self._name, language, format, text)
        if not personal and (kept := self._kept(key)) is not None:
            return kept
        future, mine = self._future(key)
        if mine:
            self._fulfil(future, key, text, language, format, personal)
        return future.result()

    def close(self) -> None:
        """End the process; whoever waits is told."""
        self._lowly.close()

    def _kept(self, key: str) -> Clip | None:
        with self._lock:
            reason = self._refused.get(key)
        if reason is not None:
            raise NotSpokenError(reason)
        return self._cache.find(key)

    def _future(self, key: str) -> tuple[Future[Clip], bool]:
        """The clip in the making, and whether it is the caller who has to make it."""
        with self._lock:
            if key in self._making:
                return self._making[key], False
            if len(self._making) >= self._most_waiting:
                raise NotNowError("too many wait for speech already")
            future = self._making[key] = Future()
            return future, True

    def _fulfil(
        self,
        future: Future[Clip],
        key: str,
        text: str,
        language: Language,
        format: Format,
        personal: bool,
    ) -> None:
        """Make the clip, keep it if it may be kept, and give it to all who wait."""
        try:
            # It may have been finished between a look and the other.
            clip = None if personal else self._kept(key)
            if clip is None:
                clip = self._made(text, language, format)
                if not personal:
                    with suppress(OSError):  # it is made again next time
                        self._cache.keep(key, clip)
            future.set_result(clip)
        except BaseException as error:  # noqa: BLE001 - it goes to all who wait
            if isinstance(error, NotSpokenError) and not personal:
                self._refuse(key, error.reason)
            future.set_exception(error)
        finally:
            with self._lock:
                del self._making[key]

    def _made(self, text: str, language: Language, format: Format) -> Clip:
        try:
            return self._lowly.run(_make, self._build, text, language, format, seconds=SECONDS)
        except BrokenProcessPool:
            raise NotNowError("the process that speaks died over it") from None
        except TimeoutError:
            raise NotNowError("speaking took too long") from None

    def _refuse(self, key: str, reason: str) -> None:
        with self._lock:
            if len(self._refused) >= MOST_REFUSED:
                self._refused.pop(next(iter(self._refused)))
            self._refused[key] = reason


def _make(build: Build, text: str, language: Language, format: Format) -> Clip:
    """In the other process, which keeps its engine."""
    global _engine
    if _engine is None:
        _engine = build()
    if _engine is None:
        raise EngineError("there is no engine for speaking: set one")
    return make(_engine, text, language, format)
