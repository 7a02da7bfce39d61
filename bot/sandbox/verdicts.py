"""What became of a program in one test: pure functions of how it ended and what it printed."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from scoring.rubric import ProgramTest

Verdict = Literal["passed", "wrong_output", "failed", "time_limit", "memory_limit", "output_limit"]


@dataclass(frozen=True)
class TestRun:
    """The verdict on a program in one test; `seconds` is the processor time it took.

    `detail` is the last line of its error output, printable and at most 200 characters: only for
    an example, and only when the program ended badly.
    """

    __test__: ClassVar[bool] = False  # Not a class of tests, whatever pytest makes of its name.

    test: str
    verdict: Verdict
    example: bool
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Ending:
    """How a program ended.

    `code` is its exit code, 128 and more for a signal; `stopped` says which limit we stopped it
    for. `errors` is the end of its error output. Times are in seconds.
    """

    code: int
    stopped: Literal["time", "output"] | None
    output: bytes
    errors: bytes
    processor_seconds: float
    wall_seconds: float


def judge(test: ProgramTest, ending: Ending, seconds: float) -> TestRun:
    """The verdict; `seconds` is the processor time allowed."""
    verdict = _verdict(test, ending, seconds)
    detail = _detail(ending.errors) if test.example and verdict in _ENDED_BADLY else ""
    spent = round(ending.processor_seconds, 3)
    return TestRun(test.id, verdict, test.example, spent, detail)


_ENDED_BADLY = ("failed", "memory_limit")
_KILLED = 128 + 9
_OUT_OF_MEMORY = re.compile(
    rb"^MemoryError|: MemoryError|heap out of memory|process out of memory|Out of memory"
    rb"|allocation failed|ERR_MEMORY_ALLOCATION_FAILED|bad_alloc|OOM error",
    re.MULTILINE,
)


def _verdict(test: ProgramTest, ending: Ending, seconds: float) -> Verdict:
    if ending.stopped == "output":
        return "output_limit"
    if ending.stopped == "time" or ending.processor_seconds > seconds:
        return "time_limit"
    if ending.code == 0:
        return "passed" if same_output(ending.output, test.output) else "wrong_output"
    if ending.code == _KILLED and ending.processor_seconds > seconds / 2:
        # By the kernel's limit, whose clock is rough; else by a kernel without memory.
        return "time_limit"
    if ending.code == _KILLED or _OUT_OF_MEMORY.search(ending.errors):
        return "memory_limit"
    return "failed"


def same_output(printed: bytes, wanted: str) -> bool:
    """Line by line; spaces at line ends and empty lines at the end do not count."""
    try:
        return _lines(printed.decode("utf-8")) == _lines(wanted)
    except UnicodeDecodeError:
        return False


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


_ERROR_LINE = re.compile(r"(?:Uncaught )?[A-Za-z_][\w.]*(?:Error|Exception)\b|FATAL ERROR")
_NATIVE_CALL = re.compile(r"\d+: |-+ |<-+ ")
_LINE_NUMBER = re.compile(r'/program\.\w+(?:", line |:)(\d{1,6})')


def _detail(errors: bytes) -> str:
    """The last line that names an error, or the last line, after the program's line number."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").split("\n")]
    lines = [line for line in lines if line and not _NATIVE_CALL.match(line)]
    named = [line for line in lines if _ERROR_LINE.match(line)]
    if not lines:
        return ""
    last = (named or lines)[-1]
    numbers = _LINE_NUMBER.findall("\n".join(lines))
    if numbers:
        # Python's innermost call comes last, node's first.
        last = f"line {numbers[0] if '.js' in ' '.join(lines) else numbers[-1]}: {last}"
    return "".join(c for c in last if c.isprintable())[:200]
