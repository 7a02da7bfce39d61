"""Invitations in the database: found by code, admitted, used, revoked, listed and erased."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from sqlmodel import Session, select

from bot.demo import open_samples
from bot.invitations.making import Terms, codes, for_guests
from bot.invitations.sheet import Guest
from bot.security.codes import grouped
from bot.security.sealing import ErasedError, Key
from bot.storage import invitations
from bot.storage.catalogue import close_campaign, current_files, find_campaign
from bot.storage.database import Database
from bot.storage.interviews import NewInterview
from bot.storage.interviews import create as create_interview
from bot.storage.invitation_list import already_invited, brought_by, invitations_of, sending_log
from bot.storage.invitations import Contact, NewInvitation, NotAdmittedError
from bot.storage.migrate import migrate
from bot.storage.people import find_person, person_at
from bot.storage.tables import (
    Interview,
    Invitation,
    InvitationAttempt,
    InvitationSending,
    Person,
)
from tests.helpers import postgres, postgres_programs, settings_in

T = TypeVar("T")
CAMPAIGN = "sales-representative"
NOW = 1_800_000_000.0
DAY = 86_400.0
WHO = Contact(
    name="候选人甲",
    email="one@example.com",
    phone="13800000001",
    profile={"school": "示例大学", "years": 3.0},
)


@dataclass
class Store:
    """The database with the sample campaigns."""

    database: Database
    master: Key

    def run(self, work: Callable[[Session], T]) -> T:
        return self.database.write_now(work)

    def invite(self, **given: object) -> tuple[Invitation, str]:
        new = NewInvitation(CAMPAIGN, "test", **given)  # type: ignore[arg-type]

        def work(session: Session) -> tuple[Invitation, str]:
            row = invitations.create(session, self.master, new, NOW)
            return row, invitations.code_of(self.master, row)

        return self.run(work)

    def begin(self, code: str, now: float = NOW, status: str = "asking") -> str:
        """An interview by a code, as the pipeline begins one."""

        def work(session: Session) -> str:
            row = invitations.find_by_code(session, self.master, code)
            assert row is not None
            invitations.admit(session, row, now)
            files = current_files(session, CAMPAIGN)
            new = NewInterview(CAMPAIGN, files, "web", source=row.source)
            interview = create_interview(session, self.master, new, now).row
            interview.status = status
            invitations.count_use(session, row, interview.id)
            return interview.id

        return self.run(work)

    def refusal(self, code: str, now: float = NOW) -> str:
        with pytest.raises(NotAdmittedError) as caught:
            self.begin(code, now)
        return caught.value.reason

    def stages(self, now: float = NOW) -> list[str]:
        found = self.run(lambda session: invitations_of(session, self.master, CAMPAIGN, now))
        return [each.stage for each in found]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    database = Database(settings_in(home).url)
    yield Store(database, Key.random())
    database.close()


@pytest.fixture
def store_on_postgresql(tmp_path: Path) -> Iterator[Store]:
    if postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres() as url:
        settings = settings_in(tmp_path, database_url=url)
        database = Database(settings.url)
        migrate(database)
        database.write_now(lambda session: open_samples(session, settings))
        yield Store(database, Key.random())
        database.close()


def test_found_by_its_code_however_it_is_typed(store: Store) -> None:
    row, code = store.invite(contact=WHO)
    for typed in (code, code.lower(), grouped(code), f" {code} "):
        found = store.run(lambda s, t=typed: invitations.find_by_code(s, store.master, t))  # type: ignore[misc]
        assert found is not None
        assert found.id == row.id
    for unknown in ("", "0000000000", CAMPAIGN, "x" * 1000, code[:-1]):
        found = store.run(lambda s, t=unknown: invitations.find_by_code(s, store.master, t))  # type: ignore[misc]
        assert found is None


def test_a_personal_invitation_admits_once(store: Store) -> None:
    row, code = store.invite(contact=WHO)
    interview = store.begin(code)
    assert store.refusal(code) == "used_up"
    found = store.run(lambda session: session.get_one(Invitation, row.id))
    assert (found.uses, found.interview_id) == (1, interview)


def test_a_shared_invitation_admits_up_to_its_limit(store: Store) -> None:
    _, code = store.invite(kind="shared", max_uses=2, source="campus A")
    store.begin(code)
    store.begin(code)
    assert store.refusal(code) == "used_up"
    row, unlimited = store.invite(kind="shared")
    for _ in range(5):
        store.begin(unlimited)
    found = store.run(lambda session: session.get_one(Invitation, row.id))
    assert (found.uses, found.interview_id) == (5, None)


@pytest.mark.parametrize(
    "kind", ["store", pytest.param("store_on_postgresql", marks=pytest.mark.postgres)]
)
def test_of_many_at_once_no_more_than_the_limit_are_admitted(
    kind: str, request: pytest.FixtureRequest
) -> None:
    store: Store = request.getfixturevalue(kind)
    _, code = store.invite(kind="shared", max_uses=3)
    refused: list[str] = []
    begun: list[str] = []

    def come() -> None:
        try:
            begun.append(store.begin(code))
        except NotAdmittedError as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(begun), refused) == (3, ["used_up"] * 9)
    assert store.stages() == ["used_up"]
    [brought] = store.run(lambda session: brought_by(session, CAMPAIGN))
    assert (brought.begun, brought.finished) == (3, 0)


def test_the_last_place_taken_in_the_meantime(store: Store) -> None:
    """Who was admitted before another took the last place is refused when the use is counted."""
    _, code = store.invite(kind="shared", max_uses=1)

    def late(session: Session) -> None:
        row = invitations.find_by_code(session, store.master, code)
        assert row is not None
        invitations.admit(session, row, NOW)
        session.execute(Invitation.__table__.update().values(uses=1))  # type: ignore[attr-defined]
        invitations.count_use(session, row, "x")

    with pytest.raises(NotAdmittedError, match="used_up"):
        store.run(late)


def test_who_is_not_admitted(store: Store) -> None:
    _, code = store.invite(expires_at=NOW + DAY)
    assert store.refusal(code, NOW + DAY) == "expired"
    store.begin(code, NOW + DAY - 1)
    row, code = store.invite(kind="shared")
    store.run(lambda s: invitations.revoke(s, s.get_one(Invitation, row.id), NOW))
    assert store.refusal(code) == "revoked"
    _, code = store.invite(kind="shared")

    def close(session: Session) -> None:
        campaign = find_campaign(session, CAMPAIGN)
        assert campaign is not None
        close_campaign(session, campaign, NOW)

    store.run(close)
    assert store.refusal(code) == "closed"


def test_nothing_of_the_person_is_in_clear(store: Store, home: Path) -> None:
    _, code = store.invite(contact=WHO, source="campus A")
    store.database.close()
    raw = b"".join(f.read_bytes() for f in home.iterdir() if f.name.startswith("miantan.db"))
    for words in ("候选人甲", "one@example.com", "13800000001", "示例大学", code):
        assert words.encode() not in raw
    assert b"campus A" in raw


def test_erasure_reaches_the_invited(store: Store) -> None:
    row, code = store.invite(contact=WHO)
    contact = store.run(lambda s: invitations.contact_of(s, store.master, row))
    assert contact == WHO

    def erase(session: Session) -> None:
        session.get_one(Person, row.person_id).key = None

    store.run(erase)
    with pytest.raises(ErasedError):
        store.run(lambda session: invitations.contact_of(session, store.master, row))
    assert store.refusal(code) == "revoked"
    [listed] = store.run(lambda s: invitations_of(s, store.master, CAMPAIGN, NOW))
    assert listed.contact is None


def test_who_talks_to_us_already_is_the_same_person(store: Store) -> None:
    known = store.run(lambda s: person_at(s, store.master, "telegram", "4711", NOW).id)
    first, _ = store.invite(contact=Contact(telegram="4711", wecom="someone"))
    assert first.person_id == known
    second, _ = store.invite(contact=Contact(wecom="someone"))
    assert second.person_id == known
    other, _ = store.invite(contact=Contact(email="one@example.com"))
    again, _ = store.invite(contact=Contact(email="one@example.com"))
    assert len({known, other.person_id, again.person_id}) == 3, "a mailbox may be shared"
    assert store.run(lambda s: find_person(s, store.master, "email", "one@example.com")) is None


def test_codes_that_name_nobody(store: Store) -> None:
    terms = Terms(CAMPAIGN, "test", source="campus B", limit=None)
    made = store.run(lambda s: codes(s, store.master, terms, "personal", 20, NOW))
    assert len({each.code for each in made}) == 20
    assert all(each.row.person_id is None and each.row.max_uses == 1 for each in made)
    assert store.run(lambda s: invitations.contact_of(s, store.master, made[0].row)) is None
    store.begin(made[0].code)
    assert store.refusal(made[0].code) == "used_up"


def test_a_list_given_twice_invites_nobody_twice(store: Store) -> None:
    terms = Terms(CAMPAIGN, "test")
    people = [
        Contact(name="One", email="one@example.com"),
        Contact(name="Two", phone="+8613800000002"),
        Contact(name="Three", telegram="4711"),
    ]

    def give(contacts: list[Contact], now: float) -> list[tuple[str, bool]]:
        def work(session: Session) -> list[tuple[str, bool]]:
            before = already_invited(session, store.master, CAMPAIGN, now)
            guests = [Guest(contact) for contact in contacts]
            made = for_guests(session, store.master, terms, guests, before, now)
            return [(each.row.id, each.is_new) for each in made]

        return store.run(work)

    first = give(people, NOW)
    changed = [
        Contact(name="One again", email="ONE@example.com", phone="13900000000"),
        Contact(phone="13800000002"),
        Contact(telegram="4711"),
        Contact(name="Four", email="four@example.com"),
    ]
    second = give(changed, NOW + 1)
    assert [made for _, made in first] == [True] * 3
    assert [made for _, made in second] == [False] * 3 + [True]
    assert [row for row, _ in second[:3]] == [row for row, _ in first]
    for row, _ in first[:1]:
        store.run(lambda s, r=row: invitations.revoke(s, s.get_one(Invitation, r), NOW))  # type: ignore[misc]
    assert give(people[:1], NOW + 2)[0][1], "who was revoked may be invited anew"


# How far each has come


def _sending(row: Invitation, via: str, status: str, detail: str) -> list[object]:
    sending = InvitationSending(
        id=f"{row.id}-{via}",
        invitation_id=row.id,
        via=via,
        status=status,
        attempts=2,
        created_at=NOW,
        updated_at=NOW,
    )
    tries = [
        InvitationAttempt(
            sending_id=sending.id, number=number, at=NOW, outcome="retryable", detail=words
        )
        for number, words in ((1, "first"), (2, detail))
    ]
    return [sending, *tries]


def test_stages(store: Store) -> None:
    def put(row: Invitation, via: str, status: str, detail: str = "") -> None:
        def work(session: Session) -> None:
            sending, *tries = _sending(row, via, status, detail)
            session.add(sending)
            session.flush()
            session.add_all(tries)

        store.run(work)

    expected = []
    for stage in ("waiting", "retrying", "failed", "sent"):
        put(store.invite(contact=WHO)[0], "email", stage, stage)
        expected.append("waiting" if stage == "retrying" else stage)
    both, _ = store.invite(contact=WHO)
    put(both, "email", "failed", "no such box")
    put(both, "sms", "sent")
    expected.append("sent")
    for status, stage in (
        ("asking", "begun"),
        ("finished", "finished"),
        ("expired", "ended"),
        ("withdrawn", "ended"),
    ):
        store.begin(store.invite(contact=WHO)[1], status=status)
        expected.append(stage)
    store.begin(store.invite(kind="shared", max_uses=1)[1])
    store.begin(store.invite(kind="shared", max_uses=2)[1])
    store.invite(expires_at=NOW + DAY)
    expected += ["used_up", "begun", "new"]
    assert sorted(store.stages()) == sorted(expected)
    later = sorted("expired" if stage == "new" else stage for stage in expected)
    assert sorted(store.stages(NOW + DAY)) == later
    found = store.run(lambda s: invitations_of(s, store.master, CAMPAIGN, NOW))
    [listed] = [each for each in found if each.row.id == both.id]
    assert [(one.row.via, one.detail) for one in listed.sendings] == [
        ("email", "no such box"),
        ("sms", ""),
    ]
    log = store.run(lambda session: sending_log(session, both.id))
    assert [(row.via, [one.number for one in tries]) for row, tries in log] == [
        ("email", [1, 2]),
        ("sms", [1, 2]),
    ]


def test_sources_are_compared(store: Store) -> None:
    _, north = store.invite(kind="shared", source="north campus")
    _, south = store.invite(kind="shared", source="south campus")
    for status in ("finished", "asking", "finished"):
        store.begin(north, status=status)
    store.begin(south)
    found = store.run(lambda session: brought_by(session, CAMPAIGN))
    assert [(each.source, each.channel, each.begun, each.finished) for each in found] == [
        ("north campus", "web", 3, 2),
        ("south campus", "web", 1, 0),
    ]
    rows = store.run(lambda session: session.exec(select(Interview.source)).all())
    assert len(rows) == 4
