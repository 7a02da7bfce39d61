"""The outbox: in order, in parallel, to the end, and after a crash."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from bot import outbox as outbox_module
from bot.arrival import Arrival
from bot.bootstrap import Application
from bot.channels.base import Capabilities
from bot.channels.errors import (
    HeldError,
    PermanentSendError,
    RetryableSendError,
    SendError,
    UnreachableError,
)
from bot.idle import time_out
from bot.outbox import Outbox
from bot.pipeline import Inbound
from bot.reminders import Reminders
from bot.storage.people import erase_interview
from bot.storage.tables import MessageRow
from dialogues.events import Reply
from tests.helpers import build_in, postgres, postgres_programs, until

CAMPUS = "campus-software-engineer"
Trouble = Callable[[str, Reply, int], SendError | None]


class Recorder:
    """A channel that keeps what it is given, after a pause and while open, unless there is trouble."""

    name = "telegram"
    capabilities = Capabilities(length=4096)

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.sent: dict[str, list[str]] = defaultdict(list)
        self.tries: list[tuple[str, int]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.trouble: Trouble = lambda address, reply, skip: None
        self.started = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, address: str, replies: Sequence[Reply], skip: int = 0) -> None:
        (reply,) = replies
        self.tries.append((address, skip))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.started.set()
        try:
            await asyncio.sleep(self.pause)
            await self.open.wait()
            error = self.trouble(address, reply, skip)
            if error is not None:
                raise error
            self.sent[address].append(reply.text)
        finally:
            self.at_once -= 1


@pytest.fixture
async def application(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Application]:
    monkeypatch.setattr(outbox_module, "FIRST_WAIT", 0.02)
    application = build_in(home)
    application.hub.bind()
    yield application
    application.close()


@asynccontextmanager
async def sending(
    application: Application, channel: Recorder, sweep_seconds: float = 60.0
) -> AsyncIterator[Outbox]:
    """An outbox at work; with its sweeps so rare that only announcements wake it."""
    outbox = Outbox(
        application.database,
        application.master,
        application.hub,
        {channel.name: channel},
        sweep_seconds=sweep_seconds,
    )
    async with outbox.running():
        yield outbox


async def begin(application: Application, address: str = "42") -> str:
    arrival = Arrival(
        campaign=CAMPUS,
        channel="telegram",
        language="zh",
        address=address,
        message_id=f"start-{address}",
    )
    outcome, _ = await application.pipeline.begin(arrival)
    return outcome.interview_id


async def say(application: Application, interview_id: str, text: str) -> list[str]:
    """Take a message in; returns the replies' texts."""
    message = Inbound(interview_id, "telegram", f"{interview_id}:{text}", text)
    outcome = await application.pipeline.receive(message)
    return [sent.reply.text for sent in outcome.messages]


def rows(application: Application) -> Sequence[MessageRow]:
    return application.database.read_now(
        lambda session: session.exec(select(MessageRow).order_by(col(MessageRow.id))).all()
    )


def all_done(application: Application) -> bool:
    return all(row.sent_at is not None or row.failed for row in rows(application))


async def test_sends_in_order_when_announced(application: Application) -> None:
    channel = Recorder()
    async with sending(application, channel):
        interview = await begin(application)
        said = [await say(application, interview, text) for text in ("agree", "campus", "编译器")]
        await until(lambda: all_done(application))
    assert len(channel.sent["42"]) == len(rows(application)) == len(channel.tries)
    assert channel.sent["42"][2:] == [text for replies in said for text in replies]


async def test_what_a_crash_left_is_sent_at_the_start(application: Application) -> None:
    await begin(application)
    channel = Recorder()
    async with sending(application, channel):
        await until(lambda: all_done(application))
    assert len(channel.sent["42"]) == 2


async def test_sweeps_find_what_nobody_announced(application: Application) -> None:
    channel = Recorder()
    application.pipeline.on_replies = lambda outcome: None  # as another process's turns
    async with sending(application, channel, sweep_seconds=0.05):
        await begin(application)
        await until(lambda: all_done(application))
    assert len(channel.sent["42"]) == 2


