"""The console's campaigns over HTTP: who may see them, the ways in, and what came of it."""

import csv
import html
import io
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.bootstrap import Application
from bot.storage.console import PAGE
from bot.storage.invitations import code_of, find_by_code
from bot.web.console_texts import TEXTS
from tests.campaigns import (
    CAMPAIGN,
    EN,
    HOME,
    HOSTILE,
    PEOPLE,
    PUBLIC,
    ZH,
    Signed,
    all_invitations,
    by_mail,
    close,
    ids_in,
    interviews_came,
    invite,
    link_in,
    post_people,
    restrict,
    statements,
    was_sent,
)
from tests.console import console, csrf_of
from tests.helpers import build_in
from tests.mail_server import MailServer
from tests.wechat_platform import WeChatPlatform
from tests.wechat_runs import settings_for

# Who may see and do it

READ = ["", f"/{CAMPAIGN}", f"/{CAMPAIGN}/entry-web.svg", f"/{CAMPAIGN}/links.csv"]
OF_ONE = ["", "/web.svg", "/web.png"]
DO = ["/codes", "/invite"]
DO_WITH_ONE = ["/revoke", "/send"]


async def test_everything_is_there_for_who_is_signed_in(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "候选人甲")
    paths = [f"/console/campaigns{path}" for path in READ]
    for path in [*paths, *(f"{HOME}/invitations/{one}{path}" for path in OF_ONE)]:
        assert (await client.get(path)).status_code == 200, path


async def test_nothing_is_there_for_anybody_else(signed: Signed) -> None:
    application, client = signed
    one = f"/invitations/{invite(application, '候选人甲')}"
    client.cookies.clear()
    paths = [f"/console/campaigns{path}" for path in READ]
    for path in [*paths, *(f"{HOME}{one}{path}" for path in OF_ONE)]:
        answer = await client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/console/sign-in?next=")
    for path in [*DO, *(one + path for path in DO_WITH_ONE)]:
        for sent in ({"data": {"csrf": "x"}}, {"files": {"file": ("x.csv", PEOPLE.encode())}}):
            answer = await client.post(f"{HOME}{path}", **sent)  # type: ignore[arg-type]
            assert answer.status_code == 303, path
            assert answer.headers["location"] == "/console/sign-in"
    [row] = all_invitations(application)
    assert row.revoked_at is None


