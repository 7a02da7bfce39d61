"""Rasa as the parser, on a real server: the quick model is trained and served by scripts/rasa."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.understanding.base import NOTHING_OPEN, Context, Understood
from bot.understanding.rasa import RasaParser
from bot.understanding.sentences import is_long, without_model
from tests.helpers import ROOT, build_in, free_port, until
from tests.rasa.program import PROGRAM, START_SECONDS, answers, environment, require_rasa
from tests.scenario_runs import SCENARIOS, build_with_model, hold, needs_model

pytestmark = pytest.mark.timeout(1_200)

TOKEN = "token-of-the-parser"
SECRET = "zebra-crossing-seventeen"
PLAIN = (
    "branches-by-profile",
    "correcting-zh",
    "everything-is-asked",
    "leaving-en",
    "leaving-zh",
    "pausing-zh",
    "withdrawn-en",
    "withdrawn-zh",
)
FLOOR = {"zh": 0.80, "en": 0.80}


@dataclass(frozen=True)
class Server:
    url: str
    log: Path
    process: subprocess.Popen[bytes]


class NoFallback:
    """Where Rasa is up, only what needs no model may come here."""

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        assert is_long(text) or without_model(text), "Rasa did not answer"
        return Understood(without_model(text) or "answer", 1.0, "fallback")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_rasa()
    home, port = tmp_path_factory.mktemp("rasa"), free_port()
    script = ["bash", str(ROOT / "scripts" / "rasa")]
    given = environment(
        RASA_HOME=str(home),
        RASA_VENV=str(PROGRAM.parents[1]),
        RASA_CONFIG="config.lr.yml",
        RASA_PORT=str(port),
        MIANTAN_RASA_TOKEN=TOKEN,
    )
    trained = subprocess.run([*script, "train"], env=given, capture_output=True)
    assert trained.returncode == 0, trained.stderr.decode()[-2_000:]
    log = home / "log"
    with log.open("wb") as written:
        process = subprocess.Popen([*script, "serve"], env=given, stdout=written, stderr=written)
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(until(lambda: answers(url), START_SECONDS))
        yield Server(url, log, process)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def parser(server: Server) -> Iterator[RasaParser]:
    parser = RasaParser(server.url, TOKEN, NoFallback(), seconds=20)
    yield parser
    parser.close()


def held_out() -> list[dict[str, Any]]:
    file = ROOT / "bench" / "understanding" / "held_out.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("language", FLOOR)
def test_accuracy(parser: RasaParser, language: str) -> None:
    rows = [row for row in held_out() if row["language"] == language]
    right = [parser.parse(row["text"]).intent == row["intent"] for row in rows]
    assert sum(right) / len(right) >= FLOOR[language]


@pytest.mark.model
@pytest.mark.parametrize("name", PLAIN)
async def test_scenario(server: Server, tmp_path: Path, model_home: Path, name: str) -> None:
    """Conversations in words that the quick model knows, too; it does not know all of them."""
    [file] = [file for file in SCENARIOS if file.stem == name]
    settings: dict[str, Any] = {"rasa_url": server.url, "rasa_token": TOKEN, "rasa_seconds": 20}
    if needs_model(file):
        application = build_with_model(tmp_path, model_home, **settings)
    else:
        application = build_in(tmp_path, **settings)
    asking = application.pipeline.parser
    assert isinstance(asking, RasaParser)
    try:
        await hold(application, file)
    finally:
        asking.close()


def test_the_token_guards_it_and_no_channel_is_open(server: Server) -> None:
    said = {"text": "hello", "message": "hello", "sender": "x"}
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        assert client.post("/model/parse", json=said).status_code == 401
        assert client.post("/model/parse?token=wrong", json=said).status_code == 401
        assert client.post("/webhooks/rest/webhook", json=said).status_code == 404
        assert client.get("/").status_code == 200


def test_what_ps_shows_has_no_token(server: Server) -> None:
    shown = subprocess.run(
        ["ps", "-o", "args=", "-p", str(server.process.pid)], capture_output=True, check=True
    )
    assert b"rasa" in shown.stdout
    assert TOKEN.encode() not in shown.stdout


def test_no_words_in_the_log(server: Server, parser: RasaParser) -> None:
    """Neither when all is well, nor for a slash, a caller who leaves, or a broken body."""
    for text in (SECRET, f"/{SECRET}", f'/{SECRET}{{"a"', f"//{SECRET}@1.0"):
        assert parser.parse(text).parser == "rasa"
    address = f"{server.url}/model/parse?token={TOKEN}"
    with httpx2.Client(trust_env=False, timeout=0.001) as client:
        for _ in range(20):
            with pytest.raises(httpx2.TimeoutException):
                client.post(address, json={"text": f"{SECRET} " * 500})
    for body in (f'{{"text": "{SECRET}', f'["{SECRET}"]', f'{{"text": {{"a": "{SECRET}"}}}}'):
        httpx2.post(address, content=body, trust_env=False, timeout=20)
    assert parser.parse("hello").parser == "rasa"
    log = server.log.read_text(encoding="utf-8")
    assert SECRET not in log
    assert "zebra" not in log
    assert TOKEN not in log.replace(f"MIANTAN_RASA_TOKEN={TOKEN}", "")


def test_an_assistants_slash_is_no_command(parser: RasaParser) -> None:
    """Rasa itself takes “/name” for that intent, whatever it is, with a confidence of 1."""
    for text in ("/deny@1.0", "/ /off_topic", "／thanks"):
        assert parser.parse(text).confidence < 1
