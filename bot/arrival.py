"""Candidates who arrive: by themselves, by invitation, or invited where they talk to us already."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from sqlmodel import Session

from bot.security.sealing import Key
from bot.storage import invitations
from bot.storage.interviews import latest_at
from bot.storage.invitations import Via, contact_of
from bot.storage.tables import Invitation
from dialogues.events import Begin
from dialogues.guide import Language
from dialogues.plan import Plan
from dialogues.state import CLOSED


class UnknownChoiceError(ValueError):
    """A position, candidate type or language that the campaign does not have."""


class NotReachedError(Exception):
    """Someone cannot be invited on a channel, with the reason. Permanent."""


@dataclass(frozen=True)
class Arrival:
    """A candidate who begins an interview, or goes on with theirs elsewhere.

    `campaign` is its name where it is open to all, else the code of an invitation; or both are
    given. `address` is where replies are sent, None where they are fetched.
    """

    campaign: str
    channel: str
    language: Language | None = None
    position: str | None = None
    candidate_type: str | None = None
    profile: Mapping[str, object] = field(default_factory=dict)
    source: str = ""
    address: str | None = None
    message_id: str | None = None
    invitation: str | None = None


def as_invited(
    session: Session, master: Key, arrival: Arrival, invitation: Invitation | None
) -> Arrival:
    """The arrival with what the invitation says of it. Raises ErasedError."""
    if invitation is None:
        return arrival
    contact = contact_of(session, master, invitation)
    return replace(
        arrival,
        language=cast("Language | None", invitation.language) or arrival.language,
        position=invitation.position or arrival.position,
        candidate_type=invitation.candidate_type or arrival.candidate_type,
        profile={**arrival.profile, **(contact.profile if contact else {})},
        source=invitation.source or arrival.source,
    )


def invited_in_chat(session: Session, master: Key, invitation_id: str, channel: str) -> Arrival:
    """The arrival of someone who is invited where they talk to us.

    Raises NotReachedError and ErasedError.
    """
    invitation = session.get_one(Invitation, invitation_id)
    contact = contact_of(session, master, invitation)
    address = contact.address(cast("Via", channel)) if contact else ""
    here = latest_at(session, master, channel, address) if address else None
    if here is None:
        raise NotReachedError(f"they have not written to us on {channel}")
    if here.status not in CLOSED:
        raise NotReachedError(f"another interview of theirs is open on {channel}")
    code = invitations.code_of(master, invitation)
    return Arrival(campaign=code, channel=channel, source=channel, address=address)


def begin_input(plan: Plan, arrival: Arrival) -> Begin:
    """The engine's beginning, with every choice checked against the campaign."""
    guides = [position.guide for position in plan.positions.values()]
    if arrival.position is not None and arrival.position not in plan.positions:
        raise UnknownChoiceError(f"position must be one of {', '.join(plan.positions)}")
    types = {name for guide in guides for name in guide.candidate_types}
    if arrival.candidate_type is not None and arrival.candidate_type not in types:
        raise UnknownChoiceError(f"candidate_type must be one of {', '.join(sorted(types))}")
    if arrival.language is not None and arrival.language not in plan.languages:
        raise UnknownChoiceError(f"language must be one of {', '.join(plan.languages)}")
    return Begin(
        language=arrival.language or plan.languages[0],
        position=arrival.position,
        candidate_type=arrival.candidate_type,
        profile=arrival.profile,
    )
