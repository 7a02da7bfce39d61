"""Pushes that were confirmed before they were taken in, so that a crash does not lose them."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.security.sealing import Key
from bot.storage.tables import KeptPush


class KeptPushes:
    """Those of one channel. What they say is sealed."""

    def __init__(self, master: Key, channel: str) -> None:
        self._master, self._channel = master, channel

    def keep(self, session: Session, message_id: str, text: str, now: float) -> None:
        """Keep a push until `drop`."""
        body = self._master.seal(text, self._place(message_id))
        session.merge(KeptPush(channel=self._channel, message_id=message_id, at=now, body=body))

    def drop(self, session: Session, message_id: str) -> None:
        """It was taken in."""
        session.execute(
            sa.delete(KeptPush).where(
                col(KeptPush.channel) == self._channel, col(KeptPush.message_id) == message_id
            )
        )

    def older_than(self, session: Session, before: float) -> list[str]:
        """The pushes that were kept before a time, in their order."""
        query = select(KeptPush).where(KeptPush.channel == self._channel, KeptPush.at < before)
        return [
            self._master.open(row.body, self._place(row.message_id))
            for row in session.exec(query.order_by(col(KeptPush.at)))
        ]

    def _place(self, message_id: str) -> str:
        return f"kept_push.body:{self._channel}:{message_id}"
