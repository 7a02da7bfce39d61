"""Messages that were changed after they were sent: which answer was one, and what is kept of it."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.sealing import Key
from bot.storage.interviews import open_event, view_of_row
from bot.storage.tables import EventRow, Inbound, Interview, WaitingMessage
from dialogues.events import Answered, Held, Noted


def last_answer(
    session: Session, row: Interview, key: Key, channel: str, message_id: str
) -> Answered | None:
    """The interview's last answer, if the message was it, alone, and nothing waits to follow it."""
    seen = session.get(Inbound, (channel, message_id))
    if seen is None or seen.interview_id != row.id or _count(session, row, seen.turn) != 1:
        return None
    here = EventRow.interview_id == row.id
    answered = select(sa.func.max(EventRow.turn)).where(here, EventRow.kind == "answered")
    waits = select(WaitingMessage.id).where(WaitingMessage.interview_id == row.id).limit(1)
    if session.exec(answered).one() != seen.turn or session.exec(waits).first() is not None:
        return None
    rows = session.exec(select(EventRow).where(here, EventRow.turn == seen.turn))
    events = [open_event(key, found) for found in rows]
    words = [event for event in events if isinstance(event, Answered | Noted | Held)]
    only = words[0] if len(words) == 1 else None
    return only if isinstance(only, Answered) and not only.confirmed else None


def _count(session: Session, row: Interview, turn: int) -> int:
    """How many messages a turn took in."""
    heard = select(sa.func.count()).where(
        col(Inbound.interview_id) == row.id, col(Inbound.turn) == turn
    )
    return session.exec(heard).one()


def note(session: Session, row: Interview, channel: str, message_id: str, now: float) -> None:
    """Keep that a change was taken up. It belongs to no turn of its own: its message does."""
    outcome = view_of_row(row).as_json()
    session.add(
        Inbound(
            channel=channel,
            message_id=message_id,
            interview_id=row.id,
            turn=0,
            at=now,
            outcome=outcome,
        )
    )


def forget(session: Session, channel: str, message_id: str) -> None:
    """Forget that a message was taken in, since what it says now is about to be."""
    session.delete(session.get_one(Inbound, (channel, message_id)))
    session.flush()
