"""Understanding on held-out messages, beside Rasa's classifiers, in one run on one machine.

    python -m bench.understanding --home HOME --out bench/results
        [--rasa PROGRAM --model "LR=FILE" --model "DIET=FILE"]

HOME holds the prepared encoder; PROGRAM is Rasa 3.6's command (`make rasa` installs it) and each
FILE a model that it trained on dialogues/nlu. Accuracy is on two sets in bench/understanding, both
written apart from the examples: nobody had seen unseen.jsonl before the parser was finished, while
aggregate figures on held_out.jsonl were looked at when its parts were chosen. Speed is on nine
answers of held_out.jsonl to one of its commands, one request at a time, intent only: how many a core
does in a second of its own time, ours as the pipeline calls it, Rasa's as its server spends it (the
time of the HTTP client is left out).
"""

import argparse
import os
import random
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from bench.figures import ran_on, table, write
from bench.fit_understanding import ENCODER, rows_of
from bot.understanding.base import Context
from bot.understanding.embedded import EmbeddedParser
from bot.understanding.lexical import normal
from bot.understanding.model import MODEL_FILE, Model
from bot.understanding.sentences import LONG
from dialogues.replying import count_words
from scoring.encoder import CachedEncoder, load_encoder

Row = dict[str, Any]
ANSWERS, COMMANDS = 9, 1
REQUESTS = 1_500
START_SECONDS = 180.0
SETS = ("unseen", "held_out")
RIGHTS = ("withdraw_consent", "delete_my_data")


@dataclass(frozen=True)
class Contestant:
    """Tells the intent of a row; `seconds` is the processor time that it has used so far."""

    name: str
    intent: Callable[[Row], str]
    seconds: Callable[[], float]


def mix(rows: Sequence[Row], longest: int | None) -> list[Row]:
    """REQUESTS rows, nine answers to a command, the same at every call."""
    draw = random.Random(1)
    fit = [row for row in rows if longest is None or count_words(row["text"]) <= longest]
    answers = [row for row in fit if row["intent"] == "answer"]
    commands = [row for row in fit if row["intent"] != "answer"]
    few = REQUESTS * COMMANDS // (ANSWERS + COMMANDS)
    found = draw.choices(answers, k=REQUESTS - few) + draw.choices(commands, k=few)
    draw.shuffle(found)
    return found


def accuracy(rows: Sequence[Row], found: Sequence[str]) -> dict[str, object]:
    """Shares, 0–1. A command is any intent but `answer` and `unsure`."""
    pairs = list(zip(rows, found, strict=True))
    answers = [intent for row, intent in pairs if row["intent"] == "answer"]
    rights = [intent for row, intent in pairs if row["intent"] in RIGHTS]
    right = {
        language: [row["intent"] == i for row, i in pairs if row["language"] == language]
        for language in ("zh", "en")
    }
    return {
        **{f"accuracy {name}": share(each) for name, each in right.items()},
        "answers as commands": share([i not in ("answer", "unsure") for i in answers]),
        "withdrawals missed": share([i not in RIGHTS for i in rights]),
        "unsure": share([i == "unsure" for i in found]),
    }


def share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4)


def speed(contestant: Contestant, rows: Sequence[Row]) -> tuple[float, float]:
    """Requests in a second of processor time, and the median of wall times in milliseconds."""
    for row in rows:  # Open questions come again and again: none is new to the parser.
        contestant.intent(row)
    before, walls = contestant.seconds(), []
    for row in rows:
        start = time.perf_counter()
        contestant.intent(row)
        walls.append(time.perf_counter() - start)
    spent = contestant.seconds() - before
    return round(len(rows) / spent, 1), round(sorted(walls)[len(walls) // 2] * 1000, 2)


def embedded(home: Path) -> Contestant:
    encoder = CachedEncoder(load_encoder(ENCODER, home, 1))
    parser = EmbeddedParser(Model.load(MODEL_FILE), encoder)

    def intent(row: Row) -> str:
        return parser.parse(row["text"], Context(**row.get("context") or {})).intent

    return Contestant("embedded", intent, time.process_time)


@contextmanager
def rasa(program: Path, name: str, model: Path) -> Iterator[Contestant]:
    """A Rasa server with the model, on loopback with a token."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    token, quiet = secrets.token_hex(), {"RASA_TELEMETRY_ENABLED": "false"}
    command = [
        str(program),
        "run",
        "--enable-api",
        "--model",
        str(model.resolve()),
        "--port",
        str(port),
    ]
    command += ["--interface", "127.0.0.1", "--auth-token", token]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **quiet, "SQLALCHEMY_SILENCE_UBER_WARNING": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process = psutil.Process(server.pid)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_for(client)
                yield Contestant(
                    f"Rasa {name}",
                    lambda row: _ask_rasa(client, token, row),
                    lambda: _spent(process),
                )
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(client: httpx2.Client) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            if client.get("/").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.5)
    raise SystemExit("the Rasa server did not start")


def _ask_rasa(client: httpx2.Client, token: str, row: Row) -> str:
    body = {"text": normal(row["text"])}
    answer = client.post("/model/parse", params={"token": token}, json=body)
    name = str(answer.raise_for_status().json()["intent"]["name"])
    return "unsure" if name == "nlu_fallback" else name


def _spent(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def measure(contestant: Contestant, sets: dict[str, list[Row]]) -> list[dict[str, object]]:
    """A row for each set, and one of speed."""
    found = [
        {"parser": contestant.name, "set": name, "messages": len(rows)}
        | accuracy(rows, [contestant.intent(row) for row in rows])
        for name, rows in sets.items()
    ]
    per_core, median = speed(contestant, mix(sets["held_out"], None))
    short, _ = speed(contestant, mix(sets["held_out"], LONG))
    of_speed = {
        "parser": contestant.name,
        "requests per core and second": per_core,
        f"of at most {LONG} words": short,
        "median ms": median,
    }
    return [*found, of_speed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rasa", type=Path, help="Rasa 3.6's command")
    parser.add_argument("--model", action="append", default=[], help="NAME=FILE of a Rasa model")
    options = parser.parse_args()
    sets = {name: rows_of(f"{name}.jsonl") for name in SETS}
    results = [measure(embedded(options.home), sets)]
    for named in options.model:
        name, _, file = named.partition("=")
        with rasa(options.rasa.resolve(), name, Path(file)) as contestant:
            results.append(measure(contestant, sets))
    write(options.out, "understanding", {"results": results}, as_tables(results))


def as_tables(results: Sequence[Sequence[dict[str, object]]]) -> str:
    accuracies = [row for each in results for row in each[:-1]]
    return (
        "# Understanding\n\n`python -m bench.understanding`; its first lines say what is measured. "
        "Shares are from 0 to 1.\nRasa is not told which question is open, as its interface has no "
        f"place for that.\n\n{ran_on()}\n\n"
        + table(accuracies)
        + "\n\nNine answers to one command, one request at a time, in processor time, so that the "
        "other core does not matter:\n\n" + table([each[-1] for each in results])
    )


if __name__ == "__main__":
    main()