async def test_one_that_must_wait_holds_up_only_itself(application: Application) -> None:
    channel = Recorder()
    left = 3

    def trouble(address: str, reply: Reply, skip: int) -> SendError | None:
        nonlocal left
        if address != "slow" or not left:
            return None
        left -= 1
        return RetryableSendError("flood", after=0.1)

    channel.trouble = trouble
    async with sending(application, channel):
        slow, quick = await begin(application, "slow"), await begin(application, "quick")
        await until(lambda: len(channel.sent["quick"]) == 2)
        assert not channel.sent["slow"]
        await say(application, slow, "agree")
        await say(application, quick, "agree")
        await until(lambda: all_done(application))
    assert channel.sent["slow"] == channel.sent["quick"]
    assert sum(address == "slow" for address, _ in channel.tries) == 3 + 3


async def test_the_platforms_delay_is_respected(application: Application) -> None:
    channel = Recorder()
    times: list[float] = []

    def trouble(address: str, reply: Reply, skip: int) -> SendError | None:
        times.append(asyncio.get_running_loop().time())
        return RetryableSendError("flood", after=0.4) if len(times) == 1 else None

    channel.trouble = trouble
    async with sending(application, channel):
        await begin(application)
        await until(lambda: all_done(application))
    assert times[1] - times[0] >= 0.4


async def test_delays_grow_and_nothing_is_dropped(application: Application) -> None:
    channel = Recorder()
    times: list[float] = []

    def trouble(address: str, reply: Reply, skip: int) -> SendError | None:
        times.append(asyncio.get_running_loop().time())
        return RetryableSendError("away", after=0.0) if len(times) <= 5 else None

    channel.trouble = trouble
    async with sending(application, channel):
        await begin(application)
        await until(lambda: all_done(application))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= 0.02 * 2**tries for tries, gap in enumerate(gaps[:5]))
    assert len(channel.sent["42"]) == 2


async def test_a_long_reply_goes_on_where_it_stopped(application: Application) -> None:
    channel = Recorder()
    channel.trouble = lambda address, reply, skip: (
        RetryableSendError("flood", after=0.01, parts=skip + 1) if skip < 2 else None
    )
    async with sending(application, channel):
        await begin(application)
        await until(lambda: all_done(application))
    assert [skip for _, skip in channel.tries] == [0, 1, 2, 0, 1, 2]


async def test_a_bounded_number_at_once(application: Application) -> None:
    for number in range(40):
        await begin(application, str(number))
    channel = Recorder()
    channel.open.clear()
    async with sending(application, channel):
        await until(lambda: channel.at_once == outbox_module.AT_ONCE)
        channel.open.set()
        await until(lambda: all_done(application))
    assert channel.most_at_once == outbox_module.AT_ONCE
    assert all(len(texts) == 2 for texts in channel.sent.values())


@pytest.mark.parametrize("error", [UnreachableError, PermanentSendError])
async def test_what_cannot_be_sent_is_marked_and_the_interview_goes_on(
    application: Application, error: type[SendError]
) -> None:
    channel = Recorder()
    blocked = True
    channel.trouble = lambda address, reply, skip: error("no") if blocked else None
    async with sending(application, channel):
        interview = await begin(application)
        await until(lambda: all_done(application))
        assert [row.failed for row in rows(application)] == [error.__name__] * 2
        blocked = False
        replies = await say(application, interview, "agree")
        await until(lambda: all_done(application))
    assert channel.sent["42"] == replies
    assert [row.sent_at is None for row in rows(application)] == [True, True, False]


async def test_erased_words_are_not_sent(application: Application) -> None:
    interview = await begin(application)
    await application.database.write(lambda session: erase_interview(session, interview))
    channel = Recorder()
    async with sending(application, channel):
        await until(lambda: all_done(application))
    assert [row.failed for row in rows(application)] == ["erased"] * 2
    assert not channel.tries


