"""What several tests need: an application in a folder of its own, served or called in process."""

import asyncio
import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from ruamel.yaml import YAML

from bot.bootstrap import Application, build
from bot.demo import open_samples
from bot.services import routers, services
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.web.app import create_app

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "miantan.db"
SECRET = "whsec_" + "bWlhbnRhbi10ZXN0cy1vbmx5LTI0Ynl0ZXM="


def settings_in(home: Path, **values: Any) -> Settings:
    """Settings for tests: the light encoder, fast queues, nothing from the environment."""
    given = {
        "encoder": "light",
        "poll_seconds": 0.05,
        "delivery_delays": [0.05, 0.05],
        "quiet_seconds": 0,
        **values,
    }
    return Settings(home=home, **given)


def build_in(home: Path, **values: Any) -> Application:
    """A migrated application with the sample campaigns."""
    settings = settings_in(home, **values)
    settings.home.mkdir(parents=True, exist_ok=True)
    if settings.database_url or settings.company != settings_in(home).company:
        _open_samples(settings)
    elif not (home / DATABASE).exists():
        shutil.copy(_database_with_samples(), home / DATABASE)
    return build(settings)


def _open_samples(settings: Settings) -> None:
    database = Database(settings.url)
    migrate(database)
    database.write_now(lambda session: open_samples(session, settings))
    database.close()


@cache
def _database_with_samples() -> Path:
    """A database that is copied, since making one takes longer than most tests."""
    home = Path(tempfile.mkdtemp(prefix="miantan-samples-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    _open_samples(settings_in(home))
    return home / DATABASE


def web_app(application: Application, work: bool = True) -> FastAPI:
    return create_app(application, services(application, work), routers(application))


@asynccontextmanager
async def running(application: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """The application at work, and a client that calls it in process."""
    app = web_app(application)
    try:
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                yield client
    finally:
        application.close()


class Candidate:
    """A candidate over the chat API, using nothing but its contract."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.count = 0
        self.messages: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.session = self.token = ""

    async def begin(self, campaign: str, **body: Any) -> "Candidate":
        answer = await self.client.post(f"/api/v1/chat/{campaign}/sessions", json=body)
        assert answer.status_code == 200, answer.text
        data = answer.json()
        self.session, self.token = data["session"], data["token"]
        self._take(data)
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, text: str, message_id: str | None = None) -> httpx2.Response:
        self.count += 1
        return await self.client.post(
            f"/api/v1/chat/sessions/{self.session}/messages",
            json={"id": message_id or f"m{self.count}", "text": text},
            headers=self.headers,
        )

    async def say(self, text: str) -> list[dict[str, Any]]:
        answer = await self.post(text)
        assert answer.status_code == 200, answer.text
        self._take(answer.json())
        return self.messages

    async def look(self, after: str) -> list[dict[str, Any]]:
        """Fetch the messages after this one, as the page does."""
        answer = await self.client.get(
            f"/api/v1/chat/sessions/{self.session}/messages?after={after}", headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        self._take(answer.json())
        return self.messages

    def _take(self, data: dict[str, Any]) -> None:
        self.messages, self.state = data["messages"], data["state"]

    async def finish(self, answer: Callable[[dict[str, Any]], str]) -> None:
        """Take the first option where there are options, else answer, until the end."""
        for _ in range(100):
            if self.state["status"] not in ("consent", "asking"):
                return
            options = self.messages[-1].get("options")
            await self.say(options[0]["id"] if options else answer(self.state))
        raise AssertionError("the interview does not end")


def good_answers(campaign: str, language: str) -> Callable[[dict[str, Any]], str]:
    """Answers to a sample guide, taken from its rubric's examples at level 5."""
    name = {"campus-software-engineer": "software-engineer"}.get(campaign, campaign)
    rubric = YAML(typ="safe").load(ROOT / "scoring" / "rubrics" / f"{name}.yml")

    def answer(state: dict[str, Any]) -> str:
        question = rubric["questions"].get(state["question"])
        if question is None:
            return "没有要补充的，谢谢。" if language == "zh" else "Nothing else, thank you."
        examples = question["examples"][5][language]
        return str(examples if isinstance(examples, str) else examples[0])

    return answer


async def until(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true value of `check`, asked every 20 ms; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not (found := await asyncio.to_thread(check)):
            await asyncio.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[str]:
    """The application on a real socket, in a thread."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None)
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    try:
        assert started.wait(30), "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(15)


def postgres_programs() -> Path | None:
    """The folder with initdb and postgres, from the PATH or Debian's package."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own on loopback; yields its URL."""
    programs = postgres_programs()
    assert programs is not None
    with (
        tempfile.TemporaryDirectory(prefix="miantan-pg") as folder,
        _postgres_in(Path(folder), programs) as url,
    ):
        yield url


@contextmanager
def _postgres_in(folder: Path, programs: Path) -> Iterator[str]:
    port = free_port()
    data = folder / "data"
    as_user: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("postgres")
        shutil.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    initdb = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "miantan",
        "--auth=trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run([*as_user, *initdb], check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*as_user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=folder)
    try:
        yield f"postgresql://miantan@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder
        )


def with_webhook(receiver: "Receiver") -> dict[str, Any]:
    """Settings by which results go to the receiver."""
    return {"webhook_url": receiver.url, "webhook_secret": SECRET, "allow_hosts": ["127.0.0.1"]}


class Receiver:
    """An HTTP receiver on loopback that keeps what it gets; `answers` are its next statuses.

    While `open` is cleared it keeps its callers waiting; `asked` is set once one has called.
    """

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.asked = threading.Event()
        self.open = threading.Event()
        self.open.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked.set()
                receiver.open.wait(60)
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/results"

    def __enter__(self) -> "Receiver":
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
