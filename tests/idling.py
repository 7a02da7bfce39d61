"""An idle candidate for tests: the clock moves when it is told to, and the test rings the timer."""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.bootstrap import Application
from bot.pipeline import Arrival, Inbound
from bot.storage.interviews import open_interview, read_messages
from bot.storage.tables import Interview
from dialogues.texts import TEXTS
from tests.helpers import build_in

CAMPAIGN = "sales-representative"
HOUR, DAY = 3600.0, 86_400.0
BEGUN = datetime.datetime(2026, 9, 21, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
UNTIL = "2026-09-28 10:00 (UTC+8)"
REMINDED = TEXTS["reminded"]["en"].format(until=UNTIL)


class Clock:
    """The time, which moves only when it is told to."""

    def __init__(self) -> None:
        self.at = BEGUN

    def __call__(self) -> float:
        return self.at


class Idle:
    """A candidate on the web in front of the first question, and the interview's timer."""

    def __init__(self, application: Application, clock: Clock, id: str) -> None:
        self.application = application
        self.clock = clock
        self.id = id
        self.looks = 0

    def rings(self, after: float) -> None:
        """The timer rings so many seconds later."""
        self.clock.at += after
        self.looks += 1
        self.application.tasks.watch(self.id, self.looks)

    def told(self) -> list[str]:
        def read(session: Session) -> list[str]:
            row = session.get_one(Interview, self.id)
            opened = open_interview(session, self.application.master, self.id)
            return [m.reply.text for m in read_messages(session, row, opened.key)]

        return self.application.database.read_now(read)

    def state(self) -> Any:
        return self.application.database.read_now(
            lambda s: open_interview(s, self.application.master, self.id).state
        )

    def row(self) -> Interview:
        return self.application.database.read_now(lambda s: s.get_one(Interview, self.id))

    def timers(self) -> dict[str, float]:
        """The timers that are set: seconds by the end of their id."""
        found = self.application.queues._client.list_workflows(
            workflow_id_prefix=f"watch:{self.id}:", status=["ENQUEUED", "DELAYED"]
        )
        return {one.workflow_id.rpartition(":")[2]: delay_of(one) for one in found}


def delay_of(workflow: Any) -> float:
    """To the minute: a busy machine takes a while to put one in."""
    return 60.0 * round((workflow.delay_until_epoch_ms - workflow.created_at) / 60_000)


@asynccontextmanager
async def idling(
    home: Path, clock: Clock, channel: str = "web", consent: bool = True, **settings: Any
) -> AsyncIterator[Idle]:
    """Nobody does the durable work; the test rings the timer."""
    application = build_in(home, **settings)
    application.pipeline.now = clock
    try:
        arrival = Arrival(
            CAMPAIGN,
            channel,
            "en",
            candidate_type="campus",
            address=None if channel == "web" else "42",
        )
        outcome, _ = await application.pipeline.begin(arrival)
        idle = Idle(application, clock, outcome.interview_id)
        if consent:
            await says(idle, "I agree")
        yield idle
    finally:
        application.close()


async def says(idle: Idle, text: str) -> Sequence[str]:
    row = idle.row()
    inbound = Inbound(idle.id, row.channel, f"{idle.id}-{row.turn}", text)
    outcome = await idle.application.pipeline.receive(inbound)
    return [message.reply.text for message in outcome.messages]


async def expired(idle: Idle) -> None:
    idle.rings(7 * DAY)
    assert idle.row().status == "expired"
    assert idle.row().finished_at == idle.clock.at
