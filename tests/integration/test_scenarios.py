"""Conversations over the whole line, written down in tests/scenarios/*.yml.

A scenario names a campaign and how the candidate arrives; each step says something and expects a
status, the open question, the kinds of the replies, or words in them.
"""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.helpers import ROOT, Candidate, build_in, running

SCENARIOS = sorted((ROOT / "tests/scenarios").glob("*.yml"))


def load(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(file)
    return data


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
async def test_scenario(tmp_path: Path, file: Path) -> None:
    scenario = load(file)
    async with running(build_in(tmp_path)) as client:
        candidate = await Candidate(client).begin(scenario["campaign"], **scenario["arrives"])
        for number, step in enumerate(scenario["steps"], 1):
            await candidate.say(step["say"])
            check(step, candidate, f"{file.name}, step {number}: {step['say']!r}")


def check(step: dict[str, Any], candidate: Candidate, where: str) -> None:
    known = {"say", "status", "question", "probe", "answered", "kinds", "hears", "options"}
    assert set(step) <= known, where
    told = "\n".join(message["text"] for message in candidate.messages)
    for name in ("status", "question", "probe", "answered"):
        if name in step:
            assert candidate.state[name] == step[name], f"{where}: {name}\n{told}"
    if "kinds" in step:
        assert [m["kind"] for m in candidate.messages] == step["kinds"], f"{where}\n{told}"
    for words in step.get("hears", []):
        assert words in told, f"{where}\n{told}"
    if "options" in step:
        offered = [option["id"] for option in candidate.messages[-1].get("options") or []]
        assert offered == step["options"], f"{where}\n{told}"
