"""Small writes that share a transaction."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.security.sealing import Key
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.pushes import KeptPushes
from bot.storage.sending import MESSAGE_ALLOWANCE, Quota
from bot.storage.tables import Cursor, KeptPush
from bot.storage.together import Together, Write

MASTER = Key(bytes(32))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'together.db'}")
    migrate(made)
    yield made
    made.close()


class Busy:
    """Keeps the writer from its work until it is let go."""

    def __init__(self, database: Database) -> None:
        self._go = threading.Event()
        self.over = asyncio.create_task(database.write(lambda session: self._go.wait(20)))

    async def let_go(self) -> None:
        await asyncio.sleep(0)  # whatever is to be written has asked for it
        self._go.set()
        await self.over


def put(name: str, sessions: list[Session] | None = None) -> Write:
    def work(session: Session) -> None:
        session.add(Cursor(name=name, value=1))
        if sessions is not None:
            sessions.append(session)

    return work


def names(database: Database) -> set[str]:
    return database.read_now(lambda session: set(session.exec(select(Cursor.name))))


async def test_what_waits_for_the_writer_is_written_at_once(database: Database) -> None:
    together, busy, sessions = Together(database), Busy(database), list[Session]()
    tasks = [asyncio.create_task(together.write(put(f"c{n}", sessions))) for n in range(50)]
    await busy.let_go()
    await asyncio.gather(*tasks)
    await together.write(put("later", sessions))
    assert names(database) == {*(f"c{n}" for n in range(50)), "later"}
    assert len({id(session) for session in sessions[:50]}) == 1
    assert sessions[50] is not sessions[0]


async def test_one_that_fails_fails_alone(database: Database) -> None:
    def broken(session: Session) -> None:
        session.add(Cursor(name="half", value=1))
        raise ValueError("a fault")

    together, busy = Together(database), Busy(database)
    tasks = [
        asyncio.create_task(together.write(work)) for work in (put("before"), broken, put("behind"))
    ]
    await busy.let_go()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in found] == [type(None), ValueError, type(None)]
    assert names(database) == {"before", "behind"}


async def test_who_waits_no_more_stops_no_one(database: Database) -> None:
    together, busy = Together(database), Busy(database)
    first, second = (asyncio.create_task(together.write(put(name))) for name in ("first", "second"))
    await asyncio.sleep(0)
    first.cancel()
    await busy.let_go()
    await second
    assert names(database) == {"first", "second"}


async def test_several_of_one_push_are_written_in_their_order(database: Database) -> None:
    kept, quota = KeptPushes(MASTER, "wechat"), Quota(MASTER, "wechat")
    works: list[Write] = [
        lambda session: quota.grant(session, "o1", message=True, at=100.0),
        lambda session: kept.keep(session, "m1", "<xml/>", 100.0),
        lambda session: quota.grant(session, "o1", message=False, at=101.0),
        lambda session: quota.grant(session, "o1", message=True, at=101.0),
        lambda session: kept.drop(session, "m1"),
        lambda session: kept.keep(session, "m2", "<xml/>", 101.0),
        lambda session: kept.keep(session, "m2", "<xml/>", 102.0),
    ]
    together, busy = Together(database), Busy(database)
    tasks = [asyncio.create_task(together.write(work)) for work in works]
    await busy.let_go()
    await asyncio.gather(*tasks)
    left = database.read_now(lambda session: quota.left(session, "o1", 102.0))
    assert left == MESSAGE_ALLOWANCE + 3
    rows = database.read_now(lambda session: session.exec(select(KeptPush)).all())
    assert [(row.message_id, row.at) for row in rows] == [("m2", 102.0)]
