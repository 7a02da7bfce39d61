"""Interviews over WeChat and WeCom: answers in time, later, held, and repeated pushes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.bootstrap import Application, SettingsError
from bot.channels.base import Incoming
from bot.channels.errors import HeldError
from bot.channels.wechat import channel, webhook
from bot.storage.sending import Quota
from bot.storage.tables import EventRow, Interview, KeptPush, MessageRow
from dialogues.events import Reply
from dialogues.texts import say
from tests.helpers import build_in, until
from tests.wechat_people import Person
from tests.wechat_platform import WeChatPlatform, WeComPlatform
from tests.wechat_runs import CAMPUS, begin, connected, settings_for
from tests.wechat_wire import new_aes_key

ANSWER = "我写过一个编译器前端，先读论文，再写语法分析，最后加了测试，同学们都在用。"
Platform = WeChatPlatform | WeComPlatform


@pytest.fixture
async def wechat() -> AsyncIterator[WeChatPlatform]:
    async with WeChatPlatform(aes_key=new_aes_key()).running() as platform:
        yield platform


@pytest.fixture(params=["plain", "aes", "wecom"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    made: dict[str, Platform] = {
        "plain": WeChatPlatform(),
        "aes": WeChatPlatform(aes_key=new_aes_key()),
        "wecom": WeComPlatform(),
    }
    async with made[request.param].running() as one:
        yield one


def someone(platform: Platform) -> Person:
    if isinstance(platform, WeChatPlatform):
        return platform.candidate(following=True)
    return platform.candidate()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """No turn is done in time for the answer to a push."""
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.0)


def all_rows(application: Application) -> Sequence[MessageRow]:
    return application.database.read_now(
        lambda session: session.exec(select(MessageRow).order_by(col(MessageRow.id))).all()
    )


async def interviews(application: Application) -> Sequence[Interview]:
    return await application.database.read(lambda s: s.exec(select(Interview)).all())


async def test_the_address_is_verified(platform: Platform, home: Path) -> None:
    async with connected(platform, home):
        assert await platform.verify()


async def test_a_whole_interview_on_the_connection_of_the_pushes(
    platform: Platform, home: Path
) -> None:
    async with connected(platform, home) as application:
        person = someone(platform)
        message = await begin(person)
        assert "1/9" in message.text
        for _ in range(40):
            person.say("1" if "\n1. " in message.text else ANSWER)
            message = await person.next_message()
            if (await interviews(application))[0].status == "finished":
                break
        assert {received.via for received in person.history} == {"passive"}
        assert platform.calls["message/send"] + platform.calls["message/custom/send"] == 0
        (row,) = await interviews(application)
        assert row.status == "finished"
        await until(lambda: all(message.sent_at for message in all_rows(application)))
    assert not person.failures


async def test_one_message_a_turn(platform: Platform, home: Path) -> None:
    async with connected(platform, home):
        person = someone(platform)
        await begin(person)
        person.say("为什么要问这个？另外，这个会打分吗")
        first = await person.next_message()
        assert "1/" in first.text
        await person.no_message()


async def test_what_is_late_is_sent_later(platform: Platform, home: Path, late: None) -> None:
    async with connected(platform, home) as application:
        person = someone(platform)
        message = await begin(person)
        assert "1/9" in message.text
        assert {received.via for received in person.history} == {"custom"}
        assert not person.failures
        await until(lambda: all(message.sent_at for message in all_rows(application)))


async def test_pieces_are_joined_and_answered_on_the_last_connection(
    platform: Platform, home: Path
) -> None:
    async with connected(platform, home, quiet_seconds=0.5) as application:
        person = someone(platform)
        await begin(person)
        pushes = [
            person.say(piece) for piece in ("我写过一个编译器前端，", "先读论文，", "再写测试。")
        ]
        message = await person.next_message()
        assert (message.via, message.text[:2]) == ("passive", "2/")
        for push in pushes:
            await push.over()
        assert [len(push.attempts) for push in pushes] == [1, 1, 1]
        (row,) = await interviews(application)
        assert row.answered == 1
        await person.no_message()


async def test_a_push_repeated_three_times_changes_nothing(platform: Platform, home: Path) -> None:
    async with connected(platform, home) as application:
        person = someone(platform)
        await begin(person)
        push = person.say(ANSWER)
        first = await person.next_message()
        before = await application.database.read(counts)
        for _ in range(3):
            await person.repeat(push).over()
            again = await person.next_message()
            assert (again.text, again.via) == (first.text, "passive")
        assert await application.database.read(counts) == before


def counts(session: Session) -> list[int]:
    return [len(session.exec(select(table)).all()) for table in (Interview, EventRow, MessageRow)]


async def test_following_with_a_code_begins_and_scanning_later_asks_again(
    wechat: WeChatPlatform, home: Path
) -> None:
    async with connected(wechat, home) as application:
        candidate = wechat.candidate()
        candidate.follow(CAMPUS)
        consent = await candidate.next_message()
        candidate.scan(CAMPUS)
        again = await candidate.next_message()
        assert again.text in consent.text
        candidate.click("help")
        assert (await candidate.next_message()).text == say("help", "zh")
        assert len(await interviews(application)) == 1


async def test_following_without_a_code_is_greeted(wechat: WeChatPlatform, home: Path) -> None:
    async with connected(wechat, home):
        candidate = wechat.candidate()
        push = candidate.follow()
        welcome = await candidate.next_message()
        assert welcome.via == "passive"
        await candidate.repeat(push).over()
        assert (await candidate.next_message()).text == welcome.text


@pytest.mark.parametrize("kind", ["voice", "image", "video", "shortvideo", "location", "link"])
async def test_what_is_no_text_is_refused_kindly(
    wechat: WeChatPlatform, home: Path, kind: str
) -> None:
    async with connected(wechat, home):
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        getattr(candidate, kind)()
        assert "文字" in (await candidate.next_message()).text


@pytest.mark.parametrize("act", ["locate", "view", "template_done"])
async def test_events_without_a_reply_are_answered_at_once(
    wechat: WeChatPlatform, home: Path, act: str
) -> None:
    async with connected(wechat, home):
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        await (
            candidate.view("https://example.test/") if act == "view" else getattr(candidate, act)()
        ).over()
        await candidate.no_message()
        assert not candidate.failures


async def test_without_quota_the_reply_goes_out_with_their_next_message(
    wechat: WeChatPlatform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        question = candidate.history[-1].text
        with monkeypatch.context() as patched:
            patched.setattr(webhook, "ANSWER_SECONDS", 0.0)
            patched.setattr(Quota, "take", lambda self, session, address, now: False)
            candidate.say(ANSWER)
            await until(lambda: any(row.held_at for row in all_rows(application)))
            await candidate.no_message()
        candidate.say("再说一遍")
        message = await candidate.next_message()
        assert message.via == "passive"
        assert message.text.startswith("2/") and question not in message.text
        await candidate.no_message()
        await until(lambda: all(row.sent_at for row in all_rows(application)))


async def test_the_platform_counts_and_we_count_alike(
    wechat: WeChatPlatform, home: Path, late: None
) -> None:
    """Five messages after one of theirs; the sixth waits, and nothing is tried in vain."""
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        moment = wechat.now() + 5  # messages of one second are counted as one
        wechat.now = lambda: moment
        sent = wechat.calls["message/custom/send"]
        candidate.say("再说一遍")
        await candidate.next_message()
        account = application.channels["wechat"]
        for _ in range(4):
            await account.send(candidate.openid, [Reply(kind="notice", text="您好")])
        assert wechat.calls["message/custom/send"] == sent + 5
        with pytest.raises(HeldError, match="before they write"):
            await account.send(candidate.openid, [Reply(kind="notice", text="您好")])
        assert wechat.calls["message/custom/send"] == sent + 5


async def test_no_longer_following_then_back(
    wechat: WeChatPlatform, home: Path, late: None
) -> None:
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        wechat.slow = 0.0
        candidate.say(ANSWER)
        candidate.unfollow()
        await until(lambda: any(row.held_at or row.sent_at for row in all_rows(application)[-1:]))
        candidate.follow()
        await until(lambda: any("2/" in received.text for received in candidate.history))
        await until(lambda: all(row.sent_at for row in all_rows(application)))


async def test_an_outage_loses_nothing(
    wechat: WeChatPlatform, home: Path, late: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot import outbox

    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.02)
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        wechat.down = True
        candidate.say(ANSWER)
        await until(lambda: wechat.calls["message/custom/send"] > 6)
        wechat.down = False
        message = await candidate.next_message()
        assert "2/" in message.text
        await until(lambda: all(row.sent_at for row in all_rows(application)))


async def test_a_stale_token_is_renewed_once(platform: Platform, home: Path, late: None) -> None:
    async with connected(platform, home):
        person = someone(platform)
        await begin(person)
        platform.expire_tokens()
        person.say(ANSWER)
        assert "2/" in (await person.next_message()).text


async def test_a_busy_platform_is_tried_again(
    wechat: WeChatPlatform, home: Path, late: None
) -> None:
    async with connected(wechat, home):
        candidate = wechat.candidate(following=True)
        wechat.busy = 2
        assert "1/9" in (await begin(candidate)).text


def test_settings_that_miss_a_part_are_named(home: Path) -> None:
    with pytest.raises(SettingsError, match="MIANTAN_WECHAT_TOKEN"):
        build_in(home, wechat_appid="wx1")
    whole = settings_for(WeComPlatform())
    with pytest.raises(SettingsError, match="MIANTAN_WECOM_AGENT"):
        build_in(home, **{**whole, "wecom_agent": None})
    with pytest.raises(SettingsError, match="43 letters"):
        build_in(home, **{**whole, "wecom_aes_key": "short"})


async def test_a_turn_that_is_slow_is_confirmed_and_not_lost_in_a_crash(
    wechat: WeChatPlatform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is confirmed in time, kept until it is taken in, and taken in by the next process."""
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.2)
        crashed = asyncio.Event()

        async def slow(incoming: Incoming) -> str | None:
            await crashed.wait()
            raise ConnectionError("the process died")

        with monkeypatch.context() as patched:
            patched.setattr(application.entry, "take", slow)
            push = await candidate.say(ANSWER).over()
            assert [attempt.status for attempt in push.attempts] == [200]
            assert len(application.database.read_now(kept)) == 1
            crashed.set()
            await candidate.no_message()
    monkeypatch.setattr(channel, "STALE_SECONDS", -1.0)
    async with connected(wechat, home) as application:
        assert "2/9" in (await candidate.next_message()).text
        await until(lambda: not application.database.read_now(kept))
        (row,) = await interviews(application)
        assert row.answered == 1


