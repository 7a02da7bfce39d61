"""`miantan wechat`: the menu and the QR codes of an official account."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import wechat as command
from bot.commands.errors import CommandError
from bot.settings import Settings
from tests.helpers import build_in
from tests.wechat_platform import WeChatPlatform
from tests.wechat_runs import CAMPUS, settings_for


@pytest.fixture
async def platform(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WeChatPlatform]:
    async with WeChatPlatform().running() as one:
        build_in(home).close()
        monkeypatch.setenv("MIANTAN_HOME", str(home))
        for name, value in settings_for(one).items():
            if value is not None:
                monkeypatch.setenv(f"MIANTAN_{name.upper()}", str(value))
        yield one


async def run(*words: str) -> str:
    """A command, beside the event loop that the platform runs in."""
    result = await asyncio.to_thread(CliRunner().invoke, app, ["wechat", *words])
    assert result.exception is None, result.exception
    return result.output


async def test_the_menu_is_one_that_wechat_takes(platform: WeChatPlatform) -> None:
    assert "the menu is set" in await run("menu")
    assert platform.menu_keys is not None and "pause" in platform.menu_keys


@pytest.mark.parametrize("more", [[], ["--days", "30"]])
async def test_a_code_is_scanned(platform: WeChatPlatform, tmp_path: Path, more: list[str]) -> None:
    file = tmp_path / "entry.svg"
    assert "http" in await run("qr", CAMPUS, "--out", str(file), *more)
    assert "<svg" in file.read_text(encoding="utf-8")
    body = platform.requests[-1][1]
    assert body["action_info"]["scene"]["scene_str"] == CAMPUS
    assert body.get("expire_seconds") == (2_592_000 if more else None)


async def test_a_refusal_is_one_line(platform: WeChatPlatform) -> None:
    settings = Settings()
    settings.wechat_appid = "wxother"
    with pytest.raises(CommandError, match="40013"):
        await asyncio.to_thread(command.set_menu, settings)


def test_without_an_account_it_is_said(home: Path) -> None:
    build_in(home).close()
    with pytest.raises(CommandError, match="MIANTAN_WECHAT_APPID"):
        command.set_menu(Settings(home=home))
