"""A browser, and an application served to it on a real socket."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.bootstrap import Application
from tests.helpers import SECRET, Receiver, build_in, free_port, served, web_app

CHROMIUM = Path(os.environ.get("MIANTAN_CHROMIUM", "/usr/bin/chromium"))
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --use-fake-device-for-media-stream"
).split()
"""The microphone is one that beeps; whether a page may use it is its context's to say."""
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}

Open = Callable[..., Page]
"""Opens a page: Open(address, **options of the context)."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: Playwright's loop must not stay while other tests run theirs."""
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}; install chromium or set MIANTAN_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.fixture(scope="module")
def application(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> Iterator[Application]:
    built = build_in(
        tmp_path_factory.mktemp("home"),
        webhook_url=receiver.url,
        webhook_secret=SECRET,
        allow_hosts=["127.0.0.1"],
    )
    yield built
    built.close()


@pytest.fixture(scope="module")
def site(application: Application) -> Iterator[str]:
    """The address of the served application."""
    with served(web_app(application), free_port()) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Open]:
    """Pages in contexts of their own; an error in a page's script fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_one(address: str, **options: object) -> Page:
        context = browser.new_context(
            reduced_motion="reduce", timezone_id="Asia/Shanghai", **{**DESK, **options}
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.goto(site + address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def assert_accessible(page: Page) -> None:
    """No violation that axe can find. Goes by the debugger, which the pages' CSP lets through."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("Runtime.evaluate", {"expression": AXE})
    options = json.dumps({"runOnly": RULES})
    answer = debugger.send(
        "Runtime.evaluate",
        {
            "expression": f"axe.run(document, {options}).then(r => JSON.stringify(r.violations))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    debugger.detach()
    found = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in json.loads(answer["result"]["value"])
    ]
    assert found == [], page.url


def assert_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], page.url


@contextmanager
def no_reload(page: Page) -> Iterator[None]:
    """What happens inside must not load the page anew."""
    page.evaluate("window.kept = true")
    yield
    assert page.evaluate("window.kept") is True
