"""Interviews whose candidates stay away: reminded, and closed in the end."""

from dataclasses import replace

from sqlmodel import Session

from bot.pipeline import Pipeline
from bot.reminders import NEVER, MayInterrupt, Reminders, always
from bot.storage import interviews
from bot.storage.interviews import Outcome, TurnConflictError
from dialogues import engine
from dialogues.events import TimedOut


def time_out(
    pipeline: Pipeline,
    interview_id: str,
    expire_seconds: float,
    reminders: Reminders = NEVER,
    may_interrupt: MayInterrupt = always,
) -> float | None:
    """A timer rang: close the interview if it was idle that long, or remind the candidate.

    Returns after how many seconds to look again, or None when it is closed.
    """

    def work(session: Session) -> tuple[Outcome | None, float | None]:
        opened = interviews.open_interview(session, pipeline.master, interview_id)
        if opened.state.closed:
            return None, None
        now = pipeline.now()
        plan = pipeline.plan_of(session, opened)
        timer = TimedOut(expire_seconds)
        transition = engine.advance(plan, opened.state, timer, now)
        reminder = reminders.due(transition.state, now, expire_seconds)
        if reminder is not None:
            told = may_interrupt(session, opened.row)
            reminder = replace(reminder, told=told)
            transition = engine.advance(plan, opened.state, reminder, now)
        state = transition.state
        again = None if state.closed else reminders.next_look(state, now, expire_seconds)
        if not transition.events:
            return None, again
        return pipeline.commit(session, opened, plan, transition, []), again

    try:
        outcome, again = pipeline.database.write_now(work)
    except TurnConflictError:  # The candidate was heard just now.
        return reminders.first_look(expire_seconds)
    if outcome is not None:
        pipeline.on_replies(outcome)
    return again
