"""Telegram end to end: python-telegram-bot's own client against a stand-in of the Bot API."""

import io
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from bot import logs, outbox
from bot.bootstrap import Application, SettingsError
from bot.channels import telegram_polling
from bot.services import routers, services
from bot.storage.interviews import read_events, read_messages
from bot.storage.people import key_of
from bot.storage.tables import Cursor, Interview, MessageRow, Person, ResultRow
from bot.web.app import create_app
from dialogues.events import Answered, Noted
from dialogues.texts import TEXTS, say
from tests.fakes import Candidate, Received, TelegramStandIn, loopback_socket, served
from tests.helpers import build_in, until

CAMPUS = "campus-software-engineer"
SALES = "sales-representative"
SECRET = "a_Secret-1"
ANSWERS = {
    "zh": "我做了一个预约系统，我负责后端，把接口延迟降到了一半，和同事一起上线。",
    "en": "I built a booking system, did the backend myself and halved its latency with my team.",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with the sample campaigns."""
    home = tmp_path_factory.mktemp("prepared")
    build_in(home).close()
    return home


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "home"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_polling, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(telegram_polling, "FIRST_RETRY_WAIT", 0.05)
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.05)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandIn]:
    async with TelegramStandIn().running() as standing_in:
        yield standing_in


def build_for(telegram: TelegramStandIn, home: Path, **values: Any) -> Application:
    given = {"telegram_token": telegram.token, "telegram_api": telegram.url, **values}
    return build_in(home, **given)


@asynccontextmanager
async def polling(
    telegram: TelegramStandIn, home: Path, work: bool = False
) -> AsyncIterator[Application]:
    application = build_for(telegram, home)
    app = create_app(application, services(application, work), routers(application))
    try:
        async with app.router.lifespan_context(app):
            yield application
    finally:
        application.close()


@asynccontextmanager
async def pushed(
    telegram: TelegramStandIn, home: Path, work: bool = False
) -> AsyncIterator[tuple[Application, str]]:
    place = loopback_socket()
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    application = build_for(telegram, home, telegram_secret=SECRET, public_url=url)
    app = create_app(application, services(application, work), routers(application))
    try:
        async with served(app, place):
            await until(lambda: telegram.webhook)
            yield application, url
    finally:
        application.close()


async def next_question(candidate: Candidate) -> Received:
    """The next message that asks something: by buttons, or with its place in the interview."""
    while True:
        message = await candidate.next_message()
        if message.buttons or message.text[:1].isdecimal():
            return message


async def begin(candidate: Candidate, campaign: str = CAMPUS) -> Received:
    """Up to the first question of the guide."""
    candidate.say(f"/start {campaign}")
    for _ in range(2):
        question = await next_question(candidate)
        candidate.tap(next(iter(question.buttons)))
    return await next_question(candidate)


async def hold(candidate: Candidate, language: str) -> list[str]:
    """A whole interview; returns everything the candidate said."""
    said = []
    opening = [TEXTS[key][language].partition("{")[0] for key in ("greeting", "criteria")]  # type: ignore[index]
    for _ in range(100):
        message = await candidate.next_message()
        if message.text == say("finished", language):  # type: ignore[arg-type]
            return said
        if message.buttons:
            said.append(next(iter(message.buttons.values())))
            candidate.tap(said[-1])
        elif not any(message.text.startswith(words) for words in opening):
            said.append(f"{ANSWERS[language]} ({len(said)})")
            candidate.say(said[-1])
    raise AssertionError("the interview does not end")


async def interviews(application: Application) -> Sequence[Interview]:
    return await application.database.read(
        lambda session: session.exec(select(Interview).order_by(col(Interview.started_at))).all()
    )


async def words_of(application: Application, interview_id: str) -> list[str]:
    """What the candidate said, as it is kept."""

    def work(session: Session) -> list[str]:
        row = session.get_one(Interview, interview_id)
        events = read_events(session, row, key_of(session, application.master, row))
        return [event.text for _, event in events if isinstance(event, Answered | Noted)]

    return await application.database.read(work)


async def all_sent_to(application: Application, interview_id: str) -> list[str]:
    """The messages of an interview, once all are sent."""

    def unsent(session: Session) -> MessageRow | None:
        query = select(MessageRow).where(col(MessageRow.sent_at).is_(None))
        return session.exec(query.where(MessageRow.interview_id == interview_id)).first()

    def work(session: Session) -> list[str]:
        row = session.get_one(Interview, interview_id)
        messages = read_messages(session, row, key_of(session, application.master, row))
        return [message.reply.text for message in messages]

    await until(lambda: application.database.read_now(unsent) is None)
    return await application.database.read(work)


async def check_whole_interview(
    application: Application, candidate: Candidate, said: list[str], campaign: str
) -> None:
    (row,) = await interviews(application)
    assert (row.status, row.campaign_id, row.source) == ("finished", campaign, "telegram")
    assert await words_of(application, row.id) == said
    stored = await all_sent_to(application, row.id)
    received = [message.text for message in candidate.history]
    assert len(received) == len(stored)
    assert all(got.endswith(text) for got, text in zip(received, stored, strict=True))
    assert any(text.startswith("3/") for text in received)


async def test_whole_interview_in_chinese_by_polling(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home, work=True) as application:
        candidate = telegram.candidate("zh-hans")
        candidate.say(f"/start {CAMPUS}")
        said = await hold(candidate, "zh")
        await check_whole_interview(application, candidate, said, CAMPUS)
        await until(lambda: telegram.waiting == 0)
        await until(
            lambda: application.database.read_now(lambda s: s.exec(select(ResultRow)).first())
        )
        assert not telegram.open_taps


async def test_whole_interview_in_english_by_webhook(telegram: TelegramStandIn, home: Path) -> None:
    async with pushed(telegram, home, work=True) as (application, _):
        candidate = telegram.candidate("en-GB")
        candidate.say(f"/start {SALES}")
        said = await hold(candidate, "en")
        await check_whole_interview(application, candidate, said, SALES)
        await until(
            lambda: application.database.read_now(lambda s: s.exec(select(ResultRow)).first())
        )
        assert telegram.count("getUpdates") == 0
        assert all(statuses == [200] for statuses in telegram.pushed.values())


async def test_repeated_pushes_change_nothing(telegram: TelegramStandIn, home: Path) -> None:
    async with pushed(telegram, home) as (application, _):
        candidate = telegram.candidate()
        start = candidate.say(f"/start {CAMPUS}")
        consent = await next_question(candidate)
        tap = candidate.tap("agree")
        await next_question(candidate)
        for update in (start, tap, start):
            telegram.repeat(update)
        await until(lambda: len(telegram.pushed[start]) == 3 and len(telegram.pushed[tap]) == 2)
        await candidate.no_message()
        (row,) = await interviews(application)
        assert row.turn == 2
        assert consent.buttons


async def test_repeated_last_answer_is_not_answered_with_the_end(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        candidate.say(f"/start {CAMPUS}")
        await next_question(candidate)
        tap = candidate.tap("decline")
        assert (await candidate.next_message()).text == say("declined", "zh")
        telegram.repeat(tap)
        await until(lambda: telegram.waiting == 0)
        candidate.say("还在吗？")
        assert (await candidate.next_message()).text == say("ended", "zh")
        (row,) = await interviews(application)
        assert row.status == "withdrawn"


async def test_the_cursor_is_kept_and_follows_the_server(
    telegram: TelegramStandIn, home: Path
) -> None:
    candidate = telegram.candidate()
    async with polling(telegram, home) as application:
        last = candidate.say("在吗")
        await candidate.next_message()

        def cursor(session: Session) -> int | None:
            row = session.get(Cursor, f"telegram:{telegram.bot['id']}")
            return row.value if row else None

        await until(lambda: application.database.read_now(cursor) == last + 1)
        await application.database.write(
            lambda s: s.merge(Cursor(name=f"telegram:{telegram.bot['id']}", value=last + 10**6))
        )
    async with polling(telegram, home) as application:
        # The stored offset is from another server's numbering; the bot is not stuck on it.
        last = candidate.say("在吗")
        await candidate.next_message()
        await until(lambda: application.database.read_now(cursor) == last + 1)


async def test_strangers_are_told_where_to_begin(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        chinese, english = telegram.candidate("zh-hant"), telegram.candidate("en")
        unknown = telegram.candidate(None)
        for candidate, language in ((chinese, "zh"), (english, "en")):
            for words, key in (
                ("你好", "welcome"),
                ("/start", "welcome"),
                ("/pause", "welcome"),
                ("/start no-such-campaign", "unknown_code"),
                (f"/start {'x' * 3000}", "unknown_code"),
                ("/help", "help"),
            ):
                candidate.say(words)
                told = await candidate.next_message()
                assert told.text == TEXTS[key][language], words  # type: ignore[index]
            candidate.send(voice={"file_id": "a", "file_unique_id": "b", "duration": 2})
            told = await candidate.next_message()
            assert told.text == TEXTS["text_only"][language]  # type: ignore[index]
        unknown.say("?")
        assert (await unknown.next_message()).text == "\n\n".join(TEXTS["welcome"].values())
        assert not await interviews(application)


async def test_courtesies_wait_a_little_and_hold_nothing_up(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home):
        candidate, flooded = telegram.candidate(), telegram.candidate()
        telegram.floods[candidate.id].append(0.1)
        telegram.floods[flooded.id].append(3600)
        flooded.say("在吗")
        candidate.say("在吗")
        assert (await candidate.next_message()).text == say("welcome", "zh")
        await until(lambda: telegram.waiting == 0)
        assert not flooded.history


async def test_groups_are_refused(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        telegram.candidate("en").in_group(f"/start {CAMPUS}")
        await until(lambda: not telegram.group_messages.empty())
        assert telegram.group_messages.get_nowait() == say("private_only", "en")
        people = await application.database.read(lambda s: s.exec(select(Person)).all())
        assert not people


async def test_what_is_not_text_is_declined_and_changes_nothing(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate("en")  # the interview's language counts, once there is one
        await begin(candidate)
        candidate.say("切换语言")
        await next_question(candidate)
        photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
        candidate.send(photo=photo, caption="看这里")
        assert (await candidate.next_message()).text == say("text_only", "zh")
        candidate.edit("换个说法")
        assert (await candidate.next_message()).text == say("edited_kept", "zh")
        candidate.say("\u200e")
        assert (await candidate.next_message()).text == say("no_words", "zh")
        candidate.send(pinned_message=None, delete_chat_photo=True)
        (row,) = await interviews(application)
        assert row.answered == 0


async def test_only_open_options_can_be_tapped(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        candidate.say(f"/start {CAMPUS}")
        consent = await next_question(candidate)
        candidate.tap("同意", consent)
        candidate.tap("同意", consent)  # tapped twice
        kind = await next_question(candidate)
        candidate.tap("应届生", kind)
        await next_question(candidate)
        candidate.tap("应届生", kind)
        await until(lambda: len(candidate.notes) == 2)
        assert set(candidate.notes) == {say("stale_option", "zh")}
        candidate.say("跳过")
        skip = await next_question(candidate)
        candidate.say("删除我的资料")
        delete = await next_question(candidate)
        assert skip.buttons == delete.buttons
        candidate.tap("是", skip)
        await until(lambda: len(candidate.notes) == 3)
        candidate.tap("否", delete)
        assert (await candidate.next_message()).text == say("kept_going", "zh")
        (row,) = await interviews(application)
        assert (row.status, row.question, row.answered) == ("asking", "warmup", 0)


async def test_commands_say_their_words(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate("en")
        first = await begin(candidate)
        for command, key in (("/pause", "paused"), ("/resume@miantan_bot", "resumed")):
            candidate.say(command)
            assert (await candidate.next_message()).text == TEXTS[key]["en"]
        assert (await candidate.next_message()).text == first.text
        candidate.say("/language")
        assert (await candidate.next_message()).text == say("language_changed", "zh")
        await next_question(candidate)
        candidate.say("/help")
        assert (await candidate.next_message()).text == say("help", "zh")
        candidate.say("/human")
        assert (await next_question(candidate)).text == say("confirm_human", "zh")
        candidate.tap("no")
        await next_question(candidate)
        candidate.say("/delete")
        assert (await next_question(candidate)).text == say("confirm_delete", "zh")
        (row,) = await interviews(application)
        said = await words_of(application, row.id)
        assert said[2:] == ["pause", "resume", "change language", "转人工", "no", "删除我的资料"]


async def test_start_again_repeats_and_another_campaign_begins(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        first = await begin(candidate)
        for words in (f"/start {CAMPUS}", "/start"):
            candidate.say(words)
            assert (await candidate.next_message()).text == first.text
        await begin(candidate, SALES)
        candidate.say("我最近在学销售技巧")
        await next_question(candidate)
        rows = {row.campaign_id: row for row in await interviews(application)}
        assert (rows[CAMPUS].answered, rows[SALES].answered) == (0, 1)
        assert rows[CAMPUS].person_id == rows[SALES].person_id
        candidate.say(f"/start {CAMPUS}")
        assert (await candidate.next_message()).text == first.text
        candidate.say("我最近在写编译器")
        assert (await next_question(candidate)).text.startswith("2/")


async def test_a_campaign_in_another_language_begins_in_its_own(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dialogues.plan import Plan

    monkeypatch.setattr(Plan, "languages", property(lambda plan: ("zh",)))
    async with polling(telegram, home) as application:
        candidate = telegram.candidate("en")
        candidate.say(f"/start {CAMPUS}")
        await next_question(candidate)
        (row,) = await interviews(application)
        assert row.language == "zh"


async def test_5000_characters_arrive_whole(telegram: TelegramStandIn, home: Path) -> None:
    async with pushed(telegram, home) as (application, _):
        candidate = telegram.candidate()
        await begin(candidate)
        long = "我负责后端，把接口延迟降到一半。" * 313
        candidate.say(long)
        await next_question(candidate)
        (row,) = await interviews(application)
        assert (await words_of(application, row.id))[-1] == long
        candidate.say("长" * 20_001)
        assert (await candidate.next_message()).text == say("too_long", "zh")


async def test_updates_no_one_can_read_do_not_hold_up_others(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home):
        candidate = telegram.candidate()
        telegram.push("message", {"message_id": "?", "from": 5}, 1)
        telegram.push("message", [], 1)  # type: ignore[arg-type]
        telegram.push("a_kind_of_tomorrow", {"x": 1}, 1)
        candidate.say("在吗")
        assert (await candidate.next_message()).text == say("welcome", "zh")
        await until(lambda: telegram.waiting == 0)


async def test_a_message_that_cannot_be_taken_is_owned_up_to(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with polling(telegram, home) as application:
        candidate, other = telegram.candidate(), telegram.candidate()
        await begin(candidate)

        async def fail(inbound: object) -> None:
            raise RuntimeError("a fault")

        with monkeypatch.context() as broken:
            broken.setattr(application.pipeline, "receive", fail)
            candidate.say("我最近在写编译器")
            other.say("在吗")
            assert (await other.next_message()).text == say("welcome", "zh")
            assert (await candidate.next_message()).text == say("not_taken", "zh")
        candidate.say("我最近在写编译器")
        assert (await next_question(candidate)).text.startswith("2/")


async def test_while_the_database_is_away_updates_wait(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        receive, tries = application.pipeline.receive, 0

        async def away_at_first(inbound: Any) -> Any:
            nonlocal tries
            tries += 1
            if tries <= 5:
                raise OperationalError("SELECT", {}, Exception("away"))
            return await receive(inbound)

        monkeypatch.setattr(application.pipeline, "receive", away_at_first)
        candidate.say("我最近在写编译器")
        assert (await next_question(candidate)).text.startswith("2/")


async def test_polling_recovers_from_trouble_and_conflict(
    telegram: TelegramStandIn, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    telegram.down = True
    async with polling(telegram, home):
        candidate = telegram.candidate()
        candidate.say("在吗")
        await until(lambda: telegram.count("getMe") >= 3)
        telegram.down = False
        assert (await candidate.next_message()).text == say("welcome", "zh")
        telegram.webhook = "http://127.0.0.1:9/elsewhere"
        telegram._wake()
        await until(lambda: "another program" in capsys.readouterr().out)
        telegram.webhook = ""
        candidate.say("在吗")
        assert (await candidate.next_message()).text == say("welcome", "zh")


async def test_webhook_answers(telegram: TelegramStandIn, home: Path) -> None:
    async with (
        pushed(telegram, home) as (application, url),
        httpx2.AsyncClient(base_url=url) as client,
    ):
        path = "/webhooks/telegram"
        right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        assert telegram.secret == SECRET
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}):
            answer = await client.post(path, content=b"not even JSON", headers=headers)
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "forbidden"
        for content, status in (
            (b"{", 400),
            (b"\xff", 400),
            (b"[" * 100_000, 400),
            (b" " * 1_000_001, 413),
            (b"[]", 200),
            (b'{"update_id": "x"}', 200),
            (b'{"update_id": 1, "message": {"chat": 3}}', 200),
            (b'{"update_id": 2, "poll_answer": 5}', 200),
        ):
            answer = await client.post(path, content=content, headers=right)
            assert answer.status_code == status, content[:40]
        assert not await interviews(application)


async def test_a_push_that_failed_is_pushed_again_and_taken_once(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushed(telegram, home) as (application, _):
        candidate = telegram.candidate()
        await begin(candidate)
        receive, tries = application.pipeline.receive, 0

        async def answer_lost(inbound: Any) -> Any:
            nonlocal tries
            tries += 1
            taken = await receive(inbound)
            if tries == 1:
                raise OperationalError("COMMIT", {}, Exception("the answer was lost"))
            return taken

        monkeypatch.setattr(application.pipeline, "receive", answer_lost)
        update = candidate.say("我最近在写编译器")
        assert (await next_question(candidate)).text.startswith("2/")
        await until(lambda: telegram.pushed[update] == [500, 200])
        await candidate.no_message()
        (row,) = await interviews(application)
        assert row.answered == 1


async def test_blocked_in_the_middle_nothing_is_lost(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.blocked = True
        candidate.say("我最近在写编译器")  # sent just before blocking
        (row,) = await interviews(application)

        def failed(session: Session) -> list[str | None]:
            found = select(MessageRow).where(col(MessageRow.failed).is_not(None))
            return [message.failed for message in session.exec(found)]

        await until(lambda: application.database.read_now(failed))
        assert set(await application.database.read(failed)) == {"UnreachableError"}
        candidate.blocked = False
        candidate.say("/start")  # what the app's restart button sends
        question = await next_question(candidate)
        assert question.text.startswith("2/")
        (row,) = await interviews(application)
        assert row.answered == 1
        candidate.say(ANSWERS["zh"])
        await candidate.next_message()


async def test_flood_control_is_respected_and_nothing_lost(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate, other = telegram.candidate(), telegram.candidate("en")
        telegram.floods[candidate.id].extend([0.2, 0.2, 0.6])
        candidate.say(f"/start {CAMPUS}")
        other.say(f"/start {SALES}")
        await next_question(other)
        assert not candidate.history  # others do not wait
        texts = [(await candidate.next_message()).text for _ in range(2)]
        (row, _) = sorted(await interviews(application), key=lambda r: r.campaign_id)
        assert texts == await all_sent_to(application, row.id)
        await candidate.no_message()


async def test_unsent_replies_go_out_after_a_restart(telegram: TelegramStandIn, home: Path) -> None:
    candidate = telegram.candidate()
    async with polling(telegram, home) as application:
        await begin(candidate)
        telegram.floods[candidate.id].extend([3600.0])
        candidate.say("我最近在写编译器")
        await until(lambda: not telegram.floods[candidate.id])
        await candidate.no_message(0.05)
    async with polling(telegram, home) as application:
        assert (await next_question(candidate)).text.startswith("2/")
        (row,) = await interviews(application)
        await until(lambda: telegram.waiting == 0)
        assert await all_sent_to(application, row.id)


@pytest.fixture
def logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[], str]]:
    """Logs as `miantan serve` writes them; gives everything logged so far."""
    written = io.StringIO()
    with monkeypatch.context() as redirected:
        redirected.setattr(sys, "stderr", written)
        logs.set_up("info")
    caplog.set_level(logging.INFO)
    yield lambda: written.getvalue() + caplog.text
    structlog.reset_defaults()


async def test_logs_hold_no_token_and_no_words(
    telegram: TelegramStandIn, home: Path, logged: Callable[[], str]
) -> None:
    async with polling(telegram, home):
        candidate = telegram.candidate()
        await begin(candidate)
        telegram.floods[candidate.id].append(0.05)
        candidate.say("秘密的回答")
        await next_question(candidate)
        candidate.blocked = True
        candidate.say("秘密的回答")
        await until(lambda: "UnreachableError" in logged())
    application = build_for(telegram, home, telegram_token="110201543:old-token")
    app = create_app(application, services(application, work=False))
    async with app.router.lifespan_context(app):
        await until(lambda: "@BotFather" in logged())
    application.close()
    assert "RetryAfter" in logged()
    for secret in ("stand-in-token", "old-token", "秘密", str(candidate.id)):
        assert secret not in logged()


def test_a_secret_telegram_would_refuse_is_refused(home: Path) -> None:
    with pytest.raises(SettingsError, match="MIANTAN_TELEGRAM_SECRET"):
        build_in(home, telegram_token="1:x", telegram_secret="not allowed!")


def test_empty_settings_count_as_unset(home: Path) -> None:
    application = build_in(home, telegram_token="", telegram_secret="")
    assert application.telegram is None
    assert routers(application) == []
    application.close()
    assert application.settings.telegram_secret is None
