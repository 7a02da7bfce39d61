"""The console over HTTP: the list of interviews, an interview, its deliveries."""

import html
import re
from pathlib import Path

import httpx2
import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.storage.console import PAGE
from bot.storage.interviews import NewInterview, create
from bot.storage.people import erase_interview
from bot.storage.tables import Interview
from bot.web.console_texts import TEXTS
from tests.console import (
    CAMPAIGN,
    console,
    csrf_of,
    delivery_statuses,
    interviewed,
    marks_of,
    result_of,
)
from tests.helpers import SECRET, Candidate, Receiver, until

HOSTILE = "后端接口和数据库是我一个人写的。我先打日志，定位到是数据库查询拖慢的，比较了两种方案，最后加了缓存。<script>alert(1)</script> {{ 7*7 }} \u202e<img src=x onerror=alert(2)>"


# The list


async def test_an_empty_list_says_so(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        page = await client.get("/console")
        assert TEXTS["zh"]["empty_title"] in page.text
        none = await client.get("/console?status=finished&campaign=nothing")
        assert TEXTS["zh"]["none_match"] in none.text


def add_interviews(application: Application, count: int) -> None:
    """Interviews a second apart, some at the same time; every third is finished."""

    def work(session: Session) -> None:
        for n in range(count):
            opened = create(session, application.master, NewInterview(CAMPAIGN, {}, "web"), n // 2)
            opened.row.status = "finished" if n % 3 == 0 else "expired"
            session.add(opened.row)

    application.database.write_now(work)


def ids_in(page: httpx2.Response) -> list[str]:
    return re.findall(r'href="/console/interviews/(\w+)[^"]*" data-row', page.text)


def link_in(page: httpx2.Response, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return html.unescape(found[1]) if found else None


async def test_pages_of_the_list_forth_and_back(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        add_interviews(application, 2 * PAGE + 7)
        newest_first = [
            row.id
            for row in application.database.read_now(
                lambda s: s.exec(
                    select(Interview).order_by(
                        col(Interview.started_at).desc(), col(Interview.id).desc()
                    )
                ).all()
            )
        ]
        pages, address = [], "/console"
        while True:
            page = await client.get(address)
            pages.append(ids_in(page))
            following = link_in(page, "next")
            if following is None:
                break
            address = following
        assert [len(ids) for ids in pages] == [PAGE, PAGE, 7]
        assert [one for ids in pages for one in ids] == newest_first
        back = await client.get(link_in(page, "prev") or "")
        assert ids_in(back) == pages[1]
        first = await client.get(link_in(back, "prev") or "")
        assert ids_in(first) == pages[0]
        assert link_in(first, "prev") is None


async def test_filters_and_counts(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        add_interviews(application, 9)
        sales = await Candidate(client).begin("sales-representative", language="en")
        page = await client.get("/console")
        assert len(ids_in(page)) == 10
        finished = await client.get("/console?status=finished")
        assert len(ids_in(finished)) == 3
        chip = f'{TEXTS["zh"]["statuses"]["expired"]} <span class="count">6</span>'
        assert chip in finished.text
        one = await client.get("/console?campaign=sales-representative")
        assert ids_in(one) == [sales.session]
        assert ids_in(await client.get("/console?older=nonsense&newer=1e999-x")) == ids_in(page)


async def test_a_line_of_the_list(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client)
        row = application.database.read_now(lambda s: s.get_one(Interview, interview))
        page = (await client.get("/console")).text
        cells = re.findall(r"<t[dh] [^>]*class=\"c-[^>]*>(.*?)</t[dh]>", page, re.DOTALL)
        words = [re.sub(r"<[^>]+>", "", cell).split() for cell in cells]
        assert words[:5] == [
            [row.person_id[:6]], ["软件工程师"], ["应届生"], ["中文"], ["网页"]
        ]  # fmt: skip
        assert words[5:7] == [["已完成"], [f"{row.answered}/{row.total}"]]
        assert float(words[7][0]) > 0
        assert "<svg" in cells[7]
        assert '<time datetime="20' in cells[8] and "UTC" in cells[8]
        english = (await client.get("/console?lang=en")).text
        assert "New graduate" in english
        assert "Interviews" in (await client.get("/console")).text  # the cookie keeps it


# An interview


async def test_the_words_that_scores_rest_on_are_marked(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client)
        page = await client.get(f"/console/interviews/{interview}")
        assert page.status_code == 200
        opened = result_of(application, interview)
        marked = marks_of(page)
        strong = [e for row in opened.scores.answers for e in row.evidence if e.strength >= 0.5]
        assert strong
        for evidence in strong:
            assert any(evidence.text in mark or mark in evidence.text for mark in marked)
        for label in re.findall(r'href="#(words-\w+|point-\w+)"', page.text):
            assert page.text.count(f'id="{label}"') >= 1, label
        assert page.text.count("没有提到") == len(opened.scores.answers)
        assert TEXTS["zh"]["proposal"] in page.text
        assert opened.rubric.sha256 in page.text and opened.guide.sha256 in page.text
        assert 'style="' not in page.text and "<script>" not in page.text


async def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client, lambda state: HOSTILE)
        page = await client.get(f"/console/interviews/{interview}")
        assert "<script>" not in page.text and "<img" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "{{ 7*7 }}" in page.text
        assert "后端接口和数据库是我一个人写的" in marks_of(page)


async def test_unscored_answers_say_why(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client, lambda state: "跳过")
        page = (await client.get(f"/console/interviews/{interview}")).text
        assert TEXTS["zh"]["reasons"]["skipped"] in page
        assert TEXTS["zh"]["reasons"]["too_little_scored"] in page
        assert TEXTS["zh"]["unscored"] in (await client.get("/console")).text


async def test_an_interview_under_way_shows_what_was_said(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
        await candidate.say("agree")
        await candidate.say("我写了一个爬虫。")
        page = await client.get(f"/console/interviews/{candidate.session}")
        assert "我写了一个爬虫。" in page.text
        assert TEXTS["zh"]["in_progress_note"] in page.text
        assert 'class="summary"' not in page.text


async def test_an_erased_interview_says_so_and_shows_nothing(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        interview = await interviewed(application, client)
        application.database.write_now(lambda s: erase_interview(s, interview))
        page = await client.get(f"/console/interviews/{interview}")
        assert page.status_code == 200
        assert TEXTS["zh"]["erased_title"] in page.text
        assert "<mark" not in page.text and 'class="summary"' not in page.text
        assert 'class="score"' not in (await client.get("/console")).text


async def test_neighbours_keep_the_filter(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        add_interviews(application, 9)
        ids = ids_in(await client.get("/console?status=finished"))
        page = await client.get(f"/console/interviews/{ids[1]}?status=finished")
        assert f'/console/interviews/{ids[0]}?status=finished" rel="prev"' in page.text
        assert f'/console/interviews/{ids[2]}?status=finished" rel="next"' in page.text


@pytest.mark.parametrize("path", ["/interviews/unknown", "/nothing/here", "/interviews/%00"])
async def test_what_is_not_there_is_a_page(tmp_path: Path, path: str) -> None:
    async with console(tmp_path) as (_, client):
        page = await client.get("/console" + path)
        assert page.status_code == 404
        assert TEXTS["zh"]["to_list"] in page.text


# Deliveries


async def test_a_failed_delivery_is_sent_again_by_a_person(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [400]
        settings = {"webhook_url": receiver.url, "webhook_secret": SECRET}
        async with console(tmp_path, True, **settings, allow_hosts=["127.0.0.1"]) as (app, client):
            interview = await interviewed(app, client)
            address = f"/console/interviews/{interview}"
            await until(lambda: delivery_statuses(app) == ["failed"])
            page = await client.get(address)
            assert TEXTS["zh"]["outcomes"]["permanent"] in page.text
            assert "HTTP 400" in page.text
            action = re.search(rf'action="({address}/deliveries/\w+)"', page.text)
            assert action
            assert (await client.post(action[1])).status_code == 403
            form = {"csrf": csrf_of(page)}
            again = await client.post(action[1], data=form)
            assert again.status_code == 303
            await until(lambda: delivery_statuses(app) == ["sent"])
            assert len(receiver.received) == 2
            done = await client.get(address)
            assert TEXTS["zh"]["delivery_statuses"]["sent"] in done.text
            assert action[1] not in done.text
            assert (await client.post(action[1], data=form)).status_code == 409
            unknown = await client.post(f"{address}/deliveries/nothing", data=form)
            assert unknown.status_code == 404


async def test_an_erased_result_is_not_sent_again(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [400]
        settings = {"webhook_url": receiver.url, "webhook_secret": SECRET}
        async with console(tmp_path, True, **settings, allow_hosts=["127.0.0.1"]) as (app, client):
            interview = await interviewed(app, client)
            address = f"/console/interviews/{interview}"
            await until(lambda: delivery_statuses(app) == ["failed"])
            page = await client.get(address)
            action = re.search(rf'action="({address}/deliveries/\w+)"', page.text)
            assert action
            app.database.write_now(lambda s: erase_interview(s, interview))
            refused = await client.post(action[1], data={"csrf": csrf_of(page)})
            assert refused.status_code == 409
            assert action[1] not in (await client.get(address)).text
