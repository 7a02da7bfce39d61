"""The webhook of a WeChat official account on SQLite, pushed to as the platform does.

`miantan serve` runs in a process of its own; the stand-in for the platform, with the candidates'
side, runs here. Everything is encrypted (AES mode). Pushes come at times set beforehand, and
latency counts from the time a push was due to the end of the webhook's answer, so a slow server
cannot hide behind its own slowness (open loop).

- answers: each push is a text of another candidate whose interview stands at a scored question, so
  that evidence is found for it. Every answer is new to the server, as in `bench.turns`. Without
  quiet time that happens in the push's own turn; by default, 3 s later.
- others: what is no answer: events, commands, and pushes that were taken in already.

After each, what the interviews hold is compared with what their candidates said.

    python -m bench.wechat --out bench/results
"""

import argparse
import asyncio
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import uvloop
from sqlmodel import Session, select

from bench.figures import cpu_seconds, memory_mib, ran_on, spread, table, write
from bench.server import serving
from bench.turns import Answers
from bot.prepare import prepare_model
from bot.security.sealing import Key, load_master_key
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.interviews import read_events, unsent
from bot.storage.people import key_of, place_of_address
from bot.storage.tables import Interview, KeptPush, MessageRow, WaitingMessage
from dialogues.events import Answered, Held, Noted
from scoring.encoder import MODEL_FOLDER
from tests.helpers import until
from tests.wechat_people import Candidate
from tests.wechat_platform import WeChatPlatform
from tests.wechat_push import Attempt, Push
from tests.wechat_runs import CAMPUS, settings_for
from tests.wechat_wire import new_aes_key

ANSWERS_A_SECOND, OTHERS_A_SECOND = 40, 200
"""What is asked; `--share` does less."""
APART_SECONDS = 30.0
"""Between two answers of one candidate."""
WARMING_UP = 80
"""Pushes to a server just started, before those that are counted."""
AT_ONCE = 20
"""Candidates who begin at the same time."""
PATIENCE, ALL_DONE = 60.0, 600.0
"""Seconds for one answer, and for all that is left when the pushes have ended."""
FIRST_SCORED = "2/"
"""How the first scored question begins; the one before it is a warm-up."""
ASK_AGAIN, REPEAT, PAUSE = "请再说一遍", "再说一遍", "暂停"
"""What is typed; what the transcript shows of a command, or of coming back by scan or by following."""


class Platform(WeChatPlatform):
    """Pushes with as little work as can be: the server has the processor to share with it."""

    async def _attempt(self, push: Push) -> bool:
        query, body = self._request(push)
        attempt = Attempt(query, body)
        push.attempts.append(attempt)
        started = time.monotonic()
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(self.patience):
                attempt.status, attempt.body = await post(self._address(query), body.encode())
        attempt.seconds = time.monotonic() - started
        return attempt.status == 200


async def post(url: str, body: bytes) -> tuple[int, str]:
    """One request on a connection of its own; its status and body."""
    place = urlsplit(url)
    head = (
        f"POST {place.path}?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(head.encode() + body)
        answer, _, content = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1] if answer else 0), content.decode()


