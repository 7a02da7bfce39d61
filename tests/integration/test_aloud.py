"""Questions are spoken behind the same words in writing, where that is wanted and can be done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.aloud import Aloud, NotSpokenError
from bot.bootstrap import Application
from bot.channels.base import Clip, Format, SpeakingChannel
from bot.channels.errors import HeldError
from bot.services import routers, services
from bot.storage.catalogue import find_campaign
from bot.web.app import create_app
from dialogues.guide import Language
from dialogues.texts import say
from tests import wechat_runs
from tests.fakes import TelegramStandIn, loopback_socket, served
from tests.helpers import build_in, until, web_app
from tests.telegram_runs import begin, build_for, next_question
from tests.wechat_media import silent_amr, silent_mp3
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_runs import CAMPUS

SOUNDS = {"opus": b"OggS", "mp3": silent_mp3(3), "amr": silent_amr(3)}


class Mouth:
    """Says everything with the same sound."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Language, Format, bool]] = []
        self.fails: type[Exception] | None = None

    def __call__(self, text: str, language: Language, form: Format, personal: bool) -> Clip:
        self.said.append((text, language, form, personal))
        if self.fails is not None:
            raise self.fails("no voice")
        return Clip(SOUNDS[form], 3.0)


def give_voice(application: Application, mouth: Mouth) -> None:
    """From now on questions can be spoken."""
    application.aloud = Aloud(mouth, application.channels)
    application.entry.speaks = application.aloud.can


async def read_aloud(application: Application) -> None:
    """The campaign's questions are spoken."""

    def switch(session: Any) -> None:
        campaign = find_campaign(session, CAMPUS)
        assert campaign is not None
        campaign.aloud = True
        session.add(campaign)

    await application.database.write(switch)


@asynccontextmanager
async def talking(
    telegram: TelegramStandIn, home: Path
) -> AsyncIterator[tuple[Application, Mouth]]:
    application, mouth = build_for(telegram, home), Mouth()
    give_voice(application, mouth)
    app = create_app(application, services(application, work=False), routers(application))
    try:
        async with app.router.lifespan_context(app):
            yield application, mouth
    finally:
        application.close()


async def test_telegram_by_the_candidates_wish(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    async with talking(telegram, home) as (_, mouth):
        candidate = telegram.candidate()
        await begin(candidate)
        assert mouth.said == []
        candidate.say("/voice")
        assert (await candidate.next_message()).text == say("aloud_on", "zh")
        question = await next_question(candidate)
        await until(lambda: candidate.voices)
        assert candidate.voices == [(b"OggS", 3, say("synthetic", "zh"))]
        [(text, language, form, personal)] = mouth.said
        assert text in question.text
        assert (language, form, personal) == ("zh", "opus", False)
        candidate.say("/voice")
        assert (await candidate.next_message()).text == say("aloud_off", "zh")
        await next_question(candidate)
        assert len(mouth.said) == 1


async def test_telegram_by_the_campaigns_setting(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    async with talking(telegram, home) as (application, mouth):
        await read_aloud(application)
        candidate = telegram.candidate("en-GB")
        await begin(candidate)
        await until(lambda: candidate.voices)
        assert [said[1:] for said in mouth.said] == [("en", "opus", False)]


@pytest.mark.parametrize("error", [NotSpokenError, RuntimeError])
async def test_what_cannot_be_spoken_is_still_written(
    telegram: TelegramStandIn, home: Path, quick: None, error: type[Exception]
) -> None:
    async with talking(telegram, home) as (application, mouth):
        mouth.fails = error
        await read_aloud(application)
        candidate = telegram.candidate()
        await begin(candidate)
        await until(lambda: mouth.said)
        candidate.say("请再说一遍")
        await next_question(candidate)
        assert candidate.voices == []


async def test_without_a_voice_the_wish_is_declined(
    telegram: TelegramStandIn, home: Path, quick: None
) -> None:
    application = build_for(telegram, home)
    app = create_app(application, services(application, work=False), routers(application))
    try:
        async with app.router.lifespan_context(app):
            candidate = telegram.candidate()
            await begin(candidate)
            candidate.say("/voice")
            assert (await candidate.next_message()).text == say("aloud_missing", "zh")
    finally:
        application.close()


@pytest.mark.parametrize("kind", ["wechat", "wecom"])
async def test_wechat_and_wecom(home: Path, kind: str) -> None:
    platform = WeChatPlatform() if kind == "wechat" else WeComPlatform()
    async with platform.running():
        application = build_in(home, **wechat_runs.settings_for(platform))
        mouth = Mouth()
        give_voice(application, mouth)
        await read_aloud(application)
        try:
            async with served(web_app(application, work=False), loopback_socket()) as url:
                platform.webhook = f"{url}/webhooks/{kind}"
                person = (
                    platform.candidate()
                    if isinstance(platform, WeComPlatform)
                    else platform.candidate(following=True)
                )
                person.say(f"/start {CAMPUS}")
                for _ in range(2):
                    await person.next_message()
                    person.say("1")
                question = await person.next_message()
                voice = await person.next_message()
                assert (question.kind, voice.kind) == ("text", "voice")
                assert voice.data == SOUNDS["mp3" if kind == "wechat" else "amr"]
        finally:
            application.close()


async def test_what_is_counted_is_kept_for_words(home: Path) -> None:
    """With little left of the quota, nothing of it is spent on speech."""
    platform = WeChatPlatform()
    async with platform.running():
        application = build_in(home, **wechat_runs.settings_for(platform))
        mouth = Mouth()
        give_voice(application, mouth)
        await read_aloud(application)
        try:
            async with served(web_app(application, work=False), loopback_socket()) as url:
                platform.webhook = f"{url}/webhooks/wechat"
                person = platform.candidate(following=True)
                await wechat_runs.begin(person)
                assert (await person.next_message()).kind == "voice"
                channel = application.channels["wechat"]
                assert isinstance(channel, SpeakingChannel)
                clip = Clip(SOUNDS["mp3"], 3.0)
                await channel.speak(person.openid, clip)
                await channel.speak(person.openid, clip)
                with pytest.raises(HeldError):
                    await channel.speak(person.openid, clip)
                assert platform.calls["message/custom/send"] == 3
        finally:
            application.close()
