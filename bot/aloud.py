"""Questions spoken aloud, behind the same question in writing.

What is written is what counts: speech is made once that is out, tried once, and dropped when the
interview has gone on meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import structlog

from bot.channels.base import Channel, Clip, Format, SpeakingChannel
from bot.channels.errors import SendError
from bot.outbox import Letter
from dialogues.guide import Language
from dialogues.texts import say

log = structlog.get_logger()

AT_ONCE = 2
"""Questions whose speech is waited for at the same time."""

Speak = Callable[[str, Language, Format, bool], Clip]
"""Makes speech of a text, in a language and a format; whether the text is one candidate's alone.
Slow. Raises NotSpokenError."""


class NotSpokenError(Exception):
    """A text cannot be spoken. Permanent, for this text."""


class Aloud:
    """Speaks what goes out, where it is to be spoken and the channel can."""

    def __init__(self, speak: Speak, channels: Mapping[str, Channel]) -> None:
        self._speak = speak
        self._channels = {
            name: channel
            for name, channel in channels.items()
            if channel.capabilities.voice_out is not None and isinstance(channel, SpeakingChannel)
        }
        self._newest: dict[tuple[str, str], int] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="aloud")
        self._tasks: set[asyncio.Task[None]] = set()

    def can(self, channel: str) -> bool:
        """Whether questions can be spoken on a channel."""
        return channel in self._channels

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What is being spoken at the end is dropped."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)

    def follow(self, letter: Letter) -> None:
        """A letter went out: speak the question in it, if it is to be spoken."""
        channel = self._channels.get(letter.channel)
        if channel is None or letter.address is None:
            return
        place = (letter.channel, letter.address)
        self._newest.pop(place, None)
        asked = [reply for reply in letter.replies if reply.kind == "question" and reply.aloud]
        if not asked:
            return
        self._newest[place] = letter.ids[-1]
        question = asked[-1]
        language = cast("Language", letter.language)
        task = asyncio.create_task(
            self._say(channel, letter, question.text, language, question.personal)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def clip(self, text: str, language: Language, form: Format, personal: bool) -> Clip:
        """Speech of a text; raises NotSpokenError."""
        work = partial(self._speak, text, language, form, personal)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _say(
        self,
        channel: SpeakingChannel,
        letter: Letter,
        text: str,
        language: Language,
        personal: bool,
    ) -> None:
        address, form = letter.address or "", channel.capabilities.voice_out
        assert form is not None
        try:
            clip = await self.clip(text, language, form, personal)
            if self._newest.get((letter.channel, address)) == letter.ids[-1]:
                caption = say("synthetic", language)
                await channel.speak(address, Clip(clip.data, clip.seconds, caption))
        except (NotSpokenError, SendError) as error:
            log.info("not spoken", channel=channel.name, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a courtesy must harm nothing, nor show words
            log.error("not spoken", channel=channel.name, error=type(error).__name__)
