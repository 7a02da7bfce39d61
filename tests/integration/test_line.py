"""The whole line: a candidate is interviewed, scored, and the signed result arrives."""

import asyncio
import base64
import json
import pickle
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from connectors.result import from_json, to_json
from tests.helpers import (
    ROOT,
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

SAMPLES = ["campus-software-engineer", "sales-representative"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("campaign", SAMPLES)
async def test_interview_is_scored_and_delivered(
    tmp_path: Path, campaign: str, language: str
) -> None:
    with Receiver() as receiver:
        async with running(build_in(tmp_path, **with_webhook(receiver))) as client:
            candidate = await Candidate(client).begin(campaign, language=language)
            assert "AI" in candidate.messages[0]["text"]
            assert candidate.messages[-1]["kind"] == "consent"
            await candidate.finish(good_answers(campaign, language))
            assert candidate.state["status"] == "finished"
            assert candidate.state["answered"] == candidate.state["total"] >= 8
            await until(lambda: receiver.received)
        headers, body = receiver.received[0]
        Webhook(SECRET).verify(body, headers)
        data = json.loads(body)
        schema = json.loads((ROOT / "docs/schema/result.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(data)
        assert to_json(from_json(body.decode())) == body.decode()
        assert data["scores"]["overall"]["status"] == "scored"
        assert data["candidate"] == {"type": "campus", "language": language}
        for row in data["scores"]["answers"]:
            answer = "\n".join(
                line["text"]
                for line in data["transcript"]
                if line["question_id"] == row["question_id"]
                and line["kind"] in ("answer", "probe_reply")
            )
            assert row["evidence"]
            for found in row["evidence"]:
                assert answer[found["start"] : found["end"]] == found["text"]
        assert [line["seq"] for line in data["transcript"]] == [
            *range(1, len(data["transcript"]) + 1)
        ]


async def test_criteria_come_before_the_first_question(tmp_path: Path) -> None:
    async with running(build_in(tmp_path)) as client:
        candidate = await Candidate(client).begin(
            SAMPLES[0], language="zh", candidate_type="campus"
        )
        told = await candidate.say("同意")
        texts = [message["text"] for message in told]
        assert [message["kind"] for message in told] == ["notice", "question"]
        assert all(share in texts[0] for share in ("30%", "40%", "人工复核"))


async def test_database_bytes_hold_no_words(tmp_path: Path) -> None:
    """Neither plain, nor in base64, nor inside a pickle."""
    said = "我把订单服务的慢查询改成了覆盖索引，鹦鹉螺方案让延迟从九百毫秒降到一百毫秒"
    with Receiver() as receiver:
        async with running(build_in(tmp_path, **with_webhook(receiver))) as client:
            candidate = await Candidate(client).begin(
                SAMPLES[0], language="zh", candidate_type="campus", profile={"degree": "master"}
            )
            await candidate.finish(lambda state: said)
            await until(lambda: receiver.received)
            async with client.stream(
                "GET", "/healthz"
            ) as answer:  # the database is still open: its write-ahead log is there too
                assert answer.status_code == 200
            files = [file for file in tmp_path.iterdir() if file.name.startswith("miantan.db")]
            raw = b"".join(file.read_bytes() for file in files)
    assert any(file.name.endswith("-wal") for file in files)
    haystacks = [raw, *_decoded(raw)]
    for needle in ("鹦鹉螺", "覆盖索引", "订单服务", "同意", "master", "结构化面试"):
        for encoded in (
            needle.encode(),
            needle.encode("utf-16-le"),
            json.dumps(needle)[1:-1].encode(),
        ):
            if needle in ("master", "同意", "结构化面试") and encoded in raw:
                # These also stand in the published guides, which are no secret.
                continue
            assert not any(encoded in haystack for haystack in haystacks), needle
    assert b"campus-software-engineer" in raw, "the check reads the right bytes"


def _decoded(raw: bytes) -> list[bytes]:
    """Every run that could be base64, decoded, and the text inside those that are pickles."""
    found = []
    for match in re.finditer(rb"[A-Za-z0-9+/_-]{16,}={0,2}", raw):
        text = match.group().replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        for cut in range(4):
            part = text[cut:]
            part = part[: len(part) - len(part) % 4]
            decoded = base64.b64decode(part) if len(part) >= 16 else b""
            found.append(decoded)
            if decoded.startswith(b"\x80"):
                found.append(_unpickled(decoded))
    return found


def _unpickled(data: bytes) -> bytes:
    try:
        return json.dumps(pickle.loads(data), ensure_ascii=False, default=str).encode()
    except Exception as error:  # noqa: BLE001 (a run of bytes that is no pickle raises anything)
        return type(error).__name__.encode()


async def test_deletion_drops_the_key(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    async with running(application) as client:
        candidate = await Candidate(client).begin(
            SAMPLES[0], language="en", candidate_type="campus"
        )
        await candidate.say("agree")
        await candidate.say("I wrote a scheduler for our lab.")
        asked = await candidate.say("delete my data")
        assert [option["id"] for option in asked[-1]["options"]] == ["yes", "no"]
        await candidate.say("yes")
        assert candidate.state["status"] == "erased"

        def dropped() -> bool:
            return (
                application.database.read_now(
                    lambda s: (
                        s.connection()
                        .exec_driver_sql("SELECT count(*) FROM interview WHERE key IS NULL")
                        .scalar()
                    )
                )
                == 1
            )

        await until(dropped)
        answer = await candidate.post("hello again")
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "erased"


@pytest.mark.postgres
async def test_the_same_on_postgresql(tmp_path: Path) -> None:
    """The web process only enqueues; a worker scores and delivers."""
    if postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres() as url, Receiver() as receiver:
        values = {"database_url": url, **with_webhook(receiver)}
        application = build_in(tmp_path, **values)
        async with running(application) as client:
            candidates = [
                await Candidate(client).begin(
                    SAMPLES[1], language=language, candidate_type="campus"
                )
                for language in ("zh", "en")
            ]
            for candidate, language in zip(candidates, ("zh", "en"), strict=True):
                await candidate.finish(good_answers(SAMPLES[1], language))
                assert candidate.state["status"] == "finished"
            assert not receiver.received
            runner = application.runner("worker")
            await asyncio.to_thread(runner.start)
            try:
                await until(lambda: len(receiver.received) == 2)
            finally:
                await asyncio.to_thread(runner.stop)
        for headers, body in receiver.received:
            Webhook(SECRET).verify(body, headers)
        assert {json.loads(body)["interview"] for _, body in receiver.received} == {
            candidate.session for candidate in candidates
        }
