"""Runs candidates' programs, shut away by bubblewrap. See docs/programming.md."""

from bot.sandbox.errors import SandboxError
from bot.sandbox.programs import Program, read_program
from bot.sandbox.runner import available, missing, run
from bot.sandbox.verdicts import TestRun, Verdict

__all__ = [
    "Program",
    "SandboxError",
    "TestRun",
    "Verdict",
    "available",
    "missing",
    "read_program",
    "run",
]
