"""Messages that candidates change after they were sent, in Telegram."""

from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application
from bot.report import transcript
from bot.storage.interviews import open_interview
from bot.storage.people import key_of
from bot.storage.tables import Inbound, Interview, WaitingMessage
from bot.work.tasks import read_record
from dialogues.events import Answered
from dialogues.texts import TEXTS, say
from tests.fakes import TelegramStandIn
from tests.helpers import until
from tests.telegram_people import Candidate
from tests.telegram_runs import CAMPUS, SALES, begin, interviews, next_question, polling, pushed

pytestmark = pytest.mark.usefixtures("quick")
OLD, NEW, NEWER = "我最近在写编译器", "我最近在写数据库", "我最近在写操作系统"


def lines(application: Application) -> list[tuple[str, str]]:
    """Kind and text of what the candidate said, as the transcript has it."""

    def work(session: Session) -> list[tuple[str, str]]:
        row = session.exec(select(Interview)).one()
        record = read_record(session, row, key_of(session, application.master, row))
        found = transcript(record.entries)
        return [(line.kind, line.text) for line in found if line.speaker == "candidate"]

    return application.database.read_now(work)


async def told(candidate: Candidate, key: str, language: str = "zh") -> None:
    assert (await candidate.next_message()).text == TEXTS[key][language]  # type: ignore[index]


async def settled(telegram: TelegramStandIn) -> None:
    await until(lambda: telegram.waiting == 0)