async def test_what_is_told_late_is_told_once_and_nothing_stays_kept(
    wechat: WeChatPlatform, home: Path, late: None
) -> None:
    async with connected(wechat, home) as application:
        candidate = wechat.candidate(following=True)
        await begin(candidate)
        shown = len(candidate.history)
        await candidate.say("/help").over()
        assert (await candidate.next_message()).via == "custom"
        await until(lambda: not application.database.read_now(kept))
        assert len(candidate.history) == shown + 1


def kept(session: Session) -> Sequence[KeptPush]:
    return session.exec(select(KeptPush)).all()


@dataclass
class Slowly:
    """Takes messages in as `take` does, once the gate is open."""

    take: Callable[[Incoming], Awaitable[str | None]]
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    async def __call__(self, incoming: Incoming) -> str | None:
        self.begun += 1
        await self.gate.wait()
        return await self.take(incoming)


async def test_a_push_repeated_while_it_is_taken_in_is_no_second_work(
    platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(platform, home) as application:
        candidate = someone(platform)
        await begin(candidate)
        slowly = Slowly(application.entry.take)
        monkeypatch.setattr(application.entry, "take", slowly)
        monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.0)
        push = candidate.say(ANSWER)
        await push.over()
        await candidate.repeat(push).over()
        monkeypatch.setattr(webhook, "ANSWER_SECONDS", 20.0)
        again = candidate.repeat(push)
        slowly.gate.set()
        assert "2/9" in (await candidate.next_message()).text
        await again.over()
        assert slowly.begun == 1
        await until(lambda: not application.database.read_now(kept))


async def test_more_than_can_be_taken_in_is_confirmed_all_the_same(
    wechat: WeChatPlatform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "AT_ONCE", 2)
    async with connected(wechat, home) as application:
        people = [wechat.candidate(following=True) for _ in range(5)]
        for person in people:
            await begin(person)
        slowly = Slowly(application.entry.take)
        monkeypatch.setattr(application.entry, "take", slowly)
        monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.2)
        for push in [person.say(ANSWER) for person in people]:
            await push.over()
            assert [attempt.status for attempt in push.attempts] == [200]
        assert slowly.begun == 2
        slowly.gate.set()
        for person in people:
            assert "2/9" in (await person.next_message()).text
