"""What the console reads of campaigns: their list, and a page of one's invitations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from bot.security.sealing import Key
from bot.storage.console import PAGE, Place
from bot.storage.invitation_list import Listed, listed
from bot.storage.tables import Campaign, Interview, Invitation, InvitationSending

Show = Literal["", "shared", "failed"]
"""Which invitations: all, shared codes, or those of which a sending failed."""
SHOWS: Sequence[Show] = get_args(Show)


@dataclass(frozen=True)
class CampaignLine:
    """A campaign, with how many were invited, and how many interviews began and finished."""

    row: Campaign
    invitations: int
    begun: int
    finished: int


@dataclass(frozen=True)
class InvitationPage:
    """Invitations, the newest first. `counts` are of all of the campaign, by what is shown."""

    rows: Sequence[Listed]
    counts: Mapping[Show, int]
    newer: Place | None
    older: Place | None


def campaign_lines(session: Session, only: str | None = None) -> list[CampaignLine]:
    """The campaigns, or one of them, the newest first."""
    invited = select(Invitation.campaign_id, func.count()).group_by(Invitation.campaign_id)
    finished = func.count().filter(col(Interview.status) == "finished")
    begun = select(Interview.campaign_id, func.count(), finished).group_by(Interview.campaign_id)
    rows = select(Campaign).order_by(col(Campaign.created_at).desc(), col(Campaign.id))
    if only is not None:
        invited = invited.where(Invitation.campaign_id == only)
        begun = begun.where(Interview.campaign_id == only)
        rows = rows.where(Campaign.id == only)
    counts = dict(session.exec(invited).all())
    came = {name: (total, done) for name, total, done in session.exec(begun)}
    return [
        CampaignLine(row, counts.get(row.id, 0), *came.get(row.id, (0, 0)))
        for row in session.exec(rows)
    ]


def invitation_page(
    session: Session,
    master: Key,
    campaign_id: str,
    now: float,
    *,
    show: Show = "",
    older: Place | None = None,
    newer: Place | None = None,
) -> InvitationPage:
    """The newest invitations, or those older or newer than a place."""
    wanted = _of(campaign_id, show)
    ids = _ids(session, wanted, older, newer)
    more, ids = len(ids) > PAGE, ids[:PAGE]
    rows = listed(session, master, col(Invitation.id).in_(ids), now)
    has_newer = more if newer is not None else older is not None
    has_older = newer is not None or more
    return InvitationPage(
        rows=rows,
        counts=_counts(session, campaign_id),
        newer=_place(rows[0]) if rows and has_newer else None,
        older=_place(rows[-1]) if rows and has_older else None,
    )


def _of(campaign_id: str, show: Show) -> list[sa.ColumnElement[bool]]:
    wanted = [col(Invitation.campaign_id) == campaign_id]
    if show == "shared":
        wanted.append(col(Invitation.kind) == "shared")
    if show == "failed":
        failed = select(InvitationSending.invitation_id).where(InvitationSending.status == "failed")
        wanted.append(col(Invitation.id).in_(failed))
    return wanted


def _ids(
    session: Session,
    wanted: Sequence[sa.ColumnElement[bool]],
    older: Place | None,
    newer: Place | None,
) -> Sequence[str]:
    """The ids nearest to a place, one more than a page has."""
    key = sa.tuple_(col(Invitation.created_at), col(Invitation.id))
    query = select(Invitation.id).where(*wanted).limit(PAGE + 1)
    if newer is not None:
        query = query.where(key > (newer.started_at, newer.id))
        query = query.order_by(col(Invitation.created_at), col(Invitation.id))
    else:
        if older is not None:
            query = query.where(key < (older.started_at, older.id))
        query = query.order_by(col(Invitation.created_at).desc(), col(Invitation.id).desc())
    return session.exec(query).all()


def _place(each: Listed) -> Place:
    return Place(each.row.created_at, each.row.id)


def _counts(session: Session, campaign_id: str) -> dict[Show, int]:
    shared = func.count().filter(col(Invitation.kind) == "shared")
    query = select(func.count(), shared).where(Invitation.campaign_id == campaign_id)
    total, many = session.exec(query).one()
    failed = select(func.count()).select_from(Invitation).where(*_of(campaign_id, "failed"))
    return {"": total, "shared": many, "failed": session.exec(failed).one()}
