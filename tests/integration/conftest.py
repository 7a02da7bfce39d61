"""What several integration tests start from."""

import io
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from bot import logs, outbox
from bot.channels.telegram import receiving
from tests.campaigns import PUBLIC, Signed
from tests.console import console
from tests.fakes import TelegramStandIn
from tests.helpers import build_in


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with the sample campaigns."""
    home = tmp_path_factory.mktemp("prepared")
    build_in(home).close()
    return home


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "home"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(receiving, "FIRST_RETRY_WAIT", 0.05)
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.05)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandIn]:
    async with TelegramStandIn().running() as standing_in:
        yield standing_in


@pytest.fixture
def logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[], str]]:
    """Logs as `miantan serve` writes them; gives everything logged so far."""
    written = io.StringIO()
    with monkeypatch.context() as redirected:
        redirected.setattr(sys, "stderr", written)
        logs.set_up("info")
    caplog.set_level(logging.INFO)
    yield lambda: written.getvalue() + caplog.text
    structlog.reset_defaults()


@pytest.fixture
async def signed(home: Path) -> AsyncIterator[Signed]:
    """A recruiter signed in to the console, where candidates reach the server."""
    async with console(home, public_url=PUBLIC, telegram_bot="example_bot") as both:
        yield both
