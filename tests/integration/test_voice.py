"""Spoken answers over the chat API, up to the result. The model is a stand-in; see test_speech."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from bot.bootstrap import Application
from bot.commands.verify import verify
from bot.storage import tables
from bot.storage.tables import Interview, WaitingMessage
from connectors.result import from_json
from dialogues.texts import say
from tests.helpers import (
    Candidate,
    Receiver,
    build_in,
    good_answers,
    running,
    until,
    with_webhook,
)
from tests.voice import FIGURES, Ears, bad, give_ears, saying

CAMPUS = "campus-software-engineer"
ANSWER = {
    "zh": "我把订单接口的延迟从八百毫秒降到三百毫秒，靠的是缓存和索引，上线后投诉少了一半。",
    "en": "I cut the latency of the orders API from 800 to 300 ms with a cache and an index, and "
    "complaints halved after the release.",
}
Data = dict[str, Any]


class Speaker(Candidate):
    """A candidate who also speaks."""

    async def record(
        self, audio: bytes, message_id: str = "", kind: str = "audio/webm", **fields: str
    ) -> httpx2.Response:
        self.count += 1
        return await self.client.post(
            f"/api/v1/chat/sessions/{self.session}/messages",
            data={"id": message_id or f"v{self.count}", **fields},
            files={"media": ("answer.webm", audio, kind)},
            headers=self.headers,
        )

    async def speak(self, audio: bytes, message_id: str = "") -> list[Data]:
        answer = await self.record(audio, message_id)
        assert answer.status_code == 200, answer.text
        self._take(answer.json())
        return self.messages

    async def fix(self, spoken: str, text: str, message_id: str = "") -> httpx2.Response:
        self.count += 1
        body = {"id": message_id or f"f{self.count}", "text": text, "corrects": spoken}
        path = f"/api/v1/chat/sessions/{self.session}/messages"
        return await self.client.post(path, json=body, headers=self.headers)

    async def later(self, after: str) -> list[Data]:
        """The messages after this one, once there are any."""
        async with asyncio.timeout(20):
            while not await self.look(after):
                await asyncio.sleep(0.02)
        return self.messages


@asynccontextmanager
async def at_work(home: Path, **values: Any) -> AsyncIterator[tuple[Application, Ears, Speaker]]:
    application = build_in(home, **values)
    ears = give_ears(application)
    async with running(application) as client:
        yield application, ears, Speaker(client)


async def asked(speaker: Speaker, language: str = "zh", candidate_type: str = "campus") -> str:
    """Up to the first question; returns its message."""
    await speaker.begin(CAMPUS, language=language, candidate_type=candidate_type)
    return str((await speaker.say("agree"))[-1]["id"])


async def agreed(speaker: Speaker, language: str = "zh") -> str:
    """Voice is agreed to, and the first question still open; returns the last message."""
    await asked(speaker, language)
    await speaker.speak(bad("silence"))
    [told] = await speaker.say("yes")
    found = await speaker.later(str(told["id"]))
    return str(found[-1]["id"])


def rows(application: Application, table: type[Any]) -> list[Any]:
    return list(application.database.read_now(lambda s: s.exec(select(table)).all()))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_spoken_answer_becomes_an_answer(home: Path, language: str) -> None:
    async with at_work(home) as (application, ears, speaker):
        await asked(speaker, language)
        [consent] = await speaker.speak(saying(ANSWER[language]), "mine")
        assert [option["id"] for option in consent["options"]] == ["yes", "no"]
        assert ears.heard == []
        [received] = await speaker.say("yes")
        assert received["text"] == say("voice_received", language)  # type: ignore[arg-type]
        heard, *_, question = await speaker.later(received["id"])
        assert heard["transcript"] == {"of": ["mine"], "text": ANSWER[language]}
        assert ANSWER[language] in heard["text"]
        assert question["kind"] == "question"
        assert ears.heard == [(saying(ANSWER[language]), language)]
        [recording] = rows(application, tables.Recording)
        assert (recording.audio, bool(recording.done_at)) == (None, True)
        assert rows(application, WaitingMessage) == []
        assert speaker.state["answered"] == 1


async def test_the_same_recording_twice_changes_nothing(home: Path) -> None:
    async with at_work(home) as (application, ears, speaker):
        await agreed(speaker)
        first = await speaker.speak(saying(ANSWER["zh"]), "mine")
        again = await speaker.speak(saying(ANSWER["zh"]), "mine")
        assert first == again
        await speaker.later(first[-1]["id"])
        assert await speaker.speak(saying("别的"), "mine") == first
        assert len(rows(application, tables.Recording)) == 2
        assert len(ears.heard) == 2


async def test_what_is_written_meanwhile_is_part_of_the_answer(home: Path) -> None:
    async with at_work(home) as (_application, ears, speaker):
        last = await agreed(speaker)
        ears.open.clear()
        [received] = await speaker.speak(saying(ANSWER["zh"]), "mine")
        assert await speaker.say("补充一点：这个接口我一个人负责。") == []
        assert await speaker.say("补充一点：这个接口我一个人负责。") == []  # a second such piece
        told = await speaker.say("请再说一遍")  # is no piece
        assert told[-1]["kind"] == "question"
        ears.open.set()
        heard = (await speaker.later(told[-1]["id"]))[0]
        assert heard["transcript"]["text"].count("补充一点") == 2
        assert heard["transcript"]["of"] == ["mine"]
        assert last < received["id"]


async def test_below_the_gate_nothing_is_judged(home: Path) -> None:
    async with at_work(home) as (application, _ears, speaker):
        await agreed(speaker)
        [received] = await speaker.speak(bad("noise", text="嗯 啊"))
        told, question = await speaker.later(received["id"])
        assert told["transcript"]["text"] == ""
        assert told["text"] == say("voice_noisy", "zh")
        assert (question["kind"], speaker.state["answered"]) == ("question", 0)
        assert all(row.audio is None for row in rows(application, tables.Recording))
        await speaker.speak(bad("unreadable"))
        [received] = speaker.messages
        assert (await speaker.later(received["id"]))[0]["text"] == say("voice_file", "zh")


async def test_declining_voice_deletes_the_recording(home: Path) -> None:
    async with at_work(home) as (application, ears, speaker):
        await asked(speaker)
        await speaker.speak(saying(ANSWER["zh"]))
        told = await speaker.say("no")
        assert told[0]["text"] == say("voice_declined", "zh")
        assert rows(application, tables.Recording) == rows(application, WaitingMessage) == []
        assert ears.heard == []
        await speaker.say(ANSWER["zh"])
        assert speaker.state["answered"] == 1


async def test_leaving_deletes_what_was_not_heard(home: Path) -> None:
    async with at_work(home) as (application, ears, speaker):
        await agreed(speaker)
        ears.open.clear()
        await speaker.speak(saying(ANSWER["zh"]))
        await speaker.say("撤回同意")
        await speaker.say("yes")
        assert speaker.state["status"] == "withdrawn"
        left = [row for row in rows(application, tables.Recording) if row.done_at is None]
        assert (left, rows(application, WaitingMessage)) == ([], [])
        ears.open.set()


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("image/png", 422, "media_not_taken"), ("application/pdf", 422, "media_not_taken")],
)
async def test_what_is_no_recording_is_refused(
    home: Path, kind: str, status: int, code: str
) -> None:
    async with at_work(home) as (_, _, speaker):
        await asked(speaker)
        answer = await speaker.record(b"x", kind=kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_where_voice_has_no_place(home: Path) -> None:
    async with at_work(home) as (application, _, speaker):
        await speaker.begin(CAMPUS, language="zh", candidate_type="campus")
        answer = await speaker.record(saying("早了"))
        assert answer.json()["error"] == {
            "code": "voice_later",
            "message": say("voice_later", "zh"),
        }
        large = await speaker.record(b"x" * 20_200_000)
        assert large.status_code == 413
        await speaker.say("decline")
        assert (await speaker.record(saying("晚了"))).status_code == 409
        assert rows(application, tables.Recording) == []


async def test_without_speech_text_goes_on(home: Path) -> None:
    async with at_work(home, speech="off") as (_, _, speaker):
        await asked(speaker)
        answer = await speaker.record(saying("你好"))
        assert answer.json()["error"]["code"] == "media_not_taken"


async def test_a_model_that_dies_is_asked_again_and_tells_nothing(home: Path) -> None:
    async with at_work(home) as (_application, ears, speaker):
        await agreed(speaker)
        ears.failures = 1
        [received] = await speaker.speak(saying(ANSWER["zh"]))
        heard = (await speaker.later(received["id"]))[0]
        assert heard["transcript"]["text"] == ANSWER["zh"]
    for file in home.rglob("miantan.db*"):
        assert b"the model died" not in file.read_bytes()


async def test_recordings_are_kept_for_as_long_as_is_said(home: Path) -> None:
    async with at_work(home, voice_days=2) as (application, _ears, speaker):
        await asked(speaker)
        [consent] = await speaker.speak(saying(ANSWER["zh"]))
        assert say("voice_kept", "zh", days="2") in consent["text"]
        [received] = await speaker.say("yes")
        await speaker.later(received["id"])
        [recording] = rows(application, tables.Recording)
        assert recording.audio and saying(ANSWER["zh"]) not in bytes(recording.audio)
        application.tasks.transcribing.drop_audio(recording.id)
        [recording] = rows(application, tables.Recording)
        assert recording.audio is None


# Putting right.


async def test_the_last_answer_is_put_right_and_the_path_found_anew(home: Path) -> None:
    async with at_work(home) as (_, _, speaker):
        await agreed(speaker)
        [received] = await speaker.speak(saying("我用瑞迪斯做缓存"), "mine")
        await speaker.later(received["id"])
        answer = await speaker.fix("mine", "我用 Redis 做缓存", "f1")
        assert answer.status_code == 200
        told = answer.json()["messages"]
        assert told[0]["text"] == say("corrected", "zh")
        assert told[-1]["kind"] == "question"
        assert (await speaker.fix("mine", "我用 Redis 做缓存", "f1")).json()["messages"] == told


async def test_an_earlier_answer_is_put_right_too(home: Path) -> None:
    async with at_work(home) as (_, _, speaker):
        await agreed(speaker)
        [received] = await speaker.speak(saying(ANSWER["zh"]), "mine")
        await speaker.later(received["id"])
        before = speaker.state["question"]
        while speaker.state["question"] == before:
            await speaker.say(good_answers(CAMPUS, "zh")(speaker.state))
        answer = await speaker.fix("mine", f"{ANSWER['zh']}用的是 Redis。")
        assert [m["text"] for m in answer.json()["messages"]] == [say("voice_fixed", "zh")]
        assert answer.json()["state"] == speaker.state


async def test_what_cannot_be_put_right(home: Path) -> None:
    async with at_work(home, fix_seconds=50) as (application, _, speaker):
        await agreed(speaker)
        [received] = await speaker.speak(saying(ANSWER["zh"]), "mine")
        await speaker.later(received["id"])
        assert (await speaker.fix("no-such-message", "改过")).status_code == 409
        assert (await speaker.fix("mine", " ")).status_code == 422
        now = application.pipeline.now()
        application.pipeline.now = lambda: now + 60
        late = await speaker.fix("mine", "改过")
        assert (late.status_code, late.json()["error"]["code"]) == (409, "not_corrected")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_result_says_what_was_spoken_and_which_words_count(
    home: Path, language: str
) -> None:
    with Receiver() as receiver:
        given = {**with_webhook(receiver), "fix_seconds": 1.5}
        async with at_work(home, **given) as (application, _, speaker):
            await agreed(speaker, language)
            [received] = await speaker.speak(saying(f"語 {ANSWER[language]}"), "mine")
            await speaker.later(received["id"])
            assert (await speaker.fix("mine", ANSWER[language])).status_code == 200
            speaker._take((await speaker.post("repeat")).json())
            first = speaker.state["question"]
            answers = good_answers(CAMPUS, language)
            while speaker.state["status"] == "asking" and speaker.state["answered"] < 8:
                options = speaker.messages[-1].get("options")
                await speaker.say(options[0]["id"] if options else answers(speaker.state))
            while speaker.state["status"] == "asking":
                [received] = await speaker.speak(saying(answers(speaker.state)), "last")
                await speaker.later(received["id"])
            assert not receiver.received, "the last words may still be put right"
            fixed = await speaker.fix("last", "put right after the end, 更正")
            assert fixed.status_code == 200, fixed.text
            await until(lambda: receiver.received)
            again = await speaker.fix("last", "too late")
            assert again.status_code == 409
            result = from_json(receiver.received[0][1].decode())
            [row] = rows(application, Interview)
            role = application.database.read_now(
                lambda s: application.pipeline.catalogue.role(s, row.files[row.position])
            )
            assert verify(result, role, application.encoder).problems == ()
        data = json.loads(receiver.received[0][1])
        spoken = [line for line in data["transcript"] if "asr" in line]
        assert [line["kind"] for line in spoken][:2] == ["unheard", "corrected"]
        assert spoken[0]["asr"]["reasons"] == ["silence"]
        assert spoken[1]["asr"] == {
            "model": "stand-in@1",
            "quality": FIGURES,
            "original": f"語 {ANSWER[language]}",
        }
        lines = data["transcript"]
        at = lines.index(spoken[-1])
        assert (lines[at]["kind"], lines[at + 1]["kind"]) in [
            ("corrected", "answer"),
            ("corrected", "probe_reply"),
        ]
        assert lines[at + 1]["text"] == "put right after the end, 更正"
        assert first is not None


async def test_erasing_takes_the_recordings_along(home: Path) -> None:
    async with at_work(home, voice_days=30) as (application, _, speaker):
        await agreed(speaker)
        [received] = await speaker.speak(saying(ANSWER["zh"]))
        await speaker.later(received["id"])
        assert rows(application, tables.Recording)
        await speaker.say("删除我的资料")
        await speaker.say("yes")
        await until(lambda: [row.key for row in rows(application, Interview)] == [None])
        assert rows(application, tables.Recording) == []
    words = (ANSWER["zh"].encode(), saying(ANSWER["zh"]))
    for file in home.rglob("miantan.db*"):
        assert not any(each in file.read_bytes() for each in words)
