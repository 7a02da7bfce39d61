"""What a candidate may ask for besides answering, and what is asked back before it is done."""

from collections.abc import Callable

from dialogues import events as ev
from dialogues import path
from dialogues.answering import leave_as_it_was, skip
from dialogues.events import Work
from dialogues.guide import Language
from dialogues.replying import match_option, named_language
from dialogues.turn import Turn, ask_again, fixed_options


def _ask_confirmation(turn: Turn, what: ev.Confirmable) -> None:
    turn.emit(ev.ConfirmationAsked(at=turn.now, what=what))
    ask_again(turn)


def confirm(turn: Turn, said: ev.Said) -> bool:
    """Do what was to be confirmed on yes, drop it on anything else.

    False when the words are neither yes nor no: they are to be heard as if it had not come up.
    """
    what = turn.state.pending
    meant = _yes_or_no(turn, said)
    turn.emit(ev.ConfirmationDropped(at=turn.now))
    if meant is None:
        return False
    turn.note(said)
    if meant == "yes" and what is not None:
        CONFIRMED[what](turn)
    elif turn.state.closed:
        turn.notice("closed")
    else:
        turn.wake()
        turn.notice("kept_going")
        ask_again(turn)
    return True


def _yes_or_no(turn: Turn, said: ev.Said) -> str | None:
    """Asking for the same thing once more confirms it."""
    if said.intent == _SAID_AGAIN.get(turn.state.pending or ""):
        return "yes"
    option = match_option(said.text, fixed_options(turn, "yes", "no"))
    return option.id if option else {"affirm": "yes", "deny": "no"}.get(said.intent)


_SAID_AGAIN = {
    "skip": "skip_question",
    "human": "request_human",
    "withdraw": "withdraw_consent",
    "delete": "delete_my_data",
}


def _hand_over(turn: Turn) -> None:
    turn.emit(ev.HandedOver(at=turn.now))
    turn.notice("human")


def _withdraw(turn: Turn) -> None:
    turn.emit(ev.Withdrawn(at=turn.now))
    turn.notice("withdrawn")


def _delete(turn: Turn) -> None:
    turn.emit(ev.DeletionRequested(at=turn.now))
    turn.notice("erased")
    turn.work.append(Work("erase"))


CONFIRMED: dict[ev.Confirmable, Callable[[Turn], None]] = {
    "skip": skip,
    "human": _hand_over,
    "withdraw": _withdraw,
    "delete": _delete,
}


def _correct(turn: Turn) -> None:
    """Ask for the last answer again; the new one takes its place, and the path is found anew."""
    last = turn.state.last
    if last is None or turn.guide.by_id[last[0]].kind == "code":
        turn.notice("nothing_to_correct")
        ask_again(turn)
        return
    turn.wake()
    if not turn.state.reopened:
        turn.emit(ev.Reopened(at=turn.now, question=last[0], probe=last[1]))
    turn.notice("correct")
    ask_again(turn)


def _skip(turn: Turn) -> None:
    """What has an answer keeps it; a question without one is skipped once that is confirmed."""
    if turn.question is None:
        ask_again(turn)
    elif turn.state.reopened or turn.state.has_answer:
        leave_as_it_was(turn)
    else:
        _ask_confirmation(turn, "skip")


def _pause(turn: Turn) -> None:
    if turn.state.status == "asking":
        turn.emit(ev.Paused(at=turn.now))
    turn.notice("paused")


def _resume(turn: Turn) -> None:
    """Come back from a pause; otherwise go on, leaving what is being corrected as it was."""
    if turn.state.status == "paused":
        turn.wake()
        turn.notice("resumed")
        if turn.state.reopened:
            turn.notice("correct")
        _repeat(turn)
    elif turn.state.reopened or (
        turn.question is not None and turn.question.code and turn.state.tries
    ):
        leave_as_it_was(turn)
    else:
        ask_again(turn)


def _change_language(turn: Turn) -> None:
    """To the language that was named, or to the other one."""
    other: Language = "en" if turn.language == "zh" else "zh"
    wanted = named_language(turn.text) or other
    if wanted in turn.plan.languages:
        if wanted != turn.language:
            turn.emit(ev.LanguageChanged(at=turn.now, language=wanted))
        turn.notice("language_changed")
    else:
        turn.notice("language_missing")
    _repeat(turn)


def _explain(key: str, turn: Turn) -> None:
    position = turn.position if turn.state.position else next(iter(turn.plan.positions.values()))
    turn.notice(
        key,
        company=turn.plan.company[turn.language],
        dimensions=position.describe_dimensions(turn.language),
        total=path.expected_total(position.guide, turn.state),
        answered=turn.state.answered,
    )
    ask_again(turn)


def _repeat(turn: Turn) -> None:
    """Say what is open again, at a part of a case with its material."""
    ask_again(turn, material=True)


COMMANDS: dict[str, Callable[[Turn], None]] = {
    "repeat_question": _repeat,
    "correct_last_answer": _correct,
    "greet_or_start": ask_again,
    "skip_question": _skip,
    "pause": _pause,
    "resume": _resume,
    "request_human": lambda turn: _ask_confirmation(turn, "human"),
    "withdraw_consent": lambda turn: _ask_confirmation(turn, "withdraw"),
    "delete_my_data": lambda turn: _ask_confirmation(turn, "delete"),
    "change_language": _change_language,
    "ask_about_scoring": lambda turn: _explain("about_scoring", turn),
    "ask_about_process": lambda turn: _explain("about_process", turn),
    "ask_about_privacy": lambda turn: _explain("about_privacy", turn),
}
"""What is done for an intent."""
