"""The recruiter's console over HTTP: signing in, the list, an interview, its deliveries."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.security.tokens import token_hash
from bot.storage.console import PAGE
from bot.storage.interviews import NewInterview, create
from bot.storage.tables import ConsoleSession, Interview, SignInLink, User
from bot.storage.users import IDLE_SECONDS, LINK_SECONDS, ensure_user, new_link
from bot.web.console_texts import TEXTS
from bot.web.signin import COOKIE, Brake
from connectors.result import from_json
from tests.helpers import SECRET, Candidate, Receiver, build_in, good_answers, running, until

CAMPAIGN = "campus-software-engineer"
PASSWORD = "correct horse battery"
HOSTILE = "后端接口和数据库是我一个人写的。<script>alert(1)</script> {{ 7*7 }} \u202e<img src=x onerror=alert(2)>"


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


async def sign_in(client: httpx2.AsyncClient, password: str = PASSWORD, **more: str) -> Any:
    form = {"name": "recruiter", "password": password, **more}
    return await client.post("/console/sign-in", data=form)


@asynccontextmanager
async def console(
    home: Path, **settings: Any
) -> AsyncIterator[tuple[Application, httpx2.AsyncClient]]:
    """An application with a signed-in recruiter who reads Chinese."""
    application = build_in(home, **settings)
    async with running(application) as client:
        client.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
        assert (await choose_password(client, link_of(application))).status_code == 303
        yield application, client


async def interviewed(application: Application, client: Any, answer: Any = None) -> str:
    """A finished and scored interview."""
    candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
    await candidate.finish(answer or good_answers(CAMPAIGN, "zh"))
    await asyncio.to_thread(application.tasks.score, candidate.session)
    return candidate.session


# Signing in


async def test_a_link_sets_a_password_once(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        token = link_of(application)
        for _ in range(2):  # looking at it does not use it up
            page = await client.get("/console/enter", params={"token": token})
            assert page.status_code == 200
            assert "recruiter" in page.text
            assert page.headers["cache-control"] == "no-store"
        done = await choose_password(client, token)
        assert (done.status_code, done.headers["location"]) == (303, "/console")
        cookie = done.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
        assert "Secure" not in cookie
        assert (await client.get("/console")).status_code == 200
        for page in (
            await client.get("/console/enter", params={"token": token}),
            await choose_password(client, token),
            await client.get("/console/enter", params={"token": "wrong"}),
            await client.get("/console/enter"),
        ):
            assert page.status_code == 410
            assert "<code>miantan sign-in</code>" in page.text


async def test_an_old_link_is_refused(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        token = link_of(application)

        def age(session: Session) -> None:
            link = session.get_one(SignInLink, token_hash(token))
            link.expires_at -= LINK_SECONDS + 1
            session.add(link)

        application.database.write_now(age)
        assert (await choose_password(client, token)).status_code == 410


async def test_passwords_that_are_short_or_differ_are_asked_for_again(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        token = link_of(application)
        short = await choose_password(client, token, "123456789")
        assert short.status_code == 422
        assert TEXTS["en"]["form_problems"]["short"] in short.text
        differ = await choose_password(client, token, PASSWORD, PASSWORD + "x")
        assert differ.status_code == 422
        assert TEXTS["en"]["form_problems"]["different"] in differ.text
        assert (await choose_password(client, token)).status_code == 303


async def test_a_new_link_signs_other_browsers_out(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        before = dict(client.cookies)
        assert (await choose_password(client, link_of(application))).status_code == 303
        assert (await client.get("/console")).status_code == 200
        client.cookies.clear()
        client.cookies.update(before)
        assert (await client.get("/console")).status_code == 303


async def test_sign_in_by_password_and_back_to_the_page_wanted(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        client.cookies.clear()
        wanted = await client.get("/console/interviews/abc?status=finished")
        assert wanted.status_code == 303
        assert wanted.headers["location"] == (
            "/console/sign-in?next=%2Fconsole%2Finterviews%2Fabc%3Fstatus%3Dfinished"
        )
        wrong = await sign_in(client, "wrong password")
        unknown = await client.post("/console/sign-in", data={"name": "x", "password": PASSWORD})
        sentence = TEXTS["zh"]["form_problems"]["password"]
        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert sentence in wrong.text and sentence in unknown.text
        assert COOKIE not in client.cookies
        right = await sign_in(client, next="/console/interviews/abc?status=finished")
        assert right.headers["location"] == "/console/interviews/abc?status=finished"


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/console/../x", ""])
async def test_sign_in_leads_nowhere_else(tmp_path: Path, after: str) -> None:
    async with console(tmp_path) as (_, client):
        right = await sign_in(client, next=after)
        assert (right.status_code, right.headers["location"]) == (303, "/console")


async def test_too_many_wrong_passwords_wait(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        statuses = [(await sign_in(client, "wrong password")).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        braked = await sign_in(client)  # the right one too
        assert braked.status_code == 429
        assert TEXTS["zh"]["form_problems"]["braked"].split("miantan")[0] in braked.text


def test_the_brake_lets_go_after_its_time_and_keeps_few_names() -> None:
    brake = Brake()
    assert [brake.take("a", at) for at in (0, 1, 2, 3, 4, 5)] == [True] * 5 + [False]
    assert brake.take("a", Brake.SECONDS)
    brake.release("a")
    assert all(brake.take("a", Brake.SECONDS + 1) for _ in range(Brake.TRIES))
    for n in range(Brake.NAMES + 5):
        brake.take(str(n), 0)
    assert len(brake._tries) <= Brake.NAMES


async def test_sign_out_needs_the_token_and_ends_the_session(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        page = await client.get("/console")
        kept = dict(client.cookies)
        for form in ({}, {"csrf": "wrong"}, {"csrf": "错"}):
            refused = await client.post("/console/sign-out", data=form)
            assert refused.status_code == 403
            assert TEXTS["zh"]["problems"]["forged"]["title"] in refused.text
        out = await client.post("/console/sign-out", data={"csrf": csrf_of(page)})
        assert (out.status_code, out.headers["location"]) == (303, "/console/sign-in")
        client.cookies.update(kept)
        assert (await client.get("/console")).status_code == 303
        assert application.database.read_now(lambda s: s.exec(select(ConsoleSession)).all() == [])


async def test_forms_of_other_sites_are_refused(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        client.headers["Sec-Fetch-Site"] = "cross-site"
        assert (await sign_in(client)).status_code == 403
        client.headers["Sec-Fetch-Site"] = "same-origin"
        assert (await sign_in(client)).status_code == 303


async def test_forms_that_cannot_be_read(tmp_path: Path) -> None:
    async with console(tmp_path) as (_, client):
        for content, status in ((b"\xff", 422), (b"name=%ff", 422), (b"name=%00", 422)):
            answer = await client.post("/console/sign-in", content=content)
            assert answer.status_code == status, content
            assert "<h1>" in answer.text
        large = await client.post("/console/sign-in", content=b"name=" + b"x" * 20_000)
        assert large.status_code == 413


async def test_idle_sessions_end_and_are_touched_once_a_minute(tmp_path: Path) -> None:
    async with console(tmp_path) as (application, client):
        start = application.pipeline.now()
        clock = {"now": start}
        application.pipeline.now = lambda: clock["now"]

        def seen() -> float:
            return application.database.read_now(
                lambda s: s.exec(select(ConsoleSession.seen_at)).one()
            )

        clock["now"] = start + 30
        await client.get("/console")
        assert seen() < start + 30
        clock["now"] = start + 90
        await client.get("/console")
        assert seen() == start + 90
        clock["now"] += IDLE_SECONDS + 1
        assert (await client.get("/console")).status_code == 303


async def test_the_cookie_is_secure_over_https(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        form = {"token": link_of(application), "password": PASSWORD, "again": PASSWORD}
        done = await client.post("https://test/console/enter", data=form)
        assert "Secure" in done.headers["set-cookie"]


@pytest.mark.parametrize("path", ["", "/", "/interviews/x", "/nothing", "/interviews/x%00"])
async def test_nothing_is_shown_to_those_not_signed_in(tmp_path: Path, path: str) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        page = await client.get("/console" + path)
        assert page.status_code in (303, 404)
        assert "interviews" not in page.text


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
        assert sum(pages, []) == newest_first
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
        opened = application.database.read_now(lambda s: _result(application, s, interview))
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


def _result(application: Application, session: Session, interview: str) -> Any:
    from bot.storage.people import key_of
    from bot.storage.tables import ResultRow

    key = key_of(session, application.master, session.get_one(Interview, interview))
    row = session.get_one(ResultRow, interview)
    return from_json(key.open(row.body, f"result.body:{interview}"))


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
        await asyncio.to_thread(application.tasks.erase, interview)
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
        async with console(tmp_path, **settings, allow_hosts=["127.0.0.1"]) as (app, client):
            interview = await interviewed(app, client)
            address = f"/console/interviews/{interview}"
            await until(lambda: _delivery_status(app) == "failed")
            page = await client.get(address)
            assert TEXTS["zh"]["outcomes"]["permanent"] in page.text
            assert "HTTP 400" in page.text
            action = re.search(rf'action="({address}/deliveries/\w+)"', page.text)
            assert action
            assert (await client.post(action[1])).status_code == 403
            form = {"csrf": csrf_of(page)}
            again = await client.post(action[1], data=form)
            assert again.status_code == 303
            await until(lambda: _delivery_status(app) == "sent")
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
        async with console(tmp_path, **settings, allow_hosts=["127.0.0.1"]) as (app, client):
            interview = await interviewed(app, client)
            address = f"/console/interviews/{interview}"
            await until(lambda: _delivery_status(app) == "failed")
            page = await client.get(address)
            action = re.search(rf'action="({address}/deliveries/\w+)"', page.text)
            assert action
            await asyncio.to_thread(app.tasks.erase, interview)
            refused = await client.post(action[1], data={"csrf": csrf_of(page)})
            assert refused.status_code == 409
            assert action[1] not in (await client.get(address)).text


def _delivery_status(application: Application) -> str | None:
    from bot.storage.tables import Delivery

    return application.database.read_now(lambda s: s.exec(select(Delivery.status)).first())


def test_users_are_kept_apart_by_name(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    link_of(application, "小林")
    link_of(application, "小林")
    names = application.database.read_now(lambda s: s.exec(select(User.name)).all())
    assert list(names) == ["小林"]
    application.close()
