"""The documentation against the code: commands exist, settings are complete, examples run."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.bootstrap import build_connectors
from bot.channels.errors import SendError
from bot.channels.layout import utf8, utf16
from bot.cli import app
from bot.commands.guide_check import count_findings
from bot.settings import Settings
from bot.storage.catalogue import GivenFiles, load_role
from tests.helpers import ROOT, SECRET, Receiver, build_in, free_port, served, web_app, with_webhook
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_runs import settings_for

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, kind: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def commands() -> dict[str, Any]:
    """Every command, as it is typed, with its click object."""
    found: dict[str, Any] = {}
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        for sub, inner in getattr(command, "commands", {"": command}).items():
            found[f"{name} {sub}".strip()] = inner
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_pages_exist(page: Path) -> None:
    known = commands()
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\S+/)?miantan (.+)$", "\n".join(blocks(page, "bash")), re.MULTILINE)
    for line in [*lines, *re.findall(r"`miantan ([^`]+)`", text)]:
        words = line.split("#")[0].split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        assert name in known or words[0] in {key.split()[0] for key in known}, line
        if name in known:
            parameters = known[name].params
            options = {opt for each in parameters for opt in (*each.opts, *each.secondary_opts)}
            assert {word for word in words if word.startswith("--")} <= options, line


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(MIANTAN_\w+)` \| .*? \| (.*) \|$", text, re.MULTILINE))
    expected = {
        f"MIANTAN_{name.upper()}": field.description
        for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_settings_named_anywhere_exist() -> None:
    known = {f"MIANTAN_{name.upper()}" for name in Settings.model_fields}
    files = [*PAGES, ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    for file in files:
        named = set(re.findall(r"\bMIANTAN_[A-Z_]+\b", file.read_text(encoding="utf-8")))
        assert named <= known, file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_guide_and_rubric_in_the_pages_are_sound(tmp_path: Path) -> None:
    page = ROOT / "docs/guides.md"
    [guide], [rubric] = blocks(page, "yaml guide"), blocks(page, "yaml rubric")
    assert load_role(GivenFiles(guide, rubric)).guide.guide == "shop-assistant"
    (tmp_path / "guide.yml").write_text(guide, encoding="utf-8")
    (tmp_path / "shop-assistant.rubric.yml").write_text(rubric, encoding="utf-8")
    assert count_findings([tmp_path / "guide.yml"]) == 0


def test_the_examples_of_the_api_run(tmp_path: Path) -> None:
    space: dict[str, Any] = {}
    for kind in ("python example", "python verify"):
        [code] = blocks(ROOT / "docs/api.md", kind)
        exec(compile(code, "docs/api.md", "exec"), space)
    with Receiver() as receiver:
        application = build_in(tmp_path, **with_webhook(receiver))
        try:
            with served(web_app(application), free_port()) as url:
                state = space["hold_interview"](url, "sales-representative", "I called them back.")
        finally:
            application.close()
        assert state["status"] == "finished"
        result = '{"schema": "miantan.result/1"}'
        connector = build_connectors(application.settings)["webhook"]
        connector.deliver(result, "msg_example")
        headers, body = receiver.received[-1]
        assert space["receive"](body, headers, SECRET) == {"schema": "miantan.result/1"}


CHANNEL_PAGES = {"channels.md": ("yes", "no"), "channels.zh.md": ("是", "否")}
SAMPLE_CHANNEL = ROOT / "tests/conformance/sample_channel.py"
UNITS = {utf16: ("UTF-16 units", "UTF-16 单元"), utf8: ("UTF-8 bytes", "UTF-8 字节")}


def test_the_table_of_channels_is_what_they_can_do(tmp_path: Path) -> None:
    settings = {**settings_for(WeChatPlatform()), **settings_for(WeComPlatform())}
    application = build_in(tmp_path, telegram_token="1:stand-in", **settings)
    application.close()
    for place, (page, (yes, no)) in enumerate(CHANNEL_PAGES.items()):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        rows = re.findall(r"^\| `([a-z]+)` \| (\d.*) \|$", text, re.MULTILINE)
        expected = {}
        for name, channel in application.channels.items():
            able = channel.capabilities
            flags = (able.combined, able.quota, able.voice_in, able.voice_out)
            numbers = (str(able.length), UNITS[able.measure][place], str(able.buttons))
            expected[name] = " | ".join((*numbers, *(yes if flag else no for flag in flags)))
        assert dict(rows) == expected, page


@pytest.mark.parametrize("page", CHANNEL_PAGES)
def test_the_sample_channel_is_short_and_as_shown(page: str) -> None:
    sample = SAMPLE_CHANNEL.read_text(encoding="utf-8")
    assert len(sample.splitlines()) <= 100
    shown = blocks(ROOT / "docs" / page, "python sample")
    assert len(shown) == 4
    assert all(excerpt in sample for excerpt in shown)


@pytest.mark.parametrize("page", CHANNEL_PAGES)
def test_errors_of_sending_are_explained(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+Error)` \|", text, re.MULTILINE)
    assert set(named) == {error.__name__ for error in SendError.__subclasses__()}
