"""Turns over the HTTP chat API on SQLite, with the evidence found in the turn.

1 and 100 interviews go as fast as they can (each sends its next answer when it has the reply to the
last). 1,000 interviews send a turn each 30 s at times set beforehand, and latency counts from the
time a turn was due, so a slow server cannot hide behind its own slowness (open loop).

Every answer is new to the server: its sentences are drawn from the sample rubrics' examples and each
carries a number of its own, so that no vector comes from the cache.

    python -m bench.turns --out bench/results
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
from ruamel.yaml import YAML

from bench.figures import cpu_seconds, memory_mib, ran_on, spread, table, write
from bench.server import serving
from bot.demo import SAMPLES
from bot.prepare import prepare_model
from bot.settings import Settings
from scoring.encoder import MODEL_FOLDER

THINK_SECONDS = 30.0


@dataclass
class Answers:
    """Answers in both languages that were never given before. Seeded."""

    chance: random.Random = field(default_factory=lambda: random.Random(7))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.sentences: dict[str, list[str]] = {"zh": [], "en": []}
        for file in sorted((Path(__file__).parents[1] / "scoring" / "rubrics").glob("*.yml")):
            rubric = YAML(typ="safe").load(file)
            for question in rubric["questions"].values():
                for level in (3, 5):  # questions with tests or bands have no examples
                    for language, texts in question.get("examples", {}).get(level, {}).items():
                        for text in [texts] if isinstance(texts, str) else texts:
                            parts = re.split(r"(?<=[。！？；])|(?<=[.!?;])\s", text)
                            self.sentences[language] += [p for p in parts if len(p) > 8]

    def next(self, language: str) -> str:
        """Up to 100 Chinese characters or 60 words, every clause with a number of its own."""
        text = ""
        while len(text) < 60 if language == "zh" else len(text.split()) < 35:
            text += self.chance.choice(self.sentences[language]) + ("" if language == "zh" else " ")
        text = text[:100] if language == "zh" else " ".join(text.split()[:60])
        text = re.sub(r"[，,；;。.]", lambda m: f" {next(self.numbers)}{m.group()}", text)
        return text.strip()


@dataclass
class Talker:
    """One candidate over the chat API."""

    client: httpx2.AsyncClient
    answers: Answers
    number: int
    state: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    @property
    def language(self) -> str:
        return "zh" if self.number % 2 else "en"

    async def begin(self) -> None:
        campaign = SAMPLES[self.number // 2 % len(SAMPLES)]
        answer = await self.client.post(
            f"/api/v1/chat/{campaign}/sessions",
            json={"language": self.language, "candidate_type": "campus"},
        )
        data = answer.raise_for_status().json()
        self.path = f"/api/v1/chat/sessions/{data['session']}/messages"
        self.headers = {"Authorization": f"Bearer {data['token']}"}
        await self._send("agree")

    async def turn(self) -> None:
        """Answer what is open; begin a new interview when the last one has ended."""
        await self._send(self.answers.next(self.language))
        if self.state["status"] != "asking":
            await self.begin()

    async def _send(self, text: str) -> None:
        self.sent += 1
        answer = await self.client.post(
            self.path, json={"id": str(self.sent), "text": text}, headers=self.headers
        )
        self.state = answer.raise_for_status().json()["state"]


@dataclass
class Measured:
    interviews: int
    pace: str
    seconds: float
    latencies: list[float]
    errors: int
    cpu_seconds: float
    memory_mib: float

    def row(self) -> dict[str, Any]:
        """Turns a second, and milliseconds."""
        return {
            "interviews": self.interviews,
            "pace": self.pace,
            "turns": len(self.latencies),
            "turns_per_second": round(len(self.latencies) / self.seconds, 1),
            **spread(self.latencies),
            "errors": self.errors,
            "server_cpu_ms_per_turn": round(1000 * self.cpu_seconds / len(self.latencies), 1),
            "server_memory_mib": round(self.memory_mib),
        }


async def flat_out(url: str, process: psutil.Process, count: int, seconds: float) -> Measured:
    """Closed loop: each interview sends its next answer as soon as it can."""
    async with _client(url, count) as client:
        talkers = await _begin(client, count)
        latencies: list[float] = []
        cpu, start = cpu_seconds(process), time.perf_counter()

        async def talk(talker: Talker) -> None:
            while (sent := time.perf_counter()) - start < seconds:
                await talker.turn()
                latencies.append(time.perf_counter() - sent)

        await asyncio.gather(*(talk(talker) for talker in talkers))
        taken = time.perf_counter() - start
        return Measured(
            count, "flat out", taken, latencies, 0, cpu_seconds(process) - cpu, memory_mib(process)
        )


async def paced(url: str, process: psutil.Process, count: int, seconds: float) -> Measured:
    """Open loop: a turn of each interview every 30 s, at times set beforehand."""
    async with _client(url, count) as client:
        talkers = await _begin(client, count)
        latencies: list[float] = []
        errors = 0
        cpu, start = cpu_seconds(process), time.perf_counter()

        async def talk(talker: Talker, offset: float) -> None:
            nonlocal errors
            for due in itertools.takewhile(
                lambda at: at < seconds, itertools.count(offset, THINK_SECONDS)
            ):
                await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
                try:
                    await talker.turn()
                except httpx2.HTTPError:
                    errors += 1
                latencies.append(time.perf_counter() - start - due)

        async with asyncio.TaskGroup() as group:
            for i, talker in enumerate(talkers):
                group.create_task(talk(talker, THINK_SECONDS * i / count))
        taken = time.perf_counter() - start
        return Measured(
            count,
            "a turn each 30 s",
            taken,
            latencies,
            errors,
            cpu_seconds(process) - cpu,
            memory_mib(process),
        )


def _client(url: str, count: int) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=min(count, 200), max_keepalive_connections=200)
    return httpx2.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)


async def _begin(client: httpx2.AsyncClient, count: int) -> list[Talker]:
    answers = Answers()
    talkers = [Talker(client, answers, number) for number in range(count)]
    gate = asyncio.Semaphore(20)

    async def begin(talker: Talker) -> None:
        async with gate:
            await talker.begin()
            await talker.turn()

    await asyncio.gather(*(begin(talker) for talker in talkers))
    return talkers


def measure(model_home: Path, seconds: float, extra: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for count in (1, 100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            if (model_home / MODEL_FOLDER).exists():
                shutil.copytree(model_home / MODEL_FOLDER, home / MODEL_FOLDER)
            with serving(home, extra) as (url, process):
                run = flat_out if count < 1000 else paced
                length = seconds if count < 1000 else max(seconds, 2 * THINK_SECONDS)
                row = asyncio.run(run(url, process, count, length)).row()
        print(json.dumps(row), file=sys.stderr)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--encoder", default="e5-small-int8")
    options = parser.parse_args()
    home = Settings().home
    if options.encoder == "e5-small-int8":
        prepare_model(home)
    rows = measure(home, options.seconds, {"MIANTAN_ENCODER": options.encoder})
    page = (
        "# Turns over the chat API, SQLite\n\n"
        f"`python -m bench.turns --out bench/results`, encoder `{options.encoder}`, client and "
        f"server on the same machine.\n\n{ran_on()}\n\n{table(rows)}\n"
    )
    write(options.out, "turns", {"encoder": options.encoder, "rows": rows}, page)


if __name__ == "__main__":
    os.environ.setdefault("MIANTAN_LOG_LEVEL", "warning")
    main()
