"""Putting work on the queues, inside the transaction that causes it.

Arguments are ids only. A workflow's id names its effect, so the same work enqueued twice runs once.
"""

import time
from collections.abc import Callable

from dbos import DBOSClient
from dbos import EnqueueOptions as Options
from sqlmodel import Session

from dialogues.events import Work

INTERVIEWS = "interviews"
DELIVERIES = "deliveries"
TRANSCRIPTIONS = "transcriptions"
APPLICATION_VERSION = "1"
"""Raised only when stored workflows cannot be replayed by the new code."""
INVITATION_LANES = 2
"""Invitations that go out one way at the same time; results wait for no long list of them."""
LOOKS = 1_000_000
"""More looks than a timer ever takes: those after a reopening are numbered from the next million."""


class WorkQueues:
    """Enqueues durable work through DBOS in the caller's session."""

    def __init__(
        self,
        system_database_url: str,
        first_look: float,
        fix_seconds: float = 0.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`first_look` is after how many seconds an interview's idle time is looked at first, and
        `fix_seconds` how long what was taken down from a voice may be put right before it is scored.
        """
        self._first_look, self._fix_seconds, self._now = first_look, fix_seconds, now
        self._client = DBOSClient(system_database_url=system_database_url)

    def turn_work(self, session: Session, work: Work, interview_id: str) -> None:
        """The work that a turn causes."""
        match work.kind:
            case "score":
                end = "" if work.opening <= 1 else f":{work.opening}"
                delay = max(0.0, work.spoken_at + self._fix_seconds - self._now())
                name = f"score:{interview_id}{end}"
                self._put(session, INTERVIEWS, "score", name, interview_id, delay=delay)
            case "transcribe":
                self.transcribe(session, work.recording)
            case "erase":
                self.erase(session, interview_id, 1, 0.0)
            case "watch":
                number = work.opening * LOOKS + 1
                self.watch(session, interview_id, number, self._first_look)

    def watch(self, session: Session, interview_id: str, number: int, delay: float) -> None:
        """Look at the interview's idle time after `delay` seconds; `number` counts the looks."""
        self._put(
            session,
            INTERVIEWS,
            "watch",
            f"watch:{interview_id}:{number}",
            interview_id,
            number,
            delay=delay,
        )

    def transcribe(self, session: Session, recording_id: str) -> None:
        """Take a recording down."""
        self._put(session, TRANSCRIPTIONS, "transcribe", f"transcribe:{recording_id}", recording_id)

    def drop_audio(self, session: Session, recording_id: str, delay: float) -> None:
        """Forget a recording after `delay` seconds."""
        name = f"drop_audio:{recording_id}"
        self._put(session, INTERVIEWS, "drop_audio", name, recording_id, delay=delay)

    def listen(
        self, session: Session, interview_id: str, message: int, number: int, delay: float
    ) -> None:
        """Take up the waiting messages if `message` is the last by then; `number` counts the looks."""
        workflow_id = f"listen:{message}:{number}"
        arguments = (interview_id, message, number)
        self._put(session, INTERVIEWS, "listen", workflow_id, *arguments, delay=delay)

    def erase(self, session: Session, interview_id: str, number: int, delay: float) -> None:
        """Erase after `delay` seconds; `number` counts how often it was put off."""
        workflow_id = f"erase:{interview_id}:{number}"
        self._put(session, INTERVIEWS, "erase", workflow_id, interview_id, number, delay=delay)

    def deliver(
        self, session: Session, delivery_id: str, connector: str, attempt: int, delay: float = 0.0
    ) -> None:
        """Try a delivery for the `attempt`th time after `delay` seconds."""
        self._put(
            session,
            DELIVERIES,
            "deliver",
            f"deliver:{delivery_id}:{attempt}",
            delivery_id,
            attempt,
            delay=delay,
            partition=connector,
        )

    def invite(
        self, session: Session, sending_id: str, via: str, attempt: int, delay: float = 0.0
    ) -> None:
        """Try to send an invitation for the `attempt`th time after `delay` seconds."""
        lane = int(sending_id[-1], 16) % INVITATION_LANES
        self._put(
            session,
            DELIVERIES,
            "invite",
            f"invite:{sending_id}:{attempt}",
            sending_id,
            attempt,
            delay=delay,
            partition=f"invite-{via}-{lane}",
        )

    def close(self) -> None:
        self._client.destroy()

    def _put(
        self,
        session: Session,
        queue: str,
        name: str,
        workflow_id: str,
        *args: str | int,
        delay: float = 0.0,
        partition: str | None = None,
    ) -> None:
        options: Options = {
            "queue_name": queue,
            "workflow_name": name,
            "workflow_id": workflow_id,
            "app_version": APPLICATION_VERSION,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        if partition is not None:
            options["queue_partition_key"] = partition
        self._client.enqueue_in_transaction(session, options, *args)
