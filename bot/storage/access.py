"""A platform's access token, held once for all processes and renewed before it ends."""

import threading
import time
from collections.abc import Callable

from sqlmodel import Session

from bot.security.sealing import Key
from bot.storage.claims import Claims
from bot.storage.database import Database
from bot.storage.tables import AccessToken as Row

EARLY_SECONDS = 300.0
"""A token is renewed this long before it ends; WeChat's old one is good for as long."""
WAIT_SECONDS = 0.1
TRIES = 100

Fetch = Callable[[bool], tuple[str, float]]
"""Asks the platform for a token, a new one in any case if told so; with its seconds to live."""


class AccessTokens:
    """The token under a name. Methods block: call them off the event loop."""

    def __init__(
        self,
        database: Database,
        master: Key,
        name: str,
        fetch: Fetch,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._master, self._name, self._fetch = database, master, name, fetch
        self._now = now
        self._claims = Claims(database)
        self._lock = threading.Lock()

    def get(self, refused: str | None = None) -> str:
        """A token that is good for minutes to come, and not the one that the platform refused.

        Of several processes one fetches it, and the others take what it stored. Raises what the
        fetching raises.
        """
        found = self._stored(refused)
        if found is not None:
            return found
        with self._lock:
            for _ in range(TRIES):
                found = self._stored(refused)
                if found is not None:
                    return found
                if self._claims.take(self._name):
                    return self._renew(refused)
                time.sleep(WAIT_SECONDS)
        raise TimeoutError(f"another process holds {self._name} without renewing it")

    def close(self) -> None:
        self._claims.close()

    def _renew(self, refused: str | None) -> str:
        try:
            token, seconds = self._fetch(False)
            if token == refused:
                token, seconds = self._fetch(True)
            row = Row(
                name=self._name,
                token=self._master.seal(token, self._place),
                expires_at=self._now() + seconds,
            )
            self._database.write_now(lambda session: session.merge(row))
            return token
        finally:
            self._claims.release(self._name)

    def _stored(self, refused: str | None) -> str | None:
        def read(session: Session) -> tuple[str, float] | None:
            row = session.get(Row, self._name)
            return (self._master.open(row.token, self._place), row.expires_at) if row else None

        found = self._database.read_now(read)
        if found is None or found[0] == refused:
            return None
        return found[0] if found[1] - self._now() > EARLY_SECONDS else None

    @property
    def _place(self) -> str:
        return f"access_token.token:{self._name}"
