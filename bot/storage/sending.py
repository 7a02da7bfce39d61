"""What stands between a reply and its candidate: held messages, quotas, and what carried it."""

from sqlmodel import Session, col, select

from bot.security.sealing import ErasedError, Key
from bot.storage.interviews import open_message, unsent
from bot.storage.people import hash_of_address, key_of, place_of_address
from bot.storage.tables import Interview, MessageRow, SendingQuota, WaitingMessage
from dialogues.events import Reply

MESSAGE_ALLOWANCE, MESSAGE_SECONDS = 5, 48 * 3600.0
"""Customer-service messages after a message of theirs (WeChat, 客服消息)."""
EVENT_ALLOWANCE, EVENT_SECONDS = 3, 60.0
"""After following, scanning a code or choosing from the menu (same page)."""


def held_in(session: Session, person_id: str, channel: str) -> list[str]:
    """The person's interviews with messages that wait for them to write."""
    query = (
        select(Interview.id)
        .join(MessageRow, col(MessageRow.interview_id) == Interview.id)
        .where(Interview.person_id == person_id, Interview.channel == channel)
        .where(col(MessageRow.held_at).is_not(None))
        .distinct()
    )
    return list(session.exec(query))


def is_coming(session: Session, person_id: str, channel: str) -> bool:
    """Whether replies to a person are about to go out, or pieces of an answer wait for more."""
    theirs = select(Interview.id).where(
        Interview.person_id == person_id, Interview.channel == channel
    )
    message = select(MessageRow.id).where(col(MessageRow.interview_id).in_(theirs), *unsent())
    piece = select(WaitingMessage.id).where(col(WaitingMessage.interview_id).in_(theirs))
    return any(session.exec(query.limit(1)).first() is not None for query in (message, piece))


def carried_by(
    session: Session, master: Key, person_id: str, channel: str, message_id: str
) -> list[Reply]:
    """The replies that went out as the answer to a message of the person."""
    query = (
        select(MessageRow, Interview)
        .join(Interview, col(MessageRow.interview_id) == Interview.id)
        .where(Interview.person_id == person_id, Interview.channel == channel)
        .where(MessageRow.carrier == message_id)
        .order_by(col(MessageRow.id))
    )
    try:
        return [
            open_message(key_of(session, master, row), message).reply
            for message, row in session.exec(query)
        ]
    except ErasedError:
        return []


def left_for(session: Session, master: Key, interview: Interview, now: float) -> int:
    """How many messages a platform that counts them lets us send in an interview."""
    try:
        key = key_of(session, master, interview)
    except ErasedError:
        return 0
    if interview.address is None:
        return 0
    address = key.open(interview.address, place_of_address(interview.id))
    return Quota(master, interview.channel).left(session, address, now)


class Quota:
    """Counts what a platform still lets us send to an address, as the platform counts."""

    def __init__(self, master: Key, channel: str) -> None:
        self._master, self._channel = master, channel

    def grant(self, session: Session, address: str, *, message: bool, at: float) -> None:
        """They wrote, or followed, scanned or chose from the menu, at a time that their push names;
        so the same push once more grants nothing."""
        row = self._row(session, address)
        if message and at + MESSAGE_SECONDS > row.message_until:
            row.message_left, row.message_until = MESSAGE_ALLOWANCE, at + MESSAGE_SECONDS
        elif not message and at + EVENT_SECONDS > row.event_until:
            row.event_left, row.event_until = EVENT_ALLOWANCE, at + EVENT_SECONDS
        session.add(row)

    def take(self, session: Session, address: str, now: float) -> bool:
        """Count one message to be sent; False when none is left. What ends first is used first."""
        row = self._row(session, address)
        if row.event_left > 0 and now < row.event_until:
            row.event_left -= 1
        elif row.message_left > 0 and now < row.message_until:
            row.message_left -= 1
        else:
            return False
        session.add(row)
        return True

    def give_back(self, session: Session, address: str) -> None:
        """A counted message did not go out."""
        row = self._row(session, address)
        row.message_left = min(MESSAGE_ALLOWANCE, row.message_left + 1)
        session.add(row)

    def use_up(self, session: Session, address: str) -> None:
        """The platform says that nothing is left."""
        row = self._row(session, address)
        row.message_left = row.event_left = 0
        session.add(row)

    def left(self, session: Session, address: str, now: float) -> int:
        """How many messages may still be sent."""
        row = self._row(session, address)
        event = row.event_left if now < row.event_until else 0
        return event + (row.message_left if now < row.message_until else 0)

    def _row(self, session: Session, address: str) -> SendingQuota:
        hashed = hash_of_address(self._master, self._channel, address)
        found = session.get(SendingQuota, (self._channel, hashed), with_for_update=True)
        return found or SendingQuota(channel=self._channel, address_hash=hashed)
