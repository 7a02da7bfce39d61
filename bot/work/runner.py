"""Running durable work in this process, and taking over from processes that died."""

import fcntl
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
from dbos import DBOS, DBOSConfig
from prometheus_client import Counter
from sqlmodel import Session, col, select

from bot.storage.claims import Claims
from bot.storage.database import Database
from bot.storage.migrate import dbos_url
from bot.storage.tables import Executor
from bot.work.queues import APPLICATION_VERSION, DELIVERIES, INTERVIEWS, TRANSCRIPTIONS
from bot.work.tasks import Tasks

log = structlog.get_logger()
BEAT_SECONDS = 5.0
DEAD_SECONDS = 30.0
KEEP_SECONDS = 7 * 24 * 3600.0
INTERVIEW_WORKERS = 2
DELIVERY_WORKERS = 8
TRANSCRIPTION_WORKERS = 1
"""A process takes one recording down at a time, so that voice never slows text."""
STEP_ATTEMPTS = 10
FAILURES = Counter("miantan_work_failures_total", "Failed tries of durable work", ["work"])

_tasks: Tasks | None = None


def _current() -> Tasks:
    if _tasks is None:
        raise RuntimeError("durable work runs only between Runner.start and Runner.stop")
    return _tasks


# DBOS finds workflows by name, so they are functions of the module; the parts are in `_tasks`.


class WorkError(Exception):
    """A step failed. DBOS stores it, so it names the kind of error and nothing else."""


def _step(name: str, work: Callable[[], None]) -> None:
    """Run a step; a failure is tried again for some four minutes before it is final."""

    def guarded() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (any kind; it is raised again without content)
            FAILURES.labels(name).inc()
            log.error("work failed", work=name, error=type(error).__name__)
            raise WorkError(f"{name}: {type(error).__name__}") from None

    DBOS.run_step(
        {
            "name": name,
            "retries_allowed": True,
            "interval_seconds": 0.5,
            "backoff_rate": 2.0,
            "max_attempts": STEP_ATTEMPTS,
        },
        guarded,
    )


@DBOS.workflow(name="score")
def score(interview_id: str) -> None:
    _step("score", lambda: _current().score(interview_id))


@DBOS.workflow(name="deliver")
def deliver(delivery_id: str, attempt: int) -> None:
    _step("deliver", lambda: _current().deliver(delivery_id, attempt))


@DBOS.workflow(name="invite")
def invite(sending_id: str, attempt: int) -> None:
    _step("invite", lambda: _current().inviting.send(sending_id, attempt))


@DBOS.workflow(name="watch")
def watch(interview_id: str, number: int) -> None:
    _step("watch", lambda: _current().watch(interview_id, number))


@DBOS.workflow(name="listen")
def listen(interview_id: str, message: int, number: int) -> None:
    _step("listen", lambda: _current().listen(interview_id, message, number))


@DBOS.workflow(name="transcribe")
def transcribe(recording_id: str) -> None:
    _step("transcribe", lambda: _current().transcribing.take_down(recording_id))


@DBOS.workflow(name="drop_audio")
def drop_audio(recording_id: str) -> None:
    _step("drop_audio", lambda: _current().transcribing.drop_audio(recording_id))


@DBOS.workflow(name="erase")
def erase(interview_id: str, number: int) -> None:
    _step("erase", lambda: _current().erase(interview_id, number))


def dbos_config(database_url: str, executor_id: str) -> DBOSConfig:
    """DBOS in the application's own database."""
    return {
        "name": "miantan",
        "system_database_url": dbos_url(database_url),
        "application_version": APPLICATION_VERSION,
        "executor_id": executor_id,
        "log_level": "WARNING",
    }


class Seat:
    """A name for this process among those of its folder, held for as long as it lives.

    The first process to take a seat gets the first name again after a restart, so that its own
    unfinished work goes on; processes at work at the same time never share one.
    """

    def __init__(self, home: Path, role: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            self._file = (home / f"executor-{role}-{number}").open("a+")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self._file.close()
        self._file.seek(0)
        self.id = self._file.read().strip()
        if not self.id:
            self.id = f"{role}-{uuid.uuid4().hex[:12]}"
            self._file.write(f"{self.id}\n")
            self._file.flush()

    def leave(self) -> None:
        self._file.close()


class Runner:
    """DBOS with its queues, a heartbeat, and recovery of what dead processes left."""

    def __init__(
        self,
        database: Database,
        tasks: Tasks,
        seat: Seat,
        poll_seconds: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._seat = seat
        self._executor = seat.id
        self._claims = Claims(database)
        self._poll_seconds = poll_seconds
        self._now = now
        self._stopping = threading.Event()
        self._heart = threading.Thread(
            target=self._beat_until_stopped, name="heartbeat", daemon=True
        )

    def start(self) -> None:
        global _tasks
        _tasks = self._tasks
        self._beat()
        DBOS(config=dbos_config(self._database.url, self._executor))
        DBOS.listen_queues([INTERVIEWS, DELIVERIES, TRANSCRIPTIONS])
        DBOS.launch()
        DBOS.register_queue(
            INTERVIEWS,
            worker_concurrency=INTERVIEW_WORKERS,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )
        DBOS.register_queue(
            DELIVERIES,
            worker_concurrency=DELIVERY_WORKERS,
            partition_concurrency=1,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )
        DBOS.register_queue(
            TRANSCRIPTIONS,
            worker_concurrency=TRANSCRIPTION_WORKERS,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )
        self._heart.start()

    def stop(self) -> None:
        """Let running work end, within a few seconds, and stop."""
        global _tasks
        self._stopping.set()
        if self._heart.is_alive():
            self._heart.join()
        DBOS.destroy(workflow_completion_timeout_sec=5)
        _tasks = None
        self._seat.leave()
        self._claims.close()

    def _beat_until_stopped(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._beat()
                self._take_over()
                self._clean_up()
            except Exception:
                # The next beat tries again; a database that stays away shows in /readyz.
                log.exception("heartbeat failed")

    def _beat(self) -> None:
        now = self._now()
        self._database.write_now(
            lambda session: session.merge(Executor(id=self._executor, beat_at=now))
        )

    def _take_over(self) -> None:
        """Resume what belongs to processes whose heartbeat stopped."""
        limit = self._now() - DEAD_SECONDS

        def find(session: Session) -> list[str]:
            dead = select(Executor.id).where(
                col(Executor.beat_at) < limit, Executor.id != self._executor
            )
            return list(session.exec(dead))

        if not self._claims.take("take-over"):
            return
        try:
            for executor in self._database.read_now(find):
                self._resume_all(executor)
        finally:
            self._claims.release("take-over")

    def _resume_all(self, executor: str) -> None:
        pending = DBOS.list_workflows(status="PENDING", executor_id=executor)
        if pending:
            log.warning("taking over", executor=executor, workflows=len(pending))
            DBOS.resume_workflows([workflow.workflow_id for workflow in pending])
        self._database.write_now(partial(_forget, executor))

    def _clean_up(self) -> None:
        """Finished workflows are deleted after seven days; their effects stay in our tables."""
        before = int((self._now() - KEEP_SECONDS) * 1000)
        done = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"], end_time=_iso(before), limit=500
        )
        if done:
            DBOS.delete_workflows([workflow.workflow_id for workflow in done])


def _iso(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


def _forget(executor: str, session: Session) -> None:
    row = session.get(Executor, executor)
    if row is not None:
        session.delete(row)
