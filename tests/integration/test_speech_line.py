"""Real speech and the real model, over each channel, into a score; and a server killed over it."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from bot.bootstrap import Application
from bot.speech.prepare import MODEL_FOLDER, prepare
from bot.storage.tables import Recording
from connectors.result import from_json
from dialogues.texts import say
from tests import wechat_runs
from tests.fakes import TelegramStandIn
from tests.helpers import Receiver, build_in, good_answers, running, until, with_webhook
from tests.integration.test_kill import serving
from tests.integration.test_voice import Speaker
from tests.speech.answers import require_speech, spoken_sentence
from tests.speech.coding import encoded
from tests.speech.measuring import errors
from tests.telegram_runs import begin, next_question, polling, words_of
from tests.wechat_platform import WeChatPlatform

pytestmark = pytest.mark.model

CAMPUS = "campus-software-engineer"
SENTENCE = {"zh": 20, "en": 3}
SCORED = "project"
MOST_WRONG = 0.25
"""Share of characters or words that the base model may get wrong here."""
PATIENCE = 120.0
"""Seconds; loading the model takes a while."""


@pytest.fixture
def ready(home: Path, model_home: Path) -> Path:
    """A home with the speech model."""
    require_speech()
    shutil.copytree(prepare(model_home, lambda step, share: None), home / MODEL_FOLDER)
    return home


def check(language: str, heard: str) -> None:
    """What was heard is what is said in the sentence, nearly."""
    sentence, _ = spoken_sentence(language, SENTENCE[language])
    assert errors(sentence, heard, language).rate <= MOST_WRONG, f"{heard!r} for {sentence!r}"


async def later(speaker: Speaker, after: str) -> list[dict[str, Any]]:
    """The messages after this one."""
    async with asyncio.timeout(PATIENCE):
        while not await speaker.look(after):
            await asyncio.sleep(0.1)
    return speaker.messages


@pytest.mark.parametrize(("language", "kind"), [("zh", "webm-opus"), ("en", "mp4-aac")])
async def test_a_whole_interview_on_the_page(ready: Path, language: str, kind: str) -> None:
    _, sound = spoken_sentence(language, SENTENCE[language])
    answers = good_answers(CAMPUS, language)
    with Receiver() as receiver:
        given = {**with_webhook(receiver), "fix_seconds": 0}
        async with running(build_in(ready, **given)) as client:
            speaker = Speaker(client)
            await speaker.begin(CAMPUS, language=language, candidate_type="campus")
            await speaker.say("agree")
            while speaker.state["question"] != SCORED:
                await speaker.say(answers(speaker.state))
            await speaker.speak(encoded(sound, kind))
            [received] = await speaker.say("yes")
            heard = (await later(speaker, received["id"]))[0]
            check(language, heard["transcript"]["text"])
            await speaker.finish(answers)
            await until(lambda: receiver.received, PATIENCE)
        result = from_json(receiver.received[0][1].decode())
    [line] = [line for line in result.transcript if line.asr is not None]
    assert line.kind in ("answer", "probe_reply")
    assert line.asr is not None and line.asr.model.startswith("whisper-base@")
    assert {"seconds", "snr_db", "mean_logprob"} <= line.asr.quality.keys()
    row = next(row for row in result.scores.answers if row.question_id == line.question_id)
    assert (row.status, result.scores.overall.status) == ("scored", "scored")


async def test_telegram(ready: Path, telegram: TelegramStandIn, quick: None) -> None:
    _, sound = spoken_sentence("zh", SENTENCE["zh"])
    async with polling(telegram, ready, work=True) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        recording = telegram.upload(encoded(sound, "ogg-opus"))
        candidate.send(voice=recording | {"duration": 5, "mime_type": "audio/ogg"})
        await next_question(candidate)
        candidate.tap("是")
        assert (await candidate.next_message()).text == say("voice_received", "zh")
        told = (await candidate.next_message(PATIENCE)).text
        assert told.startswith(say("voice_heard", "zh", text="")[:6])
        await heard_in(application)


async def test_wechat(ready: Path) -> None:
    _, sound = spoken_sentence("zh", SENTENCE["zh"])
    platform = WeChatPlatform()
    async with platform.running(), wechat_runs.connected(platform, ready, work=True) as application:
        person = platform.candidate(following=True)
        await wechat_runs.begin(person)
        person.voice(encoded(sound, "amr-nb"))
        await person.next_message()
        person.say("1")
        while (
            say("voice_heard", "zh", text="")[:6] not in (await person.next_message(PATIENCE)).text
        ):
            pass
        await heard_in(application)


async def heard_in(application: Application) -> None:
    """The last words of the one interview are those of the sentence."""
    [row] = await application.database.read(lambda s: s.exec(select(Recording)).all())
    words = await words_of(application, row.interview_id)
    check("zh", words[-1])


async def test_a_server_killed_while_it_listens_goes_on(ready: Path) -> None:
    """The recording is taken down once, by the server that was started again."""
    _, sound = spoken_sentence("zh", SENTENCE["zh"])
    with Receiver() as receiver, serving(ready, receiver) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
            await answering(client)
            speaker = Speaker(client)
            await speaker.begin(CAMPUS, language="zh", candidate_type="campus")
            await speaker.say("agree")
            await speaker.speak(encoded(sound, "webm-opus"), "mine")
            [received] = await speaker.say("yes")
            server.kill()
            await answering(client)
            heard, *more = await later(speaker, received["id"])
            assert heard["transcript"]["of"] == ["mine"]
            check("zh", heard["transcript"]["text"])
            assert more[-1]["kind"] == "question"
            last = more[-1]["id"]
            await speaker.say("请再说一遍")
            assert not any(message.get("transcript") for message in await speaker.look(last))
            assert speaker.state["answered"] <= 1


async def answering(client: httpx2.AsyncClient) -> None:
    """Wait until the server is up."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
