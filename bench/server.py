"""A server of its own for a measurement: `miantan serve` on SQLite in a fresh folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from bot.demo import open_samples
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate


@contextmanager
def serving(home: Path, extra: Mapping[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    """The server's address and its process."""
    settings = Settings(home=home)
    database = Database(settings.url)
    migrate(database)
    database.write_now(lambda session: open_samples(session, settings))
    database.close()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {"MIANTAN_HOME": str(home), "MIANTAN_PORT": str(port)} | extra
    command = [sys.executable, "-c", "from bot.cli import main; main()", "serve"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server stopped; see server.log in its folder")
        try:
            if httpx2.get(f"{url}/readyz", trust_env=False).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")
