"""`miantan understand`, run as a user runs it, alone and beside a Rasa server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import free_port
from tests.rasa.server import TOKEN, RasaStandIn, told

ROWS: list[dict[str, Any]] = [
    {"text": "请再说一遍这个问题", "language": "zh", "intent": "repeat_question", "context": None},
    {"text": "请删除我的全部资料", "language": "zh", "intent": "delete_my_data"},
    {
        "text": "我负责后端接口，把平均延迟从八百毫秒降到了两百毫秒。",
        "language": "zh",
        "intent": "answer",
        "context": {"question": "请讲一个您负责过的项目。", "kind": "open"},
    },
    {"text": "Could you repeat the question?", "language": "en", "intent": "repeat_question"},
]


class Shell:
    """Runs `miantan understand` with the light encoder: by words alone."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(
        self, *args: object, said: str | None = None, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIANTAN")}
        environment = {
            **kept,
            "MIANTAN_HOME": str(self.home / "home"),
            "MIANTAN_ENCODER": "light",
            **settings,
        }
        code = "from bot.cli import main; main()"
        command = [sys.executable, "-c", code, "understand", *map(str, args)]
        return subprocess.run(
            command,
            env=environment,
            input=said or "",
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=120,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def complaint(done: "subprocess.CompletedProcess[str]", code: int = 2) -> str:
    """The one line in which a command ended."""
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def test_a_message(shell: Shell) -> None:
    done = shell("--lang", "zh", "--json", "请删除我的全部资料")
    found = json.loads(done.stdout)
    assert done.stderr == ""
    assert set(found) == {"intent", "confidence", "parser"}
    assert (found["intent"], found["parser"]) == ("delete_my_data", "embedded")
    assert 0.5 < found["confidence"] <= 1
    spoken = shell("--question", "How many?", "--kind", "number", said="\u00a03\nnever read\n")
    assert spoken.stdout == "answer (100%, by embedded)\n"


@pytest.mark.model
def test_a_message_with_the_real_encoder(shell: Shell, model_home: Path) -> None:
    real = {"MIANTAN_HOME": str(model_home), "MIANTAN_ENCODER": "e5-small-int8"}
    done = shell("Could you repeat the question, please?", "--json", **real)
    assert json.loads(done.stdout)["intent"] == "repeat_question"


def test_rows(shell: Shell, rows: Path) -> None:
    found = json.loads(shell("--in", rows, "--json").stdout)
    assert {
        "accuracy",
        "answers_as_commands",
        "withdrawals_missed",
        "confusion",
        "rows",
    } <= set(found)
    assert found["accuracy"] == {"zh": 1.0, "en": 1.0}
    assert (found["answers_as_commands"], found["withdrawals_missed"]) == (0.0, 0.0)
    assert [row["text"] for row in found["rows"]] == [row["text"] for row in ROWS]
    table = shell("--in", rows, "--lang", "zh").stdout.splitlines()
    assert len(table) == 2
    assert table[1].split()[:3] == ["zh", "3", "100.0%"]


def test_what_cannot_be_done_is_one_line(shell: Shell, rows: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "x", "language": "en", "intent": "nap"}\n', encoding="utf-8")
    assert complaint(shell("--in", bad)).startswith(f"{bad}:1: there is no intent 'nap'")
    assert "no-such-file" in complaint(shell("--in", "no-such-file"))
    assert complaint(shell("--lang", "fr", "x")) == "--lang fr: use zh or en"
    assert complaint(shell("--parser", "x", "x")) == "--parser x: use embedded or rasa"
    assert "give nothing besides" in complaint(shell("x", "--in", rows))
    assert complaint(shell()).startswith("no message")
    assert "MIANTAN_RASA_URL is not set" in complaint(shell("--parser", "rasa", "x"))


def with_rasa(url: str, token: str = TOKEN) -> dict[str, str]:
    return {"MIANTAN_RASA_URL": url, "MIANTAN_RASA_TOKEN": token, "MIANTAN_RASA_SECONDS": "20"}


def test_rasa_is_asked(shell: Shell, rows: Path) -> None:
    text = "请删除我的全部资料"
    with RasaStandIn({text: told(text, "delete_my_data", 0.75)}) as rasa:
        one = shell("--parser", "rasa", "--json", text, **with_rasa(rasa.url))
        assert one.stderr == ""
        assert json.loads(one.stdout) == {
            "intent": "delete_my_data",
            "confidence": 0.75,
            "parser": "rasa",
        }
        # What needs no model is never asked of Rasa.
        assert shell("--parser", "rasa", "3", **with_rasa(rasa.url)).returncode == 0
        assert rasa.heard == [text]
        done = shell("--parser", "rasa", "--in", rows, "--json", **with_rasa(rasa.url))
        found = json.loads(done.stdout)
        assert {row["found"]["parser"] for row in found["rows"]} == {"rasa"}
        assert found["accuracy"] == {"zh": 0.6667, "en": 0.0}
        # Set for the interviews, it changes nothing of the embedded parser.
        plain = shell("--json", text, **with_rasa(rasa.url))
        assert json.loads(plain.stdout)["parser"] == "embedded"


def test_without_rasas_answer_nothing_is_measured(shell: Shell, rows: Path) -> None:
    nobody = with_rasa(f"http://127.0.0.1:{free_port()}")
    for args in (("hello",), ("--in", rows), ("--in", rows, "--json")):
        said = complaint(shell("--parser", "rasa", *args, **nobody), 1)
        assert said.startswith("Rasa does not answer; check MIANTAN_RASA_URL")
    with RasaStandIn() as rasa:
        stranger = with_rasa(rasa.url, "another-token")
        assert "MIANTAN_RASA_TOKEN" in complaint(shell("--parser", "rasa", "hi", **stranger), 1)
        rasa.next = [(200, "text/html", b"<html>")]
        wrong = shell("--parser", "rasa", "hi", **with_rasa(rasa.url))
        assert "Rasa does not answer" in complaint(wrong, 1)
