"""`miantan campaign …`: the database and what invitations need, for one command."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from bot.commands.errors import CommandError
from bot.invitations import qr
from bot.invitations.links import Places
from bot.invitations.setup import places_of
from bot.security.sealing import Key, load_master_key
from bot.settings import Settings
from bot.storage import invitations
from bot.storage.catalogue import close_campaign, find_campaign
from bot.storage.database import Database
from bot.storage.migrate import check_schema
from bot.storage.tables import Campaign

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """Where campaigns are kept."""

    settings: Settings
    database: Database
    master: Key
    places: Places
    now: float

    def campaign(self, session: Session, name: str) -> Campaign:
        found = find_campaign(session, name)
        if found is None:
            raise CommandError(
                f"there is no campaign {name!r}; open one with: miantan campaign open {name} --guide …"
            )
        return found

    def read(self, work: Callable[[Session], T]) -> T:
        return self.database.read_now(work)

    def write(self, work: Callable[[Session], T]) -> T:
        return self.database.write_now(work)


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open the database of the settings."""
    given = settings.master_key
    master = load_master_key(given.get_secret_value() if given else None, settings.home)
    places = places_of(settings)
    database = Database(settings.url)
    try:
        check_schema(database)
        yield Desk(settings, database, master, places, time.time())
    finally:
        database.close()


def close(settings: Settings, name: str) -> str:
    """Close a campaign; returns what to tell."""
    with desk(settings) as at:
        at.write(lambda session: close_campaign(session, at.campaign(session, name), at.now))
    return f"{name}: closed; nobody begins any more, and interviews that began go on"


def revoke(settings: Settings, code: str) -> str:
    """Revoke an invitation; returns what to tell."""

    def work(session: Session) -> str:
        row = invitations.find_by_code(session, at.master, code)
        if row is None:
            raise CommandError(f"there is no invitation with the code {code!r}; check its letters")
        invitations.revoke(session, row, at.now)
        began = f"{row.uses} interviews that began with it go on" if row.uses else "nobody used it"
        return f"{row.campaign_id}: the invitation is revoked; {began}"

    with desk(settings) as at:
        return at.write(work)


def entry(settings: Settings, name: str, place: str) -> str:
    """The link of a campaign that is open to all."""
    with desk(settings) as at:
        if not at.read(lambda session: at.campaign(session, name).open):
            raise CommandError(
                f"{name}: is not open to all; draw the codes of its invitations with: "
                f"miantan campaign invite {name} --qr FOLDER"
            )
        links = at.places.of_campaign(name)
    if place not in links:
        raise CommandError(f"--place {place}: use one of {', '.join(links)}{missing(at.places)}")
    return links[place]


def drawn(link: str, suffix: str) -> bytes:
    """A QR code as a file of that kind."""
    match suffix.lower():
        case ".svg":
            return qr.svg(link).encode()
        case ".png":
            return qr.png(link)
    raise CommandError(f"--out: a code is drawn as .svg or .png, not {suffix or 'without a kind'}")


def missing(places: Places) -> str:
    """What to set for Telegram links, where there are none."""
    return "" if places.telegram_bot else "; for Telegram links set MIANTAN_TELEGRAM_BOT"