async def test_the_last_answer_follows_its_message(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        first = candidate.say(OLD)
        second = await next_question(candidate)
        change = candidate.edit(NEW)
        await told(candidate, "corrected")
        assert (await candidate.next_message()).text == second.text
        telegram.repeat(change)
        telegram.repeat(first)
        candidate.edit(NEWER, first)
        await told(candidate, "corrected")
        assert (await candidate.next_message()).text == second.text
        telegram.repeat(change)  # it came first and must not count again
        await settled(telegram)
        await candidate.no_message()
        said = [("corrected", OLD), ("corrected", NEW), ("answer", NEWER)]
        assert lines(application)[2:] == said
        (row,) = await interviews(application)
        assert (row.answered, row.question) == (1, "project")


async def test_a_pushed_change_counts_once(telegram: TelegramStandIn, home: Path) -> None:
    async with pushed(telegram, home) as (application, _):
        candidate = telegram.candidate("en")
        await begin(candidate, SALES)
        candidate.say("I read about selling")
        await next_question(candidate)
        change = candidate.edit("I sold vegetables")
        await told(candidate, "corrected", "en")
        await next_question(candidate)
        telegram.repeat(change)
        await until(lambda: telegram.pushed[change] == [200, 200])
        await candidate.no_message()
        assert lines(application)[-1] == ("answer", "I sold vegetables")


async def test_evidence_is_looked_for_in_the_question_that_was_answered(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.say(OLD)
        await next_question(candidate)
        answer = "我负责后端，把接口延迟降到了一半，和同事一起上线。"
        candidate.say("我做了一个预约系统。")
        await candidate.next_message()  # a probe
        candidate.edit(answer)
        await told(candidate, "corrected")
        await candidate.next_message()

        def found(session: Session) -> tuple[str, Answered]:
            row = session.exec(select(Interview)).one()
            record = read_record(session, row, key_of(session, application.master, row))
            (last,) = [e for e in record.events if isinstance(e, Answered)][-1:]
            role = application.pipeline.look(session, row.id)[2]
            assert role is not None
            question = role.guide.by_id[last.question]
            expected = application.pipeline.assessors.of(role).find(
                question.id, answer, question.place_of(last.probe)
            )
            assert last.evidence["found"] == expected.model_dump(mode="json")
            assert last.hits == expected.hits
            return last.question, last

        question, last = application.database.read_now(found)
        assert (question, last.text) == ("project", answer)


async def test_what_is_not_the_last_answer_stays(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        start = candidate.say(f"/start {CAMPUS}")
        for _ in range(2):
            candidate.tap(next(iter((await next_question(candidate)).buttons)))
        await next_question(candidate)
        candidate.edit("/start", start)
        await told(candidate, "edited_kept")
        first = candidate.say(OLD)
        await next_question(candidate)
        for words in ("跳过", "删除我的资料", "👍"):
            candidate.edit(words, first)
            await told(candidate, "edited_kept")
        candidate.say("我做了一个预约系统，我负责后端。")
        await candidate.next_message()
        candidate.edit(NEW, first)
        await told(candidate, "edited_kept")
        pause = candidate.say("暂停")
        await told(candidate, "paused")
        candidate.edit("继续", pause)
        await told(candidate, "edited_kept")
        (row,) = await interviews(application)
        assert row.status == "paused"
        assert OLD in [text for _, text in lines(application)]


async def test_a_change_to_the_same_words_is_none(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        first = candidate.say(OLD)
        await next_question(candidate)
        candidate.see_preview_change(first)
        candidate.edit(f"{OLD} ", first)
        await settled(telegram)
        await candidate.no_message()
        (row,) = await interviews(application)
        assert row.turn == 4


async def test_after_the_end_nothing_follows(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.say(OLD)
        await next_question(candidate)
        answered = candidate._last
        candidate.say("撤回同意")
        candidate.tap("是", await next_question(candidate))
        await told(candidate, "withdrawn")
        candidate.edit(NEW, answered)
        await told(candidate, "edited_late")
        stranger = telegram.candidate()
        hello = stranger.say("在吗")
        await told(stranger, "welcome")
        stranger.edit("在不在", hello)
        await settled(telegram)
        await stranger.no_message()
        assert ("answer", OLD) in lines(application)


async def test_a_message_that_waits_says_what_it_says_now(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home, quiet_seconds=60) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        first = candidate.say(OLD)
        candidate.say("是跟着课程做的")
        change = candidate.edit(NEW, first)
        candidate.edit(NEWER, first)
        telegram.repeat(change)
        await settled(telegram)
        assert not [line for line in lines(application) if line[0] == "answer"]
        candidate.say("暂停")
        await next_question(candidate)
        await told(candidate, "paused")
        assert lines(application)[2] == ("answer", f"{NEWER}\n是跟着课程做的")
        candidate.edit(NEW, first)
        await told(candidate, "edited_kept")  # it was joined with another
        candidate.say("继续")
        await told(candidate, "resumed")


async def test_while_more_of_the_next_answer_waits_the_last_stays(
    telegram: TelegramStandIn, home: Path
) -> None:
    async with polling(telegram, home, quiet_seconds=60) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        first = candidate.say(OLD)
        candidate.say("请再说一遍")
        await next_question(candidate)
        await next_question(candidate)
        candidate.say("我做了一个预约系统。")
        candidate.edit(NEW, first)
        await told(candidate, "edited_kept")
        pieces = application.database.read_now(lambda s: s.exec(select(WaitingMessage)).all())
        assert len(pieces) == 1


async def test_a_change_while_its_message_is_taken_up_is_not_lost(
    telegram: TelegramStandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with polling(telegram, home, quiet_seconds=60) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        candidate.say(OLD)

        def waits(session: Session) -> WaitingMessage | None:
            return session.exec(select(WaitingMessage)).first()

        await until(lambda: application.database.read_now(waits))
        (row,) = await interviews(application)
        pipeline, listened = application.pipeline, []
        listen = pipeline.assessors.listen

        def changed_meanwhile(role: object, state: object, said: object) -> object:
            if not listened:
                body = application.database.read_now(waits)
                candidate.edit(NEW)
                while application.database.read_now(waits).body == body.body:  # type: ignore[union-attr]
                    pass
            listened.append(said)
            return listen(role, state, said)  # type: ignore[arg-type]

        monkeypatch.setattr(pipeline.assessors, "listen", changed_meanwhile)
        await until(lambda: application.joining.take_up(row.id))
        await next_question(candidate)
        assert lines(application)[2:] == [("answer", NEW)]
        assert len(listened) == 2


async def test_changes_are_known_by_their_own_ids(telegram: TelegramStandIn, home: Path) -> None:
    async with polling(telegram, home) as application:
        candidate = telegram.candidate()
        await begin(candidate)
        first = candidate.say(OLD)
        await next_question(candidate)
        change = candidate.edit(NEW)
        await next_question(candidate)
        number = telegram.message_of(first, candidate.id)["message_id"]
        bot = telegram.bot["id"]

        def known(session: Session) -> dict[str, int]:
            rows = session.exec(select(Inbound).order_by(col(Inbound.at))).all()
            state = open_interview(session, application.master, rows[0].interview_id).state
            assert state.last == ("warmup", None)
            return {row.message_id: row.turn for row in rows}

        turns = application.database.read_now(known)
        assert turns[f"{bot}:{candidate.id}:{number}"] == 5
        assert turns[f"{bot}:{change}"] == 0
        assert say("corrected", "zh") in [message.text for message in candidate.history]
