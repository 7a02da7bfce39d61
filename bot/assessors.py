"""What is found in a message: evidence in words, or how a program did; and an assessor a role."""

import threading
from dataclasses import replace
from typing import Any

import structlog

from bot import sandbox
from bot.sandbox.programs import read_program
from bot.storage.catalogue import Role
from dialogues.commands import COMMANDS
from dialogues.events import Program, ReplyOption, Said
from dialogues.guide import Language, Question
from dialogues.replying import match_option, read_number, shortened_option
from dialogues.state import State
from scoring.encoder import Encoder
from scoring.evidence import Assessor, Found, ProgramVerdict

log = structlog.get_logger()
_NO_ANSWER = frozenset({"no_words", *COMMANDS})


class Assessors:
    """Assessors share one encoder; each keeps its role's key points encoded."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._made: dict[tuple[str, str], Assessor] = {}
        self._lock = threading.Lock()

    def of(self, role: Role) -> Assessor:
        key = (role.guide_sha256, role.rubric_sha256)
        with self._lock:
            if key not in self._made:
                self._made[key] = Assessor(role.rubric, role.guide, self.encoder)
            return self._made[key]

    def listen(self, role: Role, state: State, said: Said) -> Said:
        """The message with what the open question's rubric finds in it.

        Slow: it encodes words, and runs programs.
        """
        question = open_question(role, state, said.intent)
        if question is None or question.kind in ("choice", "number"):
            return said
        if question.kind == "code":
            return self._run(role, question, said)
        found = self.of(role).find(question.id, said.text, question.place_of(state.probe))
        return replace(said, hits=found.hits, evidence=self._as_evidence(found))

    def _as_evidence(self, found: Found) -> dict[str, Any]:
        """What was found and by which model, as it is kept with the answer."""
        model = {"encoder": self.encoder.name, "sha256": self.encoder.sha256}
        return {"found": found.model_dump(mode="json"), "model": model}

    def _run(self, role: Role, question: Question, said: Said) -> Said:
        assert question.code is not None
        program = read_program(said.text, question.code.languages)
        if program is None:
            return said
        tests = role.rubric.questions[question.id].tests
        try:
            runs = sandbox.run(program, tests, question.code)
        except sandbox.SandboxError as error:
            # What comes after the colon may be a program's own words.
            reason = str(error).partition(":")[0]
            log.error("sandbox failed", language=program.language, reason=reason)
            found = Found(reasons=("not_run",))
            evidence = {"found": found.model_dump(mode="json")}
            return replace(said, evidence=evidence, program=Program(False))
        verdicts = tuple(ProgramVerdict(test=run.test, verdict=run.verdict) for run in runs)
        passed = tuple(run.test for run in runs if run.verdict == "passed")
        examples = tuple((run.test, run.verdict, run.detail) for run in runs if run.example)
        return replace(
            said,
            hits=passed,
            evidence={"found": Found(tests=verdicts).model_dump(mode="json")},
            program=Program(True, len(passed), len(runs), examples),
        )


def open_question(role: Role | None, state: State, intent: str) -> Question | None:
    """The scored question that the message answers, if it is an answer to one."""
    if role is None or intent in _NO_ANSWER or state.status == "human":
        return None
    question = role.guide.by_id.get(state.question or "")
    return question if question is not None and question.competency is not None else None


def read_value(question: Question, text: str) -> str | float | None:
    """The option or number in an answer, whatever its language."""
    if question.kind == "number":
        return read_number(text)
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        options = [ReplyOption(id=o.id, text=o.label(language)) for o in question.options]
        option = match_option(text, options) or shortened_option(text, options)
        if option is not None:
            return option.id
    return None
