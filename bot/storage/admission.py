"""Who may enter: by a campaign's name where it is open to all, else by an invitation's code."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from bot.security.sealing import Key
from bot.storage import invitations
from bot.storage.catalogue import find_campaign
from bot.storage.interviews import latest_at
from bot.storage.invitations import NotAdmittedError
from bot.storage.people import join_people, key_of, place_of_address, register
from bot.storage.tables import Campaign, Interview, Invitation, MessageRow, Person
from dialogues.state import CLOSED


class UnknownCampaignError(LookupError):
    """There is no such campaign open to all, and no such invitation."""


@dataclass(frozen=True)
class Admission:
    """What a code admits to. `continues` is the interview that its holder has begun already."""

    campaign: Campaign
    invitation: Invitation | None = None
    continues: Interview | None = None


@dataclass(frozen=True)
class Where:
    """A place that replies go to: a channel, and the address there, None where they are fetched."""

    channel: str
    address: str | None


def admit(session: Session, master: Key, code: str, where: Where, now: float) -> Admission:
    """What the code admits to here; raises UnknownCampaignError or NotAdmittedError.

    The code of a personal invitation proves who one is, so its interview goes on wherever it is
    shown. A campaign's name and a shared code go on with what is open at this address.
    """
    campaign = find_campaign(session, code)
    if campaign is not None and campaign.open:
        return Admission(campaign, continues=_open_here(session, master, campaign, where))
    invitation = invitations.find_by_code(session, master, code)
    if invitation is None:
        raise UnknownCampaignError(code)
    campaign = session.get_one(Campaign, invitation.campaign_id)
    if invitation.interview_id is not None:
        begun = session.get_one(Interview, invitation.interview_id)
        if begun.key is None or begun.status in CLOSED:
            raise NotAdmittedError("used_up")
        return Admission(campaign, invitation, begun)
    if invitation.kind == "shared":
        here = _open_here(session, master, campaign, where)
        if here is not None:
            return Admission(campaign, invitation, here)
    invitations.admit(session, invitation, now)
    return Admission(campaign, invitation)


def is_invited(session: Session, master: Key, campaign: Campaign, code: str) -> bool:
    """Whether a code is an invitation to the campaign, whatever became of it."""
    invitation = invitations.find_by_code(session, master, code)
    return invitation is not None and invitation.campaign_id == campaign.id


def person_invited(
    session: Session, master: Key, invitation: Invitation | None, where: Where, now: float
) -> Person | None:
    """Whom a personal invitation names, now known at this address; None where nobody is named.

    Who was known there before under another id is the same person.
    """
    if invitation is None or invitation.person_id is None:
        return None
    person = session.get_one(Person, invitation.person_id)
    return _known_at(session, master, person, where, now)


def move(
    session: Session, master: Key, row: Interview, where: Where, token_hash: str, now: float
) -> None:
    """Go on with an interview elsewhere: replies, and what is still to be sent, go there."""
    key = key_of(session, master, row)
    person = session.get_one(Person, row.person_id)
    _known_at(session, master, person, where, now)
    session.refresh(row)
    pulled = where.address is None
    waiting = sa.update(MessageRow).where(
        col(MessageRow.interview_id) == row.id,
        col(MessageRow.sent_at).is_(None),
        col(MessageRow.failed).is_(None),
    )
    sent_at = now if pulled else None
    session.execute(waiting.values(channel=where.channel, held_at=None, sent_at=sent_at))
    row.channel = where.channel
    row.address = key.seal(where.address, place_of_address(row.id)) if where.address else None
    row.token_hash = token_hash
    session.add(row)
    session.flush()


def _known_at(session: Session, master: Key, person: Person, where: Where, now: float) -> Person:
    if where.address is None:
        return person
    other = register(session, master, person, where.channel, where.address)
    return join_people(session, master, person, other) if other is not None else person


def _open_here(session: Session, master: Key, campaign: Campaign, where: Where) -> Interview | None:
    if where.address is None:
        return None
    row = latest_at(session, master, where.channel, where.address, campaign.id)
    return row if row is not None and row.status not in CLOSED else None
