"""Interviews in the database: opened for a turn, and a turn committed as one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.sealing import Key
from bot.storage.catalogue import Files
from bot.storage.people import (
    hash_of_address,
    key_of,
    new_interview_key,
    person_at,
    place_of_address,
)
from bot.storage.tables import (
    EventRow,
    Identity,
    Inbound,
    Interview,
    MessageRow,
    Person,
    WaitingMessage,
)
from dialogues.engine import Transition
from dialogues.events import EVENT, Event, Reply
from dialogues.path import expected_total
from dialogues.plan import Plan
from dialogues.state import CLOSED, State


class TurnConflictError(Exception):
    """Another turn of the interview came first. Retryable: load again and advance anew."""


@dataclass(frozen=True)
class View:
    """The state of an interview as the outside sees it (DESIGN: the chat API's state)."""

    status: str
    question: str | None
    probe: str | None
    answered: int
    total: int

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "question": self.question,
            "probe": self.probe,
            "answered": self.answered,
            "total": self.total,
        }


@dataclass(frozen=True)
class Message:
    """A message to the candidate as it was stored."""

    id: int
    reply: Reply
    at: float
    turn: int


@dataclass(frozen=True)
class Outcome:
    """What a turn came to; `repeated` when the message had been taken in before, and `continued`
    when what was to begin is under way already."""

    interview_id: str
    messages: tuple[Message, ...]
    view: View
    repeated: bool = False
    continued: bool = False


@dataclass(frozen=True)
class Opened:
    """An interview with its key and state, ready for a turn."""

    row: Interview
    key: Key
    state: State


@dataclass(frozen=True)
class NewInterview:
    """What is fixed when an interview begins. `address` is where replies go, None for pull;
    `person` is known beforehand where they were invited by name."""

    campaign_id: str
    files: Files
    channel: str
    source: str = ""
    address: str | None = None
    token_hash: str | None = None
    person: Person | None = None


