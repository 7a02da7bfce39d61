"""What a candidate may ask for besides answering, and what is asked back before it is done."""

from collections.abc import Callable
from functools import partial

from dialogues import events as ev
from dialogues import path, voice
from dialogues.answering import answer, leave_as_it_was, skip
from dialogues.events import Reply, Work
from dialogues.guide import Language, Question
from dialogues.replying import match_option, named_language, plain
from dialogues.state import State
from dialogues.texts import say
from dialogues.turn import Turn, ask_again, consent_statement, fixed_options


def _ask_confirmation(what: ev.Confirmable, turn: Turn) -> None:
    turn.emit(ev.ConfirmationAsked(at=turn.now, what=what))
    ask_again(turn)


def confirm(turn: Turn, said: ev.Said) -> bool:
    """Do what was to be confirmed on yes, drop it on anything else.

    False when the words are neither yes nor no: they are to be heard as if it had not come up.
    """
    what, held = turn.state.pending, turn.state.held
    meant = _yes_or_no(turn, said)
    turn.emit(ev.ConfirmationDropped(at=turn.now))
    if meant is not None:
        turn.note(said)
    if what == "voice" and meant != "yes":
        voice.decline(turn, said_no=meant == "no")
        return meant is not None
    if meant is None:
        return False
    if meant == "yes" and held is not None:
        _take_held(turn, held)
    elif meant == "yes" and what is not None:
        CONFIRMED[what](turn)
    elif turn.state.closed:
        turn.notice("closed")
    else:
        turn.wake()
        turn.notice("not_an_answer" if held is not None else "kept_going")
        ask_again(turn)
    return True


def _yes_or_no(turn: Turn, said: ev.Said) -> str | None:
    """Asking for the same thing once more confirms it, and so do the same words once more."""
    held = turn.state.held
    if said.intent == _SAID_AGAIN.get(turn.state.pending or ""):
        return "yes"
    if held is not None and plain(held.text) == plain(said.text):
        return "yes"
    option = match_option(said.text, fixed_options(turn, "yes", "no"))
    return option.id if option else {"affirm": "yes", "deny": "no"}.get(said.intent)


_SAID_AGAIN = {
    "skip": "skip_question",
    "human": "request_human",
    "withdraw": "withdraw_consent",
    "delete": "delete_my_data",
}


def _take_held(turn: Turn, held: ev.Held) -> None:
    """The words that were held are an answer to what is open."""
    question = turn.question
    assert question is not None
    turn.wake()
    said = ev.Said(
        held.text,
        hits=held.hits,
        evidence=held.evidence,
        parser=held.parser,
        confirmed=True,
        spoken=held.spoken,
    )
    answer(turn, question, said)


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


CONFIRMED: dict[str, Callable[[Turn], None]] = {
    "skip": skip,
    "human": _hand_over,
    "withdraw": _withdraw,
    "delete": _delete,
    "voice": voice.agree,
}


def _correct(turn: Turn) -> None:
    """Ask for the last answer again; the new one takes its place, and the path is found anew."""
    turn.notice("correct" if take_back(turn) else "nothing_to_correct")
    ask_again(turn)


def watch(state: State) -> Work:
    """Watch over the idle time of an interview that is open again, for the first time or not."""
    return Work("watch", state.openings + state.finishes)


def take_back(turn: Turn) -> bool:
    """Open the last answer again; False where there is none that can be corrected."""
    last = turn.state.last
    if last is None or turn.guide.by_id[last[0]].kind == "code":
        return False
    turn.wake()
    if turn.state.pending is not None:
        turn.emit(ev.ConfirmationDropped(at=turn.now))
    if not turn.state.reopened:
        over = turn.state.status == "finished"
        turn.emit(ev.Reopened(at=turn.now, question=last[0], probe=last[1]))
        if over:
            turn.work.append(watch(turn.state))
    return True


