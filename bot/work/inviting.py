"""Sending invitations: durable, with a log of every try."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlmodel import Session, select

from bot.invitations.base import Letter, Sender
from bot.invitations.letters import letter_of
from bot.invitations.links import Places
from bot.security.sealing import ErasedError, Key
from bot.storage.catalogue import Catalogue
from bot.storage.database import Database
from bot.storage.invitations import CHATS, NotAdmittedError, Via, admit
from bot.storage.tables import Invitation, InvitationAttempt, InvitationSending
from bot.work.attempts import Tried, settle, start_again, try_once
from bot.work.queues import WorkQueues
from connectors.base import PermanentError

log = structlog.get_logger()

InviteInChat = Callable[[str, str], None]
"""Sends an invitation, by its id, over a chat channel; raises the errors of `connectors.base`."""


def not_connected(invitation_id: str, channel: str) -> None:
    raise PermanentError(f"{channel} is not connected")


def start_sending(
    session: Session, queues: WorkQueues, invitation_id: str, via: Via, now: float
) -> bool:
    """Put an invitation on its way; what failed is begun anew.

    False when it is under way already, or was sent.
    """
    found = session.exec(
        select(InvitationSending).where(
            InvitationSending.invitation_id == invitation_id, InvitationSending.via == via
        )
    ).first()
    sending = found or InvitationSending(
        id=uuid.uuid4().hex,
        invitation_id=invitation_id,
        via=via,
        created_at=now,
        updated_at=now,
    )
    attempt = start_again(sending, now) if found is not None else 1
    if attempt is None:
        return False
    session.add(sending)
    session.flush()
    queues.invite(session, sending.id, via, attempt)
    return True


@dataclass
class Inviting:
    """The task with the parts it needs."""

    database: Database
    master: Key
    catalogue: Catalogue
    queues: WorkQueues
    places: Places
    senders: Mapping[Via, Sender]
    delays: Sequence[float]
    in_chat: InviteInChat = not_connected
    now: Callable[[], float] = time.time

    def send(self, sending_id: str, attempt: int) -> None:
        """One try; what came of it is kept, and the next try enqueued where it is worth one."""
        work = self.database.read_now(lambda session: self._prepare(session, sending_id, attempt))
        if work is None:
            return
        tried = try_once("sending of an invitation", work)
        log.info(
            "invitation",
            sending=sending_id,
            attempt=attempt,
            outcome=tried.outcome,
            detail=tried.detail,
        )
        self.database.write_now(lambda session: self._record(session, sending_id, attempt, tried))

    def _prepare(self, session: Session, sending_id: str, attempt: int) -> Callable[[], str] | None:
        """What is to be done, None when it was done before."""
        sending = session.get(InvitationSending, sending_id)
        if sending is None or session.get(InvitationAttempt, (sending_id, attempt)) is not None:
            return None
        invitation = session.get_one(Invitation, sending.invitation_id)
        via: Via = sending.via  # type: ignore[assignment]
        try:
            admit(session, invitation, self.now())
            letter = letter_of(session, self.master, self.catalogue, self.places, invitation)
        except NotAdmittedError as error:
            if via in CHATS and invitation.interview_id is not None:
                return lambda: "the interview has begun"  # Perhaps by a try that was cut off.
            return _refused(f"not sent: the invitation is {error.reason}")
        except ErasedError:
            return _refused("erased")
        return lambda: self._send(letter, invitation.id, via, sending_id)

    def _send(self, letter: Letter, invitation_id: str, via: Via, key: str) -> str:
        if not letter.contact.address(via):
            raise PermanentError(f"there is no address to send to by {via}")
        if via in CHATS:
            self.in_chat(invitation_id, via)
            return "handed over to the channel"
        sender = self.senders.get(via)
        if sender is None:
            raise PermanentError(f"{via} is not set up; see docs/invitations.md")
        return sender.send(letter, key)

    def _record(self, session: Session, sending_id: str, attempt: int, tried: Tried) -> None:
        if session.get(InvitationAttempt, (sending_id, attempt)) is not None:
            return
        sending = session.get_one(InvitationSending, sending_id)
        now = self.now()
        session.add(
            InvitationAttempt(
                sending_id=sending_id,
                number=attempt,
                at=now,
                outcome=tried.outcome,
                detail=tried.detail,
            )
        )
        delay = settle(sending, attempt, tried, self.delays, now)
        if delay is not None:
            self.queues.invite(session, sending_id, sending.via, attempt + 1, delay)
        session.add(sending)


def _refused(reason: str) -> Callable[[], str]:
    def work() -> str:
        raise PermanentError(reason)

    return work
