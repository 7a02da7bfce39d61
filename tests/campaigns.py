"""Campaigns with invitations, and a recruiter at their pages, for tests of the console."""

import html
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.storage import invitations
from bot.storage.catalogue import close_campaign, current_files
from bot.storage.interviews import NewInterview
from bot.storage.interviews import create as create_interview
from bot.storage.invitations import Contact, NewInvitation
from bot.storage.tables import Campaign, Invitation, InvitationAttempt, InvitationSending
from bot.web.console_texts import TEXTS
from tests.console import csrf_of
from tests.mail_server import MailServer

CAMPAIGN = "campus-software-engineer"
HOME = f"/console/campaigns/{CAMPAIGN}"
ZH, EN = TEXTS["zh"]["campaign_pages"], TEXTS["en"]["campaign_pages"]
PUBLIC = "http://interviews.example"
"""Without TLS, so that a client in process keeps the cookie of its sign-in."""
HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7*7 }}"
PEOPLE = "姓名,邮箱,来源\n候选人甲,one@example.org,A 校区\n候选人乙,two@example.org,\n"
Signed = tuple[Application, httpx2.AsyncClient]
"""The application, and a recruiter signed in to its console."""
REFUSED = "the mail server refuses the address (550 5.1.1)"


def invite(application: Application, name: str = "", at: float = 0.0, **more: Any) -> str:
    """A new invitation, personal where a name is given; its id. `at` is seconds from now."""
    contact = Contact(name=name, email="one@example.org") if name else None
    kind = "personal" if name else "shared"
    given: dict[str, Any] = {"kind": kind, "contact": contact, **more}
    new = NewInvitation(CAMPAIGN, "recruiter", **given)
    now = application.pipeline.now() + at
    return application.database.write_now(
        lambda session: invitations.create(session, application.master, new, now).id
    )


def was_sent(application: Application, invitation: str, status: str, tries: int = 1) -> None:
    """An invitation was sent by e-mail, with what came of it."""
    outcome = {"sent": "sent", "failed": "permanent", "retrying": "retryable"}[status]
    now = application.pipeline.now()

    def work(session: Session) -> None:
        row = InvitationSending(
            id=uuid.uuid4().hex,
            invitation_id=invitation,
            via="email",
            status=status,
            attempts=tries,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        session.flush()
        for number in range(1, tries + 1):
            detail = "the mail server took it" if status == "sent" else REFUSED
            session.add(
                InvitationAttempt(
                    sending_id=row.id, number=number, at=now, outcome=outcome, detail=detail
                )
            )

    application.database.write_now(work)


def interviews_came(
    application: Application, source: str, channel: str, begun: int, finished: int
) -> None:
    """Interviews began over a channel, and so many of them finished."""

    def work(session: Session) -> None:
        files = current_files(session, CAMPAIGN)
        for number in range(begun):
            new = NewInterview(CAMPAIGN, files, channel, source=source)
            row = create_interview(session, application.master, new, number).row
            row.status = "finished" if number < finished else "asking"
            session.add(row)

    application.database.write_now(work)


def restrict(application: Application, name: str = CAMPAIGN) -> None:
    """From now on the campaign is for the invited only."""

    def work(session: Session) -> None:
        campaign = session.get_one(Campaign, name)
        campaign.open = False
        session.add(campaign)

    application.database.write_now(work)


def close(application: Application, name: str = CAMPAIGN) -> None:
    application.database.write_now(
        lambda session: close_campaign(session, session.get_one(Campaign, name), 1.0)
    )


def all_invitations(application: Application) -> list[Invitation]:
    """The invitations, the oldest first."""
    query = select(Invitation).order_by(sa.text("created_at"), sa.text("rowid"))
    return application.database.read_now(lambda session: list(session.exec(query)))


@contextmanager
def statements(application: Application) -> Iterator[list[str]]:
    """The SQL statements that are run inside."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engines = {application.database.engine, application.database._read_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def begin(application: Application, invitation: str, keep: bool) -> str:
    """An interview with the invitation; without `keep` the invitation forgets which."""

    def work(session: Session) -> str:
        row = session.get_one(Invitation, invitation)
        new = NewInterview(CAMPAIGN, {}, "web", source=row.source)
        interview = create_interview(session, application.master, new, 1.0).row
        invitations.count_use(session, row, interview.id)
        if not keep:
            row.interview_id = None
        return interview.id

    return application.database.write_now(work)


# At the pages


def by_mail(server: MailServer) -> dict[str, Any]:
    return {"public_url": PUBLIC, "smtp_url": server.url, "mail_from": "hr@example.com"}


async def post(
    client: httpx2.AsyncClient, path: str, page: str = HOME, **fields: str
) -> httpx2.Response:
    """Send a form with the token of a page."""
    csrf = csrf_of(await client.get(page))
    return await client.post(f"{HOME}{path}", data={"csrf": csrf, **fields})


async def post_people(
    client: httpx2.AsyncClient, file: bytes = b"", **fields: str
) -> httpx2.Response:
    """Send the list of people, as a browser does."""
    csrf = csrf_of(await client.get(HOME))
    name = "people.csv" if file else ""
    return await client.post(
        f"{HOME}/invite", data={"csrf": csrf, **fields}, files={"file": (name, file)}
    )


def value_of(page: httpx2.Response, field: str) -> str:
    """What stands in a field."""
    found = re.search(rf'<input id="{field}"[^>]* value="([^"]*)"', page.text)
    found = found or re.search(rf'<textarea id="{field}"[^>]*>\n(.*?)</textarea>', page.text, re.S)
    assert found, field
    return html.unescape(found[1])


def words_of(page: httpx2.Response, row: str) -> str:
    """The words of an invitation's row."""
    found = re.search(rf'<tr id="i-{row}">(.*?)</tr>', page.text, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(found[1])).split())


def ids_in(page: httpx2.Response) -> list[str]:
    return re.findall(r'<tr id="i-(\w+)">', page.text)


def link_in(page: httpx2.Response, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return html.unescape(found[1]) if found else ""