async def test_a_row_no_one_can_read_holds_up_only_its_interview(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = await begin(application, "broken")

    def swap(session: Session) -> None:
        first, second = session.exec(select(MessageRow)).all()
        first.turn, second.turn = 9, 9  # bound to another place, so it does not open
        session.add_all([first, second])

    await application.database.write(swap)
    channel = Recorder()
    async with sending(application, channel):
        await begin(application, "sound")
        await until(lambda: len(channel.sent["sound"]) == 2)
        await until(lambda: "SealingError" in capsys.readouterr().out)
    assert all(row.failed is None for row in rows(application) if row.interview_id == broken)


async def test_stopping_lets_a_send_finish_and_be_marked(application: Application) -> None:
    await begin(application)
    channel = Recorder(pause=0.2)
    async with sending(application, channel):
        await channel.started.wait()
    assert len(channel.sent["42"]) == 1
    assert [row.sent_at is not None for row in rows(application)] == [True, False]
    async with sending(application, channel):
        await until(lambda: all_done(application))
    assert len(channel.tries) == 2


async def test_stopping_does_not_wait_for_retries(application: Application) -> None:
    await begin(application)
    channel = Recorder()
    channel.trouble = lambda address, reply, skip: RetryableSendError("flood", after=3600)
    async with asyncio.timeout(4):
        async with sending(application, channel):
            await channel.started.wait()
    assert [row.sent_at for row in rows(application)] == [None, None]


async def test_a_sent_reply_is_marked_even_when_the_database_was_away(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = application.database.write, 0

    async def away_at_first(work: Callable[[Session], object]) -> object:
        nonlocal failures
        failures += 1
        if failures <= 3:
            raise OperationalError("UPDATE", {}, Exception("away"))
        return await write(work)

    await begin(application)
    monkeypatch.setattr(application.database, "write", away_at_first)
    channel = Recorder()
    async with sending(application, channel):
        await until(lambda: all_done(application))
    assert len(channel.tries) == 2


@pytest.mark.postgres
@pytest.mark.skipif(postgres_programs() is None, reason="no PostgreSQL here")
async def test_two_processes_send_each_reply_once(tmp_path: Path) -> None:
    with postgres() as url:
        one = build_in(tmp_path, database_url=url)
        two = build_in(tmp_path, database_url=url)
        try:
            one.hub.bind()
            two.hub.bind()
            channel = Recorder(pause=0.005)
            async with sending(one, channel, 0.02), sending(two, channel, 0.02):
                interviews = [await begin(one, str(number)) for number in range(12)]
                for text in ("agree", "campus"):
                    await asyncio.gather(*(say(two, i, text) for i in interviews))
                await until(lambda: all_done(one))
            texts = {tuple(sent) for sent in channel.sent.values()}
            assert len(texts) == 1
            assert len(texts.pop()) == len(set(channel.sent["0"]))
            assert len(channel.tries) == len(rows(one))
        finally:
            one.close()
            two.close()


async def test_a_held_reminder_is_not_sent_once_they_wrote(application: Application) -> None:
    channel = Recorder()
    pipeline = application.pipeline
    async with sending(application, channel):
        interview = await begin(application)
        for text in ("agree", "campus"):
            await say(application, interview, text)
        await until(lambda: all_done(application))
        channel.trouble = lambda address, reply, skip: HeldError("blocked")
        pipeline.now = lambda: time.time() + 7200
        reminders = Reminders(seconds=(3600.0,))
        await asyncio.to_thread(time_out, pipeline, interview, 86_400.0, reminders)
        await until(lambda: sum(row.held_at is not None for row in rows(application)) == 2)
        channel.trouble = lambda address, reply, skip: None
        channel.sent.clear()
        replies = await say(application, interview, "编译器前端")
        await until(lambda: all_done(application))
    assert channel.sent["42"] == replies
    assert [row.failed for row in rows(application)[-3:]] == ["a reminder that is late"] * 2 + [
        None
    ]
