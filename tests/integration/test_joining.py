"""Several messages in a row become one answer, after a quiet time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos import DBOS
from sqlmodel import Session, select

from bot.arrival import Arrival
from bot.bootstrap import Application
from bot.pipeline import ClosedError, Inbound, UnusableError
from bot.security.sealing import ErasedError
from bot.services import durable_work
from bot.storage.interviews import open_interview, read_events
from bot.storage.people import erase_interview, key_of
from bot.storage.tables import Interview, WaitingMessage
from dialogues.events import Answered, Event, Noted
from tests.helpers import build_in, until

CAMPUS = "campus-software-engineer"
QUIET = 30.0
PIECES = ("最近在写一个小编译器", "是跟着课程做的", "最有意思的是类型推导")


class Clock:
    """The time, which moves only when it is told to."""

    def __init__(self) -> None:
        self.at = 1_790_000_000.0

    def __call__(self) -> float:
        return self.at


class Chat:
    """A candidate on a channel whose messages are joined, in front of the first question."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.count = 0
        self.id = ""

    async def begin(self) -> "Chat":
        arrival = Arrival(
            campaign=CAMPUS, channel="telegram", language="zh", address="42", message_id="start"
        )
        outcome, _ = await self.application.pipeline.begin(arrival)
        self.id = outcome.interview_id
        await self.send("agree")
        await self.send("campus")
        return self

    async def send(self, text: str, message_id: str | None = None) -> None:
        self.count += 1
        message = Inbound(self.id, "telegram", message_id or f"m{self.count}", text)
        await self.application.joining.receive(message)

    def waiting(self) -> list[int]:
        query = select(WaitingMessage.id).order_by(WaitingMessage.id)  # type: ignore[arg-type]
        return [
            number or 0
            for number in self.application.database.read_now(lambda s: list(s.exec(query)))
        ]

    def rings(self, number: int) -> float | None:
        return self.application.joining.when_quiet(self.id, number)

    def events(self) -> list[Event]:
        def work(session: Session) -> list[Event]:
            row = session.get_one(Interview, self.id)
            key = key_of(session, self.application.master, row)
            return [event for _, event in read_events(session, row, key)]

        return self.application.database.read_now(work)

    def heard(self) -> list[tuple[str, str]]:
        """What was heard since the candidate type was chosen, with the kind of event."""
        said = [(e.kind, e.text) for e in self.events() if isinstance(e, Answered | Noted)]
        return said[2:]

    def open(self) -> str | None:
        def work(session: Session) -> str | None:
            return open_interview(session, self.application.master, self.id).state.question

        return self.application.database.read_now(work)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def application(tmp_path: Path, clock: Clock) -> Iterator[Application]:
    application = build_in(tmp_path, quiet_seconds=QUIET)
    application.pipeline.now = clock
    yield application
    application.close()


async def test_pieces_of_an_answer_are_one_answer(application: Application, clock: Clock) -> None:
    chat = await Chat(application).begin()
    for piece in PIECES:
        await chat.send(piece)
        clock.at += QUIET - 1
    assert chat.heard() == []
    first, second, last = chat.waiting()
    assert chat.rings(first) is None
    assert chat.rings(second) is None
    assert chat.rings(last) == 1.0
    assert chat.heard() == []
    clock.at += 1
    assert chat.rings(second) is None
    assert chat.heard() == []
    assert chat.rings(last) is None
    assert chat.heard() == [("answered", "\n".join(PIECES))]
    assert chat.waiting() == []
    assert chat.open() == "project"
    assert chat.rings(last) is None
    assert len(chat.heard()) == 1


async def test_a_message_sent_twice_waits_once_and_is_not_heard_again(
    application: Application, clock: Clock
) -> None:
    chat = await Chat(application).begin()
    await chat.send(PIECES[0], "same")
    await chat.send(PIECES[0], "same")
    [number] = chat.waiting()
    clock.at += QUIET
    chat.rings(number)
    await chat.send(PIECES[0], "same")
    assert chat.waiting() == []
    assert chat.heard() == [("answered", PIECES[0])]


async def test_a_command_is_heard_at_once_after_what_was_waiting(
    application: Application,
) -> None:
    chat = await Chat(application).begin()
    await chat.send(PIECES[0])
    await chat.send(PIECES[1])
    await chat.send("暂停")
    assert chat.heard() == [("answered", "\n".join(PIECES[:2])), ("noted", "暂停")]
    assert chat.waiting() == []
    await chat.send("继续")
    assert chat.heard()[-1] == ("noted", "继续")


async def test_a_confirmation_is_answered_at_once(application: Application) -> None:
    chat = await Chat(application).begin()
    await chat.send("跳过")
    await chat.send("是")
    assert chat.waiting() == []
    assert chat.open() == "project"


async def test_pieces_that_are_too_long_together_are_two_answers(
    application: Application,
) -> None:
    chat = await Chat(application).begin()
    await chat.send("编" * 15_000)
    await chat.send("译" * 15_000)
    assert [(kind, text[:1], len(text)) for kind, text in chat.heard()] == [
        ("answered", "编", 15_000)
    ]
    assert len(chat.waiting()) == 1
    with pytest.raises(UnusableError):
        await chat.send("器" * 20_001)


async def test_what_waits_is_sealed_and_erased_with_the_interview(
    application: Application,
) -> None:
    chat = await Chat(application).begin()
    await chat.send(PIECES[0])
    [number] = chat.waiting()
    body = application.database.read_now(lambda s: s.get_one(WaitingMessage, number).body)
    assert body is not None
    assert PIECES[0].encode() not in body
    application.database.write_now(lambda session: erase_interview(session, chat.id))
    assert chat.waiting() == []
    assert chat.rings(number) is None
    with pytest.raises(ErasedError):
        await chat.send(PIECES[1])


async def test_nothing_waits_after_the_end(application: Application) -> None:
    chat = await Chat(application).begin()
    await chat.send(PIECES[0])
    await chat.send("撤回同意")
    await chat.send("是")
    with pytest.raises(ClosedError):
        await chat.send(PIECES[1])
    assert chat.heard()[0] == ("answered", PIECES[0])


async def test_what_waited_is_taken_up_by_a_worker_after_a_restart(
    tmp_path: Path, clock: Clock
) -> None:
    application = build_in(tmp_path, quiet_seconds=QUIET)
    application.pipeline.now = clock
    chat = await Chat(application).begin()
    for piece in PIECES:
        await chat.send(piece)
    last = chat.waiting()[-1]
    application.close()

    again = build_in(tmp_path, quiet_seconds=QUIET)
    clock.at += QUIET
    again.pipeline.now = clock
    chat.application = again
    try:
        async with durable_work(again, "web"):
            await DBOS.set_workflow_delay_async(f"listen:{last}:1", delay_seconds=0.0)
            await until(lambda: chat.heard() != [])
            assert chat.heard() == [("answered", "\n".join(PIECES))]
    finally:
        again.close()
