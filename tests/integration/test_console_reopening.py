"""Reopening an expired interview from the console."""

import asyncio
import re
from pathlib import Path

import httpx2

from bot.bootstrap import Application
from bot.storage.people import erase_interview
from bot.web.console_texts import TEXTS as CONSOLE_TEXTS
from dialogues.texts import TEXTS
from tests.console import CAMPAIGN, console, csrf_of, interviewed
from tests.helpers import Candidate, good_answers

SAYS = CONSOLE_TEXTS["zh"]
DAY = 86_400.0


async def idle(application: Application, candidate: Candidate, seconds: float) -> None:
    """The timer finds that nobody was heard for so long."""
    now = application.pipeline.now
    application.pipeline.now = lambda: now() + seconds
    await asyncio.to_thread(application.tasks.watch, candidate.session, 1)
    application.pipeline.now = now


async def begun(client: httpx2.AsyncClient) -> tuple[Candidate, str]:
    candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
    await candidate.say("agree")
    return candidate, f"/console/interviews/{candidate.session}"


async def test_a_recruiter_reopens_an_expired_interview(tmp_path: Path) -> None:
    async with console(tmp_path, night="") as (application, client):
        candidate, address = await begun(client)
        await candidate.say("我写了一个爬虫。")
        form = {"csrf": csrf_of(await client.get(address))}
        assert f'action="{address}/reopen"' not in (await client.get(address)).text
        early = await client.post(f"{address}/reopen", data=form)
        assert early.status_code == 409
        assert SAYS["problems"]["not_reopened"]["title"] in early.text

        await idle(application, candidate, 7 * DAY)
        page = await client.get(address)
        assert f'action="{address}/reopen"' in page.text
        assert SAYS["reopen_note"] in page.text
        assert (await client.post(f"{address}/reopen")).status_code == 403
        assert (await client.post(f"{address}/reopen", data={"csrf": "x"})).status_code == 403
        assert (await client.get(f"{address}/reopen")).status_code == 404

        done = await client.post(f"{address}/reopen", data=form)
        assert (done.status_code, done.headers["location"]) == (303, address)
        page = await client.get(address)
        assert f'action="{address}/reopen"' not in page.text
        assert SAYS["statuses"]["asking"] in page.text
        assert SAYS["lasted"] not in page.text
        assert (await client.post(f"{address}/reopen", data=form)).status_code == 409

        later = await client.get(
            f"/api/v1/chat/sessions/{candidate.session}/messages?after={candidate.messages[-1]['id']}",
            headers=candidate.headers,
        )
        texts = [message["text"] for message in later.json()["messages"]]
        asked = candidate.messages[-1]["text"]
        assert texts == [TEXTS["expired"]["zh"], TEXTS["reopened"]["zh"], asked]
        candidate.messages, candidate.state = later.json()["messages"], later.json()["state"]
        await candidate.finish(good_answers(CAMPAIGN, "zh"))
        await asyncio.to_thread(application.tasks.score, candidate.session)
        assert 'class="summary"' in (await client.get(address)).text


async def test_the_transcript_names_reminder_and_reopening(tmp_path: Path) -> None:
    async with console(tmp_path, night="never") as (application, client):
        candidate, address = await begun(client)
        await idle(application, candidate, 2 * DAY)
        await idle(application, candidate, 7 * DAY)
        form = {"csrf": csrf_of(await client.get(address))}
        await client.post(f"{address}/reopen", data=form)
        for language in ("zh", "en"):
            page = (await client.get(f"{address}?lang={language}")).text
            labels = re.findall(r'· <span class="probe">(.*?)</span>', page)
            says = CONSOLE_TEXTS[language]
            assert labels == [says["reminder_line"], says["reopened_line"]]
            assert TEXTS["reopened_line"]["zh"] in page


async def test_what_is_not_there_or_was_erased_is_not_reopened(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        candidate, address = await begun(client)
        await idle(application, candidate, 7 * DAY)
        form = {"csrf": csrf_of(await client.get(address))}
        application.database.write_now(lambda s: erase_interview(s, candidate.session))
        assert "/reopen" not in (await client.get(address)).text
        assert (await client.post(f"{address}/reopen", data=form)).status_code == 404
        missing = await client.post("/console/interviews/nothing/reopen", data=form)
        assert missing.status_code == 404


async def test_a_finished_interview_has_no_button(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client)
        page = await client.get(f"/console/interviews/{interview}")
        assert "/reopen" not in page.text
        form = {"csrf": csrf_of(page)}
        answer = await client.post(f"/console/interviews/{interview}/reopen", data=form)
        assert answer.status_code == 409
