"""The invitations of a campaign: how far each has come, and which sources brought candidates."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from bot.security.sealing import ErasedError, Key
from bot.storage.invitations import Contact, Via, code_of, contact_of
from bot.storage.tables import Interview, Invitation, InvitationAttempt, InvitationSending, Person
from dialogues.state import CLOSED

Stage = Literal[
    "new",
    "waiting",
    "failed",
    "sent",
    "begun",
    "ended",
    "finished",
    "expired",
    "revoked",
    "used_up",
]
"""How far an invitation has come. `ended` interviews did not finish."""


@dataclass(frozen=True)
class Sending:
    """An invitation on its way, and what came of its last try ("" before the first)."""

    row: InvitationSending
    detail: str


@dataclass(frozen=True)
class Listed:
    """An invitation with its person, who is None where nobody is named or all is erased."""

    row: Invitation
    code: str
    contact: Contact | None
    sendings: Sequence[Sending]
    stage: Stage

    @property
    def erased(self) -> bool:
        """Whether its person had everything deleted."""
        return self.contact is None and self.row.contact is not None

    @property
    def admits(self) -> bool:
        """Whether its links lead to an interview, a new one or the person's own, as long as the
        campaign is not closed."""
        return not self.erased and self.stage not in ("revoked", "expired", "used_up")


@dataclass(frozen=True)
class Brought:
    """How many interviews came from a source over a channel, and how many of them finished."""

    source: str
    channel: str
    begun: int
    finished: int


def listed(
    session: Session, master: Key, wanted: sa.ColumnElement[bool], now: float
) -> list[Listed]:
    """Invitations with their people and sendings, the newest first."""
    # Read in one go, so that `contact_of` finds each person in the session.
    found = session.exec(
        select(Invitation, Person, Interview.status)
        .outerjoin(Person, col(Invitation.person_id) == Person.id)
        .outerjoin(Interview, col(Invitation.interview_id) == Interview.id)
        .where(wanted)
        .order_by(col(Invitation.created_at).desc(), col(Invitation.id).desc())
    ).all()
    sendings = _sendings(session, wanted)
    return [
        Listed(
            row,
            code_of(master, row),
            _contact(session, master, row),
            sent := sendings.get(row.id, []),
            stage_of(row, status, sent, now),
        )
        for row, _, status in found
    ]


def invitations_of(session: Session, master: Key, campaign_id: str, now: float) -> list[Listed]:
    """All invitations of a campaign, the oldest first."""
    return listed(session, master, col(Invitation.campaign_id) == campaign_id, now)[::-1]


def stage_of(row: Invitation, interview: str | None, sent: Sequence[Sending], now: float) -> Stage:
    """How far an invitation has come; `interview` is the status of the personal one's."""
    if interview is not None:
        if interview in CLOSED:
            return "finished" if interview == "finished" else "ended"
        return "begun"
    if row.revoked_at is not None:
        return "revoked"
    if row.max_uses is not None and row.uses >= row.max_uses:
        return "used_up"
    if row.expires_at is not None and now >= row.expires_at:
        return "expired"
    if row.uses:
        return "begun"
    statuses = {sending.row.status for sending in sent}
    if "sent" in statuses:
        return "sent"
    return "waiting" if statuses & {"waiting", "retrying"} else "failed" if statuses else "new"


def already_invited(
    session: Session, master: Key, campaign_id: str, now: float
) -> Mapping[tuple[Via, str], Invitation]:
    """The personal invitations of a campaign that still stand, by each address of their person."""
    return {
        way: each.row
        for each in invitations_of(session, master, campaign_id, now)
        if each.contact is not None and each.stage not in ("revoked", "expired")
        for way in each.contact.addresses()
    }


def brought_by(session: Session, campaign_id: str) -> list[Brought]:
    """The campaign's interviews by source and channel."""
    finished = func.count().filter(col(Interview.status) == "finished")
    query = (
        select(Interview.source, Interview.channel, func.count(), finished)
        .where(Interview.campaign_id == campaign_id)
        .group_by(Interview.source, Interview.channel)
        .order_by(Interview.source, Interview.channel)
    )
    return [Brought(*row) for row in session.exec(query)]


def sending_log(
    session: Session, invitation_id: str
) -> list[tuple[InvitationSending, list[InvitationAttempt]]]:
    """How an invitation was sent, with every try."""
    tries: dict[str, list[InvitationAttempt]] = defaultdict(list)
    query = (
        select(InvitationSending, InvitationAttempt)
        .outerjoin(
            InvitationAttempt, col(InvitationAttempt.sending_id) == col(InvitationSending.id)
        )
        .where(InvitationSending.invitation_id == invitation_id)
        .order_by(col(InvitationSending.via), col(InvitationAttempt.number))
    )
    rows = {}
    for sending, attempt in session.exec(query):
        rows[sending.id] = sending
        if attempt is not None:
            tries[sending.id].append(attempt)
    return [(row, tries[row.id]) for row in rows.values()]


def _sendings(session: Session, wanted: sa.ColumnElement[bool]) -> Mapping[str, list[Sending]]:
    """How invitations were sent, each with the detail of its last try."""
    found: dict[str, list[Sending]] = defaultdict(list)
    last = (col(InvitationAttempt.sending_id) == col(InvitationSending.id)) & (
        col(InvitationAttempt.number) == col(InvitationSending.attempts)
    )
    query = (
        select(InvitationSending, InvitationAttempt.detail)
        .join(Invitation, col(InvitationSending.invitation_id) == col(Invitation.id))
        .outerjoin(InvitationAttempt, last)
        .where(wanted)
        .order_by(col(InvitationSending.via))
    )
    for row, detail in session.exec(query):
        found[row.invitation_id].append(Sending(row, detail or ""))
    return found


def _contact(session: Session, master: Key, row: Invitation) -> Contact | None:
    try:
        return contact_of(session, master, row)
    except ErasedError:
        return None
