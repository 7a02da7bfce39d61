"""A conversation on a channel that is tried, and what it must have shown in the end."""

import re
from collections.abc import Mapping, Sequence

from bot.channels.testing_guide import ANSWER, CODE, FIRST, QUESTIONS, SHIFTS
from bot.channels.testing_rig import Rig, Shown, Stored, eventually, seen
from dialogues.events import Reply
from dialogues.guide import Language
from dialogues.texts import TEXTS, say

OPTIONS: Mapping[str, Mapping[Language, Sequence[str]]] = {"shift": SHIFTS, "first": FIRST}
"""The questions with options."""


class Talk:
    """A person's conversation, and all they saw of it."""

    def __init__(self, rig: Rig, language: Language, known: bool) -> None:
        """`known` says that the platform tells the person's language."""
        self.rig, self.language, self.known = rig, language, known
        self.person = rig.person(language)
        self.all: list[Shown] = []

    async def read(self) -> Shown:
        """The next message, which must be within what the channel can do."""
        shown = await self.person.read()
        able = self.rig.capabilities
        assert shown.text.strip(), "an empty message"
        assert able.measure(shown.text) <= able.length, f"longer than {able.length}"
        assert len(shown.choices) <= able.buttons, f"more buttons than {able.buttons}"
        self.all.append(shown)
        return shown

    async def until(self, words: str) -> Sequence[Shown]:
        """Read up to the message in which these words end."""
        found: list[Shown] = []
        while seen(words) not in seen("".join(each.text for each in found)):
            try:
                found.append(await self.read())
            except TimeoutError:
                read = [each.text[:80] for each in found]
                raise AssertionError(f"not shown whole: {words[:80]!r}, but {read}") from None
        return found

    async def enter(self) -> Sequence[Shown]:
        """Up to the question of consent, in the person's language."""
        await self.person.enter(CODE)
        shown = await self.until(consent(self.language if self.known else "zh"))
        if self.language != "zh" and not self.known:
            await self.person.say("Can we switch to English?")
            shown = await self.until(consent(self.language))
        return shown

    async def begin(self) -> Sequence[Shown]:
        """Up to the first question."""
        await self.enter()
        await self.pick(1)
        return await self.ask("shift")

    async def ask(self, question: str) -> Sequence[Shown]:
        """Read up to this question of the guide. Its options are buttons, or numbered."""
        shown = await self.until(QUESTIONS[question][self.language])
        for number, option in enumerate(OPTIONS.get(question, {}).get(self.language, ()), 1):
            listed = seen(f"{number}. {option}") in seen(shown[-1].text)
            assert listed or option in shown[-1].choices, f"{option!r} is not in {shown[-1]}"
        return shown

    async def pick(self, number: int) -> None:
        """Choose an option just shown: by its button where it has one, else by its number."""
        choices = self.all[-1].choices
        if choices:
            await self.person.choose(choices[number - 1])
        else:
            await self.person.say(str(number))

    async def finish(self) -> None:
        """From the first question to the end: the second options, and answers in words."""
        questions = list(QUESTIONS)
        for question, following in zip(questions, [*questions[1:], None], strict=True):
            if question in OPTIONS:
                await self.pick(2)
            else:
                await self.person.say(f"{ANSWER[self.language]} ({question})")
            if following is not None:
                await self.ask(following)
        await self.until(say("finished", self.language))

    async def pause(self) -> Sequence[Shown]:
        """Pause in words. What was on its way before is read before the answer."""
        await self.person.say("暂停")
        return await self.until(say("paused", "zh"))

    @property
    def stored(self) -> Stored:
        """The person's one interview."""
        (one,) = self.person.stored()
        return one

    async def taken(self, turns: int) -> None:
        """Wait until this many turns are stored."""
        await eventually(lambda: self.stored.turns == turns)

    async def sent(self) -> None:
        """Wait until no reply is on its way any more."""
        await eventually(lambda: self.stored.waiting == 0)

    def check_all_was_told(self) -> None:
        """Every reply was shown: whole, once, in order, and nothing besides."""
        check_told(self.all, self.stored.replies)


def consent(language: Language) -> str:
    """How the question of consent ends."""
    return TEXTS["consent"][language].rpartition("}")[2]


def check_told(shown: Sequence[Shown], replies: Sequence[Reply]) -> None:
    """The messages say the replies: whole, once, in order; besides there are only numbers."""
    text, besides = seen("".join(each.text for each in shown)), ""
    for reply in replies:
        before, words, text = text.partition(seen(reply.text))
        assert words, f"not shown whole and in order: {reply.text[:200]!r}"
        besides += before
    besides += text
    for option in (option for reply in replies for option in reply.options):
        besides = besides.replace(seen(option.text), "", 1)
    assert re.fullmatch(r"[\d./]*", besides), f"shown besides, or twice: {besides[:200]!r}"
