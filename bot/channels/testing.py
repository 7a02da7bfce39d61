"""What every channel must do: subclass `ChannelConformance`, give it a `Rig`, and run pytest.

What a platform does not have is named in `lacks`, with the reason; its tests are then skipped and
say so. See docs/channels.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Literal
from unittest import SkipTest

from bot.channels.testing_guide import (
    ANSWER,
    CONTROLS,
    FIRST,
    FIRST_IDS,
    HOSTILE,
    QUESTIONS,
    SHIFT_IDS,
)
from bot.channels.testing_rig import Rig
from bot.channels.testing_talk import OPTIONS, Talk
from bot.text import clean
from dialogues.guide import Language
from dialogues.texts import say

Feature = Literal[
    "addresses", "commands", "controls", "edits", "language", "leaving", "media", "outage"
]
"""What a platform may lack: `addresses` by which people are known, so that strangers write and a
start is repeated; `commands` or a menu; `controls`, characters that nobody sees; `edits` of what
was sent; `language`, which it knows of people; `leaving`; `media`; `outage`, since replies are sent
and can be refused."""

Test = Callable[["ChannelConformance"], Awaitable[None]]


def needs(feature: Feature) -> Callable[[Test], Test]:
    """Skip the test, with the reason, where the platform lacks the feature."""

    def decorate(test: Test) -> Test:
        @wraps(test)
        async def run(self: "ChannelConformance") -> None:
            if feature in self.lacks:
                raise SkipTest(f"{feature}: {self.lacks[feature]}")
            await test(self)

        return run

    return decorate


class ChannelConformance:
    """The tests. A subclass named Test… says in `rig` what to try."""

    lacks: Mapping[Feature, str] = {}
    """What the platform does not have, and why."""
    answers_repeats = False
    """Whether a message that the platform repeats is answered as before."""

    def rig(self) -> AbstractAsyncContextManager[Rig]:
        """A platform of its own for each test."""
        raise NotImplementedError

    def talk(self, rig: Rig, language: Language = "zh") -> Talk:
        return Talk(rig, language, known="language" not in self.lacks)

    # Interviews.

    async def hold(self, talk: Talk) -> None:
        """A whole interview, and all that must be so in the end."""
        await talk.begin()
        await talk.finish()
        stored = talk.stored
        assert stored.status == "finished"
        assert stored.chosen == {"shift": SHIFT_IDS[1], "first": FIRST_IDS[1]}
        answers = [f"{ANSWER[talk.language]} ({question})" for question in QUESTIONS]
        assert stored.said[-3:] == tuple(answers[2:])
        await talk.sent()
        talk.check_all_was_told()

    async def test_a_whole_interview_in_chinese(self) -> None:
        async with self.rig() as rig:
            await self.hold(self.talk(rig, "zh"))

    async def test_a_whole_interview_in_english(self) -> None:
        async with self.rig() as rig:
            await self.hold(self.talk(rig, "en"))

    async def test_two_people_at_once_do_not_mix(self) -> None:
        async with self.rig() as rig:
            await asyncio.gather(self.hold(self.talk(rig, "zh")), self.hold(self.talk(rig, "en")))

    async def test_a_turn_is_one_message_where_messages_count(self) -> None:
        async with self.rig() as rig:
            if not rig.capabilities.combined:
                raise SkipTest("combined: each reply is a message of its own")
            talk = self.talk(rig)
            assert len(await talk.enter()) == 1
            await talk.pick(1)
            assert len(await talk.ask("shift")) == 1

    # Options.

    async def test_options_are_chosen_by_tap(self) -> None:
        async with self.rig() as rig:
            if not rig.capabilities.buttons:
                raise SkipTest("buttons: there are none")
            talk = self.talk(rig)
            await talk.begin()
            await self.tap(talk, "shift", 3)
            await talk.ask("first")
            await self.tap(talk, "first", 1)
            await talk.ask("sign")
            await talk.person.say("跳过")
            await talk.until(say("confirm_skip", "zh"))
            await talk.pick(2)
            await talk.until(say("kept_going", "zh"))
            assert talk.stored.chosen == {"shift": SHIFT_IDS[2], "first": FIRST_IDS[0]}

    async def tap(self, talk: Talk, question: str, number: int) -> None:
        """Choose by button, which must be there unless the options are too many."""
        choices, options = talk.all[-1].choices, OPTIONS[question]["zh"]
        few = len(options) <= talk.rig.capabilities.buttons
        assert len(choices) == (len(options) if few else 0), f"{choices} for {options}"
        await talk.pick(number)

    async def test_options_are_chosen_by_number_and_by_words(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            await talk.person.say("3")
            await talk.ask("first")
            await talk.person.say(FIRST["zh"][0])
            await talk.ask("sign")
            assert talk.stored.chosen == {"shift": SHIFT_IDS[2], "first": FIRST_IDS[0]}

    # What people and guides write.

    async def test_hostile_words_and_a_long_text_come_through_unharmed(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            for following in ("first", "sign"):
                await talk.pick(1)
                await talk.ask(following)
            words = f"{ANSWER['zh']} {HOSTILE} {'' if 'controls' in self.lacks else CONTROLS}!"
            await talk.person.say(words)
            await talk.ask("handbook")
            assert talk.stored.said[-1] == clean(words)
            talk.check_all_was_told()

    @needs("addresses")
    async def test_a_stranger_and_an_unknown_code_are_answered(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.person.say("你好")
            await talk.until(say("welcome", "zh"))
            await talk.person.enter("no-such-code")
            await talk.until(say("unknown_code", "zh"))
            assert not talk.person.stored()
            await talk.begin()

    @needs("media")
    async def test_media_are_refused_kindly(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            turns = talk.stored.turns
            await talk.person.send_media()
            await talk.until(say("text_only", "zh"))
            assert talk.stored.turns == turns
            await talk.person.say("2")
            await talk.ask("first")

    async def test_what_is_said_aloud_is_an_answer_once_that_is_agreed_to(self) -> None:
        async with self.rig() as rig:
            if not rig.capabilities.voice_in:
                raise SkipTest("voice_in: nothing is taken that is said aloud")
            talk = self.talk(rig)
            await talk.begin()
            for following in ("first", "sign"):
                await talk.pick(1)
                await talk.ask(following)
            await talk.person.speak(ANSWER["zh"])
            await talk.until(say("voice_kept_no", "zh"))
            await rig.listen()
            assert ANSWER["zh"] not in talk.stored.said, "heard without consent"
            await talk.pick(1)
            await talk.until(say("voice_received", "zh"))
            await talk.person.repeat()
            await rig.listen()
            await talk.until(say("voice_heard", "zh", text=ANSWER["zh"]))
            await talk.ask("handbook")
            assert talk.stored.said[-1] == ANSWER["zh"]

    @needs("edits")
    async def test_an_answer_follows_when_its_message_is_changed(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            for following in ("first", "sign"):
                await talk.pick(1)
                await talk.ask(following)
            await talk.person.say("一个字")
            await talk.ask("handbook")
            await talk.person.edit(ANSWER["zh"])
            await talk.until(say("corrected", "zh"))
            await talk.ask("handbook")
            assert talk.stored.said[-1] == ANSWER["zh"]
            await talk.sent()
            talk.check_all_was_told()

    @needs("commands")
    async def test_pause_help_and_resume_by_the_platforms_commands(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            await talk.person.command("pause")
            await talk.until(say("paused", "zh"))
            assert talk.stored.status == "paused"
            await talk.person.command("help")
            await talk.until(say("help", "zh"))
            await talk.person.command("resume")
            await talk.ask("shift")
            assert talk.stored.status == "asking"

    # Repeated messages.

    async def test_a_repeated_message_changes_nothing(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            await talk.person.say("2")
            answer = await talk.ask("first")
            await talk.sent()
            turns, events = talk.stored.turns, talk.stored.events
            for _ in range(2):
                await talk.person.repeat()
            assert (talk.stored.turns, talk.stored.events) == (turns, events)
            *again, _ = await talk.pause()
            assert again == (list(answer) * 2 if self.answers_repeats else [])
            assert talk.stored.turns == turns + 1
            assert talk.stored.chosen == {"shift": SHIFT_IDS[1]}

    @needs("addresses")
    async def test_a_repeated_start_begins_nothing(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            first = await talk.enter()
            await talk.sent()
            for _ in range(2):
                await talk.person.repeat()
            await talk.pick(1)
            *again, _ = await talk.ask("shift")
            repeated = [each for each in again if each in first]
            assert repeated == (list(first) * 2 if self.answers_repeats else [])
            assert talk.stored.turns == 2

    # Troubles.

    @needs("outage")
    async def test_an_outage_loses_nothing_and_keeps_the_order(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            async with rig.outage() as refused:
                await talk.person.say("2")
                await refused()
                await talk.taken(3)
                await talk.person.say("1")
                await talk.taken(4)
            await talk.pause()
            assert talk.stored.chosen == {"shift": SHIFT_IDS[1], "first": FIRST_IDS[0]}
            talk.check_all_was_told()

    @needs("outage")
    async def test_a_long_text_that_breaks_off_goes_on_where_it_did(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            for following in ("first", "sign"):
                await talk.pick(1)
                await talk.ask(following)
            async with rig.outage(after=1) as refused:
                await talk.person.say(ANSWER["zh"])
                await refused()
            await talk.ask("handbook")
            await talk.pause()
            talk.check_all_was_told()

    async def test_a_restart_loses_nothing_and_the_interview_goes_on(self) -> None:
        """Where sending can fail, something waits to be sent meanwhile."""
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            if "outage" in self.lacks:
                await rig.restart()
                await talk.person.say("2")
            else:
                async with rig.outage() as refused:
                    await talk.person.say("2")
                    await refused()
                    await rig.restart()
            await talk.ask("first")
            await talk.pause()
            talk.check_all_was_told()

    @needs("leaving")
    async def test_going_away_in_the_middle_loses_nothing(self) -> None:
        async with self.rig() as rig:
            talk = self.talk(rig)
            await talk.begin()
            await talk.person.say("2")
            await talk.person.leave()
            await talk.taken(3)
            await talk.sent()
            assert talk.stored.held, "what could not be sent is not held"
            await talk.person.come_back()
            await talk.pause()
            talk.check_all_was_told()
