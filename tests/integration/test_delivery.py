"""Deliveries: tried again, given up visibly, and sent again by a person."""

from pathlib import Path

import httpx2
import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.idle import time_out
from bot.storage.tables import Delivery, DeliveryAttempt
from bot.work.runner import Seat
from connectors.base import Receipt
from connectors.webhook import WebhookConnector
from tests.helpers import SECRET, Candidate, Receiver, build_in, running, until, with_webhook

CAMPAIGN = "sales-representative"


def the_delivery(application: Application) -> tuple[str, str, list[str]]:
    """Its id, its status, and the outcomes of its tries."""

    def read(session: Session) -> tuple[str, str, list[str]]:
        found = session.exec(select(Delivery)).first()
        if found is None:
            return "", "", []
        tries = session.exec(select(DeliveryAttempt).order_by(col(DeliveryAttempt.number)))
        return found.id, found.status, [one.outcome for one in tries]

    return application.database.read_now(read)


async def interviewed(application: Application, client: httpx2.AsyncClient) -> None:
    candidate = await Candidate(client).begin(CAMPAIGN, language="en", candidate_type="campus")
    await candidate.finish(lambda state: "I called every customer back within a day.")


def with_receiver(home: Path, receiver: Receiver) -> Application:
    return build_in(home, **with_webhook(receiver))


async def test_tried_again_until_it_arrives(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [503, 500]
        application = with_receiver(tmp_path, receiver)
        async with running(application) as client:
            await interviewed(application, client)
            await until(lambda: the_delivery(application)[1] == "sent")
            assert the_delivery(application)[2] == ["retryable", "retryable", "sent"]
        assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
        assert len({body for _, body in receiver.received}) == 1


async def test_given_up_visibly_and_sent_again_by_a_person(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [503, 503, 503]
        application = with_receiver(tmp_path, receiver)
        async with running(application) as client:
            await interviewed(application, client)
            await until(lambda: the_delivery(application)[1] == "failed")
            delivery = the_delivery(application)[0]
            assert application.database.write_now(
                lambda s: application.tasks.send_again(s, delivery)
            )
            await until(lambda: the_delivery(application)[1] == "sent")
            assert the_delivery(application)[2] == ["retryable"] * 3 + ["sent"]
            again = application.database.write_now(
                lambda s: application.tasks.send_again(s, delivery)
            )
            assert not again, "what has arrived is not sent again"


async def test_refused_for_good_is_not_tried_again(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [404]
        application = with_receiver(tmp_path, receiver)
        async with running(application) as client:
            await interviewed(application, client)
            await until(lambda: the_delivery(application)[1] == "failed")
            assert the_delivery(application)[2] == ["permanent"]
        assert len(receiver.received) == 1


async def test_private_address_is_refused_unless_allowed(tmp_path: Path) -> None:
    with Receiver() as receiver:
        application = build_in(tmp_path, webhook_url=receiver.url, webhook_secret=SECRET)
        async with running(application) as client:
            await interviewed(application, client)
            await until(lambda: the_delivery(application)[1] == "failed")
        assert receiver.received == []


async def test_work_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    """The result is enqueued while nobody works; the next process that starts does it."""
    with Receiver() as receiver:
        application = with_receiver(tmp_path, receiver)
        pipeline = application.pipeline
        from bot.arrival import Arrival
        from bot.pipeline import Inbound

        outcome, _ = await pipeline.begin(Arrival(CAMPAIGN, "web", "en", candidate_type="campus"))
        for number in range(100):
            if outcome.view.status == "finished":
                break
            text = "agree" if outcome.view.status == "consent" else "I asked and I listened."
            message = Inbound(outcome.interview_id, "web", f"m{number}", text)
            outcome = await pipeline.receive(message)
        application.close()
        assert receiver.received == []
        application = with_receiver(tmp_path, receiver)
        async with running(application):
            await until(lambda: the_delivery(application)[1] == "sent")
    assert len(receiver.received) == 1


async def test_idle_interview_closes(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
        await candidate.say("同意")
        later = application.pipeline.now() + application.tasks.expire_seconds + 1
        soon = time_out(application.pipeline, candidate.session, application.tasks.expire_seconds)
        assert soon is not None
        assert soon > 60
        application.pipeline.now = lambda: later
        application.tasks.watch(candidate.session, 1)
        answer = await candidate.post("我回来了")
        assert answer.status_code == 409
        assert "expired" in answer.json()["error"]["message"]


async def test_a_fault_of_ours_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scoring fails twice before it works; a connector fails in a way that nobody foresaw."""
    with Receiver() as receiver:
        application = with_receiver(tmp_path, receiver)
        score, deliver = application.tasks.score, WebhookConnector.deliver
        faults = ["score", "score", "deliver"]

        def failing_score(interview_id: str) -> None:
            if faults[0] == "score":
                faults.pop(0)
                raise RuntimeError("the candidate said 鹦鹉螺")
            score(interview_id)

        def failing_deliver(self: WebhookConnector, result_json: str, key: str) -> Receipt:
            if faults:
                faults.pop(0)
                raise KeyError("the candidate said 鹦鹉螺")
            return deliver(self, result_json, key)

        monkeypatch.setattr(application.tasks, "score", failing_score)
        monkeypatch.setattr(WebhookConnector, "deliver", failing_deliver)
        async with running(application) as client:
            await interviewed(application, client)
            await until(lambda: the_delivery(application)[1] == "sent")
            assert the_delivery(application)[2] == ["retryable", "sent"]
            raw = b"".join(
                file.read_bytes()
                for file in tmp_path.iterdir()
                if file.name.startswith("miantan.db")
            )
            assert "鹦鹉螺".encode() not in raw, "errors of durable work hold no content"
        assert faults == []


async def test_what_was_erased_is_not_delivered(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answers = [503] * 2
        application = build_in(tmp_path, **with_webhook(receiver), delivery_delays=[3600.0])
        async with running(application) as client:
            candidate = await Candidate(client).begin(
                CAMPAIGN, language="en", candidate_type="campus"
            )
            await candidate.finish(lambda state: "I called every customer back.")
            await until(lambda: the_delivery(application)[1] == "retrying")
            await candidate.say("delete my data")
            await candidate.say("yes")
            assert candidate.state["status"] == "erased"
            await until(lambda: the_delivery(application)[1] == "failed")
            assert the_delivery(application)[2] == ["retryable", "permanent"]
            delivery = the_delivery(application)[0]
            application.tasks.deliver(delivery, 3)
        assert len(receiver.received) == 1


def test_processes_of_one_folder_have_names_of_their_own(tmp_path: Path) -> None:
    first, second = Seat(tmp_path, "worker"), Seat(tmp_path, "worker")
    assert first.id != second.id
    first.leave()
    again = Seat(tmp_path, "worker")
    assert again.id == first.id
    again.leave()
    second.leave()


async def test_an_interview_with_a_person_is_not_looked_at_all_the_time(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        candidate = await Candidate(client).begin(CAMPAIGN, language="zh", candidate_type="campus")
        for words in ("同意", "转人工", "是"):
            await candidate.say(words)
        assert candidate.state["status"] == "human"
        week = application.tasks.expire_seconds
        later = application.pipeline.now() + 2 * week
        application.pipeline.now = lambda: later
        assert time_out(application.pipeline, candidate.session, week) == week
