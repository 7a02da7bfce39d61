"""Invitations: made, found by their code, admitted, used and revoked."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.codes import new_code, normal_code
from bot.security.sealing import Key
from bot.storage.people import (
    find_person,
    person_at,
    place_of_contact,
    place_of_key,
    register,
)
from bot.storage.tables import Campaign, Invitation, Person

Kind = Literal["personal", "shared"]
Via = Literal["email", "sms", "telegram", "wechat", "wecom"]
Refusal = Literal["expired", "revoked", "used_up", "closed"]
CHATS: Sequence[Via] = ("telegram", "wechat", "wecom")
"""Where the address of a person is the one they write from."""


class NotAdmittedError(Exception):
    """An invitation that does not admit, with the reason. Permanent."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Contact:
    """Who is invited, and where they can be reached; what is not known is empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    telegram: str = ""
    wechat: str = ""
    wecom: str = ""
    profile: Mapping[str, str | float] = field(default_factory=dict)

    def address(self, via: Via) -> str:
        """Where this way leads, "" when it leads nowhere."""
        match via:
            case "email":
                return self.email
            case "sms":
                return self.phone
            case "telegram":
                return self.telegram
            case "wechat":
                return self.wechat
            case "wecom":
                return self.wecom

    def addresses(self) -> list[tuple[Via, str]]:
        """All ways to the person, written so that the same address is the same text."""
        found: list[tuple[Via, str]] = [
            ("email", self.email.casefold()),
            ("sms", self.phone.removeprefix("+86")),
            *((via, self.address(via)) for via in CHATS),
        ]
        return [(via, address) for via, address in found if address]


@dataclass(frozen=True)
class NewInvitation:
    """What is fixed when an invitation is made. Without a contact nobody in particular is meant."""

    campaign_id: str
    created_by: str
    kind: Kind = "personal"
    contact: Contact | None = None
    position: str | None = None
    candidate_type: str | None = None
    language: str | None = None
    source: str = ""
    max_uses: int | None = None
    expires_at: float | None = None


def create(session: Session, master: Key, new: NewInvitation, now: float) -> Invitation:
    """A new invitation. A personal one admits once, and has its person from now on."""
    invitation_id = uuid.uuid4().hex
    code = _free_code(session, master)
    person = _person(session, master, new.contact, now) if new.contact is not None else None
    row = Invitation(
        id=invitation_id,
        campaign_id=new.campaign_id,
        code_hash=_hash(master, code),
        code=master.seal(code, f"invitation.code:{invitation_id}"),
        kind=new.kind,
        person_id=person.id if person is not None else None,
        position=new.position,
        candidate_type=new.candidate_type,
        language=new.language,
        source=new.source,
        max_uses=1 if new.kind == "personal" else new.max_uses,
        expires_at=new.expires_at,
        created_at=now,
        created_by=new.created_by,
    )
    if person is not None and new.contact is not None:
        text = json.dumps(asdict(new.contact), ensure_ascii=False)
        row.contact = _key(master, person).seal(text, place_of_contact(row.id))
    session.add(row)
    session.flush()
    return row


def find_by_code(session: Session, master: Key, text: str) -> Invitation | None:
    """The invitation whose code was typed, in any state. An unknown code takes the same work.

    Campaigns are looked up by their names first: a code is never one of them when it is made.
    """
    hashed = _hash(master, normal_code(text) or "")
    return session.exec(select(Invitation).where(Invitation.code_hash == hashed)).first()


def admit(session: Session, invitation: Invitation, now: float) -> None:
    """Whether an interview may begin; raises NotAdmittedError with the reason when not."""
    person = session.get(Person, invitation.person_id) if invitation.person_id else None
    campaign = session.get_one(Campaign, invitation.campaign_id)
    if campaign.closed_at is not None:
        raise NotAdmittedError("closed")
    if invitation.revoked_at is not None or (person is not None and person.key is None):
        raise NotAdmittedError("revoked")
    if invitation.max_uses is not None and invitation.uses >= invitation.max_uses:
        raise NotAdmittedError("used_up")
    if invitation.expires_at is not None and now >= invitation.expires_at:
        raise NotAdmittedError("expired")


def count_use(session: Session, invitation: Invitation, interview_id: str) -> None:
    """Count an interview that began, in its own transaction.

    Raises NotAdmittedError when others used the invitation up in the meantime.
    """
    free = sa.or_(
        col(Invitation.max_uses).is_(None), col(Invitation.uses) < col(Invitation.max_uses)
    )
    values: dict[str, object] = {"uses": col(Invitation.uses) + 1}
    if invitation.kind == "personal":
        values["interview_id"] = interview_id
    used = session.execute(
        sa.update(Invitation)
        .where(col(Invitation.id) == invitation.id, free)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise NotAdmittedError("used_up")
    session.refresh(invitation)


def revoke(session: Session, invitation: Invitation, now: float) -> None:
    """Admit nobody any more; interviews that began go on."""
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        session.add(invitation)


def code_of(master: Key, invitation: Invitation) -> str:
    return master.open(invitation.code, f"invitation.code:{invitation.id}")


def contact_of(session: Session, master: Key, invitation: Invitation) -> Contact | None:
    """Who is invited, None where nobody in particular is; raises ErasedError."""
    if invitation.person_id is None or invitation.contact is None:
        return None
    person = session.get_one(Person, invitation.person_id)
    return Contact(
        **json.loads(_key(master, person).open(invitation.contact, place_of_contact(invitation.id)))
    )


def _free_code(session: Session, master: Key) -> str:
    """A code that is neither given out nor the name of a campaign."""
    while True:
        code = new_code()
        taken = find_by_code(session, master, code) is not None
        if not taken and session.get(Campaign, code) is None:
            return code


def _person(session: Session, master: Key, contact: Contact, now: float) -> Person:
    """Who talks to us in a chat of the contact, else a new person, who is known there from now on."""
    chats = [(via, address) for via in CHATS if (address := contact.address(via))]
    known = [each for each in chats if find_person(session, master, *each) is not None]
    if known:
        person = person_at(session, master, *known[0], now)
    else:
        person = person_at(session, master, "", None, now)
    for via, address in chats:
        if (via, address) not in known:
            register(session, master, person, via, address)
    return person


def _key(master: Key, person: Person) -> Key:
    return master.unwrap(person.key, place_of_key("person", person.id))


def _hash(master: Key, code: str) -> str:
    return master.keyed_hash(f"invitation:{code}")
