"""Messages that are changed after they were sent.

A message that waits for the rest of its answer says what it says now. One that was the last answer,
alone, is corrected in one turn. Of anything else, what was first sent stays.
"""

from dataclasses import dataclass, replace
from functools import partial

from sqlmodel import Session

from bot.pipeline import Pipeline, usable
from bot.storage import edits, interviews, waiting
from bot.storage.catalogue import Role
from bot.storage.interviews import Opened, Outcome, TurnConflictError
from dialogues import engine
from dialogues.engine import NotCorrectedError, Transition
from dialogues.events import Answered
from dialogues.plan import Plan


@dataclass(frozen=True)
class Edit:
    """The message `edits` now says `text`. `message_id` is the change's own."""

    interview_id: str
    channel: str
    message_id: str
    edits: str
    text: str


class Correcting:
    """Takes changes up."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def take(self, edit: Edit) -> None:
        """Take a change up; a change to the same words is none.

        Raises NotCorrectedError where what was first sent stays, UnusableError, LookupError and
        ErasedError.
        """
        text = usable(edit.text)
        pipeline = self._pipeline
        if await pipeline.database.write(lambda s: self._replace_waiting(s, edit, text)):
            return
        async with pipeline.turn_of(edit.interview_id):
            while True:
                found = await pipeline.database.read(lambda s: self._look(s, edit))
                opened, plan, role, answer = found
                if answer.text == text:
                    return
                transition = await self._advance(opened, plan, role, text)
                commit = partial(self._commit, edit, opened, plan, transition)
                try:
                    outcome = await pipeline.database.write(commit)
                except TurnConflictError:
                    continue
                pipeline.on_replies(outcome)
                return

    def _replace_waiting(self, session: Session, edit: Edit, text: str) -> bool:
        """Whether the message waits; what it says now is then kept."""
        interviews.lock(session, edit.interview_id)
        opened, now = self._open(session, edit), self._pipeline.now()
        if not waiting.replace(session, opened.key, edit.channel, edit.edits, text, now):
            return False
        edits.note(session, opened.row, edit.channel, edit.message_id, now)
        return True

    def _open(self, session: Session, edit: Edit) -> Opened:
        return interviews.open_interview(session, self._pipeline.master, edit.interview_id)

    def _look(self, session: Session, edit: Edit) -> tuple[Opened, Plan, Role | None, Answered]:
        opened, plan, role = self._pipeline.look(session, edit.interview_id)
        answer = edits.last_answer(session, opened.row, opened.key, edit.channel, edit.edits)
        if answer is None or opened.state.last != (answer.question, answer.probe):
            raise NotCorrectedError("the message was not the last answer")
        return opened, plan, role, answer

    async def _advance(
        self, opened: Opened, plan: Plan, role: Role | None, text: str
    ) -> Transition:
        """What follows, heard as an answer to the question that was answered."""
        back = replace(opened, state=engine.taken_back(plan, opened.state))
        said = await self._pipeline.hear(back, plan, role, text, None)
        return engine.advance(plan, opened.state, replace(said, edited=True), self._pipeline.now())

    def _commit(
        self, edit: Edit, opened: Opened, plan: Plan, transition: Transition, session: Session
    ) -> Outcome:
        """The message belongs to the new turn from now on, so that it can be changed again."""
        interviews.lock(session, edit.interview_id)
        edits.forget(session, edit.channel, edit.edits)
        heard = [(edit.channel, edit.edits)]
        outcome = self._pipeline.commit(session, opened, plan, transition, heard)
        edits.note(session, opened.row, edit.channel, edit.message_id, self._pipeline.now())
        return outcome
