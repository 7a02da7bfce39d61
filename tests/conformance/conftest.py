"""A database with the trial's campaign, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from bot import bootstrap, outbox
from bot.channels.telegram import receiving
from bot.channels.testing_guide import open_trial
from bot.prepare import ready_encoder, ready_parser
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.understanding.base import Parser
from tests.helpers import settings_in

pytest.register_assert_rewrite("bot.channels.testing", "bot.channels.testing_talk")


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trial")
    settings = settings_in(home)
    database = Database(settings.url)
    migrate(database)
    database.write_now(lambda session: open_trial(session, settings.company))
    database.close()
    return home


@pytest.fixture
def home(trial: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trial, tmp_path / "home"))


@pytest.fixture(scope="session")
def parser(trial: Path) -> Parser:
    """One for all: it takes longer to load than anything else."""
    settings = settings_in(trial)
    return ready_parser(settings, ready_encoder(settings))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, parser: Parser) -> None:
    monkeypatch.setattr(bootstrap, "ready_parser", lambda settings, encoder: parser)
    monkeypatch.setattr(receiving, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(receiving, "FIRST_RETRY_WAIT", 0.02)
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.02)
