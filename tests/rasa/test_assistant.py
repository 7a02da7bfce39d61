"""The sample assistant on a real Rasa server: whole conversations, leaving, and failures."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.bootstrap import Application, build
from tests.helpers import ROOT, build_in, free_port, good_answers, served, until, web_app
from tests.rasa.program import PROGRAM, START_SECONDS, answers, environment, require_rasa

TOKEN = "token-of-the-assistant"
SILENCE = "面试系统暂时联系不上"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's folder with its trained model."""
    require_rasa()
    folder = tmp_path_factory.mktemp("assistant")
    shutil.copytree(ROOT / "examples" / "rasa-assistant", folder, dirs_exist_ok=True)
    command = [str(PROGRAM), "train", "--fixed-model-name", "sample", "--quiet"]
    trained = subprocess.run(command, cwd=folder, env=environment(), capture_output=True)
    assert (folder / "models" / "sample.tar.gz").exists(), trained.stderr.decode()[-2_000:]
    return folder


@contextmanager
def rasa(folder: Path, miantan: str) -> Iterator[tuple[str, Path]]:
    """The assistant's server; yields its address and its log."""
    port, log = free_port(), folder / "rasa.log"
    command = [str(PROGRAM), "run", "--interface", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as written:
        server = subprocess.Popen(
            [*command, "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"],
            cwd=folder,
            env=environment(MIANTAN_PUBLIC_URL=miantan, MIANTAN_RASA_ACTIONS_TOKEN=TOKEN),
            stdout=written,
            stderr=written,
        )
    try:
        yield f"http://127.0.0.1:{port}", log
    finally:
        server.terminate()
        server.wait(30)


class User:
    """Someone who talks to the assistant by Rasa's REST channel."""

    def __init__(self, client: httpx2.AsyncClient, name: str) -> None:
        self.client = client
        self.name = name
        self.told: list[dict[str, Any]] = []

    async def say(self, text: str) -> str:
        body = {"sender": self.name, "message": text}
        answer = await self.client.post("/webhooks/rest/webhook", json=body)
        self.told = answer.raise_for_status().json()
        return "\n".join(message["text"] for message in self.told)

    @property
    def buttons(self) -> list[str]:
        found = self.told[-1].get("buttons", []) if self.told else []
        return [button["payload"] for button in found]

    async def finish(self, answer: str, end: str) -> None:
        """Press the first button where there are any, else answer, until `end` is said."""
        for number in count():
            assert number < 60, "the interview does not end"
            if end in await self.say(self.buttons[0] if self.buttons else answer):
                return


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
        await until(lambda: answers(address), START_SECONDS)
        yield client


def test_conversations(assistant: Path, tmp_path: Path) -> None:
    """One server for all of them, since it takes long to start."""
    application = build_in(tmp_path, rasa_actions_token=TOKEN)
    port = free_port()
    with rasa(assistant, f"http://127.0.0.1:{port}") as (address, log):

        async def first() -> None:
            async with talking(address) as client:
                await hold_in_chinese(User(client, "zh"))
                await hold_in_english(User(client, "en"))
                await be_interrupted_before(User(client, "stopped"))

        async def without_miantan() -> None:
            async with talking(address) as client:
                assert SILENCE in await User(client, "stopped").say("我最近在写编译器")
                assert SILENCE in await User(client, "new").say("我要面试")
                assert "公司助手" in await User(client, "new").say("你好")

        async def afterwards() -> None:
            async with talking(address) as client:
                assert "2/9" in await User(client, "stopped").say("我最近在写编译器")
                user = User(client, "new")
                await user.say("我要面试")
                assert user.buttons == ["agree", "decline"]

        serve(application, port, first)
        asyncio.run(without_miantan())
        serve(build(application.settings), port, afterwards)
        assert "Couldn't connect to the server" in log.read_text(encoding="utf-8")
        assert TOKEN not in log.read_text(encoding="utf-8")


def test_a_conversation_that_rasa_forgot(assistant: Path, tmp_path: Path) -> None:
    application = build_in(tmp_path, rasa_actions_token=TOKEN)
    port = free_port()
    question: list[str] = []

    async def until_asked(address: str) -> None:
        async with talking(address) as client:
            question.append(await be_interrupted_before(User(client, "x")))

    async def go_on(address: str) -> None:
        async with talking(address) as client:
            assert await User(client, "x").say("我要面试") in question[0]
            assert "2/9" in await User(client, "x").say("我最近在写编译器")

    with served(web_app(application), port) as miantan:
        for part in (until_asked, go_on):
            with rasa(assistant, miantan) as (address, _):
                asyncio.run(part(address))
    application.close()


def serve(application: Application, port: int, talk: Any) -> None:
    with served(web_app(application), port):
        asyncio.run(talk())
    application.close()


async def hold_in_chinese(user: User) -> None:
    assert "公司助手" in await user.say("你好")
    assert "AI 面试官" in await user.say("我要面试")
    await user.say("同意")
    assert user.buttons == ["campus", "experienced"]
    await user.say("campus")
    await user.say("谢谢，我最近在写一个编译器")
    answer = good_answers("campus-software-engineer", "zh")({"question": "project"})
    await user.finish(answer, "面试结束，谢谢")
    assert "公司助手" in await user.say("你好"), "the assistant has the word again"
    await user.say("删除我的资料")
    assert user.buttons == ["yes", "no"]
    assert "正在删除" in await user.say("是")


async def hold_in_english(user: User) -> None:
    assert "AI interviewer" in await user.say("I want to interview")
    await user.say("agree")
    question = (await user.say("campus")).splitlines()[-1]
    assert "Paused" in await user.say("pause")
    assert "Suzhou" in await user.say("where is your office")
    assert "Welcome back" in await user.say("resume the interview")
    assert user.told[-1]["text"] == question
    answer = good_answers("campus-software-engineer", "en")({"question": "project"})
    await user.finish(answer, "That was the last question")
    assert "welcome" in await user.say("thanks")


async def be_interrupted_before(user: User) -> str:
    """Come to the first question; returns what was said with it."""
    await user.say("我要面试")
    await user.say("agree")
    text = await user.say("campus")
    assert "1/9" in text
    return text
