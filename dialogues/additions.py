"""What is added from beside the talk: recruiters' questions and reopenings, and handed-in facts."""

from dialogues import events as ev
from dialogues import personal
from dialogues.commands import watch
from dialogues.texts import one_line
from dialogues.turn import Turn, ask_again, once_more

LONGEST_NAME = 200
"""Characters of a document's name that are kept."""


class NotAddedError(ValueError):
    """The question cannot be added to this interview. Permanent; the message says why."""


def add_question(turn: Turn, given: ev.AddQuestion) -> None:
    """A question of the guide's bank is asked next."""
    state = turn.state
    if state.closed:
        raise NotAddedError("the interview has ended")
    if state.status == "human":
        raise NotAddedError("a person has taken over")
    if state.position is None:
        raise NotAddedError("no position is chosen")
    question = next((q for q in turn.guide.bank if q.id == given.question), None)
    if question is None:
        raise NotAddedError(f"{given.question!r} is not in the guide's bank")
    if question.id in state.added:
        raise NotAddedError(f"{given.question!r} was added before")
    if not question.meant_for(state.candidate_type):
        raise NotAddedError(f"{given.question!r} is not meant for this candidate type")
    turn.emit(ev.QuestionAdded(at=turn.now, question=question.id, by=given.by))


class NotReopenedError(ValueError):
    """The interview cannot be opened again. Permanent; the message says why."""


def reopen(turn: Turn, given: ev.Reopen) -> None:
    """An expired interview goes on where it stopped."""
    if turn.state.status != "expired":
        raise NotReopenedError(f"the interview has not expired, it is {turn.state.status}")
    turn.emit(ev.InterviewReopened(at=turn.now, by=given.by))
    turn.notice("reopened")
    if turn.state.reopened and turn.state.pending is None:
        turn.notice("correct")
    turn.replies += once_more(turn, material=True)
    turn.work.append(watch(turn.state))


class NotGivenError(ValueError):
    """Nothing may be handed in at this point. Permanent; the message says why."""


def give_profile(turn: Turn, given: ev.GiveProfile) -> None:
    """The candidate hands in facts, or a résumé; what they answered stands over a résumé."""
    state = turn.state
    if state.closed:
        raise NotGivenError("the interview has ended")
    if not state.consented:
        raise NotGivenError("the candidate has not agreed yet")
    kept = personal.storable(given.profile)
    facts = state.profile
    if state.position is not None:
        known = {**state.given_profile, **kept}
        facts = personal.after_giving(turn.guide, facts, known, state.answers)
    turn.emit(
        ev.ProfileGiven(
            at=turn.now,
            given=kept,
            profile=facts,
            document=one_line(given.document, LONGEST_NAME),
        )
    )
    turn.notice("resume_taken")
    if state.status == "paused" and state.pending is None:
        turn.notice("paused")
    else:
        ask_again(turn)
