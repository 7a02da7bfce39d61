"""The server is killed with -9 in the middle of 20 interviews; nothing is lost or asked twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import httpx2
from sqlmodel import Session, select

from bot.storage import interviews
from bot.storage.people import key_of
from bot.storage.tables import Interview
from dialogues.events import Answered, Asked
from tests.helpers import SECRET, Receiver, build_in, free_port, until

CAMPAIGN = "campus-software-engineer"
INTERVIEWS = 20
KILL_AFTER = [40, 90, 150, 220]


class Server:
    """`miantan serve` in a process of its own, that can be killed and started again."""

    def __init__(self, home: Path, receiver: Receiver) -> None:
        self.port = free_port()
        self.log = home / "log"
        self.environment = os.environ | {
            "MIANTAN_HOME": str(home),
            "MIANTAN_ENCODER": "light",
            "MIANTAN_PORT": str(self.port),
            "MIANTAN_POLL_SECONDS": "0.05",
            "MIANTAN_WEBHOOK_URL": receiver.url,
            "MIANTAN_WEBHOOK_SECRET": SECRET,
            "MIANTAN_ALLOW_HOSTS": "127.0.0.1",
            "MIANTAN_DELIVERY_DELAYS": "0.1,0.1,0.1",
        }
        self.kills = 0
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-c", "from bot.cli import main; main()", "serve"]
            self.process = Popen(command, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        self.start()


@contextmanager
def serving(home: Path, receiver: Receiver) -> Iterator[Server]:
    server = Server(home, receiver)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait()


class Patient:
    """A candidate whose client sends each message again, under its id, until it is answered."""

    def __init__(self, client: httpx2.AsyncClient, number: int) -> None:
        self.client = client
        self.number = number
        self.acknowledged: list[tuple[str, str]] = []

    async def call(self, path: str, body: dict[str, object], token: str = "") -> dict[str, object]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with asyncio.timeout(90):
            while True:
                try:
                    answer = await self.client.post(path, json=body, headers=headers)
                except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.TimeoutException):
                    await asyncio.sleep(0.1)
                    continue
                assert answer.status_code == 200, answer.text
                data: dict[str, object] = answer.json()
                return data

    async def interview(self, after_answer: asyncio.Queue[None]) -> str:
        begun = await self.call(
            f"/api/v1/chat/{CAMPAIGN}/sessions", {"language": "zh", "candidate_type": "campus"}
        )
        session, token, state = str(begun["session"]), str(begun["token"]), begun["state"]
        for turn in range(100):
            assert isinstance(state, dict)
            if state["status"] == "finished":
                return session
            words = (
                "agree"
                if state["status"] == "consent"
                else f"我负责后端，在第{self.number}个小组，一共改了{turn}次才上线。"
            )
            body: dict[str, object] = {"id": f"{turn}", "text": words}
            data = await self.call(f"/api/v1/chat/sessions/{session}/messages", body, token)
            state = data["state"]
            if words != "agree":
                self.acknowledged.append((session, words))
            after_answer.put_nowait(None)
        raise AssertionError("the interview does not end")


async def killer(server: Server, after_answer: asyncio.Queue[None]) -> None:
    """Kill the server each time so many messages were acknowledged."""
    seen = 0
    for limit in KILL_AFTER:
        while seen < limit:
            await after_answer.get()
            seen += 1
        await asyncio.to_thread(server.kill)


async def test_nothing_is_lost_or_asked_twice(tmp_path: Path) -> None:
    build_in(tmp_path).close()
    with Receiver() as receiver, serving(tmp_path, receiver) as server:
        after_answer: asyncio.Queue[None] = asyncio.Queue()
        base = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=base, timeout=20, trust_env=False) as client:
            patients = [Patient(client, number) for number in range(INTERVIEWS)]
            killing = asyncio.create_task(killer(server, after_answer))
            sessions = await asyncio.gather(*(p.interview(after_answer) for p in patients))
            await killing
            await until(lambda: len(_delivered(receiver)) == INTERVIEWS, 60)
        assert server.kills == len(KILL_AFTER)
    assert set(_delivered(receiver)) == set(sessions)
    application = build_in(tmp_path)
    try:
        for patient, session in zip(patients, sessions, strict=True):
            application.database.read_now(
                lambda db, s=session, p=patient: _check(db, application, s, p)  # type: ignore[misc]
            )
        assert application.database.read_now(_count) >= INTERVIEWS
    finally:
        application.close()


def _delivered(receiver: Receiver) -> dict[str, str]:
    """Delivered interviews with the key of their delivery: one key each, however often sent."""
    import json

    keys: dict[str, str] = {}
    for headers, body in list(receiver.received):
        interview = json.loads(body)["interview"]
        assert keys.setdefault(interview, headers["webhook-id"]) == headers["webhook-id"]
    return keys


def _count(session: Session) -> int:
    return len(session.exec(select(Interview)).all())


def _check(session: Session, application: object, interview_id: str, patient: Patient) -> None:
    from bot.bootstrap import Application

    assert isinstance(application, Application)
    row = session.get_one(Interview, interview_id)
    events = [
        e for _, e in interviews.read_events(session, row, key_of(session, application.master, row))
    ]
    stored = Counter(event.text for event in events if isinstance(event, Answered))
    told = Counter(words for _, words in patient.acknowledged)
    assert stored == told, "every acknowledged answer is there, once"
    asked = Counter((event.question, event.probe) for event in events if isinstance(event, Asked))
    assert max(asked.values()) == 1, "no question was asked twice"
