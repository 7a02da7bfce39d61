"""Spoken answers in Telegram, WeChat and WeCom: fetched, agreed to, taken down, put right."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.bootstrap import Application
from bot.storage.tables import Interview, Recording
from dialogues.texts import say
from tests import wechat_runs
from tests.fakes import TelegramStandIn
from tests.telegram_runs import begin, next_question, polling, words_of
from tests.voice import Ears, bad, give_ears, saying
from tests.wechat_media import AMR_HEADER
from tests.wechat_people import Person
from tests.wechat_platform import WeChatPlatform, WeComPlatform

ANSWER = "我把订单接口的延迟从八百毫秒降到三百毫秒，靠的是缓存和索引，上线后投诉少了一半。"


def voice(telegram: TelegramStandIn, audio: bytes, **more: Any) -> dict[str, Any]:
    """As it stands in a message."""
    return telegram.upload(audio) | {"duration": 4, "mime_type": "audio/ogg"} | more


@asynccontextmanager
async def listening(
    telegram: TelegramStandIn, home: Path, **values: Any
) -> AsyncIterator[tuple[Application, Ears]]:
    async with polling(telegram, home, work=True, **values) as application:
        yield application, give_ears(application)


async def recordings(application: Application) -> list[Recording]:
    return list(
        await application.database.read(lambda session: session.exec(select(Recording)).all())
    )


async def interview_of(application: Application) -> str:
    [found] = await application.database.read(lambda s: s.exec(select(Interview.id)).all())
    return str(found)


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
async def test_telegram(telegram: TelegramStandIn, home: Path, quick: None, kind: str) -> None:
    more = {"length": 240} if kind == "video_note" else {}
    async with listening(telegram, home) as (application, ears):
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.send(**{kind: voice(telegram, saying(ANSWER), **more)})
        consent = await next_question(candidate)
        assert say("voice_kept_no", "zh") in consent.text
        candidate.tap("是")
        assert (await candidate.next_message()).text == say("voice_received", "zh")
        heard = await candidate.next_message()
        assert heard.text == say("voice_heard", "zh", text=ANSWER)
        await next_question(candidate)
        assert ears.heard == [(saying(ANSWER), "zh")]
        assert ANSWER in await words_of(application, await interview_of(application))
        assert [row.audio for row in await recordings(application)] == [None]


async def test_several_voices_and_words_are_one_answer(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    async with listening(telegram, home, quiet_seconds=0.5) as (_application, ears):
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.send(voice=voice(telegram, bad("silence")))
        await next_question(candidate)
        candidate.tap("是")
        while "没有听到" not in (await candidate.next_message()).text:
            pass
        await next_question(candidate)
        ears.open.clear()
        candidate.send(voice=voice(telegram, saying("第一段话，我先说背景。")))
        candidate.say("第二段打字，说我的职责。")
        candidate.send(voice=voice(telegram, saying("第三段话，再说结果。")))
        for _ in range(2):
            assert (await candidate.next_message()).text == say("voice_received", "zh")
        ears.open.set()
        heard = await candidate.next_message()
        whole = "第一段话，我先说背景。\n第二段打字，说我的职责。\n第三段话，再说结果。"
        assert heard.text == say("voice_heard", "zh", text=whole)
        await next_question(candidate)


async def test_too_large_or_gone(telegram: TelegramStandIn, home: Path, quick: None) -> None:
    async with listening(telegram, home) as (application, _ears):
        candidate = telegram.candidate()
        await begin(candidate)
        large = voice(telegram, b"x") | {"file_size": 21_000_000}
        candidate.send(audio=large)
        assert (await candidate.next_message()).text == say("voice_large", "zh")
        gone = voice(telegram, b"x") | {"file_id": "no-such-file"}
        candidate.send(voice=gone)
        assert (await candidate.next_message()).text == say("voice_not_fetched", "zh")
        assert await recordings(application) == []


async def test_before_consent_and_without_an_interview(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    async with listening(telegram, home) as (application, _):
        candidate = telegram.candidate()
        candidate.send(voice=voice(telegram, saying("你好")))
        assert (await candidate.next_message()).text == say("welcome", "zh")
        candidate.say("/start campus-software-engineer")
        await next_question(candidate)
        candidate.send(voice=voice(telegram, saying("你好")))
        assert (await candidate.next_message()).text == say("voice_later", "zh")
        assert await recordings(application) == []


async def test_speech_turned_off(telegram: TelegramStandIn, home: Path, quick: None) -> None:
    async with polling(telegram, home, work=True, speech="off"):
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.send(voice=voice(telegram, saying("你好")))
        assert (await candidate.next_message()).text.startswith(say("text_only", "zh"))


async def test_the_last_answer_may_be_corrected_just_after_the_end(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    async with listening(telegram, home) as (application, _):
        candidate = telegram.candidate()
        question = await begin(candidate)
        while not question.text.startswith("9/9"):
            if question.buttons:
                candidate.tap(next(iter(question.buttons)))
            else:
                candidate.say(ANSWER)
            question = await next_message_with_place(candidate)
        candidate.send(voice=voice(telegram, saying(ANSWER)))
        await next_question(candidate)
        candidate.tap("是")
        while (told := await candidate.next_message()).text != say("finished", "zh"):
            if told.text[:1].isdecimal():
                candidate.send(voice=voice(telegram, saying("没有了")))
        candidate.say("/correct")
        assert (await candidate.next_message()).text == say("correct", "zh")
        await candidate.next_message()
        candidate.say("这是我真正说的话，请以这个为准。")
        while (await candidate.next_message()).text != say("finished", "zh"):
            pass
        words = await words_of(application, await interview_of(application))
        assert words[-1] == "这是我真正说的话，请以这个为准。"


async def next_message_with_place(candidate: Any) -> Any:
    """The next question, or the follow-up to the last one."""
    while True:
        message = await candidate.next_message()
        if message.buttons or message.text[:1].isdecimal() or message.text.endswith(("？", "?")):
            return message


@pytest.fixture(params=["wechat", "wecom"])
async def platform(
    request: pytest.FixtureRequest,
) -> AsyncIterator[WeChatPlatform | WeComPlatform]:
    made = WeChatPlatform() if request.param == "wechat" else WeComPlatform()
    async with made.running():
        yield made


async def test_wechat_and_wecom(platform: WeChatPlatform | WeComPlatform, home: Path) -> None:
    async with wechat_runs.connected(platform, home, work=True) as application:
        give_ears(application)
        person = joined(platform)
        await wechat_runs.begin(person)
        person.voice(saying(ANSWER, header=AMR_HEADER))
        consent = await person.next_message()
        assert say("voice_kept_no", "zh") in consent.text
        person.say("1")
        received = await person.next_message()
        assert say("voice_received", "zh") in received.text
        heard = received if ANSWER in received.text else await person.next_message()
        assert say("voice_heard", "zh", text=ANSWER) in heard.text
        assert ANSWER in await words_of(application, await interview_of(application))


def joined(platform: WeChatPlatform | WeComPlatform) -> Person:
    if isinstance(platform, WeComPlatform):
        return platform.candidate()
    return platform.candidate(following=True)
