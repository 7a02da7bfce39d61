"""Holding the conversations of tests/scenarios/*.yml with an application, whatever its parser.

A scenario names a campaign and how the candidate arrives; each step says something (`times` over,
if that is given) and expects a status, the open question, the kinds of the replies, or words in
them. `hears_not` are words that no reply has. Instead of `say`, `idle_hours` lets time pass and the
interview's timer ring, and `reopen` is done by a recruiter. `encoder` is there where a scenario was
written for the prepared encoder: with the light one the parser goes by words alone.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from ruamel.yaml import YAML

from bot.bootstrap import Application
from bot.prepare import DEFAULT
from scoring.encoder import MODEL_FOLDER
from tests.helpers import ROOT, Candidate, build_in, running

SCENARIOS = sorted((ROOT / "tests/scenarios").glob("*.yml"))
DOES = {"say", "idle_hours", "reopen"}
STEP = {
    *DOES,
    "times",
    "status",
    "question",
    "probe",
    "answered",
    "kinds",
    "hears",
    "hears_not",
    "options",
}
SCENARIO = {"campaign", "arrives", "encoder", "steps"}


def load(file: Path) -> dict[str, Any]:
    """A scenario; it fails when it says what no scenario can say."""
    scenario: dict[str, Any] = YAML(typ="safe").load(file)
    assert set(scenario) <= SCENARIO, file.name
    assert scenario.get("encoder", DEFAULT) == DEFAULT, f"{file.name}: encoder"
    for number, step in enumerate(scenario["steps"], 1):
        assert set(step) <= STEP, f"{file.name}, step {number}"
        assert len(set(step) & DOES) == 1, f"{file.name}, step {number}"
    return scenario


def needs_model(file: Path) -> bool:
    return "encoder" in load(file)


def build_with_model(home: Path, models: Path, **values: Any) -> Application:
    """An application whose encoder is the one that was prepared in the home `models`."""
    (home / MODEL_FOLDER).parent.mkdir(parents=True, exist_ok=True)
    if not (home / MODEL_FOLDER).exists():
        (home / MODEL_FOLDER).symlink_to(models / MODEL_FOLDER, target_is_directory=True)
    return build_in(home, encoder=DEFAULT, **values)


async def hold(application: Application, file: Path) -> None:
    """Hold a scenario's conversation over the whole line; the application is closed afterwards."""
    async with running(application) as client:
        await talk(client, file, application)


async def talk(client: httpx2.AsyncClient, file: Path, application: Application) -> None:
    """Hold it over the chat API of an application that runs already."""
    scenario = load(file)
    candidate = await Candidate(client).begin(scenario["campaign"], **scenario["arrives"])
    for number, step in enumerate(scenario["steps"], 1):
        if "say" in step:
            await candidate.say(step["say"] * step.get("times", 1))
        else:
            await _meanwhile(step, candidate, application)
        check(step, candidate, f"{file.name}, step {number}: {step.get('say')!r}")


async def _meanwhile(step: dict[str, Any], candidate: Candidate, application: Application) -> None:
    """What happens without the candidate."""
    pipeline, last = application.pipeline, candidate.messages[-1]["id"]
    if "idle_hours" in step:
        now, seconds, tasks = pipeline.now, step["idle_hours"] * 3600, application.tasks
        pipeline.now = lambda: now() + seconds
        tasks.reminders = replace(tasks.reminders, night=None)  # whatever the time is now
        await asyncio.to_thread(tasks.watch, candidate.session, int(now()))
    else:
        await pipeline.reopen(candidate.session, "recruiter")
    await candidate.look(last)


def check(step: dict[str, Any], candidate: Candidate, where: str) -> None:
    told = "\n".join(message["text"] for message in candidate.messages)
    for name in ("status", "question", "probe", "answered"):
        if name in step:
            found = candidate.state[name]
            assert found == step[name], f"{where}: {name} is {found!r}\n{told}"
    if "kinds" in step:
        assert [m["kind"] for m in candidate.messages] == step["kinds"], f"{where}\n{told}"
    for words in step.get("hears", []):
        assert words in told, f"{where}: {words!r} is missing\n{told}"
    for words in step.get("hears_not", []):
        assert words not in told, f"{where}: {words!r} is there\n{told}"
    if "options" in step:
        offered = [option["id"] for option in candidate.messages[-1].get("options") or []]
        assert offered == step["options"], f"{where}\n{told}"
