"""Miantan at work with the stand-in for Telegram, and what came of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.services import routers, services
from bot.storage.interviews import read_events, read_messages
from bot.storage.people import key_of
from bot.storage.tables import Interview, MessageRow
from bot.web.app import create_app
from dialogues.events import Answered, Noted
from tests.fakes import TelegramStandIn, loopback_socket, served
from tests.helpers import build_in, until
from tests.telegram_people import Candidate, Received

CAMPUS = "campus-software-engineer"
SALES = "sales-representative"
SECRET = "a_Secret-1"


def build_for(telegram: TelegramStandIn, home: Path, **values: Any) -> Application:
    given = {"telegram_token": telegram.token, "telegram_api": telegram.url, **values}
    return build_in(home, **given)


@asynccontextmanager
async def polling(
    telegram: TelegramStandIn, home: Path, work: bool = False, **values: Any
) -> AsyncIterator[Application]:
    application = build_for(telegram, home, **values)
    app = create_app(application, services(application, work), routers(application))
    try:
        async with app.router.lifespan_context(app):
            yield application
    finally:
        application.close()


@asynccontextmanager
async def pushed(
    telegram: TelegramStandIn, home: Path, work: bool = False
) -> AsyncIterator[tuple[Application, str]]:
    place = loopback_socket()
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    application = build_for(telegram, home, telegram_secret=SECRET, public_url=url)
    app = create_app(application, services(application, work), routers(application))
    try:
        async with served(app, place):
            await until(lambda: telegram.webhook)
            yield application, url
    finally:
        application.close()


async def next_question(candidate: Candidate) -> Received:
    """The next message that asks something: by buttons, or with its place in the interview."""
    while True:
        message = await candidate.next_message()
        if message.buttons or message.text[:1].isdecimal():
            return message


async def begin(candidate: Candidate, campaign: str = CAMPUS) -> Received:
    """Up to the first question of the guide."""
    candidate.say(f"/start {campaign}")
    for _ in range(2):
        question = await next_question(candidate)
        candidate.tap(next(iter(question.buttons)))
    return await next_question(candidate)


async def interviews(application: Application) -> Sequence[Interview]:
    return await application.database.read(
        lambda session: session.exec(select(Interview).order_by(col(Interview.started_at))).all()
    )


async def words_of(application: Application, interview_id: str) -> list[str]:
    """What the candidate said, as it is kept."""

    def work(session: Session) -> list[str]:
        row = session.get_one(Interview, interview_id)
        events = read_events(session, row, key_of(session, application.master, row))
        return [event.text for _, event in events if isinstance(event, Answered | Noted)]

    return await application.database.read(work)


async def all_sent_to(application: Application, interview_id: str) -> list[str]:
    """The messages of an interview, once all are sent."""

    def unsent(session: Session) -> MessageRow | None:
        query = select(MessageRow).where(col(MessageRow.sent_at).is_(None))
        return session.exec(query.where(MessageRow.interview_id == interview_id)).first()

    def work(session: Session) -> list[str]:
        row = session.get_one(Interview, interview_id)
        messages = read_messages(session, row, key_of(session, application.master, row))
        return [message.reply.text for message in messages]

    await until(lambda: application.database.read_now(unsent) is None)
    return await application.database.read(work)