async def test_forms_need_their_token(signed: Signed) -> None:
    application, client = signed
    one = f"/invitations/{invite(application, '候选人甲')}"
    file = {"file": ("", b"")}
    for path in [*DO, *(one + path for path in DO_WITH_ONE)]:
        for csrf in ("", "x", "密"):
            fields = {"csrf": csrf, "list": PEOPLE, "via": "email"}
            sent: dict[str, Any] = {"files": file} if path == "/invite" else {}
            answer = await client.post(f"{HOME}{path}", data=fields, **sent)
            assert answer.status_code == 403, path
    elsewhere = await client.post(
        f"{HOME}/invite", data={}, files=file, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    [row] = all_invitations(application)
    assert row.revoked_at is None


@pytest.mark.parametrize(
    "path", ["nothing", f"{CAMPAIGN}/invitations/nothing", f"{CAMPAIGN}/entry-moon.svg", "a%00b"]
)
async def test_what_is_not_there_is_a_page(signed: Signed, path: str) -> None:
    _, client = signed
    page = await client.get(f"/console/campaigns/{path}")
    assert page.status_code == 404
    assert TEXTS["zh"]["to_list"] in page.text


async def test_an_invitation_of_another_campaign_is_not_there(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "候选人甲")
    other = "/console/campaigns/sales-representative"
    page = await client.get(f"{other}/invitations/{one}")
    assert page.status_code == 404
    csrf = csrf_of(await client.get(other))
    answer = await client.post(f"{other}/invitations/{one}/revoke", data={"csrf": csrf})
    assert answer.status_code == 404


# The list, and a campaign


async def test_the_list_of_campaigns(signed: Signed) -> None:
    application, client = signed
    close(application, "sales-representative")
    invite(application, "候选人甲")
    interviews_came(application, "", "web", 3, 2)
    page = await client.get("/console/campaigns")
    rows = re.findall(r"<tr>\s*<th scope=\"row\".*?</tr>", page.text, re.S)
    words = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    by_name = {CAMPAIGN: words[0], "sales-representative": words[1]}
    if CAMPAIGN not in words[0]:
        by_name = {CAMPAIGN: words[1], "sales-representative": words[0]}
    assert f"{ZH['to_all']} 邀请 1 开始 3 完成 2" in by_name[CAMPAIGN]
    assert f"{ZH['closed']} 邀请 0 开始 0 完成 0" in by_name["sales-representative"]
    assert 'href="/console/campaigns"' in (await client.get("/console")).text


async def test_a_console_without_campaigns_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.console_campaigns.campaign_lines", lambda session: [])
    async with console(home) as (_, client):
        page = await client.get("/console/campaigns")
    assert ZH["empty_title"] in page.text
    assert "<code>miantan campaign open</code>" in page.text


async def test_the_ways_in_of_an_open_campaign(signed: Signed) -> None:
    application, client = signed
    page = await client.get(HOME)
    for place, link in (
        ("web", f"{PUBLIC}/chat/{CAMPAIGN}"),
        ("telegram", f"https://t.me/example_bot?start={CAMPAIGN}"),
    ):
        assert f'<code id="link-{place}" class="link">{link}</code>' in page.text
        assert f'<img src="{HOME}/entry-{place}.svg"' in page.text
        svg = await client.get(f"{HOME}/entry-{place}.svg")
        assert svg.headers["content-type"].startswith("image/svg+xml")
        assert "<svg" in svg.text
        png = await client.get(f"{HOME}/entry-{place}.png")
        assert png.content.startswith(b"\x89PNG")
        assert f'filename="{CAMPAIGN}-{place}.png"' in png.headers["content-disposition"]
    assert "wechat" not in page.text.partition('id="ways-in"')[2].partition("</section>")[0]
    restrict(application)
    assert 'id="ways-in"' not in (await client.get(HOME)).text
    assert (await client.get(f"{HOME}/entry-web.svg")).status_code == 404


async def test_links_that_only_work_here_are_told(home: Path) -> None:
    async with console(home) as (application, client):
        one = invite(application, "候选人甲")
        for path in (HOME, f"{HOME}/invitations/{one}"):
            page = await client.get(path)
            assert "<code>MIANTAN_PUBLIC_URL</code>" in page.text
            assert ZH["no_vias"] in page.text or path != HOME


async def test_the_code_for_wechat_is_asked_for_once(home: Path) -> None:
    async with (
        WeChatPlatform().running() as platform,
        console(home, **settings_for(platform), public_url=PUBLIC) as (_, client),
    ):
        for _ in range(3):
            page = await client.get(HOME)
            assert f'src="{HOME}/entry-wechat.svg"' in page.text
        assert "<svg" in (await client.get(f"{HOME}/entry-wechat.svg")).text
        asked = [body for path, body in platform.requests if "qrcode" in path]
        assert [body["action_info"]["scene"]["scene_str"] for body in asked] == [CAMPAIGN]


async def test_a_wechat_that_refuses_does_not_stop_the_page(home: Path) -> None:
    async with WeChatPlatform().running() as platform:
        settings = {**settings_for(platform), "wechat_secret": "another", "public_url": PUBLIC}
        async with console(home, **settings) as (_, client):
            for _ in range(2):
                page = await client.get(HOME)
                assert page.status_code == 200
                assert ZH["wechat_silent"] in page.text
                assert "entry-web.svg" in page.text
            assert (await client.get(f"{HOME}/entry-wechat.svg")).status_code == 404
            asked = [path for path, _ in platform.requests if "token" in path]
            assert len(asked) <= 2, "it is left alone for a while"


async def test_sources_are_compared(signed: Signed) -> None:
    application, client = signed
    assert ZH["sources"] not in (await client.get(HOME)).text
    interviews_came(application, "A 校区", "web", 3, 3)
    interviews_came(application, "A 校区", "telegram", 1, 0)
    interviews_came(application, HOSTILE, "web", 2, 1)
    interviews_came(application, "", "web", 1, 0)
    page = await client.get(HOME)
    table = page.text.partition('class="list sources"')[2].partition("</table>")[0]
    rows = re.findall(r"<th scope=\"row\">(.*?)</tr>", table, re.S)
    words = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert words[0] == "A 校区 4 3 75% 1 0 3 3"
    assert words[1].endswith("2 1 50% – – 2 1")
    assert words[2] == f"{ZH['no_source']} 1 0 0% – – 1 0"
    assert "<img src=x" not in page.text and "{{ 7*7 }}" in page.text


async def test_a_closed_campaign_only_shows(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "候选人甲")
    was_sent(application, one, "failed")
    csrf = csrf_of(await client.get(HOME))
    close(application)
    page = await client.get(HOME)
    assert ZH["closed_note"] in page.text
    assert f'action="{HOME}/' not in page.text
    assert (await client.get(f"{HOME}/invitations/{one}/web.svg")).status_code == 404
    answers = [
        await client.post(f"{HOME}/codes", data={"csrf": csrf}),
        await client.post(
            f"{HOME}/invite", data={"csrf": csrf, "list": PEOPLE}, files={"file": ("", b"")}
        ),
    ]
    for answer in answers:
        assert answer.status_code == 409
        assert TEXTS["zh"]["problems"]["campaign_closed"]["title"] in answer.text
    sent = {"csrf": csrf, "via": "email"}
    assert (await client.post(f"{HOME}/invitations/{one}/send", data=sent)).status_code == 409


# Invitations


async def test_pages_and_filters(signed: Signed) -> None:
    application, client = signed
    everyone = [invite(application, f"候选人{n}", at=n // 2) for n in range(2 * PAGE + 7)]
    shared = invite(application, at=10_000, source="A 校区")
    was_sent(application, everyone[3], "failed")
    pages, address = [], HOME
    while address:
        page = await client.get(address)
        pages.append(ids_in(page))
        address = link_in(page, "next")
    assert [len(ids) for ids in pages] == [PAGE, PAGE, 8]
    assert {one for ids in pages for one in ids} == {shared, *everyone}
    assert pages[0][0] == shared
    back = await client.get(link_in(page, "prev"))
    assert ids_in(back) == pages[1]
    assert ids_in(await client.get(link_in(back, "prev"))) == pages[0]
    assert ids_in(await client.get(f"{HOME}?show=shared")) == [shared]
    failed = await client.get(f"{HOME}?show=failed")
    assert ids_in(failed) == [everyone[3]]
    chip = f'{ZH["shows"]["failed"]} <span class="count">1</span>'
    assert chip in failed.text
    assert (
        ids_in(await client.get(f"{HOME}?show=odd&older=odd&new=x&before=1&sending=1")) == pages[0]
    )
    beyond = await client.get(f"{HOME}?older=1.0-x")
    assert ids_in(beyond) == [] and ZH["none_match"] in beyond.text


async def test_hostile_words_are_only_words(signed: Signed) -> None:
    application, client = signed
    one = invite(application, HOSTILE, source=HOSTILE)
    for path in (HOME, f"{HOME}/invitations/{one}"):
        page = (await client.get(path)).text
        assert "<img src=x" not in page and "&lt;img src=x" in page
        assert "{{ 7*7 }}" in page
        assert 'style="' not in page and "<script>" not in page
    text = (await client.get(f"{HOME}/links.csv")).text
    assert HOSTILE in next(csv.reader(io.StringIO(text.splitlines()[1])))


async def test_both_languages(signed: Signed) -> None:
    application, client = signed
    one = invite(application, "Candidate One", source="Campus A")
    was_sent(application, one, "failed")
    interviews_came(application, "Campus A", "web", 2, 1)
    for path in ("/console/campaigns", HOME, f"{HOME}/invitations/{one}"):
        page = await client.get(f"{path}?lang=en")
        words = re.sub(r"<[^>]+>", " ", html.unescape(page.text))
        assert set(re.findall(r"[\u4e00-\u9fff]+", words)) == {"中文"}, path
    assert EN["ways_in"] in (await client.get(HOME)).text


# Many


async def test_three_thousand_people(home: Path) -> None:
    """A page takes as many statements as with three people."""

    async def counted(client: httpx2.AsyncClient, application: Application) -> list[int]:
        await client.get("/console/campaigns")  # Who is signed in was seen now.
        found = []
        for path in (HOME, f"{HOME}?show=shared", f"{HOME}/links.csv", "/console/campaigns"):
            with statements(application) as seen:
                assert (await client.get(path)).status_code == 200
            found.append(len(seen))
        return found

    def rows(start: int, end: int) -> str:
        lines = (f"候选人{n},p{n}@example.org" for n in range(start, end))
        return "\n".join(["name,email", *lines])

    with MailServer() as mail:
        async with console(home, **by_mail(mail)) as (application, client):
            await post_people(client, list=rows(0, 3), via="email")
            few = await counted(client, application)
            answer = await post_people(client, list=rows(0, 3000))
            assert "new=2997&before=3&sending=0" in answer.headers["location"]
            answer = await post_people(client, list=rows(0, 100), via="email")
            assert "new=0&before=100&sending=97" in answer.headers["location"]
            assert await counted(client, application) == few
            page = await client.get(HOME)
            assert ZH["shown"].format(total=3000, n=PAGE) in page.text
            text = (await client.get(f"{HOME}/links.csv")).text
            assert len(text.splitlines()) == 3001
            with statements(application) as seen:
                answer = await post_people(client, list=rows(0, 3000))
            assert "new=0&before=3000&sending=0" in answer.headers["location"]
            assert len(seen) < 200


def test_codes_of_the_console_admit(home: Path) -> None:
    """What the console makes is what candidates use."""
    application = build_in(home)
    one = invite(application)
    [row] = all_invitations(application)
    code = code_of(application.master, row)
    found = application.database.read_now(lambda s: find_by_code(s, application.master, code))
    application.close()
    assert found is not None and found.id == one
