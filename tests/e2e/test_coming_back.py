"""In the browser: a reminder arrives, the interview closes and is reopened, all on the open page."""

import asyncio
import threading

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from bot.bootstrap import Application
from bot.idle import time_out
from bot.reminders import Reminders
from bot.storage.tables import Interview
from dialogues.texts import TEXTS
from tests.e2e.conftest import PHONE, Open, assert_accessible, assert_fits, no_reload

pytestmark = pytest.mark.browser

SALES = "sales-representative"
OPEN_OPTIONS = ".options:not(.options-past) button"


def test_reminded_closed_and_reopened_on_the_open_page(
    open_page: Open, application: Application
) -> None:
    page = open_page(f"/chat/{SALES}?lang=zh", **PHONE)
    page.locator("#start-button").tap()
    page.locator(OPEN_OPTIONS).first.tap()
    expect(page.locator("#typing")).to_be_hidden()
    expect(page.locator(OPEN_OPTIONS).first).to_contain_text("应届生")
    interview = newest(application)
    with no_reload(page):
        told = page.locator(".msg-theirs")
        count = told.count()
        time_out(application.pipeline, interview, 9e9, Reminders((0.0,)))
        expect(told).to_have_count(count + 2)
        expect(told.nth(count)).to_contain_text("面试还没有做完")
        expect(page.locator(OPEN_OPTIONS)).to_have_count(2)
        assert_accessible(page)
        time_out(application.pipeline, interview, 0.0)
        expect(page.locator("#ending")).to_contain_text("过期")
        reopen(application, interview)
        expect(page.locator("#ending")).to_be_hidden()
        expect(told.nth(count + 3)).to_contain_text(TEXTS["reopened"]["zh"])
        page.locator(OPEN_OPTIONS).first.tap()
        expect(page.locator("#progress-count")).to_be_visible()
        expect(page.locator("#words")).to_be_enabled()
    assert_fits(page)


def newest(application: Application) -> str:
    query = select(Interview.id).order_by(col(Interview.started_at).desc()).limit(1)
    return application.database.read_now(lambda session: session.exec(query).one())


def reopen(application: Application, interview: str) -> None:
    """In a loop of its own, since Playwright's runs in this thread."""
    work = application.pipeline.reopen(interview, "ada")
    thread = threading.Thread(target=asyncio.run, args=[work])
    thread.start()
    thread.join()
