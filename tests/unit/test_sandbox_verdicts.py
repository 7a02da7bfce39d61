"""Verdicts from how a program ended, and the filter of system calls, without running anything."""

import errno
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.sandbox.seccomp import MACHINES, program_filter
from bot.sandbox.verdicts import Ending, judge, same_output
from dialogues.guide import Question
from scoring.rubric import ProgramTest, RubricQuestion
from tests.helpers import ROOT

TEST = ProgramTest(id="sum", input="1 2", output="3\n", example=True)


def ending(
    code: int = 0, output: bytes = b"3\n", errors: bytes = b"", spent: float = 0.1
) -> Ending:
    return Ending(code, None, output, errors, spent, spent)


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        (ending(), "passed"),
        (ending(output=b"4\n"), "wrong_output"),
        (ending(output=b"\xff"), "wrong_output"),
        (ending(1), "failed"),
        (ending(139), "failed"),
        (ending(spent=2.01), "time_limit"),
        (ending(137, spent=1.9), "time_limit"),
        (ending(137, spent=0.2), "memory_limit"),
        (ending(1, errors=b"Traceback\nMemoryError\n"), "memory_limit"),
        (ending(1, errors=b"my.Oops: MemoryErrors are rare"), "memory_limit"),
        (ending(134, errors=b"FATAL ERROR: JavaScript heap out of memory"), "memory_limit"),
        (ending(0, errors=b"MemoryError"), "passed"),
        (Ending(137, "time", b"3\n", b"", 0.1, 5.0), "time_limit"),
        (Ending(137, "output", b"3\n", b"", 0.1, 0.1), "output_limit"),
    ],
)
def test_the_verdict_follows_from_how_it_ended(how: Ending, verdict: str) -> None:
    assert judge(TEST, how, seconds=2).verdict == verdict


PYTHON_ERROR = b"""Traceback (most recent call last):
  File "/program.py", line 7, in <module>
    main()
  File "/program.py", line 4, in main
    return int(text)
ValueError: invalid literal for int() with base 10: 'x'
"""
NODE_ERROR = b"""/program.js:2
null.x
     ^

TypeError: Cannot read properties of null (reading 'x')
    at Object.<anonymous> (/program.js:2:6)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)

Node.js v20.20.2
"""


@pytest.mark.parametrize(
    ("errors", "detail"),
    [
        (PYTHON_ERROR, "line 4: ValueError: invalid literal for int() with base 10: 'x'"),
        (NODE_ERROR, "line 2: TypeError: Cannot read properties of null (reading 'x')"),
        (b"1: 0xb9 node::Abort()\n2: 0xba [node]\n", ""),
        (b"bad input\n\n", "bad input"),
        (b"\xff\x07" + "坏".encode(), "\ufffd坏"),
        (b"", ""),
    ],
)
def test_the_detail_is_the_error_with_its_line(errors: bytes, detail: str) -> None:
    assert judge(TEST, ending(1, errors=errors), 2).detail == detail


@given(st.binary(max_size=2_000))
def test_the_detail_is_short_and_printable(errors: bytes) -> None:
    detail = judge(TEST, ending(1, errors=errors), 2).detail
    assert len(detail) <= 200
    assert detail.isprintable()


@pytest.mark.parametrize(
    ("printed", "wanted", "same"),
    [
        ("3", "3\n\n", True),
        ("1 \r\n2\t\n", "1\n2", True),
        ("", "\n", True),
        (" 1", "1", False),
        ("1\n\n2", "1\n2", False),
        ("1\x0b2", "1\n2", False),
        ("12", "1\n2", False),
        ("好", "好", True),
    ],
)
def test_outputs_are_compared_by_lines(printed: str, wanted: str, same: bool) -> None:
    assert same_output(printed.encode(), wanted) is same


ALLOWED, KILLED = 0x7FFF0000, 0x80000000


def decide(machine: str, audit: int, number: int, *arguments: int) -> int:
    """What the kernel would make of a call: the filter, run as it runs it."""
    lines = list(struct.iter_unpack("HBBI", program_filter(machine) or b""))
    padded = (*arguments, *[0] * 6)[:6]
    data, at, value = struct.pack("=IIQ6Q", number, audit, 0, *padded), 0, 0
    while True:
        code, if_true, if_false, k = lines[at]
        at += 1
        if code == 0x20:
            [value] = struct.unpack_from("=I", data, k)
        elif code == 0x06:
            return int(k)
        else:
            holds = {0x15: value == k, 0x45: bool(value & k), 0x35: value >= k}[code]
            at += if_true if holds else if_false


def refused(error: int) -> int:
    return 0x00050000 | error


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_refuses_what_it_names(machine: str) -> None:
    calls = MACHINES[machine]
    for number in calls.refused.values():
        assert decide(machine, calls.audit, number) == refused(errno.EPERM)
    assert decide(machine, calls.audit, 435) == refused(errno.ENOSYS)
    others = set(range(600)) - {*calls.refused.values(), 435, calls.clone, calls.mmap, calls.prctl}
    for number in others:
        assert decide(machine, calls.audit, number) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_looks_at_arguments(machine: str) -> None:
    calls = MACHINES[machine]
    thread, process = 0x3D0F00, 0x1200011
    assert decide(machine, calls.audit, calls.clone, thread) == ALLOWED
    assert decide(machine, calls.audit, calls.clone, process) == refused(errno.EPERM)
    private, shared, validated = 0x22, 0x21, 0x03
    assert decide(machine, calls.audit, calls.mmap, 0, 1, 3, private) == ALLOWED
    assert decide(machine, calls.audit, calls.mmap, 0, 1, 3, shared) == refused(errno.EPERM)
    assert decide(machine, calls.audit, calls.mmap, 0, 1, 3, validated) == refused(errno.EPERM)
    assert decide(machine, calls.audit, calls.prctl, 15) == ALLOWED
    assert decide(machine, calls.audit, calls.prctl, 1) == refused(errno.EPERM)


def test_calls_of_another_kind_are_fatal() -> None:
    x86, arm = MACHINES["x86_64"].audit, MACHINES["aarch64"].audit
    assert decide("x86_64", arm, 0) == KILLED
    assert decide("x86_64", 0x40000003, 2) == KILLED, "32-bit calls"
    assert decide("x86_64", x86, 0x40000000 + 57) == KILLED, "x32 calls"
    assert program_filter("riscv64") is None


def test_the_examples_in_the_documentation_hold() -> None:
    page = (ROOT / "docs/programming.md").read_text(encoding="utf-8")
    guide, rubric = (
        YAML().load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    )
    [question] = [Question.model_validate(each) for each in guide]
    tests = RubricQuestion.model_validate(rubric[question.id]).tests
    assert question.code is not None
    assert [(test.id, test.example, test.importance) for test in tests] == [
        ("small", True, 1),
        ("negative", False, 1),
        ("empty-line", False, 2),
    ]
