"""Making invitations for a list of people, or codes for whoever gets them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.invitations.sheet import Guest
from bot.security.sealing import Key
from bot.storage.invitations import Contact, Kind, NewInvitation, Via, code_of, create
from bot.storage.tables import Invitation


@dataclass(frozen=True)
class Terms:
    """What holds for all invitations that are made at once. `limit` is of a shared code's uses."""

    campaign_id: str
    created_by: str
    source: str = ""
    expires_at: float | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Made:
    """An invitation with its code; not `is_new` where the person was invited before."""

    row: Invitation
    code: str
    contact: Contact | None
    is_new: bool


def for_guests(
    session: Session,
    master: Key,
    terms: Terms,
    guests: Sequence[Guest],
    invited: Mapping[tuple[Via, str], Invitation],
    now: float,
) -> list[Made]:
    """An invitation for each, in their order; who is among the `invited` keeps theirs."""
    made = []
    for guest in guests:
        ways = guest.contact.addresses()
        before = next((invited[way] for way in ways if way in invited), None)
        row = before or create(session, master, _new(terms, guest), now)
        made.append(Made(row, code_of(master, row), guest.contact, before is None))
    return made


def _new(terms: Terms, guest: Guest) -> NewInvitation:
    return NewInvitation(
        campaign_id=terms.campaign_id,
        created_by=terms.created_by,
        contact=guest.contact,
        position=guest.position,
        candidate_type=guest.candidate_type,
        language=guest.language,
        source=guest.source or terms.source,
        expires_at=terms.expires_at,
    )


def codes(
    session: Session, master: Key, terms: Terms, kind: Kind, count: int, now: float
) -> list[Made]:
    """Codes that name nobody: each admits one person, or all who have it."""
    new = NewInvitation(
        campaign_id=terms.campaign_id,
        created_by=terms.created_by,
        kind=kind,
        source=terms.source,
        max_uses=terms.limit,
        expires_at=terms.expires_at,
    )
    rows = [create(session, master, new, now) for _ in range(count)]
    return [Made(row, code_of(master, row), None, True) for row in rows]


def end_of_day(day: str, zone: datetime.tzinfo) -> float:
    """The last second of a day of the company's, as in 2030-12-31; raises ValueError."""
    last = datetime.time(23, 59, 59)
    try:
        at = datetime.datetime.combine(datetime.date.fromisoformat(day), last, zone)
        return at.timestamp()
    except OverflowError:
        raise ValueError(day) from None
