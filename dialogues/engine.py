"""The engine: `advance(plan, state, input, now)` says what follows from an input.

Pure: no I/O, no clock. Replies are things to say and events are things to keep; the state after a
turn is the fold of its events.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from dialogues import events as ev
from dialogues import path, personal
from dialogues.answering import answer, ask_or_finish
from dialogues.commands import AFTERWARDS, COMMANDS, EXPLAINED, LEAVING, confirm, explanation
from dialogues.events import Event, Input, Reply, Work
from dialogues.guide import RESUME
from dialogues.plan import Plan
from dialogues.replying import LARGEST, count_words, match_option, shortened_option
from dialogues.state import State
from dialogues.texts import say
from dialogues.turn import Turn, ask_again, ask_consent, fixed_options, open_choice, open_options

UNCLEAR = ("unsure", "off_topic")
"""Intents of words of which the candidate is asked whether they are an answer."""
LONGEST_UNCLEAR = 40
"""Words (or Chinese characters) up to which they are; longer ones are taken for an answer."""
MAX_FACTS, LONGEST_FACT = 100, 500
"""How many facts of an order are kept, and how many characters of one."""


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
        case ev.AddQuestion():
            _add_question(turn, heard)
    return Transition(tuple(turn.events), tuple(turn.replies), tuple(turn.work), turn.state)


def prompt(plan: Plan, state: State) -> tuple[Reply, ...]:
    """What is asked at this moment, as it would be said again."""
    turn = Turn(plan, state, 0.0)
    ask_again(turn)
    return tuple(turn.replies)


def is_offered(plan: Plan, state: State, text: str) -> bool:
    """Whether the text is one of the options that are open now."""
    return any(match_option(text, reply.options) for reply in prompt(plan, state))


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
    """What of the profile can be kept: words (a résumé's more than others), numbers, yes and no."""
    kept: dict[str, str | float | bool | None] = {}
    for key, value in islice(profile.items(), MAX_FACTS):
        most = personal.MAX_RESUME if key == RESUME else LONGEST_FACT
        match value:
            case None | bool():
                kept[key] = value
            case str():
                kept[key] = value[:most].encode(errors="replace").decode()
            case int() | float() if abs(value) < LARGEST:
                kept[key] = float(value)
    return kept


def _set_position(turn: Turn, position_id: str) -> None:
    guide = turn.plan.positions[position_id].guide
    turn.emit(
        ev.PositionSet(
            at=turn.now,
            position=position_id,
            profile=personal.known_at_start(guide, turn.state.given_profile),
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
    ask_or_finish(turn, first)


# Words of the candidate.


def _said(turn: Turn, said: ev.Said) -> None:
    if turn.state.pending is not None and confirm(turn, said):
        return
    state = turn.state
    if (state.closed or state.status == "human") and not still_heard(state, said.intent):
        turn.note(said)
        turn.notice("closed" if state.closed else "human_noted")
    elif match_option(said.text, open_options(turn)) is not None:
        # An option's own words are that option, whatever else they could mean.
        _reply_to_what_is_open(turn, said)
    elif said.intent in COMMANDS:
        turn.note(said)
        COMMANDS[said.intent](turn)
    elif state.status == "paused" and said.intent in ("affirm", "thanks"):
        turn.note(said)
        turn.notice("paused")
    elif said.intent == "no_words":
        turn.note(said)
        turn.notice("no_words")
        ask_again(turn)
    elif said.intent in ("affirm", "thanks") and _asks_for_an_account(turn):
        turn.note(said)
        turn.notice("when_ready")
        ask_again(turn)
    elif said.intent in UNCLEAR and _may_be_no_account(turn):
        turn.hold(said)
        ask_again(turn)
    else:
        _hear_answer(turn, said)


def still_heard(state: State, intent: str) -> bool:
    """What is heard after the end or a hand-over: deletion, and withdrawal while a person talks."""
    if state.status == "human":
        return intent in ("delete_my_data", "withdraw_consent")
    return state.closed and state.status != "erased" and intent == "delete_my_data"


def _asks_for_an_account(turn: Turn) -> bool:
    """Whether "OK" or "thank you" is no answer: to a scored question, or in place of an answer."""
    question, state = turn.question, turn.state
    return state.reopened or (
        question is not None and question.competency is not None and state.probe is None
    )


def _may_be_no_account(turn: Turn) -> bool:
    """Whether short unclear words are not to be taken for an answer: where one gives an account.

    Where an option or a number is asked for, these alone go on in any case.
    """
    question = turn.question
    account = question is not None and question.kind in ("open", "scenario", "case")
    return account and count_words(turn.text) <= LONGEST_UNCLEAR


def _hear_answer(turn: Turn, said: ev.Said) -> None:
    """Take an answer, and do what it asks for besides."""
    asked = turn.question
    if asked is not None and said.also in LEAVING and _would_finish(turn, said):
        # The interview must not be finished and scored in spite of it.
        turn.note(said)
        COMMANDS[said.also](turn)
        return
    _reply_to_what_is_open(turn, said)
    if asked is not None and said.also in EXPLAINED:
        turn.replies.insert(0, explanation(EXPLAINED[said.also], turn, asked))
    elif asked is not None and said.also in AFTERWARDS and not turn.state.closed:
        turn.replies = [reply for reply in turn.replies if reply.kind != "question"]
        COMMANDS[said.also](turn)


def _would_finish(turn: Turn, said: ev.Said) -> bool:
    trial = Turn(turn.plan, turn.state, turn.now, turn.text)
    _reply_to_what_is_open(trial, said)
    return trial.state.closed


def _reply_to_what_is_open(turn: Turn, said: ev.Said) -> None:
    turn.wake()
    if not turn.state.consented:
        _consent(turn, said)
    elif turn.question is None:
        _choose(turn, said)
    else:
        answer(turn, turn.question, said)


def _consent(turn: Turn, said: ev.Said) -> None:
    options = fixed_options(turn, "agree", "decline")
    option = match_option(said.text, options)
    meant = option.id if option else {"affirm": "agree", "deny": "decline"}.get(said.intent)
    turn.note(said)
    if meant == "agree":
        turn.emit(ev.Consented(at=turn.now))
        _choose_or_ask(turn)
    elif meant == "decline":
        turn.emit(ev.Declined(at=turn.now))
        turn.notice("declined")
    else:
        turn.offer("consent", "consent_again", options)


def _choose(turn: Turn, said: ev.Said) -> None:
    turn.note(said)
    choice = open_choice(turn)
    assert choice is not None
    what, options = choice
    option = match_option(said.text, options) or shortened_option(said.text, options)
    if option is None:
        turn.offer("text", "choose_again", options)
        return
    if what == "choose_position":
        _set_position(turn, option.id)
    else:
        turn.emit(ev.TypeSet(at=turn.now, candidate_type=option.id))
    _choose_or_ask(turn)


# A recruiter's additions.


class NotAddedError(ValueError):
    """The question cannot be added to this interview. Permanent; the message says why."""


def _add_question(turn: Turn, given: ev.AddQuestion) -> None:
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


# Timers.


def _timed_out(turn: Turn, timer: ev.TimedOut) -> None:
    state = turn.state
    if state.closed or state.status == "human":
        return
    if turn.now - state.heard_at >= timer.idle_seconds:
        turn.emit(ev.Expired(at=turn.now))
        turn.notice("expired")
