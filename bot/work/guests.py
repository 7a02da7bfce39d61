"""Inviting a list of people, a part of it in each transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.invitations.making import Made, Terms, for_guests
from bot.invitations.sheet import Guest
from bot.security.sealing import Key
from bot.storage.invitations import Via
from bot.storage.tables import Invitation
from bot.work.inviting import start_sending
from bot.work.queues import WorkQueues

AT_ONCE = 100
"""Invitations in one transaction: whoever is in an interview waits no longer than for these."""


def parts(guests: Sequence[Guest]) -> Iterator[Sequence[Guest]]:
    """The list in parts, each for one transaction."""
    for start in range(0, len(guests), AT_ONCE):
        yield guests[start : start + AT_ONCE]


@dataclass(frozen=True)
class Inviter:
    """Invites who was not invited `before`, and sends what was not sent this way before. Done
    again after a stop, it goes on where it was."""

    master: Key
    queues: WorkQueues
    terms: Terms
    before: Mapping[tuple[Via, str], Invitation]
    via: Via | None
    now: float

    def invite(self, guests: Sequence[Guest], session: Session) -> tuple[list[Made], int]:
        """Their invitations, and how many of them go out."""
        made = for_guests(session, self.master, self.terms, guests, self.before, self.now)
        if self.via is None:
            return made, 0
        unused = [each.row.id for each in made if not each.row.uses]
        return made, sum(self._sent(session, row, self.via) for row in unused)

    def _sent(self, session: Session, invitation_id: str, via: Via) -> bool:
        return start_sending(session, self.queues, invitation_id, via, self.now)
