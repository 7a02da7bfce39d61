"""Claims: of several processes on one database, one at a time does a named thing."""

import threading

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.storage.database import Database

_SPACE = 0x6D69616E
"""Sets these locks apart from others in the same database."""


class Claims:
    """On PostgreSQL, session-level advisory locks on a connection of their own, so that a process
    that dies loses its claims at once. On SQLite there is one process, and a claim is granted.

    The connection must not go through a pool that changes sessions, such as pgbouncer's
    transaction mode. Calls block for a round trip: make them off the event loop.
    """

    def __init__(self, database: Database) -> None:
        self._engine = None if database.is_sqlite else database.engine
        self._connection: sa.Connection | None = None
        self._lock = threading.Lock()

    @property
    def alone(self) -> bool:
        """Whether there is no other process, so that nothing need be claimed."""
        return self._engine is None

    def take(self, name: str) -> bool:
        """Whether the claim is ours now; False while another process has it."""
        return self._ask("SELECT pg_try_advisory_lock(:space, hashtext(:name))", name)

    def release(self, name: str) -> None:
        self._ask("SELECT pg_advisory_unlock(:space, hashtext(:name))", name)

    def close(self) -> None:
        """Give up all claims."""
        with self._lock:
            self._drop()

    def _ask(self, question: str, name: str) -> bool:
        if self._engine is None:
            return True
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._engine.connect().execution_options(
                        isolation_level="AUTOCOMMIT"
                    )
                answer = self._connection.execute(
                    sa.text(question), {"space": _SPACE, "name": name}
                )
                return bool(answer.scalar())
            except DBAPIError:
                self._drop()
                raise

    def _drop(self) -> None:
        if self._connection is not None:
            # Not given back to the pool, where it would keep its locks.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
