"""Résumés that candidates hand in as files, in Telegram."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.documents import reading
from bot.report import transcript
from bot.storage.interviews import open_interview
from bot.storage.people import key_of
from bot.storage.tables import EventRow, Interview
from bot.work.tasks import read_record
from dialogues.events import ProfileGiven
from dialogues.guide import Language
from dialogues.state import State
from dialogues.texts import TEXTS
from tests.documents import docx, pdf
from tests.fakes import TelegramStandIn
from tests.helpers import until
from tests.telegram_people import Candidate
from tests.telegram_runs import SALES, begin, interviews, next_question, polling, pushed

pytestmark = pytest.mark.usefixtures("quick")
RESUME = "张三\n毕业院校：东海大学\n5年销售经验\n硕士"
TYPES = {"pdf": "application/pdf", "txt": "text/plain", "zip": "application/zip"}


def state_of(application: Application) -> State:
    def work(session: Session) -> State:
        row = session.exec(select(Interview)).one()
        return open_interview(session, application.master, row.id).state

    return application.database.read_now(work)


def hand_in(candidate: Candidate, data: bytes, name: str = "简历.txt", **more: Any) -> int:
    return candidate.hand_in(data, name, TYPES.get(name.rpartition(".")[2], ""), **more)


async def told(candidate: Candidate, key: str, language: Language = "zh") -> None:
    assert (await candidate.next_message()).text == TEXTS[key][language]


@pytest.mark.parametrize("run", [polling, pushed])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_resume_is_taken_on_the_way(
    telegram: TelegramStandIn, home: Path, run: Any, language: Language
) -> None:
    async with run(telegram, home) as running:
        application = running if run is polling else running[0]
        candidate = telegram.candidate({"zh": "zh-hans", "en": "en"}[language])
        first = await begin(candidate, SALES)
        update = hand_in(candidate, docx(*RESUME.splitlines()), "简历.docx", caption="我的简历")
        await told(candidate, "resume_taken", language)
        assert (await candidate.next_message()).text == first.text
        telegram.repeat(update)
        await until(lambda: telegram.waiting == 0)
        await candidate.no_message()
        state = state_of(application)
        assert state.given_profile["resume"] == RESUME
        assert (state.question, state.answers) == (state.asked[0], {})
        (row,) = await interviews(application)
        assert row.turn == 4

        def kept(session: Session) -> list[tuple[str, str]]:
            row = session.exec(select(Interview)).one()
            record = read_record(session, row, key_of(session, application.master, row))
            (given,) = [e for e in record.events if isinstance(e, ProfileGiven)]
            assert given.given == {"resume": RESUME}
            bodies = session.exec(select(EventRow.body)).all()
            assert not any("东海".encode() in (body or b"") for body in bodies)
            return [(line.kind, line.text) for line in transcript(record.entries)]

        assert ("document", "简历.docx") in application.database.read_now(kept)


async def test_before_consent_and_after_the_end(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        stranger = telegram.candidate("en")
        hand_in(stranger, b"words")
        await told(stranger, "welcome", "en")
        candidate = telegram.candidate()
        candidate.say(f"/start {SALES}")
        await next_question(candidate)
        hand_in(candidate, RESUME.encode())
        await told(candidate, "document_later")
        assert telegram.count("getFile") == 0
        candidate.tap("agree")
        kind = await next_question(candidate)
        hand_in(candidate, RESUME.encode())  # before the candidate type is chosen
        await told(candidate, "resume_taken")
        assert (await next_question(candidate)).buttons == kind.buttons
        assert state_of(application).given_profile["resume"] == RESUME
        candidate.say("撤回同意")
        candidate.tap("是", await next_question(candidate))
        await told(candidate, "withdrawn")
        hand_in(candidate, RESUME.encode())
        await told(candidate, "ended")
        assert telegram.count("getFile") == 1


async def test_what_cannot_be_read_ends_in_one_kind_line(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate("en")
        await begin(candidate, SALES)
        for data, name, key in (
            (b"PK", "cv.zip", "document_kind"),
            (b"%PDF-1.4 broken", "cv.pdf", "document_unreadable"),
            (pdf("", ""), "cv.pdf", "document_empty"),
            (bytes(10_000_001), "cv.txt", "document_large"),
        ):
            hand_in(candidate, data, name)
            await told(candidate, key, "en")
            await until(lambda: not application.entry.handing_in._reading)
        hand_in(candidate, bytes(21_000_000), "cv.pdf", file_size=None)  # its size is not told
        await told(candidate, "document_not_fetched", "en")
        candidate.say("I sold vegetables at a market")
        await next_question(candidate)
        assert "resume" not in state_of(application).given_profile


async def test_other_media_are_refused_with_what_can_be_sent(
    telegram: TelegramStandIn, home: Path
) -> None:
    file = {"file_id": "a", "file_unique_id": "b"}
    size = {"width": 1, "height": 1}
    contact = {"phone_number": "1", "first_name": "A"}
    sticker = {**file, **size, "is_animated": False, "is_video": False, "type": "regular"}
    media: tuple[dict[str, Any], ...] = (
        {"photo": [{**file, **size}]},
        {"sticker": sticker},
        {"video": {**file, **size, "duration": 2}},
        {"animation": {**file, **size, "duration": 2}, "document": file},
        {"location": {"longitude": 1.0, "latitude": 1.0}},
        {"contact": contact},
    )
    async with polling(telegram, home):
        for code, language in (("zh-hans", "zh"), ("en", "en")):
            candidate = telegram.candidate(code)
            refusal = TEXTS["text_only"][language] + TEXTS["or_resume"][language]  # type: ignore[index]
            for content in media:
                candidate.send(**content)
                assert (await candidate.next_message()).text == refusal, content
        assert telegram.count("getFile") == 0


async def test_while_one_is_read_all_else_goes_on(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, go_on = asyncio.Event(), asyncio.Event()
    text_of = reading.text_of

    async def slowly(kind: str, data: bytes) -> str:
        going.set()
        await go_on.wait()
        return await text_of(kind, data)

    monkeypatch.setattr(reading, "text_of", slowly)
    async with polling(telegram, home) as application:
        candidate, other = telegram.candidate(), telegram.candidate()
        await begin(candidate, SALES)
        hand_in(candidate, RESUME.encode())
        await going.wait()
        hand_in(candidate, RESUME.encode())
        await told(candidate, "document_one")
        other.say("在吗")
        await told(other, "welcome")
        candidate.say("我在菜市场卖过菜")
        second = await next_question(candidate)
        go_on.set()
        await told(candidate, "resume_taken")
        assert (await candidate.next_message()).text == second.text
        assert state_of(application).given_profile["resume"] == RESUME


async def test_what_waits_is_heard_first(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home, quiet_seconds=60) as application:
        candidate = telegram.candidate()
        await begin(candidate, SALES)
        candidate.say("我在菜市场卖过菜")
        hand_in(candidate, RESUME.encode())
        second = await next_question(candidate)
        await told(candidate, "resume_taken")
        assert (await candidate.next_message()).text == second.text
        assert len(state_of(application).answers) == 1


async def test_what_is_being_read_at_the_end_is_dropped(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = asyncio.Event()

    async def forever(kind: str, data: bytes) -> str:
        going.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    with monkeypatch.context() as slow:
        slow.setattr(reading, "text_of", forever)
        async with polling(telegram, home):
            candidate = telegram.candidate()
            await begin(candidate, SALES)
            hand_in(candidate, RESUME.encode())
            await going.wait()
    async with polling(telegram, home):
        hand_in(candidate, RESUME.encode())
        await told(candidate, "resume_taken")


async def test_a_fault_is_owned_up_to_and_logs_say_nothing(
    telegram: TelegramStandIn,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate, SALES)

        async def fail(*given: object) -> None:
            raise RuntimeError("秘密")

        with monkeypatch.context() as broken:
            broken.setattr(application.pipeline, "add", fail)
            hand_in(candidate, RESUME.encode(), "张三的简历.txt")
            await told(candidate, "not_taken")
        hand_in(candidate, b"%PDF", "张三的简历.pdf")
        await told(candidate, "document_unreadable")
    assert "document not taken" in logged()
    for secret in ("秘密", "张三", "东海", str(candidate.id), telegram.token):
        assert secret not in logged()
