"""`miantan interview`: a whole interview in the terminal, without server or network."""

import json
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.assessors import Assessors
from bot.channels.layout import as_text
from bot.commands import archive
from bot.commands.errors import CommandError
from bot.demo import read_files
from bot.files import read_text
from bot.prepare import ready_encoder, ready_parser
from bot.report import Record, Said, build_result
from bot.settings import Settings
from bot.storage.catalogue import Role, load_role, position_of
from bot.text import clean
from bot.understanding.base import Parser, Understood
from bot.understanding.hearing import understand
from connectors.result import Result
from dialogues import engine, events
from dialogues.events import Event
from dialogues.guide import Language
from dialogues.plan import Plan
from dialogues.state import State

ANSWER = Understood("answer", 1.0, "file")
"""What stands in a file of answers needs no understanding."""
NOTHING_TO_ADD: dict[Language, str] = {"zh": "没有要补充的。", "en": "Nothing to add."}


@dataclass(frozen=True)
class Wanted:
    """The options of the command."""

    guide: Path
    rubric: Path | None
    candidate_type: str | None
    language: Language | None
    answers: Path | None
    profile: Path | None


@dataclass
class Conversation:
    """An interview in memory."""

    plan: Plan
    assessors: Assessors
    role: Role
    show: Callable[[str], None]
    state: State = field(default_factory=State)
    entries: list[Event | Said] = field(default_factory=list)

    def hear(self, heard: events.Input) -> None:
        now = time.time()
        transition = engine.advance(self.plan, self.state, heard, now)
        self.state = transition.state
        self.entries += transition.events
        for reply in transition.replies:
            self.entries.append(Said(now, reply))
            self.show(as_text(reply))

    def say(self, text: str, meant: Understood = ANSWER) -> None:
        """Hear the candidate's words, with what is found in them."""
        said = events.Said(text, meant.intent, also=meant.also, parser=meant.parser)
        self.hear(self.assessors.listen(self.role, self.state, said))


class Answers:
    """Answers from a file: one a line in the order asked, or JSON by question and probe."""

    def __init__(self, file: Path) -> None:
        self.file = file
        text = read_text(file)
        self.named: dict[str, Any] | None = None
        self.lines: list[str] = []
        if text.lstrip().startswith("{"):
            self.named = _json_object(file, text)
        else:
            self.lines = [line.strip() for line in text.splitlines() if line.strip()]
        self.used: set[str] = set()
        self.position = 0

    def next(self, question: str, probe: str | None, language: Language) -> str:
        """The next answer; raises CommandError (exit 3) when there is none left."""
        if self.named is None:
            if self.position >= len(self.lines):
                raise self._too_few(question)
            self.position += 1
            return self.lines[self.position - 1]
        name = f"{question}.{probe}" if probe else question
        if name not in self.named:
            if probe:
                return NOTHING_TO_ADD[language]
            raise self._too_few(question)
        self.used.add(name)
        return str(self.named[name])

    def left_over(self) -> list[str]:
        if self.named is None:
            return [f"line {i + 1}" for i in range(self.position, len(self.lines))]
        return [name for name in self.named if name not in self.used]

    def _too_few(self, question: str) -> CommandError:
        return CommandError(
            f"{self.file}: there is no answer left for the question {question!r}; add one", 3
        )


def run(wanted: Wanted, settings: Settings, quiet: bool) -> Result:
    """Hold the interview and return its result. Raises CommandError and FileProblem."""
    given = read_files(wanted.guide, wanted.rubric)
    role = load_role(given)
    if (
        wanted.candidate_type is not None
        and wanted.candidate_type not in role.guide.candidate_types
    ):
        raise CommandError(
            f"--type {wanted.candidate_type}: the guide has {', '.join(role.guide.candidate_types)}"
        )
    if wanted.language is not None and wanted.language not in role.guide.languages:
        raise CommandError(
            f"--lang {wanted.language}: the guide has {', '.join(role.guide.languages)}"
        )
    answers = Answers(wanted.answers) if wanted.answers else None
    profile = _json_object(wanted.profile, read_text(wanted.profile)) if wanted.profile else {}
    encoder = ready_encoder(settings)
    talk = Conversation(
        plan=_plan(role, settings),
        assessors=Assessors(encoder),
        role=role,
        show=(lambda text: None) if quiet else _show,
    )
    talk.hear(
        events.Begin(
            language=wanted.language or role.guide.languages[0],
            candidate_type=wanted.candidate_type,
            profile=profile,
        )
    )
    if answers is None:
        _ask_person(talk, ready_parser(settings, encoder))
    else:
        _play(talk, answers, quiet)
    archive.keep(settings.home, given, role)
    record = Record(
        interview=uuid.uuid4().hex,
        campaign=role.guide.guide,
        person=uuid.uuid4().hex,
        channel="terminal",
        source="",
        entries=talk.entries,
    )
    return build_result(record, role)


def _plan(role: Role, settings: Settings) -> Plan:
    position = position_of(role.guide.guide, {str(k): v for k, v in role.guide.title.items()}, role)
    return Plan(role.guide.title, settings.company, {position.id: position})


def _play(talk: Conversation, answers: Answers, quiet: bool) -> None:
    """Answer from the file until the end; consent counts as given."""
    talk.say("agree")
    while not talk.state.closed:
        state = talk.state
        if state.question is None:
            types = ", ".join(talk.plan.positions[state.position or ""].guide.candidate_types)
            raise CommandError(f"--type is needed with --answers; one of {types}")
        before = (state.question, state.probe)
        text = clean(answers.next(state.question, state.probe, state.language))
        if not quiet:
            print(f"\n> {text}")
        talk.say(text)
        if talk.state.tries and (talk.state.question, talk.state.probe) == before:
            talk.say("keep_program")  # A program that may be sent again; the file has this version.
        last = talk.entries[-1]
        if (talk.state.question, talk.state.probe) == before and not talk.state.closed:
            told = last.reply.text if isinstance(last, Said) else ""
            raise CommandError(f"{answers.file}: {text!r} does not answer {before[0]!r}: {told}", 3)
    left = answers.left_over()
    if left:
        print(f"{answers.file}: not used: {', '.join(left[:10])}", file=sys.stderr)


def _ask_person(talk: Conversation, parser: Parser) -> None:
    """Talk with the person at the terminal until the end."""
    while not talk.state.closed:
        try:
            text = clean(input("\n> "))
        except (EOFError, KeyboardInterrupt):
            raise CommandError("the interview was left before its end", 3) from None
        if text:
            talk.say(text, understand(parser, talk.plan, talk.state, text))
    if talk.state.status != "finished":
        raise CommandError(f"the interview ended early ({talk.state.status})", 3)


def _show(text: str) -> None:
    print(f"\n{text}")


def _json_object(file: Path, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{file}:{error.lineno}: not valid JSON: {error.msg}; correct it"
        ) from None
    if not isinstance(data, dict):
        raise CommandError(f"{file}:1: is not a JSON object; write {{…}}")
    return data
