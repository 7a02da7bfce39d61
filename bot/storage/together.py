"""Small writes that share a transaction, so that many of them do not queue one behind the other."""

import asyncio
import threading
from collections.abc import Callable

from sqlmodel import Session

from bot.storage.database import Database

Write = Callable[[Session], object]


class Together:
    """On SQLite, which has one writer, what waits for it is written in one transaction. On
    PostgreSQL, where two such transactions could lock each other out, each has its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._works: list[Write] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, work: Write) -> None:
        """Committed when this returns; raises what the database raises."""
        if not self._database.is_sqlite:
            await self._database.write(work)
            return
        with self._lock:
            self._works.append(work)
            if self._writing is None:
                self._writing = asyncio.create_task(self._database.write(self._write_all))
            writing = self._writing
        try:
            await asyncio.shield(writing)
        except Exception:  # noqa: BLE001 - none of them is written; only the culprit fails alone
            await self._database.write(work)

    def _write_all(self, session: Session) -> None:
        """In the writer's thread, when its turn has come: later ones go into the next list."""
        with self._lock:
            works, self._works, self._writing = self._works, [], None
        for work in works:
            work(session)
            session.flush()
