"""The database: one writer thread on SQLite (WAL), pooled sessions on PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

T = TypeVar("T")
BUSY_MILLISECONDS = 30_000


class Database:
    """Runs functions of a session, each in one transaction, off the event loop.

    On SQLite all writes go through one thread, so that they queue instead of fighting for the
    file's lock; each begins with BEGIN IMMEDIATE. On PostgreSQL a pool of threads serves both.
    """

    def __init__(self, url: str, pool_size: int = 8) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite_engine(url, "BEGIN IMMEDIATE", 1)
            self._read_engine = _sqlite_engine(url, "BEGIN", pool_size)
            self._writers = ThreadPoolExecutor(1, thread_name_prefix="writer")
            self._readers = ThreadPoolExecutor(pool_size, thread_name_prefix="reader")
        else:
            self.engine = self._read_engine = sa.create_engine(
                url, pool_size=pool_size, max_overflow=4, pool_pre_ping=True
            )
            self._writers = self._readers = ThreadPoolExecutor(
                pool_size, thread_name_prefix="database"
            )

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction; committed when this returns."""
        return await asyncio.get_running_loop().run_in_executor(
            self._writers, self._run, self.engine, work
        )

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one read transaction."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, self._run, self._read_engine, work
        )

    def write_now(self, work: Callable[[Session], T]) -> T:
        """`write` for callers that are not on the event loop (durable work, commands)."""
        return self._writers.submit(self._run, self.engine, work).result()

    def read_now(self, work: Callable[[Session], T]) -> T:
        """`read` for callers that are not on the event loop."""
        return self._run(self._read_engine, work)

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self.engine.dispose()
        self._read_engine.dispose()

    @staticmethod
    def _run(engine: sa.Engine, work: Callable[[Session], T]) -> T:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return work(session)


def _sqlite_engine(url: str, begin: str, pool_size: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        poolclass=sa.QueuePool,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # pysqlite's own transaction handling is switched off; BEGIN is ours, below.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def reachable(database: Database) -> bool:
    """Whether the database answers."""
    try:
        return bool(
            database.read_now(lambda session: session.execute(sa.text("SELECT 1")).scalar())
        )
    except OperationalError:
        return False
