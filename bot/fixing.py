"""Putting right what was taken down from a voice, while there is time.

The last answer is corrected as an edited message is, and the path found anew. Of an earlier one, or
after the end, only the words and what is found in them change: what was asked since stays.
"""

from dataclasses import dataclass, replace
from functools import partial

from sqlmodel import Session

from bot.pipeline import Pipeline, usable
from bot.report import standing_answers
from bot.storage import interviews, recordings
from bot.storage.catalogue import Role
from bot.storage.interviews import Opened, Outcome, TurnConflictError
from bot.storage.tables import ResultRow
from dialogues import engine
from dialogues.engine import NotCorrectedError, Transition
from dialogues.events import Answered, Fix, Said
from dialogues.plan import Plan


@dataclass(frozen=True)
class Fixed:
    """What was said in the message `spoken`, a recording, is `text`."""

    interview_id: str
    channel: str
    message_id: str
    spoken: str
    text: str


class Fixing:
    """Takes candidates' own words for what they said."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def take(self, fixed: Fixed) -> Outcome:
        """Take the words. Raises NotCorrectedError where there is no such answer or it is too late,
        UnusableError, LookupError and ErasedError."""
        text, pipeline = usable(fixed.text), self._pipeline
        message = (fixed.channel, fixed.message_id)
        async with pipeline.turn_of(fixed.interview_id):
            while True:
                found = await pipeline.database.read(lambda s: self._look(s, fixed))
                if isinstance(found, Outcome):
                    return found
                opened, plan, role, answer = found
                transition = await self._advance(opened, plan, role, answer, text)
                commit = partial(self._commit, opened, plan, transition, message)
                try:
                    outcome = await pipeline.database.write(commit)
                except TurnConflictError:
                    continue
                pipeline.on_replies(outcome)
                return outcome

    def _look(
        self, session: Session, fixed: Fixed
    ) -> Outcome | tuple[Opened, Plan, Role | None, Answered]:
        pipeline = self._pipeline
        repeated = interviews.find_repeated(
            session, pipeline.master, fixed.channel, fixed.message_id
        )
        if repeated is not None:
            return repeated
        opened, plan, role = pipeline.look(session, fixed.interview_id)
        recording = recordings.find(session, fixed.channel, fixed.spoken)
        answer = self._answer(session, opened, recording.id) if recording else None
        if answer is None or session.get(ResultRow, opened.row.id) is not None:
            raise NotCorrectedError("there is no spoken answer that can be corrected")
        if opened.state.status not in ("asking", "paused", "finished"):
            raise NotCorrectedError(f"the interview is {opened.state.status}")
        return opened, plan, role, answer

    def _answer(self, session: Session, opened: Opened, recording: str) -> Answered | None:
        """The answer that counts of what was taken down from a recording, while there is time."""
        events = [event for _, event in interviews.read_events(session, opened.row, opened.key)]
        places = {
            (event.question, event.probe): event.at
            for event in events
            if isinstance(event, Answered) and recording in _recordings(event)
        }
        latest = self._pipeline.now() - self._pipeline.fix_seconds
        for answer in standing_answers(events):
            said_at = places.get((answer.question, answer.probe))
            mine = answer.fixed or recording in _recordings(answer)
            if said_at is not None and said_at >= latest and mine:
                return answer
        return None

    async def _advance(
        self, opened: Opened, plan: Plan, role: Role | None, answer: Answered, text: str
    ) -> Transition:
        pipeline, state = self._pipeline, opened.state
        is_last = state.last == (answer.question, answer.probe)
        if is_last and state.status != "finished" and not state.reopened:
            back = replace(opened, state=engine.taken_back(plan, state))
            said = await pipeline.hear(back, plan, role, text, None)
            try:
                return engine.advance(plan, state, replace(said, edited=True), pipeline.now())
            except NotCorrectedError:
                pass  # Words that are no answer by themselves may still be what was said.
        asked = state.model_copy(
            update={"question": answer.question, "probe": answer.probe, "status": "asking"}
        )
        found = await pipeline.assess(role, asked, Said(text))
        fix = Fix(answer.question, answer.probe, text, found.hits, found.evidence)
        return engine.advance(plan, state, fix, pipeline.now())

    def _commit(
        self,
        opened: Opened,
        plan: Plan,
        transition: Transition,
        message: tuple[str, str],
        session: Session,
    ) -> Outcome:
        interviews.lock(session, opened.row.id)
        if session.get(ResultRow, opened.row.id) is not None:
            raise NotCorrectedError("it is scored already")
        return self._pipeline.commit(session, opened, plan, transition, [message])


def _recordings(answer: Answered) -> set[str]:
    return {each.recording for each in answer.spoken}
