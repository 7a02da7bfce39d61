"""The engine: `advance(plan, state, input, now)` says what follows from an input.

Pure: no I/O, no clock. Replies are things to say and events are things to keep; the state after a
turn is the fold of its events.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dialogues import events as ev
from dialogues import path
from dialogues.events import Event, Input, Reply, Work
from dialogues.guide import Language, Question
from dialogues.plan import Plan
from dialogues.replying import LARGEST, count_words, match_option, named_language, read_number
from dialogues.state import State
from dialogues.texts import say
from dialogues.turn import (
    Turn,
    ask_again,
    ask_consent,
    ask_for_number,
    fixed_options,
    open_choice,
    open_options,
    question_options,
)


@dataclass(frozen=True)
class Transition:
    """What a turn comes to. `state` is the old state with `events` applied."""

    events: tuple[Event, ...]
    replies: tuple[Reply, ...]
    work: tuple[Work, ...]
    state: State


def advance(plan: Plan, state: State, heard: Input, now: float) -> Transition:
    """What follows from an input. `now` in seconds since the epoch."""
    turn = Turn(plan, state, now)
    match heard:
        case ev.Begin():
            _begin(turn, heard)
        case ev.Said():
            turn.text = heard.text
            _said(turn, heard)
        case ev.TimedOut():
            _timed_out(turn, heard)
    return Transition(tuple(turn.events), tuple(turn.replies), tuple(turn.work), turn.state)


def prompt(plan: Plan, state: State) -> tuple[Reply, ...]:
    """What is asked at this moment, as it would be said again."""
    turn = Turn(plan, state, 0.0)
    ask_again(turn)
    return tuple(turn.replies)


# Beginning: AI notice and consent, then position, candidate type and criteria.


def _begin(turn: Turn, begin: ev.Begin) -> None:
    languages = turn.plan.languages
    turn.emit(
        ev.Started(
            at=turn.now,
            language=begin.language if begin.language in languages else languages[0],
            profile=_storable(begin.profile),
            candidate_type=begin.candidate_type,
        )
    )
    positions = turn.plan.positions
    if begin.position is not None and begin.position in positions:
        _set_position(turn, begin.position)
    elif len(positions) == 1:
        _set_position(turn, next(iter(positions)))
    title = turn.position.title if turn.state.position else turn.plan.title
    turn.replies.append(
        Reply(
            kind="text",
            text=say(
                "greeting",
                turn.language,
                company=turn.plan.company[turn.language],
                title=title[turn.language],
                minutes=turn.plan.minutes,
            ),
        )
    )
    ask_consent(turn)
    turn.work.append(Work("watch"))


def _storable(profile: Mapping[str, object]) -> dict[str, str | float | bool | None]:
    """What of the profile can be kept: words, numbers, yes and no."""
    kept: dict[str, str | float | bool | None] = {}
    for key, value in profile.items():
        match value:
            case None | bool():
                kept[key] = value
            case str():
                kept[key] = value.encode(errors="replace").decode()
            case int() | float() if abs(value) < LARGEST:
                kept[key] = float(value)
    return kept


def _set_position(turn: Turn, position_id: str) -> None:
    guide = turn.plan.positions[position_id].guide
    turn.emit(
        ev.PositionSet(
            at=turn.now,
            position=position_id,
            profile=guide.accept_profile(turn.state.given_profile),
        )
    )
    known = turn.state.candidate_type
    if known not in guide.candidate_types and len(guide.candidate_types) == 1:
        turn.emit(ev.TypeSet(at=turn.now, candidate_type=next(iter(guide.candidate_types))))


def _choose_or_ask(turn: Turn) -> None:
    """Offer the next open choice; after the last, tell the criteria and ask the first question."""
    choice = open_choice(turn)
    if choice is not None:
        turn.offer("text", *choice)
        return
    first = path.first_question(turn.guide, turn.state)
    turn.notice(
        "criteria",
        count=len(turn.position.dimensions),
        dimensions=turn.position.describe_dimensions(turn.language),
        total=path.expected_total(turn.guide, turn.state),
    )
    _ask_or_finish(turn, first)


# Words of the candidate.


def _said(turn: Turn, said: ev.Said) -> None:
    state = turn.state
    if state.pending is not None:
        _confirmation(turn, said)
    elif (state.closed or state.status == "human") and not still_heard(state, said.intent):
        _note(turn, said)
        turn.notice("closed" if state.closed else "human_noted")
    elif match_option(said.text, open_options(turn)) is not None:
        # An option's own words are that option, whatever else they could mean.
        _reply_to_what_is_open(turn, said)
    elif said.intent in COMMANDS:
        _note(turn, said)
        COMMANDS[said.intent](turn)
    elif state.status == "paused" and said.intent in ("affirm", "thanks"):
        _note(turn, said)
        turn.notice("paused")
    elif said.intent == "no_words":
        _note(turn, said)
        turn.notice("no_words")
        ask_again(turn)
    elif said.intent in ("affirm", "thanks") and _asks_for_an_account(turn):
        _note(turn, said)
        turn.notice("when_ready")
        ask_again(turn)
    else:
        _reply_to_what_is_open(turn, said)


def still_heard(state: State, intent: str) -> bool:
    """What is heard after the end or a hand-over: deletion, and withdrawal while a person talks."""
    if state.status == "human":
        return intent in ("delete_my_data", "withdraw_consent")
    return state.closed and state.status != "erased" and intent == "delete_my_data"


def _asks_for_an_account(turn: Turn) -> bool:
    """Whether a scored question is open, to which "OK" or "thank you" is no answer yet."""
    question = turn.question
    return question is not None and question.competency is not None and turn.state.probe is None


def _note(turn: Turn, said: ev.Said) -> None:
    turn.emit(ev.Noted(at=turn.now, text=said.text, intent=said.intent))


def _reply_to_what_is_open(turn: Turn, said: ev.Said) -> None:
    _wake(turn)
    if not turn.state.consented:
        _consent(turn, said)
    elif turn.question is None:
        _chosen(turn, said)
    else:
        _answer(turn, turn.question, said)


def _wake(turn: Turn) -> None:
    if turn.state.status == "paused":
        turn.emit(ev.Resumed(at=turn.now))


def _consent(turn: Turn, said: ev.Said) -> None:
    option = match_option(said.text, fixed_options(turn, "agree", "decline"))
    meant = option.id if option else {"affirm": "agree", "deny": "decline"}.get(said.intent)
    _note(turn, said)
    if meant == "agree":
        turn.emit(ev.Consented(at=turn.now))
        _choose_or_ask(turn)
    elif meant == "decline":
        turn.emit(ev.Declined(at=turn.now))
        turn.notice("declined")
    else:
        turn.offer("consent", "consent_again", fixed_options(turn, "agree", "decline"))


def _chosen(turn: Turn, said: ev.Said) -> None:
    _note(turn, said)
    choice = open_choice(turn)
    option = match_option(said.text, choice[1]) if choice else None
    if choice is not None and option is None:
        turn.offer("text", "choose_again", choice[1])
        return
    if choice is not None and option is not None:
        if choice[0] == "choose_position":
            _set_position(turn, option.id)
        else:
            turn.emit(ev.TypeSet(at=turn.now, candidate_type=option.id))
    _choose_or_ask(turn)


# Answers.


def _answer(turn: Turn, question: Question, said: ev.Said) -> None:
    value: str | float | None = None
    if question.kind == "choice":
        option = match_option(said.text, question_options(turn))
        if option is None:
            _note(turn, said)
            turn.offer("question", "choose_again", question_options(turn))
            return
        value = option.id
    elif question.kind == "number":
        value = read_number(said.text)
        if value is None or not _within(question, value):
            _note(turn, said)
            ask_for_number(turn, question)
            return
    turn.emit(
        ev.Answered(
            at=turn.now,
            question=question.id,
            probe=turn.state.probe,
            text=said.text,
            value=value,
            words=count_words(said.text),
            hits=said.hits,
            evidence=dict(said.evidence),
        )
    )
    _probe_or_go_on(turn, question)


def _within(question: Question, value: float) -> bool:
    return (question.min is None or value >= question.min) and (
        question.max is None or value <= question.max
    )


def _probe_or_go_on(turn: Turn, question: Question) -> None:
    probe = path.next_probe(turn.state, question)
    if probe is None:
        _ask_or_finish(turn, path.next_question(turn.guide, turn.state, question))
        return
    turn.emit(ev.Asked(at=turn.now, question=question.id, probe=probe.id))
    ask_again(turn)


def _ask_or_finish(turn: Turn, question: Question | None) -> None:
    if question is None:
        turn.emit(ev.Finished(at=turn.now))
        turn.notice("finished")
        turn.work.append(Work("score"))
        return
    turn.emit(ev.Asked(at=turn.now, question=question.id))
    ask_again(turn)


# Commands.


def _ask_confirmation(turn: Turn, what: ev.Confirmable) -> None:
    turn.emit(ev.ConfirmationAsked(at=turn.now, what=what))
    ask_again(turn)


def _confirmation(turn: Turn, said: ev.Said) -> None:
    """Yes does it, no drops it; any other words drop it and are heard as if it had not come up."""
    option = match_option(said.text, fixed_options(turn, "yes", "no"))
    meant = option.id if option else {"affirm": "yes", "deny": "no"}.get(said.intent)
    what = turn.state.pending
    if said.intent == _SAID_AGAIN.get(what or ""):
        meant = "yes"
    turn.emit(ev.ConfirmationDropped(at=turn.now))
    if meant is None:
        _said(turn, said)
        return
    _note(turn, said)
    if turn.state.closed and meant == "no":
        turn.notice("closed")
    elif meant == "no" or what is None:
        _wake(turn)
        turn.notice("kept_going")
        ask_again(turn)
    elif what == "skip":
        _do_skip(turn)
    elif what == "human":
        turn.emit(ev.HandedOver(at=turn.now))
        turn.notice("human")
    elif what == "withdraw":
        turn.emit(ev.Withdrawn(at=turn.now))
        turn.notice("withdrawn")
    else:
        turn.emit(ev.DeletionRequested(at=turn.now))
        turn.notice("erased")
        turn.work.append(Work("erase"))


# Asking for the same thing once more confirms it.
_SAID_AGAIN = {
    "skip": "skip_question",
    "human": "request_human",
    "withdraw": "withdraw_consent",
    "delete": "delete_my_data",
}


def _skip(turn: Turn) -> None:
    if turn.question is None:
        ask_again(turn)
    else:
        _ask_confirmation(turn, "skip")


def _do_skip(turn: Turn) -> None:
    question, probe = turn.question, turn.state.probe
    if question is None:
        ask_again(turn)
        return
    _wake(turn)
    turn.emit(ev.Skipped(at=turn.now, question=question.id, probe=probe))
    turn.notice("skipped")
    if probe is not None:
        _probe_or_go_on(turn, question)
    else:
        _ask_or_finish(turn, path.next_question(turn.guide, turn.state, question))


def _pause(turn: Turn) -> None:
    if turn.state.status == "asking":
        turn.emit(ev.Paused(at=turn.now))
    turn.notice("paused")


def _resume(turn: Turn) -> None:
    if turn.state.status == "paused":
        _wake(turn)
        turn.notice("resumed")
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
    ask_again(turn)


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


COMMANDS: dict[str, Callable[[Turn], None]] = {
    "repeat_question": ask_again,
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


# Timers.


def _timed_out(turn: Turn, timer: ev.TimedOut) -> None:
    state = turn.state
    if state.closed or state.status == "human":
        return
    if turn.now - state.heard_at >= timer.idle_seconds:
        turn.emit(ev.Expired(at=turn.now))
        turn.notice("expired")
