"""An hour without the platform's API, by the clock: pushes go on, and all that waits goes out."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot import outbox
from bot.bootstrap import Application
from bot.channels.wechat import webhook
from bot.channels.wechat.channel import WeChatChannel
from bot.storage.interviews import read_events, read_messages
from bot.storage.people import key_of
from bot.storage.sending import left_for
from bot.storage.tables import Interview, KeptPush, MessageRow
from dialogues.events import Answered
from tests.helpers import until
from tests.wechat_people import Candidate
from tests.wechat_platform import WeChatPlatform
from tests.wechat_runs import begin, connected
from tests.wechat_wire import new_aes_key

STEP, STEPS = 300.0, 12
"""Twelve times five minutes."""


class Clock:
    """The time of all who look at one, moved by hand."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time

    def rule(
        self, platform: WeChatPlatform, application: Application, patch: pytest.MonkeyPatch
    ) -> None:
        """Everyone goes by this clock from now on."""
        channel = application.channels["wechat"]
        assert isinstance(channel, WeChatChannel)
        patch.setattr(platform, "now", self)
        patch.setattr(application.pipeline, "now", self)
        for part in (channel, channel.envelope, channel.api._tokens):
            patch.setattr(part, "_now", self)


class Talk:
    """One candidate and what they said."""

    def __init__(self, application: Application, candidate: Candidate) -> None:
        self.application, self.candidate = application, candidate
        self.interview = ""
        self.said: list[str] = []

    async def begin(self) -> "Talk":
        """Up to the first question; nobody else may begin meanwhile."""
        before = {row.id for row in self._rows()}
        await begin(self.candidate)
        (self.interview,) = {row.id for row in self._rows()} - before
        return self

    async def say(self, text: str) -> int:
        """Say something that is answered with `success` or more; returns the number of tries."""
        self.said.append(text)
        push = await self.candidate.say(text).over()
        await until(lambda: self.answers == self.said)
        return len(push.attempts)

    @property
    def answers(self) -> list[str]:
        """What is stored as answers."""

        def work(session: Session) -> list[str]:
            row = session.get_one(Interview, self.interview)
            events = read_events(session, row, key_of(session, self.application.master, row))
            return [event.text for _, event in events if isinstance(event, Answered)]

        return self.application.database.read_now(work)

    @property
    def replies(self) -> list[str]:
        """The words of all messages to them, in their order."""

        def work(session: Session) -> list[str]:
            row = session.get_one(Interview, self.interview)
            key = key_of(session, self.application.master, row)
            return [message.reply.text for message in read_messages(session, row, key)]

        return self.application.database.read_now(work)

    def left(self, now: float) -> int:
        """How many messages may still be sent to them, as we count."""

        def work(session: Session) -> int:
            row = session.get_one(Interview, self.interview)
            return left_for(session, self.application.master, row, now)

        return self.application.database.read_now(work)

    def _rows(self) -> Sequence[Interview]:
        return self.application.database.read_now(lambda s: s.exec(select(Interview)).all())


def waiting(application: Application) -> list[str]:
    """The interviews with messages that are not sent, one for each message."""
    query = select(MessageRow.interview_id).where(col(MessageRow.sent_at).is_(None))
    return application.database.read_now(lambda session: list(session.exec(query)))


async def test_an_hour_without_the_api_loses_and_doubles_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(outbox, "LONGEST_WAIT", 0.02)
    async with (
        WeChatPlatform(aes_key=new_aes_key()).running() as platform,
        connected(platform, home) as application,
    ):
        clock = Clock()
        clock.rule(platform, application, monkeypatch)
        platform.token_seconds = 1800.0  # the token ends within the hour
        talks = [await Talk(application, platform.candidate(True)).begin() for _ in range(5)]
        prompt, *late = talks
        for talk in talks:
            monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.0)
            assert await talk.say("我最近在写一个编译器。") == 1
            await until(lambda: not waiting(application))
        seen = {id(talk): len(talk.candidate.history) for talk in talks}

        platform.down = True
        for step in range(STEPS):
            clock.time += STEP
            monkeypatch.setattr(webhook, "ANSWER_SECONDS", 20.0)
            assert (
                await prompt.say(f"第{step}个回答：我先读论文，再写语法分析，最后加了测试。") == 1
            )
            monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.0)
            talk = late[step % len(late)]
            if step < 2 * len(late) - 1:  # all but the last say two things
                assert await talk.say(f"第{step}件事：我把接口延迟降到了一半。") == 1
        await until(lambda: {*waiting(application)} == {talk.interview for talk in late})
        tried = platform.calls.total()
        await until(lambda: platform.calls.total() > tried)

        platform.down = False
        await until(lambda: not waiting(application))
        for talk in talks:
            came = talk.candidate.history[seen[id(talk)] :]
            assert {message.via for message in came} <= {"passive", "custom"}
            assert came[-1].via == ("passive" if talk is prompt else "custom")
            shown = "\n\n".join(message.text for message in came)
            replies = talk.replies[-len(talk.said) + 1 :]
            places = [shown.find(text) for text in replies]
            assert -1 not in places and places == sorted(places), "in their order"
            assert [shown.count(text) for text in replies] == [1] * len(replies), "once"
            assert talk.left(clock()) == talk.candidate.allowance.left
        for talk in talks:
            assert talk.answers == talk.said
            assert not talk.candidate.failures
        assert [len(talk.said) for talk in talks] == [13, 3, 3, 3, 2]
        assert not application.database.read_now(lambda s: s.exec(select(KeptPush)).all())
