"""A Rasa assistant's action server: requests as Rasa 3.6.21 sent them, against the application."""

import asyncio
import copy
import json
import uuid
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.idle import time_out
from bot.reminders import Reminders
from bot.services import routers, services
from bot.storage.tables import Interview
from bot.web.app import create_app
from bot.web.rasa_actions import ACTION, MAX_BODY, PATH
from tests.helpers import ROOT, build_in, good_answers, until

TOKEN = "token-of-the-assistant"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CAMPAIGN = "campus-software-engineer"
OTHER = "sales-representative"


def captured(name: str) -> dict[str, Any]:
    text = (ROOT / "tests" / "fixtures" / "rasa" / f"{name}.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


class Assistant:
    """One conversation of an assistant: sends what Rasa sends, and applies the events it gets."""

    def __init__(
        self, client: httpx2.AsyncClient, sender: str = "", campaign: str = CAMPAIGN
    ) -> None:
        self.client = client
        self.sender = sender or uuid.uuid4().hex
        self.restart()
        self.slots["miantan_campaign"] = campaign
        self.responses: list[dict[str, Any]] = []

    def restart(self) -> None:
        """As after `/restart`: nothing is remembered."""
        self.slots: dict[str, Any] = captured("first")["tracker"]["slots"]
        self.loop: str | None = None

    def body(self, text: str | None, message_id: str | None = None) -> dict[str, Any]:
        body = captured("inside" if self.loop else "first" if text is not None else "event")
        tracker = body["tracker"]
        body["sender_id"] = tracker["sender_id"] = self.sender
        tracker["slots"] = copy.deepcopy(self.slots)
        if text is not None:
            tracker["latest_message"] |= {
                "text": text,
                "message_id": message_id or uuid.uuid4().hex,
            }
        return body

    async def post(self, body: dict[str, Any]) -> httpx2.Response:
        return await self.client.post(PATH, content=json.dumps(body), headers=BEARER)

    def apply(self, answer: httpx2.Response) -> None:
        assert answer.status_code == 200, answer.text
        data = answer.json()
        assert set(data) == {"events", "responses"}
        for event in data["events"]:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            else:
                assert event["event"] == "active_loop"
                self.loop = event["name"]
        self.responses = data["responses"]

    async def say(self, text: str, message_id: str | None = None) -> list[str]:
        self.apply(await self.post(self.body(text, message_id)))
        return self.texts

    @property
    def texts(self) -> list[str]:
        return [str(response["text"]) for response in self.responses]

    @property
    def status(self) -> str | None:
        return self.slots["miantan_status"]

    def press(self, index: int = 0) -> str:
        return str(self.responses[-1]["buttons"][index]["payload"])


@asynccontextmanager
async def working(home: Path, work: bool = False) -> AsyncIterator[tuple[Application, Any]]:
    """The application with the address open; durable work only where it is waited for."""
    application = build_in(home, rasa_actions_token=TOKEN)
    app = create_app(application, services(application, work), routers(application))
    try:
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                yield application, client
    finally:
        application.close()


@pytest.fixture
async def serving(home: Path) -> AsyncIterator[tuple[Application, httpx2.AsyncClient]]:
    async with working(home) as parts:
        yield parts


@pytest.fixture
def client(serving: tuple[Application, httpx2.AsyncClient]) -> httpx2.AsyncClient:
    return serving[1]


@pytest.fixture
def application(serving: tuple[Application, httpx2.AsyncClient]) -> Application:
    return serving[0]


async def asked(client: httpx2.AsyncClient, words: str = "我要面试", **of: Any) -> Assistant:
    """A conversation that is at the first question."""
    assistant = Assistant(client, **of)
    await assistant.say(words)
    await assistant.say("agree")
    await assistant.say("campus")
    assert (assistant.loop, assistant.status) == (ACTION, "asking")
    return assistant


async def interviews(application: Application) -> list[Interview]:
    def read(session: Session) -> list[Interview]:
        return list(session.exec(select(Interview).order_by(Interview.started_at)))

    return await application.database.read(read)


async def row_of(application: Application, assistant: Assistant) -> Interview:
    rows = await interviews(application)
    return next(row for row in rows if row.id == assistant.slots["miantan_session"])


def refused(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "action_name"}
    return str(answer.json()["error"])


# Whole interviews.


@pytest.mark.parametrize(("language", "words"), [("zh", "我要面试"), ("en", "I want to interview")])
async def test_a_whole_interview(client: httpx2.AsyncClient, language: str, words: str) -> None:
    assistant = Assistant(client)
    greeting, _ = await assistant.say(words)
    assert ("AI 面试官" if language == "zh" else "AI interviewer") in greeting
    assert assistant.status == "consent"
    answer = good_answers(CAMPAIGN, language)
    for _ in range(60):
        if assistant.loop is None:
            break
        buttons = assistant.responses[-1].get("buttons")
        await assistant.say(assistant.press() if buttons else answer({"question": "project"}))
    assert assistant.status == "finished"
    assert assistant.loop is None
    assert len(assistant.responses) == 1


async def test_buttons_are_the_options_in_plain_words(client: httpx2.AsyncClient) -> None:
    assistant = Assistant(client)
    await assistant.say("我要面试")
    buttons = assistant.responses[-1]["buttons"]
    assert buttons == [
        {"title": "同意", "payload": "agree"},
        {"title": "不同意", "payload": "decline"},
    ]
    await assistant.say("不同意")
    assert (assistant.loop, assistant.status) == (None, "withdrawn")


async def test_nothing_is_asked_before_consent(client: httpx2.AsyncClient) -> None:
    assistant = Assistant(client)
    await assistant.say("I want to interview")
    await assistant.say("I built a compiler last year and it was fun")
    assert assistant.status == "consent"
    assert assistant.press() == "agree"


async def test_the_language_is_the_assistants_else_that_of_the_words(
    client: httpx2.AsyncClient,
) -> None:
    told = Assistant(client)
    told.slots["miantan_language"] = "en"
    assert "AI interviewer" in (await told.say("我要面试"))[0]
    other = Assistant(client)
    other.slots["miantan_language"] = "fr"
    assert "AI interviewer" in (await other.say("interview please"))[0]


# The same message twice, and what was lost on the way.


async def test_a_repeated_message_changes_nothing(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = Assistant(client)
    for text in ("我要面试", "agree", "campus", "我最近在写编译器"):
        body = assistant.body(text, f"id-{text}")
        first = await assistant.post(body)
        assert (await assistant.post(body)).json() == first.json()
        assistant.apply(first)
    (row,) = await interviews(application)
    assert row.answered == 1
    again = await assistant.say("我最近在写编译器", "id-我最近在写编译器")
    assert again[-1].startswith("2/")
    assert (await row_of(application, assistant)).answered == 1


async def test_many_at_once_begin_one_interview(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = Assistant(client)
    body = assistant.body("我要面试", "burst")
    answers = await asyncio.gather(*(assistant.post(body) for _ in range(10)))
    assert len({answer.text for answer in answers}) == 1
    assert len(await interviews(application)) == 1


async def test_a_lost_answer_is_shown_and_the_next_message_not_taken_for_an_answer_to_it(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    await assistant.post(assistant.body("我最近在写编译器"))
    texts = await assistant.say("我最近在写编译器")
    assert "没有送到" in texts[0]
    assert texts[1].startswith("2/")
    assert (await row_of(application, assistant)).answered == 1
    await assistant.say("我做了一个预约系统")
    row = await row_of(application, assistant)
    assert row.probe is not None


async def test_a_beginning_whose_answer_was_lost(client: httpx2.AsyncClient) -> None:
    assistant = Assistant(client)
    await assistant.post(assistant.body("我要面试"))
    assert assistant.loop is None
    texts = await assistant.say("我要面试")
    assert "AI 面试官" in texts[0], "the notice must be read before consent"
    assert len(assistant.responses) == 2
    assert assistant.press() == "agree"


async def test_a_right_is_heard_after_a_lost_beginning(client: httpx2.AsyncClient) -> None:
    assistant = Assistant(client)
    await assistant.post(assistant.body("I want to interview"))
    texts = await assistant.say("delete my data")
    assert "AI interviewer" in texts[0]
    assert (assistant.loop, assistant.press()) == (ACTION, "yes")


async def test_words_that_came_meanwhile_are_shown_first(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    session = assistant.slots["miantan_session"]
    assert time_out(application.pipeline, session, 0.0) is None
    texts = await assistant.say("我最近在写编译器")
    assert "很久没有收到" in texts[0]
    assert "没有被记录" in texts[1]
    assert (assistant.loop, assistant.status) == (None, "expired")


async def test_a_reminder_nobody_saw_does_not_stand_in_the_way(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    session = assistant.slots["miantan_session"]
    assert time_out(application.pipeline, session, 9e9, Reminders((0.0,))) is not None
    texts = await assistant.say("我最近在写编译器")
    assert len(texts) == 1
    assert texts[0].startswith("2/"), "the answer is taken, and the reminder is not told late"


async def test_a_reopened_interview_goes_on_in_the_same_loop(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    session = assistant.slots["miantan_session"]
    assert time_out(application.pipeline, session, 0.0) is None
    await application.pipeline.reopen(session, "ada")
    texts = await assistant.say("我最近在写编译器")
    assert "重新开放" in texts[1]
    assert texts[-1].startswith("2/")
    assert (assistant.loop, assistant.status) == (ACTION, "asking")


# Leaving and coming back.


async def test_a_pause_leaves_the_loop_and_coming_back_goes_on(
    client: httpx2.AsyncClient,
) -> None:
    assistant = await asked(client)
    question = assistant.texts[-1]
    await assistant.say("暂停")
    assert (assistant.loop, assistant.status) == (None, "paused")
    texts = await assistant.say("继续面试")
    assert "欢迎回来" in texts[0]
    assert texts[-1] == question
    assert (assistant.loop, assistant.status) == (ACTION, "asking")


async def test_after_a_restart_the_interview_is_found_by_its_sender(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    question, session = assistant.texts[-1], assistant.slots["miantan_session"]
    body = captured("after-restart")
    body["sender_id"] = assistant.sender
    assistant.restart()
    assistant.apply(await assistant.post(body))
    assert assistant.texts == [question]
    assert assistant.slots["miantan_session"] == session
    assert (await assistant.say("我最近在写编译器"))[-1].startswith("2/")
    assert len(await interviews(application)) == 1


async def test_another_rule_left_the_loop(client: httpx2.AsyncClient) -> None:
    assistant = await asked(client)
    question = assistant.texts
    assistant.loop = None
    assert await assistant.say("继续") == question[-1:]
    assert assistant.loop == ACTION


async def test_an_interview_for_each_campaign(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = await asked(client)
    first = assistant.slots["miantan_session"]
    assistant.slots["miantan_campaign"] = OTHER
    await assistant.say("我最近在写编译器")
    assert assistant.slots["miantan_session"] == first, "while the loop is open, it stays"
    await assistant.say("暂停")
    await assistant.say("我要面试")
    assert assistant.slots["miantan_session"] != first
    assert [row.campaign_id for row in await interviews(application)] == [CAMPAIGN, OTHER]


async def test_a_sender_sees_no_other_conversation(
    client: httpx2.AsyncClient, application: Application
) -> None:
    mine, other = await asked(client), await asked(client)
    other.slots["miantan_session"] = mine.slots["miantan_session"]
    other.slots["miantan_seen"] = "0"
    await other.say("这是另一个人")
    rows = {row.id: row.answered for row in await interviews(application)}
    assert rows[mine.slots["miantan_session"]] == 0
    begun = await client.post(f"/api/v1/chat/{CAMPAIGN}/sessions", json={})
    stranger = Assistant(client)
    stranger.slots |= {"miantan_session": begun.json()["session"], "miantan_seen": "0"}
    stranger.loop = ACTION
    await stranger.say("同意")
    assert (stranger.loop, stranger.slots["miantan_session"]) == (None, None)


async def test_a_new_interview_after_the_end(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = Assistant(client)
    await assistant.say("我要面试")
    await assistant.say("不同意")
    await assistant.say("我要面试")
    assert assistant.status == "consent"
    assert len(await interviews(application)) == 2


# People, and rights.


async def test_a_hand_over_ends_the_loop(client: httpx2.AsyncClient) -> None:
    assistant = await asked(client)
    await assistant.say("转人工")
    texts = await assistant.say(assistant.press())
    assert (assistant.loop, assistant.status) == (None, "human")
    assert "不会转给他们" in texts[-1]
    assert await assistant.say("我要面试") == texts
    assert assistant.loop is None


async def test_deletion_is_heard_after_the_end_and_outside_the_loop(home: Path) -> None:
    async with working(home, work=True) as (application, client):
        assistant = await asked(client)
        await assistant.say("撤回同意")
        await assistant.say("是")
        assert (assistant.loop, assistant.status) == (None, "withdrawn")
        await assistant.say("删除我的资料")
        assert (assistant.loop, assistant.press()) == (ACTION, "yes")
        await assistant.say(" ")
        assert (assistant.loop, assistant.status) == (ACTION, "withdrawn")
        await assistant.say("yes")
        assert (assistant.loop, assistant.status) == (None, "erased")
        row = (await interviews(application))[0]

        def erased() -> bool:
            read = application.database.read_now
            return read(lambda db: db.get_one(Interview, row.id).key) is None

        await until(erased)
        assistant.loop = ACTION
        assert "已经结束" in (await assistant.say("还在吗"))[-1]
        assert assistant.loop is None


# What is no answer.


async def test_what_a_candidate_can_mend_is_said_in_words(client: httpx2.AsyncClient) -> None:
    assistant = await asked(client, "I want to interview")
    session = assistant.slots["miantan_session"]
    for text, words in (("x" * 20_001, "too long"), (" \n", "no text"), ("\x00", "no text")):
        assert words in (await assistant.say(text))[0]
        assert (assistant.loop, assistant.slots["miantan_session"]) == (ACTION, session)
    assert (await assistant.say("I like compilers"))[-1].startswith("2/")
    for campaign in ("nothing", "", None, 7, "x" * 300, "a\x00b"):
        lost = Assistant(client)
        lost.slots["miantan_campaign"] = campaign
        assert "no such interview" in (await lost.say("I want to interview"))[0]
        assert lost.loop is None


@pytest.mark.parametrize("text", ["/get_started", '/greet{"name": "x"}'])
async def test_an_intent_by_its_name_is_no_answer(
    client: httpx2.AsyncClient, application: Application, text: str
) -> None:
    assistant = await asked(client)
    question = assistant.texts[-1]
    assert await assistant.say(text) == [question]
    assert (await row_of(application, assistant)).answered == 0


async def test_an_event_without_a_user_begins_and_is_no_answer(
    client: httpx2.AsyncClient, application: Application
) -> None:
    assistant = Assistant(client)
    assistant.apply(await assistant.post(assistant.body(None)))
    assert assistant.status == "consent"
    await assistant.say("agree")
    await assistant.say("campus")
    body = assistant.body("x")
    body["tracker"]["latest_message"] = captured("event")["tracker"]["latest_message"]
    assistant.apply(await assistant.post(body))
    assert (await row_of(application, assistant)).answered == 0


# The door.


async def test_without_the_setting_there_is_no_such_address(home: Path) -> None:
    for token in (None, ""):
        application = build_in(home, rasa_actions_token=token)
        assert routers(application) == []
        application.close()


async def test_the_token_comes_before_everything(client: httpx2.AsyncClient) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Token": TOKEN},
    ):
        for path in (PATH, f"{PATH}?token=wrong", f"{PATH}?token=%F0%9F%99%82", f"{PATH}?token="):
            answer = await client.post(path, content=b"{", headers=headers)
            assert answer.status_code == 401, (headers, path)


async def test_the_token_may_be_rasas_parameter(client: httpx2.AsyncClient) -> None:
    answer = await client.post(PATH, params={"token": TOKEN}, json=captured("first"))
    assert answer.status_code == 200


async def test_what_the_makers_have_to_mend_is_refused(client: httpx2.AsyncClient) -> None:
    first = captured("first")
    unknown = await client.post(PATH, json=first | {"next_action": "other"}, headers=BEARER)
    assert ACTION in refused(unknown, 404)
    assert unknown.json()["action_name"] == "other"
    shared = await client.post(PATH, json=first | {"sender_id": "default"}, headers=BEARER)
    assert "sender id" in refused(shared, 400)
    del first["tracker"]["slots"]["miantan_seen"]
    assert "miantan_seen" in refused(await client.post(PATH, json=first, headers=BEARER), 400)


async def test_odd_bodies(client: httpx2.AsyncClient) -> None:
    first = captured("first")
    tracker = first["tracker"]
    odd: list[Any] = [[], 7, {"next_action": ACTION}, first | {"sender_id": ""}]
    odd += [first | {"tracker": tracker | {"slots": []}}, first | {"tracker": None}]
    contents = [b"", b"{", b"\xff", b"[" * 100_000, *(json.dumps(each).encode() for each in odd)]
    for content in contents:
        refused(await client.post(PATH, content=content, headers=BEARER), 400)


async def test_odd_characters(client: httpx2.AsyncClient) -> None:
    assistant = await asked(client, sender="\x00/..\u202e好\n🙂")
    assert (await assistant.say("a\ud800b\x00c <b>好</b>", "\x00 好"))[-1].startswith("2/")
    for odd in ("\ud800", "x" * 1_001):
        refused(await assistant.post(assistant.body("x") | {"sender_id": odd}), 400)
        refused(await assistant.post(assistant.body("x", odd)), 400)


async def test_large_and_compressed_bodies(client: httpx2.AsyncClient) -> None:
    deflate = BEARER | {"Content-Encoding": "deflate"}
    packed = zlib.compress(json.dumps(captured("first")).encode())
    assert (await client.post(PATH, content=packed, headers=deflate)).status_code == 200
    refused(await client.post(PATH, content=b"not deflated", headers=deflate), 400)
    refused(await client.post(PATH, content=packed[:50], headers=deflate), 400)
    bomb = zlib.compress(b" " * (MAX_BODY + 1))
    assert (await client.post(PATH, content=bomb, headers=deflate)).status_code == 413
    large = b" " * (MAX_BODY + 1)
    assert (await client.post(PATH, content=large, headers=BEARER)).status_code == 413
    other = BEARER | {"Content-Encoding": "br"}
    assert (await client.post(PATH, content=packed, headers=other)).status_code == 415


async def test_a_failure_is_seen_by_both_sides_and_says_nothing_of_the_candidate(
    home: Path, logged: Callable[[], str]
) -> None:
    async with working(home) as (application, client):
        assistant = await asked(client, sender="+8613800000000")
        with pytest.MonkeyPatch.context() as patched:
            secret = ValueError("秘密的回答")

            async def fails(*_: Any) -> None:
                raise secret

            patched.setattr(application.pipeline, "receive", fails)
            answer = await assistant.post(assistant.body("秘密的回答"))
        assert "ValueError" in refused(answer, 500)
        assert "rasa: not taken" in logged()
        refused(await assistant.post(assistant.body("秘密") | {"sender_id": "default"}), 400)
        assert (await assistant.say("我上个月写了一个秘密的记账小工具，用了两周。"))[-1].startswith(
            "2/"
        )
    for secret_word in ("秘密", "+86138", TOKEN):
        assert secret_word not in logged()


async def test_the_database_holds_no_sender(home: Path) -> None:
    async with working(home) as (_, client):
        await asked(client, sender="+8613800000000")
    for file in home.glob("miantan.db*"):
        assert b"13800000000" not in file.read_bytes()
