"""Invitations that go out by themselves: once each, tried again, and with a log of every try."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import structlog
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.commands.invite import Wanted, run
from bot.storage import invitations
from bot.storage.catalogue import close_campaign, current_files, find_campaign
from bot.storage.interviews import NewInterview
from bot.storage.interviews import create as create_interview
from bot.storage.invitation_list import invitations_of, sending_log
from bot.storage.invitations import Via
from bot.storage.tables import Invitation, InvitationSending, Person
from connectors.base import RetryableError
from tests.helpers import Receiver, build_in, free_port, running, until
from tests.mail_server import MailServer

CAMPAIGN = "campus-software-engineer"
PUBLIC = "https://interviews.example"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def by_mail(server: MailServer) -> dict[str, Any]:
    return {
        "public_url": PUBLIC,
        "smtp_url": server.url,
        "mail_from": "hr@example.com",
        "telegram_bot": "example_bot",
    }


def people(folder: Path, count: int, columns: str = "email") -> Path:
    """A list of so many people."""
    file = folder / "people.csv"
    values = {
        "email": "p{}@example.org",
        "phone": "138{:08}",
        "telegram": "{}",
    }
    lines = [
        ",".join([f"候选人{number}", *(values[name].format(number) for name in columns.split(","))])
        for number in range(count)
    ]
    file.write_text("\n".join([f"name,{columns}", *lines]), encoding="utf-8")
    return file


def invite(application: Application, file: Path, via: Via) -> int:
    """Run the command; how many it put on their way."""
    return run(Wanted(CAMPAIGN, to=file, via=via), application.settings).sending


def stages(application: Application) -> Counter[str]:
    found = application.database.read_now(
        lambda session: invitations_of(session, application.master, CAMPAIGN, 0.0)
    )
    return Counter(each.stage for each in found)


def the_log(application: Application) -> list[tuple[str, str]]:
    """Outcome and detail of every try of the only invitation."""

    def read(session: Session) -> list[tuple[str, str]]:
        row = session.exec(select(Invitation)).one()
        [(_, tries)] = sending_log(session, row.id)
        return [(one.outcome, one.detail) for one in tries]

    return application.database.read_now(read)


async def test_fifty_go_out_once_each_although_the_worker_stops(
    tmp_path: Path, mail: MailServer
) -> None:
    application = build_in(tmp_path, **by_mail(mail))
    try:
        assert invite(application, people(tmp_path, 50), "email") == 50
        runner = application.runner("web")
        await asyncio.to_thread(runner.start)
        await until(lambda: len(mail.taken) >= 10)
        await asyncio.to_thread(runner.stop)
        assert len(mail.taken) < 50
        assert invite(application, people(tmp_path, 50), "email") == 0, "they are on their way"
        runner = application.runner("web")
        await asyncio.to_thread(runner.start)
        try:
            await until(lambda: stages(application) == {"sent": 50}, 60)
        finally:
            await asyncio.to_thread(runner.stop)
    finally:
        application.close()
    assert sorted(mail.recipients) == sorted(f"p{number}@example.org" for number in range(50))
    links = {message.get_body(("plain",)).get_content().split("://")[1] for message in mail.taken}  # type: ignore[union-attr]
    assert len(links) == 50, "each has a link of their own"


async def test_nobody_is_forgotten_when_the_server_is_killed(
    tmp_path: Path, mail: MailServer
) -> None:
    """A mail whose sending was cut off may come twice; then it is known by its Message-ID."""
    application = build_in(tmp_path, **by_mail(mail))
    assert invite(application, people(tmp_path, 50), "email") == 50
    environment = os.environ | {
        "MIANTAN_HOME": str(tmp_path),
        "MIANTAN_ENCODER": "light",
        "MIANTAN_PORT": str(free_port()),
        "MIANTAN_POLL_SECONDS": "0.05",
        "MIANTAN_PUBLIC_URL": PUBLIC,
        "MIANTAN_SMTP_URL": mail.url,
        "MIANTAN_MAIL_FROM": "hr@example.com",
    }
    command = [sys.executable, "-c", "from bot.cli import main; main()", "serve"]
    with (tmp_path / "log").open("ab") as log:
        for kill_at in (10, 30, None):
            server = Popen(command, env=environment, stdout=log, stderr=log)
            try:
                if kill_at is None:
                    await until(lambda: stages(application) == {"sent": 50}, 90)
                else:
                    await until(lambda n=kill_at: len(mail.taken) >= n, 60)  # type: ignore[misc]
            finally:
                server.send_signal(signal.SIGKILL if kill_at else signal.SIGTERM)
                server.wait()
    application.close()
    assert set(mail.recipients) == {f"p{number}@example.org" for number in range(50)}
    known = {message["Message-ID"]: message["To"] for message in mail.taken}
    assert len(known) == 50
    assert len(mail.taken) <= 50 + 2 * 2, "at most what was under way at each kill"
    told = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"outcome": "sent"' in told
    assert "example.org" not in told
    assert "候选人" not in told


async def test_tried_again_until_it_is_taken(tmp_path: Path, mail: MailServer) -> None:
    mail.refuse["p0@example.org"] += ["451 greylisted", "450 4.2.1 busy"]
    application = build_in(tmp_path, **by_mail(mail))
    async with running(application):
        assert invite(application, people(tmp_path, 1), "email") == 1
        await until(lambda: stages(application) == {"sent": 1})
        assert the_log(application) == [
            ("retryable", "the mail server refuses the address (451)"),
            ("retryable", "the mail server refuses the address (450 4.2.1)"),
            ("sent", "the mail server took it"),
        ]
    assert len(mail.taken) == 1


async def test_refused_for_good_and_sent_again_by_the_same_command(
    tmp_path: Path, mail: MailServer
) -> None:
    mail.refuse["p0@example.org"].append("550 5.1.1 no such user")
    application = build_in(tmp_path, **by_mail(mail))
    async with running(application):
        file = people(tmp_path, 2)
        assert invite(application, file, "email") == 2
        await until(lambda: stages(application) == {"sent": 1, "failed": 1})
        assert invite(application, file, "email") == 1
        await until(lambda: stages(application) == {"sent": 2})
        assert invite(application, file, "email") == 0
    assert sorted(mail.recipients) == ["p0@example.org", "p1@example.org"]


async def test_by_sms(tmp_path: Path) -> None:
    with Receiver() as gateway:
        gateway.answers = [503]
        given = {"sms_url": gateway.url, "allow_hosts": ["127.0.0.1"], "public_url": PUBLIC}
        application = build_in(tmp_path, **given)
        async with running(application):
            assert invite(application, people(tmp_path, 1, "phone"), "sms") == 1
            await until(lambda: stages(application) == {"sent": 1})
            assert [outcome for outcome, _ in the_log(application)] == ["retryable", "sent"]
        bodies = [json.loads(body) for _, body in gateway.received]
        assert {body["phone"] for body in bodies} == {"13800000000"}
        assert len({body["id"] for body in bodies}) == 1
        assert f"{PUBLIC}/chat/{CAMPAIGN}?invitation=" in bodies[0]["text"]


async def test_over_a_chat(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def in_chat(invitation_id: str, channel: str) -> None:
        told.append((invitation_id, channel))
        if len(told) == 1:
            raise RetryableError("slow down", after=0.01)

    application = build_in(tmp_path, public_url=PUBLIC, telegram_token="1:x")
    application.tasks.inviting.in_chat = in_chat
    runner = application.runner("web")
    await asyncio.to_thread(runner.start)
    try:
        assert invite(application, people(tmp_path, 1, "telegram"), "telegram") == 1
        await until(lambda: stages(application) == {"sent": 1})
    finally:
        await asyncio.to_thread(runner.stop)
    [row] = application.database.read_now(lambda session: session.exec(select(Invitation)).all())
    application.close()
    assert told == [(row.id, "telegram")] * 2


async def test_a_chat_that_began_before_the_try_was_kept(tmp_path: Path) -> None:
    """The interview begins in the chat, and the process dies before it says so."""
    application = build_in(tmp_path, public_url=PUBLIC, telegram_token="1:x")
    invite(application, people(tmp_path, 1, "telegram"), "telegram")

    def begin(session: Session) -> str:
        row = session.exec(select(Invitation)).one()
        person = session.get_one(Person, row.person_id)
        files = current_files(session, CAMPAIGN)
        new = NewInterview(CAMPAIGN, files, "telegram", address="0", person=person)
        opened = create_interview(session, application.master, new, 1.0)
        invitations.count_use(session, row, opened.row.id)
        return session.exec(select(InvitationSending.id)).one()

    sending = application.database.write_now(begin)
    application.tasks.inviting.send(sending, 1)
    assert the_log(application) == [("sent", "the interview has begun")]
    application.close()


@pytest.mark.parametrize("reason", ["revoked", "closed", "erased", "used_up"])
async def test_what_stands_no_more_is_not_sent(
    tmp_path: Path, mail: MailServer, reason: str
) -> None:
    mail.refuse["p0@example.org"].append("451 later")
    application = build_in(tmp_path, **by_mail(mail), delivery_delays=[3600.0])

    def end(session: Session) -> str:
        row = session.exec(select(Invitation)).one()
        campaign = find_campaign(session, CAMPAIGN)
        assert campaign is not None
        match reason:
            case "revoked":
                invitations.revoke(session, row, 1.0)
            case "closed":
                close_campaign(session, campaign, 1.0)
            case "erased":
                session.get_one(Person, row.person_id).key = None
            case "used_up":
                row.uses = 1
        session.add(row)
        return session.exec(select(InvitationSending.id)).one()

    async with running(application):
        invite(application, people(tmp_path, 1), "email")
        await until(lambda: stages(application) == {"waiting": 1} and the_log(application))
        sending = application.database.write_now(end)
        await asyncio.to_thread(application.tasks.inviting.send, sending, 2)
        await asyncio.to_thread(application.tasks.inviting.send, sending, 2)
        outcome, detail = the_log(application)[-1]
        assert outcome == "permanent"
        assert (
            detail == f"not sent: the invitation is {'revoked' if reason == 'erased' else reason}"
        )
        assert len(the_log(application)) == 2
    assert mail.taken == []


async def test_nothing_of_anybody_is_kept_or_logged_in_clear(
    tmp_path: Path, mail: MailServer
) -> None:
    mail.refuse["p0@example.org"].append("550 there is no p0@example.org here")
    application = build_in(tmp_path, **by_mail(mail))
    with structlog.testing.capture_logs() as logged:
        async with running(application):
            invite(application, people(tmp_path, 3), "email")
            await until(lambda: stages(application) == {"sent": 2, "failed": 1})
    raw = b"".join(
        file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("miantan.db")
    )
    shown = repr(logged)
    assert Counter(line["outcome"] for line in logged if line["event"] == "invitation") == {
        "sent": 2,
        "permanent": 1,
    }
    for words in ("example.org", "候选人"):
        assert words.encode() not in raw
        assert words not in shown
