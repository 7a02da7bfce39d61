"""One program started in the sandbox, watched, and stopped when it goes beyond a limit."""

import fcntl
import math
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Self

from bot.sandbox.enclosure import NOBODY, Interpreter, find_tool, limited, program_path, walls
from bot.sandbox.errors import SandboxError
from bot.sandbox.seccomp import program_filter
from bot.sandbox.verdicts import Ending
from bot.sandbox.watching import Heard, Streams, listen
from dialogues.guide import CodeTask


def wall_seconds(task: CodeTask) -> float:
    """How long one test may take by the clock."""
    return 2 * task.seconds + 1


def backstop_seconds(task: CodeTask) -> int:
    """When the kernel ends a program that is past its processor time. The kernel's clock for this
    is rough, so there is some to spare; the verdict goes by the exact time."""
    return math.ceil(1.25 * task.seconds + 0.5)


def execute(
    interpreter: Interpreter, source: str, given: str, task: CodeTask, most_output: int
) -> Ending:
    """Run a program with `given` as its input. Raises SandboxError.

    It is stopped when it prints more than `most_output` bytes.
    """
    try:
        with ExitStack() as files:
            return _execute(interpreter, source, given, task, Heard(most_output), files)
    except OSError as error:
        raise SandboxError(f"the machine gave out: {error}") from error


def _execute(
    interpreter: Interpreter, source: str, given: str, task: CodeTask, heard: Heard, ours: ExitStack
) -> Ending:
    program, stdin, calls = (
        ours.enter_context(_sealed(data)) for data in (_utf8(source), _utf8(given), _filter())
    )
    with ExitStack() as theirs:
        (output, to_output), (errors, to_errors), (status, to_status) = (
            _pipe(ours, theirs) for _ in range(3)
        )
        path = program_path(interpreter.language, source)
        files = f"--ro-bind-data {program} {path} --remount-ro /dev --remount-ro /"
        reports = f"--seccomp {calls} --json-status-fd {to_status} --"
        command = [
            *(find_tool("bwrap"), *walls(interpreter), *files.split(), *reports.split()),
            *limited(interpreter, backstop_seconds(task), task.memory_mb, path),
        ]
        running = Running(command, (stdin, to_output, to_errors), (program, calls, to_status))
    with running:
        streams = Streams(output, errors, status)
        stopped, wall = listen(streams, heard, running, wall_seconds(task))
        code, used = running.wait()
    if not heard.ran:
        raise SandboxError(f"bubblewrap failed: {heard.last_words}")
    return Ending(code, stopped, bytes(heard.output), bytes(heard.errors), used, wall)


def _filter() -> bytes:
    calls = program_filter()
    if calls is None:
        raise SandboxError("for this kind of machine there is no filter of system calls")
    return calls


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@contextmanager
def _sealed(data: bytes) -> Iterator[int]:
    """A file in memory that nobody can change any more, read from its start."""
    file = os.memfd_create("miantan", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(file, "wb", closefd=False) as writer:
            writer.write(data)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        os.lseek(file, 0, os.SEEK_SET)
        yield file
    finally:
        os.close(file)


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """A pipe's two ends, closed with the two stacks; programs may open it again by its name."""
    reading, writing = os.pipe()
    ours.callback(os.close, reading)
    theirs.callback(os.close, writing)
    if os.geteuid() == 0:
        os.fchown(writing, NOBODY, NOBODY)
    return reading, writing


class Running:
    """bubblewrap with a program in it. Leaving the block kills what still runs."""

    def __init__(
        self, command: list[str], standard: tuple[int, int, int], kept: tuple[int, ...]
    ) -> None:
        """Start it without our environment, and never as root: no limit on processes binds root,
        and root's files would be the program's own. Raises SandboxError."""
        as_root = os.geteuid() == 0
        stdin, stdout, stderr = standard
        self._program: int | None = None
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=kept,
                env={},
                cwd="/",
                user=NOBODY if as_root else None,
                group=NOBODY if as_root else None,
                extra_groups=[] if as_root else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SandboxError(f"bubblewrap does not start: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.returncode is None:
            self.kill()
            self._process.kill()
            self._process.wait()
        if self._program is not None:
            os.close(self._program)

    def know(self, process_id: int) -> None:
        """Hold on to the program, whose id may be another's once it has ended."""
        if self._program is None:
            with suppress(ProcessLookupError):
                self._program = os.pidfd_open(process_id)

    def kill(self) -> None:
        """Kill the program, and with it all of its name space; bubblewrap follows."""
        if self._program is None:
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._program, signal.SIGKILL)

    def wait(self) -> tuple[int, float]:
        """The exit code, and the processor time in seconds."""
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, usage.ru_utime + usage.ru_stime
