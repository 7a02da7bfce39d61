"""Expired interviews are opened again by a recruiter."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.report import transcript
from bot.storage.interviews import open_interview
from bot.storage.tables import ResultRow
from bot.work.queues import LOOKS
from bot.work.tasks import read_record
from dialogues.additions import NotReopenedError
from dialogues.texts import TEXTS
from tests.idling import DAY, REMINDED, Clock, expired, idling, says


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_reopened_interview_is_finished_and_scored(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        await says(idle, "In a shoe shop.")
        question = idle.told()[-1]
        await expired(idle)
        clock.at += DAY
        outcome = await idle.application.pipeline.reopen(idle.id, "ada")
        assert [m.reply.text for m in outcome.messages] == [TEXTS["reopened"]["en"], question]
        row = idle.row()
        assert (row.status, row.finished_at, row.answered) == ("asking", None, 1)
        while idle.row().status == "asking":
            clock.at += 60
            await says(idle, "I called every customer back within a day.")
        assert (idle.row().status, idle.row().finished_at) == ("finished", clock.at)
        found = idle.application.queues._client.list_workflows(
            workflow_id_prefix=f"score:{idle.id}"
        )
        assert len(found) == 1
        idle.application.tasks.score(idle.id)
        assert idle.application.database.read_now(lambda s: s.get(ResultRow, idle.id)) is not None


async def test_the_transcript_tells_of_both(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        idle.rings(DAY)
        await expired(idle)
        await idle.application.pipeline.reopen(idle.id, "ada")

        def read(session: Session) -> list[tuple[str, str, str]]:
            opened = open_interview(session, idle.application.master, idle.id)
            entries = read_record(session, opened.row, opened.key).entries
            return [(line.speaker, line.kind, line.text) for line in transcript(entries)]

        lines = idle.application.database.read_now(read)
        question = idle.told()[-1]
        assert lines[-6:] == [
            ("bot", "reminder", REMINDED),
            ("bot", "question", question),
            ("bot", "notice", TEXTS["expired"]["en"]),
            ("recruiter", "reopened", TEXTS["reopened_line"]["en"]),
            ("bot", "notice", TEXTS["reopened"]["en"]),
            ("bot", "question", question),
        ]


async def test_it_can_expire_and_be_reopened_again(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        for opening in (1, 2):
            await expired(idle)
            await idle.application.pipeline.reopen(idle.id, "ada")
            assert idle.timers()[str(opening * LOOKS + 1)] == DAY
        assert idle.state().openings == 2


async def test_what_has_not_expired_is_not_reopened(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        turn = idle.row().turn
        with pytest.raises(NotReopenedError, match="asking"):
            await idle.application.pipeline.reopen(idle.id, "ada")
        assert (idle.row().turn, idle.timers()) == (turn, {"1": DAY})
        with pytest.raises(LookupError):
            await idle.application.pipeline.reopen("nothing", "ada")


async def test_two_recruiters_at_once_reopen_it_once(tmp_path: Path, clock: Clock) -> None:
    async with idling(tmp_path, clock) as idle:
        await expired(idle)
        before = len(idle.told())
        done = await asyncio.gather(
            *(idle.application.pipeline.reopen(idle.id, name) for name in ("ada", "bob")),
            return_exceptions=True,
        )
        assert [type(one) is NotReopenedError for one in done].count(True) == 1
        assert len(idle.told()) == before + 2
