"""The Rasa project's own files: domain, configurations, lock, script and container."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.understanding.base import INTENTS
from bot.understanding.examples import read_examples
from tests.helpers import ROOT

PROJECT = ROOT / "dialogues" / "nlu"
SCRIPT = ROOT / "scripts" / "rasa"


def read(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(file)
    return data


def test_domain_examples_and_parsers_know_the_same_intents() -> None:
    assert read(PROJECT / "domain.yml")["intents"] == list(INTENTS)
    assert set(read_examples()) == set(INTENTS)


@pytest.mark.parametrize("name", ["config.yml", "config.lr.yml", "config.transformer.yml"])
def test_configurations(name: str) -> None:
    parts = [part["name"] for part in read(PROJECT / name)["pipeline"]]
    assert parts[0] == "JiebaTokenizer"
    assert parts[-1] == "FallbackClassifier"


def test_no_channel_is_open() -> None:
    assert read(PROJECT / "credentials.yml") == {}
    assert "--credentials dialogues/nlu/credentials.yml" in SCRIPT.read_text(encoding="utf-8")


def test_the_lock_pins_rasa_and_names_no_addresses() -> None:
    lines = (ROOT / "rasa.lock").read_text(encoding="utf-8").splitlines()
    assert {"rasa==3.6.21", "jsonschema==3.2.0", "jieba==0.42.1"} <= set(lines)
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9._]*", line), line


def test_the_service_is_optional_and_not_published() -> None:
    service = read(ROOT / "docker-compose.yml")["services"]["rasa"]
    assert service["profiles"] == ["rasa"]
    assert "ports" not in service
    dockerfile = ROOT / service["build"]["dockerfile"]
    for source in re.findall(r"^COPY (\S+) \S+$", dockerfile.read_text("utf-8"), re.MULTILINE):
        assert (ROOT / source).exists(), source


@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        ("install", {"RASA_PYTHON": "no-such-python"}, "Python 3.10 with venv is missing"),
        ("train", {"RASA_CONFIG": "none.yml"}, "there is no dialogues/nlu/none.yml"),
        ("serve", {}, "there is no model"),
        ("", {}, "usage"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, command: str, given: dict[str, str], told: str
) -> None:
    environment = {**os.environ, "RASA_HOME": str(tmp_path), **given}
    done = subprocess.run(
        ["bash", str(SCRIPT), command], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1


def test_a_server_beyond_this_machine_needs_a_token(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "config.tar.gz").touch()
    given = {"RASA_HOME": str(tmp_path), "RASA_INTERFACE": "0.0.0.0", "MIANTAN_RASA_TOKEN": ""}
    done = subprocess.run(
        ["bash", str(SCRIPT), "serve"],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("MIANTAN_RASA_TOKEN is missing")
