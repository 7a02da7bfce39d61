"""Runs a program against a rubric's tests."""

import threading
from collections.abc import Sequence

from bot.sandbox.enclosure import Interpreter, find_interpreter
from bot.sandbox.errors import SandboxError
from bot.sandbox.process import execute
from bot.sandbox.programs import Program
from bot.sandbox.verdicts import Ending, TestRun, judge, same_output
from dialogues.guide import CodeTask, ProgrammingLanguage
from scoring.rubric import ProgramTest

SPARE_OUTPUT = 64 * 1024
"""Bytes that a program may print beyond the length of what is wanted."""

ENOUGH = 3
"""Tests out of time, after which the others are not run: the candidate, and others, wait for them."""

_one_at_a_time = threading.Lock()
_known_to_run: set[ProgrammingLanguage] = set()
_TRIAL: dict[ProgrammingLanguage, str] = {
    "python": "print(input())",
    "javascript": "console.log(require('fs').readFileSync(0, 'utf8'))",
}
_NOT_STARTED = (126, 127)


def available(language: ProgrammingLanguage | None = None) -> bool:
    """Whether programs in the language, or in any language, can be run here."""
    languages = [language] if language else list(_TRIAL)
    return any(missing(each) is None for each in languages)


def missing(language: ProgrammingLanguage) -> str | None:
    """Why programs in the language cannot be run here; None when they can, which is kept."""
    if language not in _known_to_run:
        try:
            _try_out(find_interpreter(language))
        except SandboxError as error:
            return str(error)
        _known_to_run.add(language)
    return None


def forget() -> None:
    """Find out anew what can be run."""
    _known_to_run.clear()


def run(program: Program, tests: Sequence[ProgramTest], task: CodeTask) -> tuple[TestRun, ...]:
    """The verdict of each test, one after another; slow. Raises SandboxError.

    Tests whose turn does not come within `overall_seconds`, and those after the third that ran out
    of time, count as over the time limit.
    """
    reason = missing(program.language)
    if reason is not None:
        raise SandboxError(reason)
    interpreter = find_interpreter(program.language)
    left = overall_seconds(len(tests), task)
    runs: list[TestRun] = []
    for test in tests:
        if left <= 0 or [run.verdict for run in runs].count("time_limit") >= ENOUGH:
            runs.append(TestRun(test.id, "time_limit", test.example, 0.0))
            continue
        ending = _run_one(interpreter, program, test, task)
        left -= ending.wall_seconds
        runs.append(judge(test, ending, task.seconds))
    return tuple(runs)


def overall_seconds(tests: int, task: CodeTask) -> float:
    """How long all tests together may take by the clock: enough for any program that keeps to its
    processor time, and some half of what one needs that waits for every limit."""
    return tests * (task.seconds + 1) + task.seconds


def _run_one(
    interpreter: Interpreter, program: Program, test: ProgramTest, task: CodeTask
) -> Ending:
    most_output = len(test.output.encode()) + SPARE_OUTPUT
    with _one_at_a_time:
        ending = execute(interpreter, program.source, test.input, task, most_output)
    if ending.code in _NOT_STARTED and ending.stopped is None:
        # Was that the program, or can the interpreter no longer be started?
        _try_out(interpreter)
    return ending


def _try_out(interpreter: Interpreter) -> None:
    """Run a program that is known to work. Raises SandboxError."""
    task = CodeTask(languages=[interpreter.language], seconds=10, memory_mb=64)
    with _one_at_a_time:
        ending = execute(interpreter, _TRIAL[interpreter.language], "好", task, SPARE_OUTPUT)
    if ending.code != 0 or not same_output(ending.output, "好"):
        words = ending.errors.decode("utf-8", "replace").strip()[-200:]
        raise SandboxError(f"{interpreter.file} does not run in the sandbox: {words}")


__all__ = ["SandboxError", "available", "missing", "overall_seconds", "run"]
