"""A worker on PostgreSQL dies in the middle of a delivery; another one takes over."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from subprocess import Popen

import pytest

from bot.work.runner import DEAD_SECONDS
from tests.helpers import (
    SECRET,
    Candidate,
    Receiver,
    build_in,
    good_answers,
    postgres,
    postgres_programs,
    running,
    until,
    with_webhook,
)

CAMPAIGN = "sales-representative"


@pytest.mark.postgres
async def test_work_of_a_killed_worker_goes_on(tmp_path: Path) -> None:
    if postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres() as url, Receiver() as receiver:
        values = {"database_url": url, **with_webhook(receiver)}
        application = build_in(tmp_path, **values)
        async with running(application) as client:
            candidate = await Candidate(client).begin(
                CAMPAIGN, language="zh", candidate_type="campus"
            )
            await candidate.finish(good_answers(CAMPAIGN, "zh"))
            receiver.open.clear()
            environment = os.environ | {
                "MIANTAN_HOME": str(tmp_path),
                "MIANTAN_MASTER_KEY": (tmp_path / "master.key").read_text().strip(),
                "MIANTAN_DATABASE_URL": url,
                "MIANTAN_ENCODER": "light",
                "MIANTAN_POLL_SECONDS": "0.05",
                "MIANTAN_WEBHOOK_URL": receiver.url,
                "MIANTAN_WEBHOOK_SECRET": SECRET,
                "MIANTAN_ALLOW_HOSTS": "127.0.0.1",
            }
            command = [sys.executable, "-c", "from bot.cli import main; main()", "worker"]
            with (tmp_path / "log").open("wb") as log:
                worker = Popen(command, env=environment, stdout=log, stderr=log)
            await until(receiver.asked.is_set, 60)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            receiver.open.set()
            await until(lambda: receiver.received)
            # The receiver has it, but nobody knows. The next worker has a name of its own.
            (tmp_path / "executor-worker-1").unlink()
            runner = application.runner("worker")
            await asyncio.to_thread(runner.start)
            try:
                runner._now = lambda: application.tasks.now() + 2 * DEAD_SECONDS
                await asyncio.to_thread(runner._take_over)
                await until(lambda: len(receiver.received) == 2, 30)
            finally:
                await asyncio.to_thread(runner.stop)
        keys = {headers["webhook-id"] for headers, _ in receiver.received}
        assert len(keys) == 1, "the same delivery under the same key"
        assert len({body for _, body in receiver.received}) == 1
