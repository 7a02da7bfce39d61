"""Invitations in the console: sent, sent again, revoked, and whom they name."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.storage.interviews import NewInterview
from bot.storage.interviews import create as create_interview
from bot.storage.people import erase_interview
from bot.storage.tables import Invitation
from bot.web.console_texts import TEXTS
from tests.campaigns import (
    CAMPAIGN,
    HOME,
    PEOPLE,
    PUBLIC,
    REFUSED,
    ZH,
    Signed,
    all_invitations,
    begin,
    by_mail,
    ids_in,
    invite,
    post,
    post_people,
    was_sent,
    words_of,
)
from tests.console import console, csrf_of
from tests.helpers import until
from tests.mail_server import MailServer

# Sending


async def test_invitations_really_go_out(home: Path) -> None:
    with MailServer() as mail:
        mail.refuse["two@example.org"].append("550 5.1.1 there is no two@example.org")
        async with console(home, True, **by_mail(mail)) as (application, client):
            answer = await post_people(client, list=PEOPLE, via="email")
            assert "new=2&before=0&sending=2" in answer.headers["location"]

            def stages(page: httpx2.Response) -> list[str]:
                return sorted(re.findall(r'class="status stage-(\w+)"', page.text))

            await until_page(client, HOME, lambda page: stages(page) == ["failed", "sent"])
            failed, sent = [row.id for row in reversed(all_invitations(application))]
            page = await client.get(f"{HOME}?show=failed")
            assert ids_in(page) == [failed]
            assert REFUSED in words_of(page, failed)
            assert "two@example.org" not in words_of(page, failed)

            one = await client.get(f"{HOME}/invitations/{failed}")
            assert ZH["outcomes"]["permanent"] in one.text and REFUSED in one.text
            assert ZH["send_by_again"].format(via="邮件") in one.text
            fields = {"csrf": csrf_of(page), "via": "email", "show": "failed"}
            done = await client.post(f"{HOME}/invitations/{failed}/send", data=fields)
            assert done.headers["location"] == f"{HOME}?show=failed#i-{failed}"
            await until(lambda: len(mail.taken) == 2)
            await until_page(client, HOME, lambda page: stages(page) == ["sent", "sent"])
            for row in (failed, sent):
                again = await client.post(f"{HOME}/invitations/{row}/send", data=fields)
                assert again.status_code == 409
                assert TEXTS["zh"]["problems"]["not_sent"]["title"] in again.text
    assert sorted(mail.recipients) == ["one@example.org", "two@example.org"]
    words = mail.taken[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"{PUBLIC}/chat/{CAMPAIGN}?invitation=" in words


async def until_page(
    client: httpx2.AsyncClient, path: str, check: Callable[[httpx2.Response], bool]
) -> None:
    """Reload until a page shows it."""
    for _ in range(1000):
        if check(await client.get(path)):
            return
    raise AssertionError(path)


async def test_an_invitation_that_was_not_sent_is_sent_from_its_page(home: Path) -> None:
    with MailServer() as mail:
        async with console(home, True, **by_mail(mail)) as (application, client):
            one = f"/invitations/{invite(application, '候选人甲')}"
            page = await client.get(f"{HOME}{one}")
            assert ZH["never_sent"] in page.text
            assert ZH["send_by"].format(via="邮件") in page.text
            assert ZH["send_by"].format(via="短信") not in page.text
            unset = await post(client, f"{one}/send", f"{HOME}{one}", via="sms")
            assert unset.status_code == 409
            fields = {"via": "email", "from": "one"}
            answer = await post(client, f"{one}/send", f"{HOME}{one}", **fields)
            assert answer.headers["location"] == f"{HOME}{one}"
            await until(lambda: mail.recipients == ["one@example.org"])
            shared = f"/invitations/{invite(application)}"
            assert (await post(client, f"{shared}/send", via="email")).status_code == 409


async def test_every_try_is_shown(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "候选人甲")
    was_sent(application, one, "failed", tries=3)
    page = await client.get(f"{HOME}/invitations/{one}")
    assert page.text.count(REFUSED) == 3
    assert TEXTS["zh"]["try_n"].format(n=3) in page.text


@pytest.mark.parametrize("state", ["revoked", "expired", "used_up", "begun"])
async def test_what_admits_nobody_is_not_sent_again(home: Path, state: str) -> None:
    with MailServer() as mail:
        async with console(home, **by_mail(mail)) as (application, client):
            ended = {"expires_at": 1.0} if state == "expired" else {}
            one = invite(application, "候选人甲", **ended)
            was_sent(application, one, "failed")
            if state == "revoked":
                assert (await post(client, f"/invitations/{one}/revoke")).status_code == 303
            if state in ("used_up", "begun"):
                begin(application, one, keep=state == "begun")
            page = await client.get(HOME)
            assert ZH["stages"][state] in words_of(page, one)
            assert f"{one}/send" not in page.text
            assert (await post(client, f"/invitations/{one}/send", via="email")).status_code == 409
            page = await client.get(f"{HOME}/invitations/{one}")
            admits = state == "begun"
            assert (f"{one}/web.svg" in page.text) is admits
            code = await client.get(f"{HOME}/invitations/{one}/web.png")
            assert code.status_code == (200 if admits else 404)


# An invitation


async def test_revoking(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "候选人甲")
    path = f"{HOME}/invitations/{one}"
    page = await client.get(path)
    assert ZH["revoke_note"] in page.text
    answer = await post(client, f"/invitations/{one}/revoke", path, **{"from": "one"})
    assert answer.headers["location"] == path
    [row] = all_invitations(application)
    assert row.revoked_at is not None
    page = await client.get(path)
    assert ZH["stages"]["revoked"] in page.text and ZH["admits_nobody"] in page.text
    assert ZH["revoke_note"] not in page.text
    assert "example.org" not in (await client.get(f"{HOME}/links.csv")).text


async def test_an_invitation_says_who_and_leads_to_the_interview(signed: Signed) -> None:
    application, client = signed
    answer = await post_people(
        client,
        list="姓名,邮箱,手机,类型,语言,备注\n候选人甲,one@example.org,13800000001,应届生,中文,二面",
    )
    assert answer.status_code == 303
    [row] = all_invitations(application)
    page = (await client.get(f"{HOME}/invitations/{row.id}")).text
    for words in ("候选人甲", "one@example.org", "13800000001", "应届生", "备注", "二面"):
        assert words in page
    interview = begin(application, row.id, keep=True)
    page = (await client.get(f"{HOME}/invitations/{row.id}")).text
    assert f'href="/console/interviews/{interview}"' in page
    assert ZH["stages"]["begun"] in page


async def test_who_is_erased_is_named_no_more(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "被删除的人")

    def erase(session: Any) -> None:
        row = session.get_one(Invitation, one)
        new = NewInterview(CAMPAIGN, {}, "web", person=None)
        interview = create_interview(session, application.master, new, 1.0).row
        row.person_id = interview.person_id
        session.flush()
        erase_interview(session, interview.id)

    application.database.write_now(erase)
    page = await client.get(HOME)
    assert ZH["erased"] in words_of(page, one) and "被删除的人" not in page.text
    page = await client.get(f"{HOME}/invitations/{one}")
    assert ZH["erased"] in page.text and 'class="contact"' not in page.text
    assert ZH["admits_nobody"] in page.text, "as candidates are told"
