"""A recruiter at the console, for tests."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.storage.people import key_of
from bot.storage.tables import Delivery, Interview, ResultRow
from bot.storage.users import ensure_user, new_link
from bot.web.app import create_app
from connectors.result import Result, from_json
from tests.helpers import Candidate, build_in, good_answers, running

CAMPAIGN = "campus-software-engineer"
PASSWORD = "correct horse battery"


def link_of(application: Application, name: str = "recruiter") -> str:
    now = application.pipeline.now()
    return application.database.write_now(lambda s: new_link(s, ensure_user(s, name, now), now))


def csrf_of(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def marks_of(page: httpx2.Response) -> list[str]:
    """The marked words, without their labels."""
    found = re.findall(r"<mark [^>]*>(.*?)</mark>", page.text, re.DOTALL)
    return [html.unescape(re.sub(r"<a .*?</a>|<[^>]+>", "", mark)) for mark in found]


async def choose_password(
    client: httpx2.AsyncClient, token: str, password: str = PASSWORD, again: str | None = None
) -> httpx2.Response:
    form = {"token": token, "password": password, "again": again or password}
    return await client.post("/console/enter", data=form)


async def sign_in(
    client: httpx2.AsyncClient, password: str = PASSWORD, **more: str
) -> httpx2.Response:
    form = {"name": "recruiter", "password": password, **more}
    return await client.post("/console/sign-in", data=form)


@asynccontextmanager
async def calling(
    application: Application, work: bool = False
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that calls the application in process; with durable work only if asked for."""
    if work:
        async with running(application) as client:
            yield client
        return
    transport = httpx2.ASGITransport(app=create_app(application))
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
    finally:
        application.close()


@asynccontextmanager
async def console(
    home: Path, work: bool = False, **settings: Any
) -> AsyncIterator[tuple[Application, httpx2.AsyncClient]]:
    """An application with a signed-in recruiter who reads Chinese."""
    application = build_in(home, **settings)
    async with calling(application, work) as client:
        client.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
        assert (await choose_password(client, link_of(application))).status_code == 303
        yield application, client


async def interviewed(application: Application, client: Any, answer: Any = None) -> str:
    """A finished and scored interview."""
    candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
    await candidate.finish(answer or good_answers(CAMPAIGN, "zh"))
    await asyncio.to_thread(application.tasks.score, candidate.session)
    return candidate.session


def result_of(application: Application, interview: str) -> Result:
    """The stored result of an interview, opened."""

    def read(session: Session) -> Result:
        key = key_of(session, application.master, session.get_one(Interview, interview))
        row = session.get_one(ResultRow, interview)
        return from_json(key.open(row.body, f"result.body:{interview}"))

    return application.database.read_now(read)


def delivery_statuses(application: Application) -> list[str]:
    return application.database.read_now(lambda s: list(s.exec(select(Delivery.status))))
