"""What is read from a program while it runs."""

import json
import os
import selectors
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from bot.sandbox.errors import SandboxError

MOST_ERRORS = 256 * 1024
KEPT_ERRORS = 8 * 1024
"""Bytes of error output that are read at most, and of which the end is kept."""
GRACE = 10.0
"""Seconds that the kernel has to end what was killed."""
_AT_ONCE = 64 * 1024

Stopped = Literal["time", "output"]


class Streams(NamedTuple):
    """The reading ends of the program's output, its error output, and bubblewrap's reports."""

    output: int
    errors: int
    status: int


class Killable(Protocol):
    """A program that can be stopped once its process is known."""

    def know(self, process_id: int) -> None: ...
    def kill(self) -> None: ...


@dataclass
class Heard:
    """What has been read so far."""

    most_output: int
    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    status: bytearray = field(default_factory=bytearray)
    error_bytes: int = 0
    stopped: Stopped | None = None

    def take(self, stream: str, data: bytes) -> None:
        if stream == "output" and not self.too_much:
            self.output += data
        elif stream == "errors":
            self.error_bytes += len(data)
            self.errors = (self.errors + data)[-KEPT_ERRORS:]
        elif stream == "status" and len(self.status) < _AT_ONCE:
            self.status += data

    @property
    def too_much(self) -> bool:
        return len(self.output) > self.most_output or self.error_bytes > MOST_ERRORS

    @property
    def process_id(self) -> int | None:
        """The program's, as bubblewrap tells it in its first line."""
        line, end, _ = self.status.partition(b"\n")
        return int(json.loads(line)["child-pid"]) if end else None

    @property
    def ran(self) -> bool:
        """Whether the program itself was started, as far as can be told."""
        return b'"exit-code"' in self.status or (bool(self.stopped) and bool(self.process_id))

    @property
    def last_words(self) -> str:
        return self.errors.decode("utf-8", "replace").strip()[-200:]


def listen(
    streams: Streams, heard: Heard, running: Killable, wall: float
) -> tuple[Stopped | None, float]:
    """Read until all streams end; kill the program after `wall` seconds or too much output.

    Returns what it was stopped for, and the seconds it took. Raises SandboxError.
    """
    began = time.monotonic()
    deadline = began + wall
    with selectors.DefaultSelector() as selector:
        for name, file in streams._asdict().items():
            selector.register(file, selectors.EVENT_READ, name)
        while selector.get_map():
            _read(selector, heard, deadline - time.monotonic())
            if heard.process_id is not None:
                running.know(heard.process_id)
            late = time.monotonic() >= deadline
            if heard.stopped is None and (late or heard.too_much):
                heard.stopped = "output" if heard.too_much else "time"
                deadline = time.monotonic() + GRACE
                running.kill()
            elif late:
                raise SandboxError("a program that was killed does not end")
    return heard.stopped, time.monotonic() - began


def _read(selector: selectors.BaseSelector, heard: Heard, seconds: float) -> None:
    for key, _ in selector.select(max(0.0, seconds)):
        data = os.read(key.fd, _AT_ONCE)
        if data:
            heard.take(key.data, data)
        else:
            selector.unregister(key.fd)
