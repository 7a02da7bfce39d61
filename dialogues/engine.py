"""The engine: `advance(plan, state, input, now)` says what follows from an input.

Pure: no I/O, no clock. Replies are things to say and events are things to keep; the state after a
turn is the fold of its events.
"""

from dataclasses import dataclass

from dialogues import events as ev
from dialogues import path, personal, voice
from dialogues.additions import add_question, give_profile, reopen
from dialogues.answering import answer, ask_or_finish, finished
from dialogues.commands import (
    AFTERWARDS,
    COMMANDS,
    EXPLAINED,
    LEAVING,
    confirm,
    explanation,
    take_back,
)
from dialogues.events import Event, Input, Reply, Work
from dialogues.plan import Plan
from dialogues.replying import count_words, match_option, shortened_option
from dialogues.state import State, Status
from dialogues.texts import say
from dialogues.turn import (
    Turn,
    ask_again,
    ask_consent,
    fixed_options,
    once_more,
    open_choice,
    open_options,
)

UNCLEAR = ("unsure", "off_topic")
"""Intents of words of which the candidate is asked whether they are an answer."""
LONGEST_UNCLEAR = 40
"""Words (or Chinese characters) up to which they are; longer ones are taken for an answer."""
TAKEN_BACK_SECONDS = 3600.0
"""How long a finished interview stays open for a correction that was asked for."""
REMINDABLE: frozenset[Status] = frozenset({"asking", "paused"})
"""Where a candidate may be reminded: not before consent, with a person, or after the end."""


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
            (_edited if heard.edited else _said)(turn, heard)
            if heard.spoken:
                if state.status == "paused":
                    voice.rest(turn)
                turn.replies.insert(0, voice.said_back(turn, heard))
        case ev.Record():
            voice.record(turn, heard)
        case ev.NotHeard():
            voice.not_heard(turn, heard)
        case ev.Fix():
            _fix(turn, heard)
        case ev.TimedOut():
            _timed_out(turn, heard)
        case ev.Remind():
            _remind(turn, heard)
        case ev.AddQuestion():
            add_question(turn, heard)
        case ev.Reopen():
            reopen(turn, heard)
        case ev.GiveProfile():
            give_profile(turn, heard)
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
            profile=personal.storable(begin.profile),
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
    if said.spoken and voice.hear_late(turn, said):
        return
    if turn.state.pending is not None and confirm(turn, said):
        return
    state = turn.state
    if (state.closed or state.status == "human") and not still_heard(state, said):
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


def still_heard(state: State, said: ev.Said) -> bool:
    """What is heard after the end or a hand-over: deletion, withdrawal while a person talks, and
    the correction of a spoken answer for a while."""
    if state.status == "human":
        return said.intent in ("delete_my_data", "withdraw_consent")
    if state.status == "finished" and said.fixable and said.intent == "correct_last_answer":
        return True
    return state.closed and state.status != "erased" and said.intent == "delete_my_data"


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


# A message that was changed after it was sent.


class NotCorrectedError(ValueError):
    """The changed words take the place of no answer. Permanent; the message says why."""


def taken_back(plan: Plan, state: State) -> State:
    """The state in which a changed answer is heard: the last one is open again.

    Raises NotCorrectedError.
    """
    turn = Turn(plan, state, state.heard_at)
    _take_back(turn)
    return turn.state


def _take_back(turn: Turn) -> None:
    state = turn.state
    if state.closed or state.status == "human" or not take_back(turn):
        raise NotCorrectedError("no answer can be corrected now")


def _edited(turn: Turn, said: ev.Said) -> None:
    """The words take the place of the last answer, if they can; else nothing happens."""
    _take_back(turn)
    if _may_be_an_answer(turn, said):
        _hear_answer(turn, said)
    if not any(isinstance(event, ev.Answered) for event in turn.events):
        raise NotCorrectedError("the changed words are no answer")
    turn.replies.insert(0, Reply(kind="notice", text=say("corrected", turn.language)))


def _may_be_an_answer(turn: Turn, said: ev.Said) -> bool:
    if match_option(said.text, open_options(turn)) is not None:
        return True
    if said.intent in COMMANDS or said.intent in ("no_words", "affirm", "thanks"):
        return False
    return said.intent not in UNCLEAR or not _may_be_no_account(turn)


def _fix(turn: Turn, fix: ev.Fix) -> None:
    """An answer says what was really said; nothing else moves. Raises NotCorrectedError."""
    given = turn.state.answers.get(fix.question)
    if given is None or (fix.probe or "") not in given.heard:
        raise NotCorrectedError("there is no such answer")
    turn.emit(
        ev.Answered(
            at=turn.now,
            question=fix.question,
            probe=fix.probe,
            text=fix.text,
            words=count_words(fix.text),
            hits=fix.hits,
            evidence=dict(fix.evidence),
            fixed=True,
        )
    )
    turn.notice("voice_fixed")


# Timers.


def _timed_out(turn: Turn, timer: ev.TimedOut) -> None:
    state = turn.state
    if state.closed or state.status == "human":
        return
    idle = turn.now - state.heard_at
    if state.finishes and idle >= min(timer.idle_seconds, TAKEN_BACK_SECONDS):
        # The end was taken back for a correction that did not come.
        turn.emit(ev.Finished(at=turn.now))
        turn.work.append(finished(turn))
    elif idle >= timer.idle_seconds:
        turn.emit(ev.Expired(at=turn.now))
        turn.notice("expired")


def _remind(turn: Turn, timer: ev.Remind) -> None:
    """Remind of what is open, once for each number; the idle time goes on."""
    state = turn.state
    idle = turn.now - state.heard_at >= timer.idle_seconds
    if state.status not in REMINDABLE or not idle or state.reminded >= timer.number:
        return
    turn.emit(ev.Reminded(at=turn.now, number=timer.number, told=timer.told))
    if not timer.told:
        return
    resting = state.status == "paused" and state.pending is None
    text = say("reminded_paused" if resting else "reminded", turn.language, until=timer.until)
    turn.replies.append(Reply(kind="notice", text=text, reminds=True))
    if not resting:
        turn.replies += once_more(turn)
