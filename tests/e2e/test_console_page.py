"""The recruiter's console in a browser, with an interview that was taken over the chat API."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from bot.bootstrap import Application
from tests.console import CAMPAIGN, PASSWORD, delivery_statuses, link_of
from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits, no_reload
from tests.helpers import Candidate, Receiver, good_answers, until

pytestmark = pytest.mark.browser

SCRIPT = "<script>alert(1)</script>"


async def interviewed(application: Application, site: str) -> None:
    """Two interviews whose first delivery is refused, and one that is only begun."""
    good = good_answers(CAMPAIGN, "zh")
    async with httpx2.AsyncClient(base_url=site) as client:
        for _ in range(2):
            candidate = await Candidate(client).begin(
                CAMPAIGN, language="zh", candidate_type="campus"
            )
            await candidate.finish(lambda state: good(state) + SCRIPT)
        await Candidate(client).begin(CAMPAIGN, language="en", candidate_type="campus")
        await until(lambda: delivery_statuses(application) == ["failed"] * 2)


@pytest.fixture(scope="module")
def signed_in(application: Application, site: str, receiver: Receiver, browser: object) -> str:
    """The site with interviews, and a recruiter whose password is chosen."""
    receiver.answers = [400, 400]
    in_own_loop(interviewed(application, site))
    return site


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine though Playwright's loop runs in this thread."""
    thread = threading.Thread(target=asyncio.run, args=[work])
    thread.start()
    thread.join()


def enter(open_page: Open, application: Application, **options: object) -> Page:
    """In by a one-time link, with the password chosen."""
    page = open_page(f"/console/enter?token={link_of(application)}", **options)
    assert_accessible(page)
    for label in ("password", "again"):
        page.locator(f"#{label}").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/console")
    return page


def rows(page: Page) -> list[str]:
    return [str(one.get_attribute("href")) for one in page.locator("[data-row]").all()]


def test_from_the_link_to_the_evidence_and_the_delivery(
    open_page: Open, application: Application, signed_in: str, receiver: Receiver
) -> None:
    page = enter(open_page, application, locale="zh-CN")
    expect(page.locator(".list tbody tr")).to_have_count(3)
    expect(page.locator(".list tbody tr").first).to_contain_text("等待同意")
    assert_accessible(page)

    page.get_by_role("link", name="已完成").click()
    expect(page.locator(".list tbody tr")).to_have_count(2)
    page.locator("[data-row]").first.click()
    expect(page.locator("h1")).to_contain_text("已完成")
    assert SCRIPT in page.locator(".kind-answer .words").first.inner_text()
    assert page.locator("main script").count() == 0
    assert_accessible(page)
    assert_fits(page)

    point = page.locator(".points li:has(a.tag:not(.faint))").first
    label = point.get_attribute("data-label")
    words = page.locator(f'mark[data-labels~="{label}"]')
    point.hover()
    expect(words.first).to_have_class("lit")
    with no_reload(page):
        point.locator("a").click()
    expect(words.first).to_be_in_viewport()
    words.first.locator("a", has_text=label).focus()
    expect(point).to_have_class("lit")

    page.locator("#deliveries").get_by_text("HTTP 400").wait_for()
    page.get_by_role("button", name="重新发送").click()
    page.wait_for_url("**#deliveries")
    page.locator("#deliveries .delivery-failed").wait_for(state="detached")


def test_by_keyboard_and_without_it(
    open_page: Open, application: Application, signed_in: str
) -> None:
    page = enter(open_page, application, locale="en-GB")
    addresses = rows(page)
    press = page.keyboard.press
    press("j")
    press("j")
    press("Enter")
    page.wait_for_url(f"**{addresses[1]}")
    press("j")
    page.wait_for_url(f"**{addresses[2]}")
    press("k")
    page.wait_for_url(f"**{addresses[1]}")
    press("u")
    page.wait_for_url("**/console")
    page.locator("#keys button").click()  # single keys can be switched off (WCAG 2.1.4)
    press("j")
    expect(page.locator("[data-row]:focus")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_page_on_a_phone(
    open_page: Open, application: Application, signed_in: str, scheme: str, language: str
) -> None:
    page = enter(open_page, application, locale=language, color_scheme=scheme, **PHONE)
    addresses = ["/console", *rows(page), "/console/nothing", "/console?status=paused"]
    for address in addresses:
        page.goto(signed_in + address)
        assert_accessible(page)
        assert_fits(page)
        for folded in page.locator("details").all():
            folded.locator("summary").click()
        assert_accessible(page)
        assert_fits(page)


def test_everything_works_without_scripts(
    open_page: Open, application: Application, signed_in: str
) -> None:
    page = enter_without_scripts(open_page, application)
    expect(page.locator(".list time").first).to_contain_text("UTC")
    page.locator("[data-row]").last.click()
    page.locator(".points a.tag").first.click()
    expect(page.locator("mark:has(:target)").first).to_be_in_viewport()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in")
    page.get_by_role("link", name="中文").click()
    page.locator("#name").fill("recruiter")
    page.locator("#password").fill("not the password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对，请再试一次。")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/console")


def enter_without_scripts(open_page: Open, application: Application) -> Page:
    page = open_page(
        f"/console/enter?token={link_of(application)}", locale="en-GB", java_script_enabled=False
    )
    for label in ("password", "again"):
        page.locator(f"#{label}").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/console")
    return page
