"""Links that a platform made for a code or a campaign's name, kept so that it is asked once."""

from sqlmodel import Session

from bot.security.sealing import Key
from bot.storage.tables import EntryLink


def kept_link(session: Session, master: Key, channel: str, code: str, now: float) -> str | None:
    """The link that was made for the code, None when there is none or it has ended."""
    row = session.get(EntryLink, (channel, _hash(master, code)))
    if row is None or (row.expires_at is not None and now >= row.expires_at):
        return None
    return master.open(row.link, _place(channel, row.code_hash))


def keep_link(
    session: Session, master: Key, channel: str, code: str, link: str, expires_at: float | None
) -> None:
    """Keep a link, in place of one that has ended."""
    hashed = _hash(master, code)
    sealed = master.seal(link, _place(channel, hashed))
    session.merge(EntryLink(channel=channel, code_hash=hashed, link=sealed, expires_at=expires_at))


def _hash(master: Key, code: str) -> str:
    return master.keyed_hash(f"entry_link:{code}")


def _place(channel: str, hashed: str) -> str:
    return f"entry_link.link:{channel}:{hashed}"
