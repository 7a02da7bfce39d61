"""What the durable work does. Each task may run twice and has its effect once."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from bot.idle import time_out
from bot.joining import Joining
from bot.pipeline import Pipeline
from bot.reminders import NEVER, MayInterrupt, Reminders, always
from bot.report import Record, Said, build_result
from bot.security.sealing import ErasedError, Key
from bot.storage import interviews
from bot.storage.database import Database
from bot.storage.people import erase_interview, key_of
from bot.storage.tables import Delivery, DeliveryAttempt, Interview, MessageRow, ResultRow
from bot.work.attempts import Tried, settle, start_again, try_once
from bot.work.inviting import Inviting
from bot.work.queues import WorkQueues
from bot.work.transcribing import Transcribing
from connectors.base import Connector, PermanentError
from connectors.result import to_json
from dialogues.events import Event
from dialogues.guide import sha256_of

log = structlog.get_logger()
GOODBYE_SECONDS = 10.0
GOODBYE_TRIES = 60


@dataclass
class Tasks:
    """The tasks with the parts they need."""

    database: Database
    master: Key
    pipeline: Pipeline
    joining: Joining
    queues: WorkQueues
    connectors: Mapping[str, Connector]
    expire_seconds: float
    delivery_delays: Sequence[float]
    inviting: Inviting
    transcribing: Transcribing
    now: Callable[[], float] = time.time
    reminders: Reminders = NEVER
    may_interrupt: MayInterrupt = always

    def score(self, interview_id: str) -> None:
        """Build and keep the result, and start a delivery to every connector."""

        def work(session: Session) -> None:
            if session.get(ResultRow, interview_id) is not None:
                return
            row = session.get_one(Interview, interview_id, with_for_update=True)
            if row.status != "finished":  # The end was taken back, or what was said is erased.
                return
            try:
                key = key_of(session, self.master, row)
            except ErasedError:
                return
            record = read_record(session, row, key)
            role = self.pipeline.catalogue.role(session, row.files[row.position or ""])
            result = build_result(record, role)
            text = to_json(result)
            session.add(
                ResultRow(
                    interview_id=interview_id,
                    created_at=self.now(),
                    sha256=sha256_of(text),
                    overall=result.scores.overall.score,
                    body=key.seal(text, f"result.body:{interview_id}"),
                )
            )
            for name in self.connectors:
                self._start_delivery(session, interview_id, name)

        self.database.write_now(work)

    def _start_delivery(self, session: Session, interview_id: str, connector: str) -> None:
        now = self.now()
        delivery = Delivery(
            id=f"msg_{uuid.uuid4().hex}",
            interview_id=interview_id,
            connector=connector,
            status="waiting",
            created_at=now,
            updated_at=now,
        )
        session.add(delivery)
        session.flush()
        self.queues.deliver(session, delivery.id, connector, 1)

    def deliver(self, delivery_id: str, attempt: int) -> None:
        """One try; what came of it is kept, and the next try enqueued where it is worth one."""
        prepared = self.database.read_now(
            lambda session: self._prepare(session, delivery_id, attempt)
        )
        if prepared is None:
            return
        connector_name, result_json = prepared

        def send() -> str:
            connector = self.connectors.get(connector_name)
            if connector is None:
                raise PermanentError(f"the connector {connector_name} is not set up any more")
            return connector.deliver(result_json, delivery_id).detail

        tried = try_once(f"connector {connector_name}", send)
        log.info(
            "delivery",
            delivery=delivery_id,
            attempt=attempt,
            outcome=tried.outcome,
            detail=tried.detail,
        )
        self.database.write_now(
            lambda session: self._record_attempt(session, delivery_id, attempt, tried)
        )

    def _prepare(self, session: Session, delivery_id: str, attempt: int) -> tuple[str, str] | None:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None or session.get(DeliveryAttempt, (delivery_id, attempt)) is not None:
            return None
        row = session.get_one(Interview, delivery.interview_id)
        try:
            key = key_of(session, self.master, row)
        except ErasedError:
            return None
        result = session.get_one(ResultRow, row.id)
        return delivery.connector, key.open(result.body, f"result.body:{row.id}")

    def _record_attempt(
        self, session: Session, delivery_id: str, attempt: int, tried: Tried
    ) -> None:
        if session.get(DeliveryAttempt, (delivery_id, attempt)) is not None:
            return
        delivery = session.get_one(Delivery, delivery_id)
        now = self.now()
        session.add(
            DeliveryAttempt(
                delivery_id=delivery_id,
                number=attempt,
                at=now,
                outcome=tried.outcome,
                detail=tried.detail,
            )
        )
        delay = settle(delivery, attempt, tried, self.delivery_delays, now)
        if delay is not None:
            self.queues.deliver(session, delivery_id, delivery.connector, attempt + 1, delay)
        session.add(delivery)

    def send_again(self, session: Session, delivery_id: str) -> bool:
        """A person starts a failed delivery anew; False when it is not failed."""
        delivery = session.get(Delivery, delivery_id)
        attempt = start_again(delivery, self.now()) if delivery is not None else None
        if delivery is None or attempt is None:
            return False
        session.add(delivery)
        self.queues.deliver(session, delivery.id, delivery.connector, attempt)
        return True

    def watch(self, interview_id: str, number: int) -> None:
        """Remind the candidate or close the interview when it is time, else look again later."""
        try:
            again = time_out(
                self.pipeline, interview_id, self.expire_seconds, self.reminders, self.may_interrupt
            )
        except ErasedError:
            return
        if again is not None:
            self.database.write_now(
                lambda session: self.queues.watch(session, interview_id, number + 1, again)
            )

    def listen(self, interview_id: str, message: int, number: int) -> None:
        """Take up the pieces of an answer when nothing more came for a while."""
        left = self.joining.when_quiet(interview_id, message)
        if left is not None:
            self.database.write_now(
                lambda session: self.queues.listen(session, interview_id, message, number + 1, left)
            )

    def erase(self, interview_id: str, number: int) -> None:
        """Drop the interview's key; nothing it sealed can be read afterwards.

        The last words to the candidate are sent first, or given up after ten minutes.
        """

        def work(session: Session) -> None:
            if number < GOODBYE_TRIES and _unsent(session, interview_id):
                self.queues.erase(session, interview_id, number + 1, GOODBYE_SECONDS)
            else:
                erase_interview(session, interview_id)
                self._close_deliveries(session, interview_id)

        self.database.write_now(work)

    def _close_deliveries(self, session: Session, interview_id: str) -> None:
        """What was erased is not delivered any more."""
        for delivery in session.exec(
            select(Delivery).where(
                Delivery.interview_id == interview_id,
                col(Delivery.status).in_(("waiting", "retrying")),
            )
        ):
            erased = Tried(PermanentError.outcome, "erased")
            self._record_attempt(session, delivery.id, delivery.attempts + 1, erased)


def _unsent(session: Session, interview_id: str) -> bool:
    waiting = select(MessageRow.id).where(
        MessageRow.interview_id == interview_id, *interviews.unsent()
    )
    return session.exec(waiting).first() is not None


def read_record(session: Session, row: Interview, key: Key) -> Record:
    """Everything that was said and happened, in order: of each turn events, then replies."""
    entries: list[tuple[int, int, Event | Said]] = [
        (turn, 0, event) for turn, event in interviews.read_events(session, row, key)
    ]
    entries += [
        (message.turn, 1, Said(message.at, message.reply))
        for message in interviews.read_messages(session, row, key)
    ]
    entries.sort(key=lambda entry: entry[:2])
    return Record(
        interview=row.id,
        campaign=row.campaign_id,
        person=row.person_id,
        channel=row.channel,
        source=row.source,
        entries=[entry for _, _, entry in entries],
    )


def deliveries_of(
    session: Session, interview_id: str
) -> list[tuple[Delivery, list[DeliveryAttempt]]]:
    """The delivery log of an interview."""
    found = session.exec(
        select(Delivery).where(Delivery.interview_id == interview_id).order_by(Delivery.connector)
    ).all()
    return [
        (
            delivery,
            list(
                session.exec(
                    select(DeliveryAttempt)
                    .where(DeliveryAttempt.delivery_id == delivery.id)
                    .order_by(col(DeliveryAttempt.number))
                )
            ),
        )
        for delivery in found
    ]
