"""Idle candidates are reminded by a durable timer, and their interviews closed."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from dbos import DBOS
from sqlmodel import Session, select

from bot.services import durable_work
from bot.storage import interviews
from bot.storage.interviews import TurnConflictError, unsent
from bot.storage.people import erase_interview
from bot.storage.tables import Interview, MessageRow
from bot.work.queues import LOOKS
from dialogues.texts import TEXTS
from tests.helpers import Candidate, build_in, free_port, served, until, web_app
from tests.idling import BEGUN, CAMPAIGN, DAY, HOUR, REMINDED, UNTIL, Clock, Idle, idling, says
from tests.integration.test_events import read_events


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_day_later_the_candidate_is_reminded(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        assert idle.timers() == {"1": DAY}
        before = idle.told()
        idle.rings(DAY - 60)
        assert idle.told() == before
        assert idle.timers()["2"] == 60
        idle.rings(60)
        assert idle.told()[len(before) :] == [REMINDED, before[-1]]
        assert (idle.row().status, idle.state().heard_at) == ("asking", BEGUN)
        assert idle.timers()["3"] == DAY
        idle.rings(0)
        assert len(idle.told()) == len(before) + 2, "once for each number"
        assert (await says(idle, "In a shoe shop."))[-1] != before[-1]


async def test_several_reminders_then_the_end(tmp_path: Path, clock: Clock) -> None:
    settings = {"remind_hours": [24, 72], "expire_days": 4.0}
    async with idling(tmp_path, clock, **settings) as idle:
        before = len(idle.told())
        for _ in range(4):
            idle.rings(DAY)
        closing = "2026-09-25 10:00 (UTC+8)"
        notices = idle.told()[before::2]
        assert [closing in notice for notice in notices] == [True, True, False]
        assert notices[-1] == TEXTS["expired"]["en"]
        assert idle.row().status == "expired"
        assert "5" not in idle.timers(), "the timer ends with the interview"


async def test_a_worker_that_was_away_reminds_once(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock, remind_hours=[24, 48, 72]) as idle:
        before = len(idle.told())
        idle.rings(3 * DAY)
        idle.rings(0)
        assert len(idle.told()) == before + 2
        assert idle.state().reminded == 3


async def test_at_night_it_waits_for_the_morning(tmp_path: Path, clock: Clock) -> None:
    clock.at = BEGUN + 13 * HOUR  # eleven in the evening
    async with idling(tmp_path, clock) as idle:
        before = len(idle.told())
        idle.rings(DAY)
        assert len(idle.told()) == before
        assert idle.timers()["2"] == 9 * HOUR
        idle.rings(9 * HOUR)
        assert len(idle.told()) == before + 2


async def test_before_consent_nobody_is_reminded_but_the_timer_goes_on(
    tmp_path: Path, clock: Clock
) -> None:
    async with idling(tmp_path, clock, consent=False) as idle:
        before = len(idle.told())
        idle.rings(DAY)
        assert len(idle.told()) == before
        assert idle.timers()["2"] == DAY
        clock.at += HOUR
        await says(idle, "I agree")
        idle.rings(23 * HOUR)
        assert idle.timers()["3"] == HOUR
        idle.rings(HOUR)
        assert idle.state().reminded == 1


async def test_never_reminded(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock, remind_hours=[]) as idle:
        assert idle.timers() == {"1": 7 * DAY}
        before = len(idle.told())
        idle.rings(6 * DAY)
        assert (len(idle.told()), idle.timers()["2"]) == (before, DAY)
        idle.rings(DAY)
        assert idle.row().status == "expired"


async def test_where_a_candidate_may_not_be_interrupted_it_is_left_out(
    tmp_path: Path, clock: Clock
) -> None:
    async with idling(tmp_path, clock, remind_hours=[24, 48]) as idle:
        asked: list[str] = []

        def full(session: Session, interview: Interview) -> bool:
            asked.append(interview.id)
            return False

        idle.application.tasks.may_interrupt = full
        before = len(idle.told())
        idle.rings(HOUR)
        assert asked == [], "asked only when a reminder is due"
        idle.rings(DAY)
        idle.rings(0)
        assert (asked, len(idle.told())) == ([idle.id], before)
        assert (idle.state().reminded, idle.row().status) == (1, "asking")
        idle.application.tasks.may_interrupt = lambda session, interview: True
        idle.rings(DAY)
        assert (idle.state().reminded, len(idle.told())) == (2, before + 2)


async def test_a_reminder_goes_out_where_messages_are_sent(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock, "telegram") as idle:
        idle.application.database.write_now(_all_sent)
        idle.rings(DAY)
        waiting = idle.application.database.read_now(
            lambda s: list(s.exec(select(MessageRow.kind).where(*unsent())))
        )
        assert waiting == ["notice", "question"]


def _all_sent(session: Session) -> None:
    for message in session.exec(select(MessageRow)):
        message.sent_at = BEGUN
        session.add(message)


async def test_a_candidate_who_comes_back_in_that_moment_is_not_reminded(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with idling(tmp_path, clock) as idle:
        before = idle.told()

        def conflict(*args: Any, **more: Any) -> None:
            raise TurnConflictError(idle.id)

        with monkeypatch.context() as patched:
            patched.setattr(interviews, "commit_turn", conflict)
            idle.rings(DAY)
        assert (idle.told(), idle.timers()["2"]) == (before, DAY)


async def test_who_paused_hears_how_to_go_on(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        await says(idle, "pause")
        idle.rings(DAY)
        assert idle.told()[-1] == TEXTS["reminded_paused"]["en"].format(until=UNTIL)
        assert (idle.row().status, idle.state().reminded) == ("paused", 1)


async def test_an_erased_interview_has_no_timer(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        idle.application.database.write_now(lambda s: erase_interview(s, idle.id))
        idle.rings(DAY)
        assert "2" not in idle.timers()


async def test_workers_ring_the_timer(tmp_path: Path, clock: Clock) -> None:
    """From the first look on, it is durable work: remind, close, and again after a reopening."""
    async with idling(tmp_path, clock) as idle:
        pipeline = idle.application.pipeline
        before = len(idle.told())

        async def rings(number: int, after: float) -> None:
            clock.at += after
            workflow = f"watch:{idle.id}:{number}"
            await DBOS.set_workflow_delay_async(workflow, delay_seconds=0.0)

        async with durable_work(idle.application, "web"):
            await rings(1, DAY)
            await until(lambda: idle.state().reminded == 1 and "2" in idle.timers())
            assert len(idle.told()) == before + 2
            await rings(2, 6 * DAY)
            await until(lambda: idle.row().status == "expired")
            await until(lambda: idle.timers() == {})
            await pipeline.reopen(idle.id, "ada")
            assert idle.timers() == {str(LOOKS + 1): DAY}
            await rings(LOOKS + 1, DAY)
            await until(lambda: idle.state().reminded == 1)
            await until(lambda: str(LOOKS + 2) in idle.timers())


async def test_the_chat_page_is_told_as_of_any_message(tmp_path: Path, clock: Clock) -> None:
    """By server-sent events while it is open, else when it asks for what it missed."""
    application = build_in(tmp_path)
    application.pipeline.now = clock
    with served(web_app(application), free_port()) as url:
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
            candidate = await Candidate(client).begin(
                CAMPAIGN, language="en", candidate_type="campus"
            )
            await candidate.say("agree")
            question, seen = candidate.messages[-1]["text"], candidate.messages[-1]["id"]
            idle = Idle(application, clock, candidate.session)
            path = f"/api/v1/chat/sessions/{candidate.session}"
            headers = candidate.headers | {"Last-Event-ID": seen}
            async with client.stream("GET", f"{path}/events", headers=headers) as answer:
                stream = read_events(answer)
                async with asyncio.timeout(10):
                    assert (await anext(stream))[0] == "state"
                    await asyncio.to_thread(idle.rings, DAY)
                    told = [await anext(stream) for _ in range(2)]
                    assert [data["text"] for _, _, data in told] == [REMINDED, question]
                    assert [data["kind"] for _, _, data in told] == ["notice", "question"]
                    await asyncio.to_thread(idle.rings, 6 * DAY)
                    assert (await anext(stream))[2]["text"] == TEXTS["expired"]["en"]
                    assert (await anext(stream))[2]["status"] == "expired"
                    await application.pipeline.reopen(candidate.session, "ada")
                    again = [await anext(stream) for _ in range(3)]
                    assert [data["text"] for _, _, data in again[:2]] == [
                        TEXTS["reopened"]["en"],
                        question,
                    ]
                    assert again[2][2]["status"] == "asking"
            later = await client.get(f"{path}/messages?after={seen}", headers=candidate.headers)
            assert len(later.json()["messages"]) == 5
    application.close()
