"""Signing in to the console, and staying signed in."""

from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.security.tokens import token_hash
from bot.storage.tables import ConsoleSession, SignInLink, User
from bot.storage.users import IDLE_SECONDS, LINK_SECONDS
from bot.web.console_texts import TEXTS
from bot.web.signin import COOKIE, Brake
from tests.console import PASSWORD, calling, choose_password, console, csrf_of, link_of, sign_in
from tests.helpers import build_in


async def test_a_link_sets_a_password_once(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with calling(application) as client:
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
    async with calling(application) as client:
        token = link_of(application)

        def age(session: Session) -> None:
            link = session.get_one(SignInLink, token_hash(token))
            link.expires_at -= LINK_SECONDS + 1
            session.add(link)

        application.database.write_now(age)
        assert (await choose_password(client, token)).status_code == 410


async def test_passwords_that_are_short_or_differ_are_asked_for_again(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with calling(application) as client:
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
    async with calling(application) as client:
        form = {"token": link_of(application), "password": PASSWORD, "again": PASSWORD}
        done = await client.post("https://test/console/enter", data=form)
        assert "Secure" in done.headers["set-cookie"]


@pytest.mark.parametrize("path", ["", "/", "/interviews/x", "/nothing", "/interviews/x%00"])
async def test_nothing_is_shown_to_those_not_signed_in(tmp_path: Path, path: str) -> None:
    application = build_in(tmp_path)
    async with calling(application) as client:
        page = await client.get("/console" + path)
        assert page.status_code in (303, 404)
        assert "data-row" not in page.text and "sign-out" not in page.text


def test_users_are_kept_apart_by_name(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    link_of(application, "小林")
    link_of(application, "小林")
    names = application.database.read_now(lambda s: s.exec(select(User.name)).all())
    assert list(names) == ["小林"]
    application.close()
