"""The examples of dialogues/nlu/nlu.yml, in Rasa's training-data format (version 3.1)."""

import hashlib
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


def nlu_text() -> str:
    return files("dialogues").joinpath("nlu/nlu.yml").read_text(encoding="utf-8")


def nlu_sha256() -> str:
    """The hash that says which examples a model was trained on."""
    return hashlib.sha256(nlu_text().encode()).hexdigest()


def read_examples() -> dict[str, list[str]]:
    """The examples of every intent, in the file's order."""
    data: dict[str, Any] = YAML(typ="safe").load(nlu_text())
    found: dict[str, list[str]] = {}
    for entry in data["nlu"]:
        lines = entry["examples"].splitlines()
        examples = [line.removeprefix("- ").strip() for line in lines if line.strip()]
        found.setdefault(entry["intent"], []).extend(examples)
    return found
