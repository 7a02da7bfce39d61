"""The chat API: its contract, and what it says to bad input."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from bot.understanding.base import NOTHING_OPEN, Context, Understood
from dialogues.texts import say
from tests.helpers import Candidate, build_in, running

CAMPAIGN = "campus-software-engineer"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(build_in(tmp_path)) as client:
        yield client


async def asked(client: httpx2.AsyncClient, language: str = "zh") -> Candidate:
    """A candidate who is being asked the first question."""
    candidate = await Candidate(client).begin(CAMPAIGN, language=language, candidate_type="campus")
    await candidate.say("agree")
    assert candidate.state["question"] == "warmup"
    return candidate


def error(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert "\n" not in body["error"]["message"]
    return str(body["error"]["code"])


async def test_repeated_message_gets_the_same_answer(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    first = await candidate.post("我最近在写一个编译器", "same")
    again = await candidate.post("我最近在写一个编译器", "same")
    other_words = await candidate.post("换了内容，编号没换", "same")
    assert first.json() == again.json() == other_words.json()
    assert first.json()["state"]["answered"] == 1
    await candidate.say("第二题的回答")
    late = await candidate.post("我最近在写一个编译器", "same")
    assert late.json() == first.json()


async def test_the_same_message_many_times_at_once(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    answers = await asyncio.gather(*(candidate.post("我在写编译器", "burst") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["state"]["answered"] == 1


async def test_messages_sent_at_once_are_taken_one_by_one(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    answers = await asyncio.gather(*(candidate.post(f"第 {i} 条") for i in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    history = await client.get(
        f"/api/v1/chat/sessions/{candidate.session}/messages",
        params={"history": True},
        headers=candidate.headers,
    )
    said = [m["text"] for m in history.json()["messages"] if m.get("from") == "candidate"]
    assert sorted(said) == sorted(["agree", *(f"第 {i} 条" for i in range(5))])


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic abc", "Bearer "])
async def test_token_comes_before_everything(client: httpx2.AsyncClient, token: str | None) -> None:
    candidate = await asked(client)
    headers = {"Authorization": token} if token else {}
    for session in (candidate.session, "nothing"):
        path = f"/api/v1/chat/sessions/{session}"
        error(await client.post(f"{path}/messages", content=b"{not json", headers=headers), 401)
        error(await client.get(f"{path}/messages?after=x", headers=headers), 401)
        error(await client.get(f"{path}/events", headers=headers), 401)


async def test_token_of_another_session(client: httpx2.AsyncClient) -> None:
    mine, other = await asked(client), await asked(client)
    body = {"id": "1", "text": "hello"}
    path = f"/api/v1/chat/sessions/{other.session}/messages"
    error(await client.post(path, json=body, headers=mine.headers), 401)
    error(
        await client.post(
            "/api/v1/chat/sessions/unknown/messages", json=body, headers=mine.headers
        ),
        404,
    )


async def test_unknown_campaign_and_choices(client: httpx2.AsyncClient) -> None:
    path = f"/api/v1/chat/{CAMPAIGN}/sessions"
    assert error(await client.post("/api/v1/chat/nothing/sessions", json={}), 404) == (
        "unknown_campaign"
    )
    for body in (
        {"candidate_type": "nobody"},
        {"position": "nothing"},
        {"language": "fr"},
        {"profile": [1]},
        {"unknown": 1},
        [],
        "text",
    ):
        error(await client.post(path, json=body), 422)
    error(await client.post(path, content=b"\xff\xfe"), 422)
    error(await client.post(path, json={"invitation": "nothing"}), 404)
    assert (await client.post(path)).status_code == 200


async def test_names_that_no_campaign_can_have(client: httpx2.AsyncClient) -> None:
    for name in ("a%00b", "%F0%9F%99%82", "..%2Fx", "x" * 300):
        error(await client.post(f"/api/v1/chat/{name}/sessions", json={}), 404)
        error(await client.get(f"/chat/{name}"), 404)
    candidate = await asked(client)
    path = "/api/v1/chat/sessions/a%00b/messages"
    error(await client.get(path, headers=candidate.headers), 404)


async def test_deletion_is_taken_after_the_end(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    await candidate.finish(lambda state: "我们量过，时间少了一半。")
    assert candidate.state["status"] == "finished"
    await candidate.say("我要撤回同意并删除我的资料")
    assert [option["id"] for option in candidate.messages[-1]["options"]] == ["yes", "no"]
    await candidate.say("是")
    assert candidate.state["status"] == "erased"


async def test_too_much_and_too_little(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    error(await candidate.post("长" * 100_000), 413)
    error(await candidate.post("x" * 20_001), 413)
    error(await candidate.post("x" * 2_000_000), 413)
    for text in ("", "   \n ", "\x00\x01\x02", "\u0007"):
        error(await candidate.post(text), 422)
    path = f"/api/v1/chat/sessions/{candidate.session}/messages"
    for body in (
        {},
        {"id": "1"},
        {"text": "x"},
        {"id": "", "text": "x"},
        {"id": 1, "text": "x"},
        [1],
    ):
        error(await client.post(path, json=body, headers=candidate.headers), 422)
    assert candidate.state["answered"] == 0
    await candidate.say("长" * 20_000)
    assert candidate.state["answered"] == 1


async def test_odd_characters_are_kept_or_dropped_quietly(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    told = await candidate.say("🙂🙂🙂")
    assert candidate.state["question"] == "warmup"
    assert told[-1]["kind"] == "question"
    path = f"/api/v1/chat/sessions/{candidate.session}/messages"
    raw = json.dumps({"id": "odd", "text": "a\ud800b\x00c <b>好</b> \u202eabc"})
    answer = await client.post(path, content=raw, headers=candidate.headers)
    assert answer.status_code == 200
    history = await client.get(path, params={"history": True}, headers=candidate.headers)
    said = [m["text"] for m in history.json()["messages"] if m.get("from") == "candidate"]
    assert said == ["agree", "🙂🙂🙂", "abc <b>好</b> \u202eabc"]


async def test_finished_interview(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client, "en")
    await candidate.finish(lambda state: "We measured it and it took half the time.")
    last = candidate.count
    assert error(await candidate.post("one more thing"), 409) == "finished"
    again = await candidate.post("We measured it and it took half the time.", f"m{last}")
    assert again.status_code == 200
    assert again.json()["state"]["status"] == "finished"
    later = await client.get(
        f"/api/v1/chat/sessions/{candidate.session}/messages", headers=candidate.headers
    )
    assert later.json()["state"]["status"] == "finished"


async def test_declined_consent(client: httpx2.AsyncClient) -> None:
    candidate = await Candidate(client).begin(CAMPAIGN, language="en")
    await candidate.say("decline")
    assert candidate.state["status"] == "withdrawn"
    error(await candidate.post("wait"), 409)


async def test_later_messages_and_paging(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    path = f"/api/v1/chat/sessions/{candidate.session}/messages"
    everything = (await client.get(path, headers=candidate.headers)).json()["messages"]
    assert [m["kind"] for m in everything] == ["text", "consent", "notice", "question"]
    after = everything[1]["id"]
    rest = (await client.get(path, params={"after": after}, headers=candidate.headers)).json()
    assert rest["messages"] == everything[2:]
    assert rest["state"] == candidate.state
    error(await client.get(path, params={"after": "x"}, headers=candidate.headers), 422)


async def test_multipart_text_and_documents_are_taken(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    path = f"/api/v1/chat/sessions/{candidate.session}/messages"
    form = {"id": (None, "form"), "text": (None, "我在写编译器")}
    answer = await client.post(path, files=form, headers=candidate.headers)
    assert answer.json()["state"]["answered"] == 1
    resume = {"id": (None, "cv"), "media": ("cv.txt", "三年后端经验".encode(), "text/plain")}
    for _ in range(2):
        answer = await client.post(path, files=resume, headers=candidate.headers)
        assert answer.json()["messages"][0]["text"] == say("resume_taken", "zh")
    scan = {"id": (None, "scan"), "media": ("cv.pdf", b"%PDF-1.4", "application/pdf")}
    answer = await client.post(path, files=scan, headers=candidate.headers)
    assert error(answer, 422) == "document_unreadable"
    picture = {"id": (None, "me"), "media": ("me.png", b"x", "image/png")}
    answer = await client.post(path, files=picture, headers=candidate.headers)
    assert error(answer, 422) == "media_not_taken"


async def test_pause_and_resume(client: httpx2.AsyncClient) -> None:
    candidate = await asked(client)
    await candidate.say("暂停")
    assert candidate.state["status"] == "paused"
    await candidate.say("继续")
    assert candidate.state["status"] == "asking"
    assert candidate.messages[-1]["kind"] == "question"


async def test_health_metrics_and_headers(client: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.json() == {"status": "ok"}
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    await asked(client)
    metrics = (await client.get("/metrics")).text
    assert 'route="/api/v1/chat/{campaign}/sessions"' in metrics
    error(await client.get("/api/v1/nothing"), 404)
    error(await client.delete("/healthz"), 405)
    assert (await client.get("/api/v1/openapi.json")).json()["info"]["title"] == "Miantan"


async def test_candidates_page(client: httpx2.AsyncClient) -> None:
    page = await client.get(f"/chat/{CAMPAIGN}", headers={"Accept-Language": "en-US,en;q=0.9"})
    assert page.status_code == 200
    assert '<html lang="en"' in page.text
    static = page.text.split('src="')[1].split('"')[0]
    script = await client.get(static)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    error(await client.get("/chat/nothing"), 404)


class Unclear:
    """A parser that is unsure of these words, and takes all others for an answer."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        intent = "unsure" if text in self.words else "answer"
        return Understood(intent, 1.0, "unclear")


async def test_words_that_are_held_are_in_the_history_once(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    application.pipeline.parser = Unclear("就那样呗", "嗯哼")

    async def said() -> list[str]:
        answer = await client.get(
            f"/api/v1/chat/sessions/{candidate.session}/messages",
            params={"history": True},
            headers=candidate.headers,
        )
        messages = answer.json()["messages"]
        return [message["text"] for message in messages if message.get("from") == "candidate"]

    async with running(application) as client:
        candidate = await asked(client)
        await candidate.say("就那样呗")
        assert [option["id"] for option in candidate.messages[-1]["options"]] == ["yes", "no"]
        assert candidate.state["answered"] == 0
        assert await said() == ["agree", "就那样呗"]
        await candidate.say("是")
        assert candidate.state["answered"] == 1
        assert await said() == ["agree", "就那样呗", "是"]
        await candidate.say("嗯哼")
        await candidate.say("否")
        assert (candidate.state["question"], candidate.state["answered"]) == ("project", 1)
        assert await said() == ["agree", "就那样呗", "是", "嗯哼", "否"]
