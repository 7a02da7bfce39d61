"""How Telegram's updates are taken in: polled or pushed, repeated, broken, or in trouble."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.bootstrap import SettingsError
from bot.services import routers, services
from bot.storage.tables import Cursor
from bot.web.app import create_app
from dialogues.texts import say
from tests.fakes import TelegramStandIn
from tests.helpers import build_in, until
from tests.telegram_runs import (
    CAMPUS,
    SECRET,
    begin,
    build_for,
    interviews,
    next_question,
    polling,
    pushed,
)

pytestmark = pytest.mark.usefixtures("quick")


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

        async def away_at_first(*given: Any) -> Any:
            nonlocal tries
            tries += 1
            if tries <= 5:
                raise OperationalError("SELECT", {}, Exception("away"))
            return await receive(*given)

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

        async def answer_lost(*given: Any) -> Any:
            nonlocal tries
            tries += 1
            taken = await receive(*given)
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
        await until(lambda: "held until they write" in logged())
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
    assert not application.channels
    assert routers(application) == []
    application.close()
    assert application.settings.telegram_secret is None
