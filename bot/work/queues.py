"""Putting work on the queues, inside the transaction that causes it.

Arguments are ids only. A workflow's id names its effect, so the same work enqueued twice runs once.
"""

from dbos import DBOSClient
from dbos import EnqueueOptions as Options
from sqlmodel import Session

from dialogues.events import Work

INTERVIEWS = "interviews"
DELIVERIES = "deliveries"
APPLICATION_VERSION = "1"
"""Raised only when stored workflows cannot be replayed by the new code."""


class WorkQueues:
    """Enqueues durable work through DBOS in the caller's session."""

    def __init__(self, system_database_url: str, expire_seconds: float) -> None:
        self._expire_seconds = expire_seconds
        self._client = DBOSClient(system_database_url=system_database_url)

    def turn_work(self, session: Session, work: Work, interview_id: str) -> None:
        """The work that a turn causes."""
        match work.kind:
            case "score":
                self._put(session, INTERVIEWS, "score", f"score:{interview_id}", interview_id)
            case "erase":
                self.erase(session, interview_id, 1, 0.0)
            case "watch":
                self.watch(session, interview_id, 1, self._expire_seconds)

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
