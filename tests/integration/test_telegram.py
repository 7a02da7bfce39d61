"""Telegram end to end: python-telegram-bot's own client against a stand-in of the Bot API."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.storage.tables import MessageRow, Person, ResultRow
from dialogues.plan import Plan
from dialogues.texts import TEXTS, say
from tests.fakes import TelegramStandIn
from tests.helpers import until
from tests.telegram_people import Candidate
from tests.telegram_runs import (
    CAMPUS,
    SALES,
    all_sent_to,
    begin,
    interviews,
    next_question,
    polling,
    pushed,
    words_of,
)

pytestmark = pytest.mark.usefixtures("quick")
ANSWERS = {
    "zh": "我做了一个预约系统，我负责后端，把接口延迟降到了一半，和同事一起上线。",
    "en": "I built a booking system, did the backend myself and halved its latency with my team.",
}


async def hold(candidate: Candidate, language: str) -> list[str]:
    """A whole interview; returns everything the candidate said."""
    said: list[str] = []
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
        await until(lambda: telegram.waiting == 0)
        assert len(candidate.history) == 4  # greeting, consent, declined, and ended once
        (row,) = await interviews(application)
        assert row.status == "withdrawn"


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
            assert told.text == TEXTS["welcome"][language]  # type: ignore[index]
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
        clock = [1_790_000_000.0]
        application.pipeline.now = lambda: clock[0]
        someone, other = telegram.candidate("en"), telegram.candidate("zh-hans")
        for words in (f"/start {CAMPUS}", "/help", "hello everyone"):
            someone.in_group(words)
        other.in_group("大家好")
        await until(lambda: telegram.waiting == 0)
        refusals = {say("private_only", "en"), say("private_only", "zh")}
        assert {telegram.group_messages.get_nowait() for _ in range(2)} == refusals
        assert telegram.group_messages.empty()
        clock[0] += 3601
        someone.in_group("again")
        await until(lambda: telegram.waiting == 0)
        assert telegram.group_messages.get_nowait() == say("private_only", "en")
        assert not someone.typing
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
        refusal = say("text_only", "zh") + say("or_resume", "zh")
        assert (await candidate.next_message()).text == refusal
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


async def test_deletion_is_heard_after_the_end(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home, work=True) as application:
        candidate = telegram.candidate("en")
        candidate.say(f"/start {CAMPUS}")
        await next_question(candidate)
        candidate.tap("decline")
        assert (await candidate.next_message()).text == say("declined", "en")
        candidate.say("/delete")
        assert (await next_question(candidate)).text == say("confirm_delete", "en")
        candidate.tap("yes")
        assert (await candidate.next_message()).text == say("erased", "en")

        async def erased() -> bool:
            (row,) = await interviews(application)
            return row.key is None

        async with asyncio.timeout(30):
            while not await erased():
                await asyncio.sleep(0.05)
        candidate.say("/delete")
        assert (await candidate.next_message()).text == say("welcome", "en")


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


async def test_blocked_in_the_middle_nothing_is_lost(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.blocked = True
        candidate.say("我最近在写编译器")  # sent just before blocking
        (row,) = await interviews(application)

        def held(session: Session) -> int:
            query = select(MessageRow.id).where(col(MessageRow.held_at).is_not(None))
            return len(session.exec(query).all())

        await until(lambda: application.database.read_now(held) == 1)
        candidate.blocked = False
        candidate.say("/start")  # what the app's restart button sends
        question = await next_question(candidate)
        assert question.text.startswith("2/")
        await candidate.no_message()  # it is asked once
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
