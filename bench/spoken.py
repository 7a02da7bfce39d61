"""What speaking costs: how far the score of a spoken answer is from that of the same words typed, and
whether many recordings at once slow text.

- score: answers from the sample rubrics' examples, spoken by Kokoro and sent as Opus, are taken down
  and scored beside the same words as text. Answers that the gate turns away are not scored.
- queue: many interviews each send a recording of some 5 s at once, while others type as in
  `bench.turns` (each a turn every 30 s, at times set beforehand). Latency is that of the typed turns,
  from the time they were due. Then all recordings are waited for, and counted in the database.

    python -m bench.spoken --out bench/results
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
from sqlmodel import select

from bench.figures import ran_on, spread, table, write
from bench.server import serving
from bench.turns import THINK_SECONDS, Answers, Talker
from bot.demo import SAMPLES, read_files
from bot.files import sample_guide
from bot.prepare import prepare_model, prepare_speech, ready_encoder
from bot.security.sealing import load_master_key
from bot.settings import Settings
from bot.speech.hearing import hear
from bot.speech.prepare import MODEL_FOLDER as SPEECH_FOLDER
from bot.speech.prepare import NAME, load_transcriber
from bot.storage.catalogue import load_role
from bot.storage.database import Database
from bot.storage.interviews import read_events
from bot.storage.people import key_of
from bot.storage.tables import Interview, Recording
from dialogues.events import Answered, Held, Noted
from scoring.encoder import MODEL_FOLDER
from scoring.evidence import Assessor
from scoring.score import score_answer
from tests.speech.coding import encoded
from tests.speech.making import VOICES, Spoken, made, read, sentences

LONGEST = {"zh": 90, "en": 45}
"""Characters or words of an answer that is spoken."""


def examples(language: str, count: int) -> Iterator[tuple[str, str, str]]:
    """Sample guide, question and answer, drawn with a fixed seed."""
    found = []
    for sample in SAMPLES:
        role = load_role(read_files(sample_guide(sample)))
        for name, question in role.rubric.questions.items():
            if role.guide.by_id[name].kind != "open":
                continue
            for level in (3, 5):
                for text in question.examples[level].get(language, ()):
                    size = len(text) if language == "zh" else len(text.split())
                    if size <= LONGEST[language]:
                        found.append((sample, name, text))
    chance = random.Random(11)
    chance.shuffle(found)
    yield from found[:count]


def scores(home: Path, count: int) -> list[dict[str, Any]]:
    """For each language: how far apart the two scores are."""
    settings = Settings(home=home)
    encoder = ready_encoder(settings)
    transcriber = load_transcriber(NAME, home, 1)
    assert transcriber is not None
    roles = {sample: load_role(read_files(sample_guide(sample))) for sample in SAMPLES}
    assessors = {
        sample: Assessor(role.rubric, role.guide, encoder) for sample, role in roles.items()
    }
    rows = []
    for language in ("zh", "en"):
        apart, turned_away = [], 0
        chosen = list(examples(language, count))
        voices = [
            Spoken(language, text, VOICES[i % len(VOICES)], 1.0)
            for i, (_, _, text) in enumerate(chosen)
        ]
        for (sample, question, text), path in zip(chosen, made(voices), strict=True):
            heard = hear(encoded(read(path), "ogg-opus"), language, transcriber)  # type: ignore[arg-type]
            if heard.reasons:
                turned_away += 1
                continue
            rubric, assessor = roles[sample].rubric, assessors[sample]
            typed, spoken = (
                score_answer(rubric, question, assessor.find(question, words)).estimate
                for words in (text, heard.text)
            )
            apart.append(abs(typed - spoken))
        rows.append(
            {
                "language": language,
                "answers": len(chosen),
                "passed the gate": len(apart),
                "median difference": round(statistics.median(apart), 1),
                "mean": round(statistics.fmean(apart), 1),
                "p90": round(sorted(apart)[int(0.9 * (len(apart) - 1))], 1),
                "largest": round(max(apart), 1),
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


class Voice(Talker):
    """A candidate who agreed to voice, and sends recordings."""

    async def agree(self, audio: bytes) -> None:
        await self.record(audio)
        await self._send("yes")

    async def record(self, audio: bytes) -> None:
        self.sent += 1
        answer = await self.client.post(
            self.path,
            data={"id": f"v{self.sent}"},
            files={"media": ("a.ogg", audio, "audio/ogg")},
            headers=self.headers,
        )
        self.state = answer.raise_for_status().json()["state"]


async def queue(
    url: str, process: psutil.Process, recordings: int, typing: int, seconds: float
) -> dict[str, Any]:
    """Send recordings at once, and measure typed turns from then on."""
    clips = [
        encoded(read(path)[: 5 * 24_000], "ogg-opus")
        for path in made([s for language in ("zh", "en") for s in sentences(language)[:5]])
    ]
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx2.AsyncClient(
        base_url=url, limits=limits, timeout=60, trust_env=False
    ) as client:
        answers, gate = Answers(), asyncio.Semaphore(20)
        typists = [Talker(client, answers, number) for number in range(typing)]
        speakers = [Voice(client, answers, number) for number in range(recordings)]

        async def begin(talker: Talker) -> None:
            async with gate:
                await talker.begin()
                if not isinstance(talker, Voice):
                    await talker.turn()

        await asyncio.gather(*(begin(talker) for talker in [*typists, *speakers]))
        spoken_at = time.perf_counter()
        await asyncio.gather(
            *(s.agree(clips[i % len(clips)]) for i, s in enumerate(speakers)),
        )
        start, latencies = time.perf_counter(), []

        async def talk(talker: Talker, offset: float) -> None:
            due = offset
            while due < seconds:
                await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
                await talker.turn()
                latencies.append(time.perf_counter() - start - due)
                due += THINK_SECONDS

        await asyncio.gather(
            *(talk(talker, THINK_SECONDS * i / typing) for i, talker in enumerate(typists))
        )
        return {
            "recordings": recordings,
            "typing": typing,
            "turns": len(latencies),
            **spread(latencies),
            "spoken_at": spoken_at,
        }


def wait_until_heard(home: Path, most_seconds: float) -> tuple[dict[str, Any], float]:
    """What became of the recordings, and when the last was taken down."""
    settings = Settings(home=home)
    database, master = Database(settings.url), load_master_key(None, home)
    end = time.monotonic() + most_seconds
    while time.monotonic() < end:
        rows = database.read_now(lambda s: list(s.exec(select(Recording))))
        if rows and all(row.done_at is not None for row in rows):
            break
        time.sleep(1.0)
    heard_at = time.perf_counter()
    time.sleep(5.0)
    counts: Counter[str] = Counter()

    def look(session: Any) -> None:
        for row in session.exec(select(Recording)):
            counts["recordings"] += 1
            counts["taken_down"] += row.done_at is not None
            interview = session.get_one(Interview, row.interview_id)
            key = key_of(session, master, interview)
            said = [
                spoken.recording
                for _, event in read_events(session, interview, key)
                if isinstance(event, Answered | Held | Noted)
                for spoken in event.spoken
            ]
            unheard = [e for _, e in read_events(session, interview, key) if e.kind == "unheard"]
            counts["as_words"] += said.count(row.id)
            counts["asked_again"] += len(unheard)

    database.read_now(look)
    database.close()
    return dict(counts), heard_at


def measure_queue(models: Path, recordings: int, typing: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in (MODEL_FOLDER, SPEECH_FOLDER):
            shutil.copytree(models / name, home / name)
        with serving(home, {}) as (url, process):
            row = asyncio.run(queue(url, process, recordings, typing, seconds))
            counts, heard_at = wait_until_heard(home, 1800.0)
            spoken_at = row.pop("spoken_at")
            return {**row, **counts, "all_heard_after_s": round(heard_at - spoken_at)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--answers", type=int, default=20, help="spoken answers a language")
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--typing", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    models = Settings().home
    prepare_model(models)
    prepare_speech(models)
    data: dict[str, Any] = {}
    data["scores"] = scores(models, options.answers)
    data["queue"] = [measure_queue(models, options.recordings, options.typing, options.seconds)]
    page = (
        "# Spoken answers beside typed ones\n\n`python -m bench.spoken --out bench/results`; "
        f"synthetic voices, client and server on the same machine.\n\n{ran_on()}\n\n"
        f"## Scores, in points of 100\n\n{table(data['scores'])}\n\n"
        "## Recordings at once, beside typed turns\n\nHalf of the recordings are not in their "
        f"interview's language, which the gate turns away.\n\n{table(data['queue'])}\n"
    )
    write(options.out, "spoken", data, page)


if __name__ == "__main__":
    os.environ.setdefault("MIANTAN_LOG_LEVEL", "warning")
    main()
