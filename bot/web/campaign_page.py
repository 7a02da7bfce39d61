"""What the console shows of a campaign, and what it makes there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col

from bot.bootstrap import Application
from bot.invitations.letters import plan_of
from bot.invitations.making import Made
from bot.invitations.outputs import as_csv, as_row
from bot.invitations.sheet import Choices, Guest
from bot.storage.campaign_list import (
    CampaignLine,
    InvitationPage,
    Show,
    campaign_lines,
    invitation_page,
)
from bot.storage.catalogue import find_campaign
from bot.storage.console import Place
from bot.storage.invitation_list import (
    Brought,
    Listed,
    Stage,
    already_invited,
    brought_by,
    listed,
    sending_log,
)
from bot.storage.invitations import CHATS, Via
from bot.storage.tables import Campaign, Invitation, InvitationAttempt, InvitationSending
from bot.web.campaign_forms import Wanted
from bot.web.console_frame import Problem
from bot.work.guests import Inviter, parts
from dialogues.plan import Plan

SENDABLE: Sequence[Stage] = ("new", "waiting", "failed", "sent")


@dataclass(frozen=True)
class Where:
    """The part of a campaign's invitations that a page shows."""

    show: Show = ""
    older: Place | None = None
    newer: Place | None = None


@dataclass(frozen=True)
class Source:
    """A source, with what came of it over each channel and over all of them."""

    name: str
    by_channel: Mapping[str, Brought]
    begun: int
    finished: int

    @property
    def share(self) -> int:
        """How many of a hundred finished."""
        return round(100 * self.finished / self.begun) if self.begun else 0


@dataclass(frozen=True)
class CampaignPage:
    """A campaign with all that its page shows, but the links."""

    line: CampaignLine
    plan: Plan
    invitations: InvitationPage
    channels: Sequence[str]
    sources: Sequence[Source]

    @property
    def choices(self) -> Choices:
        """What the campaign knows of all its positions."""
        return Choices.of(self.plan)


@dataclass(frozen=True)
class OneInvitation:
    """An invitation with every try of sending it, and the ways that it may be sent now."""

    campaign: Campaign
    plan: Plan
    it: Listed
    log: Sequence[tuple[InvitationSending, Sequence[InvitationAttempt]]]
    sendable: Sequence[Via]

    @property
    def choices(self) -> Choices:
        """What the campaign knows of all its positions."""
        return Choices.of(self.plan)


@dataclass(frozen=True)
class Invited:
    """What came of inviting people: how many are new, were invited before, and go out."""

    new: int
    before: int
    sending: int
    at: float


def campaign_of(session: Session, name: str) -> Campaign:
    """The campaign; raises Problem."""
    found = find_campaign(session, name)
    if found is None:
        raise Problem(404, "no_campaign")
    return found


def open_campaign_of(session: Session, name: str) -> Campaign:
    """The campaign that still invites; raises Problem."""
    found = campaign_of(session, name)
    if found.closed_at is not None:
        raise Problem(409, "campaign_closed")
    return found


def invitation_in(session: Session, name: str, invitation_id: str) -> Invitation:
    """The invitation of that campaign; raises Problem."""
    found = session.get(Invitation, invitation_id)
    if found is None or found.campaign_id != name:
        raise Problem(404, "no_invitation")
    return found


def ways(app: Application) -> list[Via]:
    """How invitations can be sent with what is set up."""
    if not app.settings.public_url:
        return []
    return [*app.tasks.inviting.senders, *(via for via in CHATS if via in app.channels)]


def sendable(campaign: Campaign, it: Listed, vias: Sequence[Via]) -> list[Via]:
    """The ways that may be begun now: what failed, and what leads to the person but was not used."""
    if campaign.closed_at is not None or it.contact is None or it.stage not in SENDABLE:
        return []
    before = {sending.row.via: sending.row.status for sending in it.sendings}
    return [
        via for via in vias if it.contact.address(via) and before.get(via, "failed") == "failed"
    ]


def read_page(session: Session, app: Application, name: str, where: Where) -> CampaignPage:
    """All that the page shows; raises Problem."""
    campaign = campaign_of(session, name)
    [line] = campaign_lines(session, name)
    channels, sources = compared(brought_by(session, name))
    return CampaignPage(
        line,
        plan_of(session, app.pipeline.catalogue, campaign),
        invitation_page(
            session,
            app.master,
            name,
            app.pipeline.now(),
            show=where.show,
            older=where.older,
            newer=where.newer,
        ),
        channels,
        sources,
    )


def compared(brought: Sequence[Brought]) -> tuple[list[str], list[Source]]:
    """The channels, and the sources that brought most first."""
    by_source: dict[str, dict[str, Brought]] = {}
    for each in brought:
        by_source.setdefault(each.source, {})[each.channel] = each
    sources = [
        Source(
            name,
            found,
            sum(each.begun for each in found.values()),
            sum(each.finished for each in found.values()),
        )
        for name, found in by_source.items()
    ]
    return sorted({each.channel for each in brought}), sorted(
        sources, key=lambda source: (-source.begun, source.name)
    )


def read_one(session: Session, app: Application, name: str, invitation_id: str) -> OneInvitation:
    """An invitation; raises Problem."""
    campaign = campaign_of(session, name)
    row = invitation_in(session, name, invitation_id)
    [it] = listed(session, app.master, col(Invitation.id) == row.id, app.pipeline.now())
    return OneInvitation(
        campaign,
        plan_of(session, app.pipeline.catalogue, campaign),
        it,
        sending_log(session, row.id),
        sendable(campaign, it, ways(app)),
    )


async def invite(app: Application, wanted: Wanted, now: float) -> Invited:
    """Invite them, and put the invitations on their way."""
    name, master = wanted.terms.campaign_id, app.master
    known = await app.database.read(lambda s: already_invited(s, master, name, now))
    inviter = Inviter(master, app.queues, wanted.terms, known, wanted.via, now)

    def some(few: Sequence[Guest], session: Session) -> tuple[int, int]:
        open_campaign_of(session, name)
        made, started = inviter.invite(few, session)
        return sum(each.is_new for each in made), started

    new = sending = 0
    for few in parts(wanted.guests):
        added, started = await app.database.write(partial(some, few))
        new, sending = new + added, sending + started
    return Invited(new, len(wanted.guests) - new, sending, now)


def list_of_links(session: Session, app: Application, name: str, at: float | None) -> str:
    """The invitations that admit someone, as CSV; with `at` only those made then."""
    campaign_of(session, name)
    wanted = col(Invitation.campaign_id) == name
    if at is not None:
        wanted &= col(Invitation.created_at) == at
    found = listed(session, app.master, wanted, app.pipeline.now())
    places, zone = app.tasks.inviting.places, app.tasks.reminders.zone
    return as_csv(
        as_row(
            Made(each.row, each.code, each.contact, False),
            places.of_code(name, each.code),
            zone,
        )
        for each in reversed(found)
        if each.admits
    )