@dataclass
class Talker:
    """One candidate; `said` is what their transcript must hold, each with its push."""

    person: Candidate
    answers: Answers
    number: int
    said: list[tuple[str, Push]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._last: Push | None = None
        acts = self._round()
        # Not all do the same at the same time; whoever leaves comes back next.
        first = self.number % (len(acts) // 2) * 2
        self._others = itertools.cycle([*acts[first:], *acts[:first]])

    async def begin(self) -> None:
        """Up to the first scored question."""
        self.person.say(f"/start {CAMPUS}")
        for _ in range(2):
            await self.person.next_message(PATIENCE)
            self._say("1", "1")
        # What is not taken for an answer to the warm-up is asked about.
        while FIRST_SCORED not in (await self.person.next_message(PATIENCE)).text:
            self.answer()

    def answer(self) -> Push:
        text = self.answers.next("zh")
        return self._say(text, text)

    def other(self) -> Push:
        """The next of what is no answer."""
        return next(self._others)()

    def _round(self) -> Sequence[Callable[[], Push]]:
        person = self.person
        return (
            partial(person.view, "https://careers.example.test/"),
            partial(self._say, "/help"),
            self._once_more,
            person.locate,
            partial(self._say, ASK_AGAIN, ASK_AGAIN),
            self._once_more,
            partial(self._do, partial(person.scan, CAMPUS), REPEAT),
            partial(person.click, "help"),
            partial(self._say, "/pause", PAUSE),
            self._once_more,
            person.unfollow,
            partial(self._do, person.follow, REPEAT),
        )

    def _say(self, text: str, heard: str | None = None) -> Push:
        self._last = self._do(partial(self.person.say, text), heard)
        return self._last

    def _do(self, act: Callable[[], Push], heard: str | None) -> Push:
        """Do something that the transcript shows as `heard`, if at all."""
        push = act()
        if heard is not None:
            self.said.append((heard, push))
        return push

    def _once_more(self) -> Push:
        """The platform repeats the last message, as if its answer had been lost."""
        if self._last is None:
            raise RuntimeError("nothing was said yet")
        return self.person.repeat(self._last)


@dataclass
class Stored:
    """What the server keeps, read beside it."""

    database: Database
    master: Key

    async def quiet(self) -> None:
        """Wait until nothing is left to take up or to send."""
        await until(lambda: not self.database.read_now(self._left), ALL_DONE)

    def _left(self, session: Session) -> bool:
        left = (
            select(MessageRow.id).where(*unsent()),
            select(WaitingMessage.id),
            select(KeptPush.message_id),
        )
        return any(session.exec(query.limit(1)).first() is not None for query in left)

    async def words(self) -> dict[str, list[str]]:
        """For each address, what was said there in its order."""
        return await self.database.read(self._words)

    def _words(self, session: Session) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in session.exec(select(Interview)):
            key = key_of(session, self.master, row)
            assert row.address is not None
            address = key.open(row.address, place_of_address(row.id))
            words = found.setdefault(address, [])
            for _, event in read_events(session, row, key):
                # What was held and then confirmed is one message.
                once = not (isinstance(event, Answered) and event.confirmed)
                if isinstance(event, Answered | Noted | Held) and once:
                    words.append(event.text)
        return found


def differences(talkers: Sequence[Talker], found: dict[str, list[str]]) -> dict[str, int]:
    """Messages that the server confirmed and does not have, or has once too often; interviews in
    another order; and messages that it never confirmed, so that the platform gave up."""
    lost = doubled = misplaced = given_up = 0
    for talker in talkers:
        kept = found.pop(talker.person.openid, [])
        said = Counter(text for text, _ in talker.said)
        unconfirmed = Counter(text for text, push in talker.said if not _confirmed(push))
        more, less = Counter(kept) - said, said - Counter(kept) - unconfirmed
        # Who comes back is shown what was held for them, where there is any, instead of a repetition.
        del less[REPEAT]
        if more or less:
            told = {"more": [*more.elements()], "less": [*less.elements()], "kept": kept}
            print(json.dumps(told, ensure_ascii=False), file=sys.stderr)
        lost += less.total()
        doubled += more.total()
        misplaced += said == Counter(kept) and [text for text, _ in talker.said] != kept
        given_up += unconfirmed.total()
    doubled += len(found)
    return {"given_up": given_up, "lost": lost, "doubled": doubled, "misplaced": misplaced}


def _confirmed(push: Push) -> bool:
    return any(attempt.status == 200 for attempt in push.attempts)


@dataclass
class Measured:
    """What came of the pushes of one run."""

    name: str
    rate: float
    seconds: float
    pushes: list[Push]
    latencies: list[float]
    later: int
    cpu: float
    client_cpu: float
    memory: tuple[float, float]

    def row(self) -> dict[str, Any]:
        """Milliseconds and MiB."""
        count = len(self.latencies)
        return {
            "run": self.name,
            "asked_per_second": round(self.rate, 1),
            "pushes": count,
            "done_per_second": round(count / self.seconds, 1),
            **spread(self.latencies),
            "errors": sum(one.status != 200 for push in self.pushes for one in push.attempts),
            "answered_in_push": sum(push.answer is not None for push in self.pushes),
            "answered_later": self.later,
            "server_cpu_ms_per_push": round(1000 * self.cpu / count, 1),
            "client_cpu_ms_per_push": round(1000 * self.client_cpu / count, 1),
            "server_memory_mib": round(self.memory[1]),
            "memory_growth_mib": round(self.memory[1] - self.memory[0], 1),
        }


@dataclass
class Bench:
    """The platform with its candidates, and the server's data."""

    platform: Platform
    stored: Stored
    talkers: Sequence[Talker]

    async def begin(self) -> None:
        """Bring all to the first scored question."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def begin(talker: Talker) -> None:
            async with gate:
                await talker.begin()

        await asyncio.gather(*(begin(talker) for talker in self.talkers))
        await self.stored.quiet()

    async def run(
        self, name: str, server: psutil.Process, pushes: Iterator[Push], rate: float, seconds: float
    ) -> dict[str, Any]:
        """Push at a rate, and see what came of it; the iterator does the next push."""
        await self._pace(pushes, rate, WARMING_UP)
        await self.stored.quiet()
        sent, cpu, memory = self._sent, cpu_seconds(server), memory_mib(server)
        start, client = time.perf_counter(), time.process_time()
        done = await self._pace(pushes, rate, round(rate * seconds))
        taken, client = time.perf_counter() - start, time.process_time() - client
        cpu = cpu_seconds(server) - cpu
        await self.stored.quiet()
        measured = Measured(
            name,
            rate,
            taken,
            [push for push, _ in done],
            [latency for _, latency in done],
            self._sent - sent,
            cpu,
            client,
            (memory, memory_mib(server)),
        )
        return measured.row() | differences(self.talkers, await self.stored.words())

    @property
    def _sent(self) -> int:
        return self.platform.calls["message/custom/send"]

    @staticmethod
    async def _pace(pushes: Iterator[Push], rate: float, count: int) -> list[tuple[Push, float]]:
        """Pushes at their times; each with the seconds from then to the end of its answer."""
        start = time.perf_counter()

        async def ended(push: Push, due: float) -> tuple[Push, float]:
            await push.over(PATIENCE)
            return push, time.perf_counter() - due

        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(count):
                due = start + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                tasks.append(group.create_task(ended(next(pushes), due)))
        return [task.result() for task in tasks]


async def measure(
    home: Path, share: float, seconds: float, extra: dict[str, str]
) -> list[dict[str, Any]]:
    """Both kinds of run, one after the other, on the same interviews, at a share of what is asked."""
    answers_a_second, others_a_second = ANSWERS_A_SECOND * share, OTHERS_A_SECOND * share
    platform = Platform(aes_key=new_aes_key())
    answers = Answers()
    count = round(answers_a_second * min(seconds, APART_SECONDS)) + WARMING_UP
    talkers = [
        Talker(platform.candidate(following=True), answers, number) for number in range(count)
    ]
    turns, others = itertools.cycle(talkers), itertools.cycle(talkers)
    answering = (next(turns).answer() for _ in itertools.count())
    doing_else = (next(others).other() for _ in itertools.count())
    async with platform.running():
        names = settings_for(platform).items()
        extra = extra | {f"MIANTAN_{name.upper()}": str(value) for name, value in names}
        rows = []
        with serving(home, extra | {"MIANTAN_QUIET_SECONDS": "0"}) as (url, server):
            platform.webhook = f"{url}/webhooks/wechat"
            stored = Stored(Database(Settings(home=home).url), load_master_key(None, home))
            bench = Bench(platform, stored, talkers)
            await bench.begin()
            rows.append(
                await bench.run(
                    "answers, no quiet time", server, answering, answers_a_second, seconds
                )
            )
            _show(rows)
        with serving(home, extra) as (url, server):
            platform.webhook = f"{url}/webhooks/wechat"
            rows.append(
                await bench.run("answers, by default", server, answering, answers_a_second, seconds)
            )
            _show(rows)
            rows.append(await bench.run("others", server, doing_else, others_a_second, seconds))
            _show(rows)
        stored.database.close()
    return rows


def _show(rows: Sequence[dict[str, Any]]) -> None:
    print(json.dumps(rows[-1]), file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--shares", type=float, nargs="+", default=[1.0], help="of what is asked")
    parser.add_argument("--encoder", default="e5-small-int8")
    options = parser.parse_args()
    models = Settings().home
    if options.encoder == "e5-small-int8":
        prepare_model(models)
    rows = []
    for share in options.shares:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            if (models / MODEL_FOLDER).exists():
                shutil.copytree(models / MODEL_FOLDER, home / MODEL_FOLDER)
            extra = {"MIANTAN_ENCODER": options.encoder}
            rows += uvloop.run(measure(home, share, options.seconds, extra))
    shares = " ".join(f"{share:g}" for share in options.shares)
    page = (
        "# The webhook of a WeChat official account, SQLite\n\n"
        f"`python -m bench.wechat --out bench/results --seconds {options.seconds:g} --shares {shares}`, "
        f"encoder `{options.encoder}`, AES mode, platform and server on the same machine.\n\n"
        f"Asked: p99 under 1 s at {ANSWERS_A_SECOND} text answers a second with evidence found in the "
        f"turn (no quiet time), and at {OTHERS_A_SECOND} pushes a second that are no answers. By "
        "default an answer waits 3 s for more, and its push is held for up to 4 s meanwhile.\n\n"
        f"{ran_on()}\n\n{table(rows)}\n"
    )
    write(options.out, "wechat", {"encoder": options.encoder, "rows": rows}, page)


if __name__ == "__main__":
    os.environ.setdefault("MIANTAN_LOG_LEVEL", "warning")
    main()