def _skip(turn: Turn) -> None:
    """What has an answer keeps it; a question without one is skipped once that is confirmed."""
    if turn.question is None:
        ask_again(turn)
    elif turn.state.reopened or turn.state.has_answer:
        leave_as_it_was(turn)
    else:
        _ask_confirmation("skip", turn)


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


def _switch_aloud(turn: Turn) -> None:
    """Speak questions from now on, or only write them."""
    on = not turn.aloud
    turn.emit(ev.AloudSet(at=turn.now, on=on))
    turn.notice("aloud_on" if on else "aloud_off")
    ask_again(turn)


def explanation(key: str, turn: Turn, asked: Question | None) -> Reply:
    """What is true of the scoring, the process or the data, from guide, rubric and consent.

    `asked` is the question that was open when the candidate wanted to know.
    """
    position = turn.position if turn.state.position else next(iter(turn.plan.positions.values()))
    text = say(
        key,
        turn.language,
        company=turn.plan.company[turn.language],
        dimensions=position.describe_dimensions(turn.language),
        here=_scored_here(turn, asked),
        total=path.expected_total(position.guide, turn.state),
        answered=turn.state.answered,
        minutes=turn.plan.minutes,
        statement=consent_statement(turn),
    )
    return Reply(kind="notice", text=text)


def _scored_here(turn: Turn, asked: Question | None) -> str:
    """Whether the question is scored, and for what."""
    if asked is None:
        return ""
    is_open = turn.state.question == asked.id
    which = say("open_question" if is_open else "answered_question", turn.language)
    dimension = turn.position.dimension(asked.competency)
    if dimension is None:
        return say("not_scored_here", turn.language, which=which)
    name, weight = dimension.called(turn.language), f"{dimension.weight:g}"
    return say("scored_here", turn.language, which=which, name=name, weight=weight)


def _explain_and_ask(key: str, turn: Turn) -> None:
    turn.replies.append(explanation(key, turn, turn.question))
    ask_again(turn)


def _clarify(turn: Turn) -> None:
    """The guide's own words on the question, the same for everyone; else what it looks at."""
    question = turn.question
    if question is not None and turn.state.pending is None:
        dimension = turn.position.dimension(question.competency)
        if question.clarify and turn.state.probe is None:
            turn.replies.append(Reply(kind="notice", text=turn.personal(question.clarify)))
        elif question.kind in ("choice", "number", "code"):
            turn.notice("clarify_plain")
        elif dimension is not None:
            turn.notice("clarify_scored", name=dimension.called(turn.language))
        else:
            turn.notice("clarify")
    _repeat(turn)


def _repeat(turn: Turn) -> None:
    """Say what is open again, at a part of a case with its material."""
    ask_again(turn, material=True)


COMMANDS: dict[str, Callable[[Turn], None]] = {
    "repeat_question": _repeat,
    "clarify_question": _clarify,
    "correct_last_answer": _correct,
    "greet_or_start": ask_again,
    "skip_question": _skip,
    "pause": _pause,
    "resume": _resume,
    "request_human": partial(_ask_confirmation, "human"),
    "withdraw_consent": partial(_ask_confirmation, "withdraw"),
    "delete_my_data": partial(_ask_confirmation, "delete"),
    "change_language": _change_language,
    "switch_aloud": _switch_aloud,
    "ask_about_scoring": partial(_explain_and_ask, "about_scoring"),
    "ask_about_process": partial(_explain_and_ask, "about_process"),
    "ask_about_privacy": partial(_explain_and_ask, "about_privacy"),
}
"""What is done for an intent."""

EXPLAINED = {
    "ask_about_scoring": "about_scoring",
    "ask_about_process": "about_process",
    "ask_about_privacy": "about_privacy",
}
"""Questions that are answered beside an answer, before the interview goes on."""
LEAVING = ("request_human", "withdraw_consent", "delete_my_data")
AFTERWARDS = ("pause", "change_language", *LEAVING)
"""What can be asked for beside an answer, and is done once the answer is taken."""