def create(session: Session, master: Key, new: NewInterview, now: float) -> Opened:
    """A new interview before its first turn."""
    person = new.person or person_at(session, master, new.channel, new.address, now)
    interview_id = uuid.uuid4().hex
    key, wrapped = new_interview_key(master, person, interview_id)
    state = State()
    row = Interview(
        id=interview_id,
        campaign_id=new.campaign_id,
        person_id=person.id,
        key=wrapped,
        channel=new.channel,
        source=new.source,
        status=state.status,
        language=state.language,
        files={name: dict(hashes) for name, hashes in new.files.items()},
        state=key.seal(state.model_dump_json(), f"interview.state:{interview_id}"),
        address=key.seal(new.address, place_of_address(interview_id)) if new.address else None,
        token_hash=new.token_hash,
        started_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return Opened(row, key, state)


def open_interview(session: Session, master: Key, interview_id: str) -> Opened:
    """Raises LookupError when there is none, ErasedError when it was erased."""
    row = session.get(Interview, interview_id)
    if row is None:
        raise LookupError(f"there is no interview {interview_id}")
    key = key_of(session, master, row)
    state = State.model_validate_json(key.open(row.state, f"interview.state:{row.id}"))
    return Opened(row, key, state)


def lock(session: Session, interview_id: str) -> None:
    """Let nothing else change the interview until the transaction ends (PostgreSQL; SQLite has one
    writer anyway). Whoever touches what belongs to it locks it first."""
    session.exec(select(Interview.id).where(Interview.id == interview_id).with_for_update()).first()


_CHANNEL: sa.BindParameter[str] = sa.bindparam("channel")
_MESSAGE_ID: sa.BindParameter[str] = sa.bindparam("message_id")
_HASH: sa.BindParameter[str] = sa.bindparam("address_hash")
# Made once: making a query takes longer than running it.
_TAKEN_IN = sa.select(
    sa.or_(
        *(
            sa.exists().where(col(each.channel) == _CHANNEL, col(each.message_id) == _MESSAGE_ID)
            for each in (Inbound, WaitingMessage)
        )
    )
)


def taken_in(session: Session, channel: str, message_id: str) -> bool:
    """Whether a message was taken in before, or waits for the rest of its answer."""
    given = {"channel": channel, "message_id": message_id}
    return bool(session.execute(_TAKEN_IN, given).scalar())


_LATEST = (
    select(Interview)
    .join(Identity, col(Identity.person_id) == Interview.person_id)
    .where(
        col(Identity.channel) == _CHANNEL,
        col(Identity.address_hash) == _HASH,
        col(Interview.channel) == _CHANNEL,
    )
    .order_by(
        sa.case((col(Interview.status).in_(CLOSED), 1), else_=0),
        col(Interview.updated_at).desc(),
    )
    .limit(1)
)


def latest_at(
    session: Session, master: Key, channel: str, address: str, campaign: str | None = None
) -> Interview | None:
    """The interview at an address on a channel: an open one before a closed one, then the one
    in which something was said last. With a campaign, only its interviews."""
    query = _LATEST if campaign is None else _LATEST.where(Interview.campaign_id == campaign)
    hashed = hash_of_address(master, channel, address)
    return session.exec(query, params={"channel": channel, "address_hash": hashed}).first()


def find_repeated(session: Session, master: Key, channel: str, message_id: str) -> Outcome | None:
    """What came of a message that was taken in before."""
    seen = session.get(Inbound, (channel, message_id))
    if seen is None:
        return None
    row = session.get_one(Interview, seen.interview_id)
    messages = read_messages(session, row, key_of(session, master, row), turn=seen.turn)
    return Outcome(row.id, messages, View(**seen.outcome), repeated=True)


def commit_turn(
    session: Session,
    opened: Opened,
    plan: Plan,
    transition: Transition,
    heard: Sequence[tuple[str, str]],
    now: float,
    *,
    pulled: bool,
) -> Outcome:
    """Write a turn: events, replies, and the new state, under the expected turn number.

    `heard` are channel and id of the messages it takes in; with them, what was held goes out. `pulled` replies count as sent, since
    the candidate's side fetches them. Raises TurnConflictError when another turn came first.
    """
    row, key, state = opened.row, opened.key, transition.state
    turn = row.turn + 1
    view = view_of(plan, state)
    updated = session.execute(
        sa.update(Interview)
        .where(col(Interview.id) == row.id, col(Interview.turn) == row.turn)
        .values(
            turn=turn,
            status=state.status,
            language=state.language,
            position=state.position,
            candidate_type=state.candidate_type,
            question=view.question,
            probe=view.probe,
            answered=view.answered,
            total=view.total,
            state=key.seal(state.model_dump_json(), f"interview.state:{row.id}"),
            updated_at=now,
            finished_at=(row.finished_at or now) if state.closed else None,
        )
        .execution_options(synchronize_session=False)
    )
    if updated.rowcount != 1:  # type: ignore[attr-defined]
        raise TurnConflictError(row.id)
    if heard:
        release(session, [row.id])
    for ordinal, event in enumerate(transition.events):
        session.add(_event_row(row.id, key, turn, ordinal, event))
    messages = [
        _message_row(row, key, (turn, ordinal), reply, now, sent_at=now if pulled else None)
        for ordinal, reply in enumerate(transition.replies)
    ]
    session.add_all(messages)
    for channel, message_id in heard:
        session.add(
            Inbound(
                channel=channel,
                message_id=message_id,
                interview_id=row.id,
                turn=turn,
                at=now,
                outcome=view.as_json(),
            )
        )
    session.flush()
    sent = zip(messages, transition.replies, strict=True)
    return Outcome(row.id, tuple(Message(m.id or 0, r, now, turn) for m, r in sent), view)


def release(session: Session, interview_ids: Sequence[str]) -> None:
    """Let the held messages of interviews go out: their candidates wrote."""
    session.execute(
        sa.update(MessageRow)
        .where(
            col(MessageRow.interview_id).in_(interview_ids), col(MessageRow.held_at).is_not(None)
        )
        .values(held_at=None)
        .execution_options(synchronize_session=False)
    )


def view_of(plan: Plan, state: State) -> View:
    total = 0
    if state.position is not None and state.candidate_type is not None:
        total = expected_total(plan.positions[state.position].guide, state)
    return View(state.status, state.question, state.probe, state.answered, total)


def view_of_row(row: Interview) -> View:
    return View(row.status, row.question, row.probe, row.answered, row.total)


def _event_row(interview_id: str, key: Key, turn: int, ordinal: int, event: Event) -> EventRow:
    return EventRow(
        interview_id=interview_id,
        turn=turn,
        ordinal=ordinal,
        at=event.at,
        kind=event.kind,
        body=key.seal(event.model_dump_json(), f"event.body:{interview_id}:{turn}:{ordinal}"),
    )


def _message_row(
    row: Interview,
    key: Key,
    place: tuple[int, int],
    reply: Reply,
    now: float,
    sent_at: float | None,
) -> MessageRow:
    return MessageRow(
        interview_id=row.id,
        turn=place[0],
        ordinal=place[1],
        at=now,
        channel=row.channel,
        kind=reply.kind,
        question_id=reply.question,
        body=key.seal(reply.model_dump_json(), f"message.body:{row.id}:{place[0]}:{place[1]}"),
        sent_at=sent_at,
    )


def read_messages(
    session: Session, row: Interview, key: Key, *, after: int = 0, turn: int | None = None
) -> tuple[Message, ...]:
    """Messages to the candidate in order: those after an id, or those of one turn."""
    query = select(MessageRow).where(MessageRow.interview_id == row.id, col(MessageRow.id) > after)
    if turn is not None:
        query = query.where(MessageRow.turn == turn)
    return tuple(
        open_message(key, found) for found in session.exec(query.order_by(col(MessageRow.id)))
    )


def open_message(key: Key, found: MessageRow) -> Message:
    place = f"message.body:{found.interview_id}:{found.turn}:{found.ordinal}"
    body = key.open(found.body, place)
    return Message(found.id or 0, Reply.model_validate_json(body), found.at, found.turn)


def unsent() -> tuple[sa.ColumnElement[bool], ...]:
    """What says of a message that it can go out now (index ix_message_waiting)."""
    return (
        col(MessageRow.sent_at).is_(None),
        col(MessageRow.failed).is_(None),
        col(MessageRow.held_at).is_(None),
    )


def read_events(session: Session, row: Interview, key: Key) -> Sequence[tuple[int, Event]]:
    """All events in order, each with its turn."""
    rows = session.exec(
        select(EventRow)
        .where(EventRow.interview_id == row.id)
        .order_by(col(EventRow.turn), col(EventRow.ordinal))
    )
    return [(found.turn, open_event(key, found)) for found in rows]


def open_event(key: Key, found: EventRow) -> Event:
    place = f"event.body:{found.interview_id}:{found.turn}:{found.ordinal}"
    return EVENT.validate_json(key.open(found.body, place))
