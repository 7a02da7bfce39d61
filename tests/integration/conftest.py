"""What several integration tests start from."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import outbox
from bot.channels import telegram_polling
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
    monkeypatch.setattr(telegram_polling, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(telegram_polling, "FIRST_RETRY_WAIT", 0.05)
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.05)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandIn]:
    async with TelegramStandIn().running() as standing_in:
        yield standing_in
