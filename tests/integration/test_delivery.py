"""Deliveries: tried again, given up visibly, and sent again by a person."""

from pathlib import Path

from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.storage.tables import Delivery, DeliveryAttempt
from tests.helpers import SECRET, Candidate, Receiver, build_in, running, until

CAMPAIGN = "sales-representative"


def the_delivery(application: Application) -> tuple[str, str, list[str]]:
    """Its id, its status, and the outcomes of its tries."""

    def read(session: Session) -> tuple[str, str, list[str]]:
        found = session.exec(select(Delivery)).first()
        if found is None:
            return "", "", []
        tries = session.exec(select(DeliveryAttempt).order_by(DeliveryAttempt.number))  # type: ignore[arg-type]
        return found.id, found.status, [one.outcome for one in tries]

    return application.database.read_now(read)


async def interviewed(application: Application, client: object) -> None:
    candidate = await Candidate(client).begin(CAMPAIGN, language="en", candidate_type="campus")  # type: ignore[arg-type]
    await candidate.finish(lambda state: "I called every customer back within a day.")


def with_receiver(home: Path, receiver: Receiver) -> Application:
    return build_in(
        home, webhook_url=receiver.url, webhook_secret=SECRET, allow_hosts=["127.0.0.1"]
    )


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
        from bot.pipeline import Arrival, Inbound

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
        soon = application.pipeline.time_out(candidate.session, application.tasks.expire_seconds)
        assert soon is not None
        assert soon > 60
        application.pipeline.now = lambda: later
        application.tasks.watch(candidate.session, 1)
        answer = await candidate.post("我回来了")
        assert answer.status_code == 409
        assert "expired" in answer.json()["error"]["message"]
