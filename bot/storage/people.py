"""People: a stable id and a key for each, found again by their address on a channel."""

import uuid

from sqlmodel import Session, select

from bot.security.sealing import Key, Sealed
from bot.storage import recordings, waiting
from bot.storage.tables import Identity, Interview, Invitation, Person, ResultRow


def place_of_key(table: str, row_id: str) -> str:
    return f"{table}.key:{row_id}"


def place_of_address(interview_id: str) -> str:
    return f"interview.address:{interview_id}"


def place_of_contact(invitation_id: str) -> str:
    return f"invitation.contact:{invitation_id}"


def hash_of_address(master: Key, channel: str, address: str) -> str:
    """What stands for an address on a channel in the database."""
    return master.keyed_hash(f"{channel}:{address}")


def person_at(
    session: Session, master: Key, channel: str, address: str | None, now: float
) -> Person:
    """The person at an address on a channel; a new one where there is none, or no address."""
    hashed = hash_of_address(master, channel, address) if address else None
    if hashed is not None:
        identity = session.get(Identity, (channel, hashed))
        person = session.get(Person, identity.person_id) if identity else None
        if person is not None and person.key is not None:
            return person
    person = _new_person(session, master, now)
    if hashed is not None:
        session.merge(Identity(channel=channel, address_hash=hashed, person_id=person.id))
    return person


def find_person(session: Session, master: Key, channel: str, address: str) -> str | None:
    """The id of the person at an address on a channel, if one was there before."""
    hashed = hash_of_address(master, channel, address)
    identity = session.get(Identity, (channel, hashed))
    return identity.person_id if identity is not None else None


def register(
    session: Session, master: Key, person: Person, channel: str, address: str
) -> Person | None:
    """From now on the address is the person's; returns whom it belonged to, if to someone else."""
    hashed = hash_of_address(master, channel, address)
    identity = session.get(Identity, (channel, hashed))
    if identity is None:
        session.add(Identity(channel=channel, address_hash=hashed, person_id=person.id))
        return None
    before = session.get(Person, identity.person_id)
    identity.person_id = person.id
    session.add(identity)
    known = before is not None and before.id != person.id and before.key is not None
    return before if known else None


def join_people(session: Session, master: Key, one: Person, other: Person) -> Person:
    """Two ids turned out to be one human: what belongs to the later goes to the earlier, whose id
    systems outside may know. Returns the one that stays."""
    kept, gone = sorted((one, other), key=lambda person: (person.created_at, person.id))
    above, below = (
        master.unwrap(person.key, place_of_key("person", person.id)) for person in (kept, gone)
    )
    for interview in session.exec(select(Interview).where(Interview.person_id == gone.id)):
        if interview.key is not None:
            place = place_of_key("interview", interview.id)
            interview.key = above.wrap(below.unwrap(interview.key, place), place)
        interview.person_id = kept.id
        session.add(interview)
    for invitation in session.exec(select(Invitation).where(Invitation.person_id == gone.id)):
        if invitation.contact is not None:
            place = place_of_contact(invitation.id)
            invitation.contact = above.seal(below.open(invitation.contact, place), place)
        invitation.person_id = kept.id
        session.add(invitation)
    for identity in session.exec(select(Identity).where(Identity.person_id == gone.id)):
        identity.person_id = kept.id
        session.add(identity)
    session.flush()
    session.delete(gone)
    session.flush()
    return kept


def _new_person(session: Session, master: Key, now: float) -> Person:
    person_id = uuid.uuid4().hex
    wrapped = master.wrap(Key.random(), place_of_key("person", person_id))
    person = Person(id=person_id, key=wrapped, created_at=now)
    session.add(person)
    session.flush()
    return person


def key_of(session: Session, master: Key, interview: Interview) -> Key:
    """The key of an interview; raises ErasedError once it was dropped."""
    person = session.get_one(Person, interview.person_id)
    above = master.unwrap(person.key, place_of_key("person", person.id))
    return above.unwrap(interview.key, place_of_key("interview", interview.id))


def new_interview_key(master: Key, person: Person, interview_id: str) -> tuple[Key, Sealed]:
    """A key for a new interview, open and wrapped by the person's key."""
    above = master.unwrap(person.key, place_of_key("person", person.id))
    key = Key.random()
    return key, above.wrap(key, place_of_key("interview", interview_id))


def erase_interview(session: Session, interview_id: str) -> None:
    """Drop the interview's key, result, recordings and waiting messages, and the person's key when no
    interview needs it."""
    interview = session.get_one(Interview, interview_id, with_for_update=True)
    interview.key = None
    session.add(interview)
    waiting.drop_all(session, interview_id)
    recordings.drop_all(session, interview_id)
    result = session.get(ResultRow, interview_id)
    if result is not None:
        session.delete(result)
    session.flush()
    others = session.exec(
        select(Interview).where(
            Interview.person_id == interview.person_id, Interview.id != interview_id
        )
    )
    if all(other.key is None for other in others):
        person = session.get_one(Person, interview.person_id)
        person.key = None
        session.add(person)
        for identity in session.exec(select(Identity).where(Identity.person_id == person.id)):
            session.delete(identity)
