"""Messages from channels whose candidates are known by their address: which interview is meant?

What belongs to an interview goes along the pipeline, and its replies through the outbox. What does
not (a greeting, a voice message, an unknown code) is answered directly and kept nowhere.
"""

import asyncio
import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import stamina
import structlog
from sqlmodel import Session

from bot.channels.base import Channel, Command, Incoming
from bot.channels.errors import RetryableSendError, SendError
from bot.joining import Joining
from bot.pipeline import (
    MAX_CHARACTERS,
    Arrival,
    ClosedError,
    Inbound,
    Pipeline,
    UnknownCampaignError,
    UnknownChoiceError,
    UnusableError,
)
from bot.security.sealing import ErasedError
from bot.storage import interviews
from bot.storage.tables import Campaign, Interview
from bot.understanding.base import Understood
from bot.understanding.hearing import COMMAND
from dialogues.engine import is_offered, prompt
from dialogues.events import Reply
from dialogues.guide import Language
from dialogues.state import CLOSED
from dialogues.texts import say

log = structlog.get_logger()


@dataclass(frozen=True)
class Request:
    """What a platform's command means, and the words that stand for it in the transcript."""

    intent: str
    words: Mapping[Language, str]

    @property
    def understood(self) -> Understood:
        return Understood(self.intent, 1.0, COMMAND)


REQUESTS: dict[Command, Request] = {
    "language": Request("change_language", {"zh": "切换语言", "en": "change language"}),
    "correct": Request(
        "correct_last_answer", {"zh": "修改上一个回答", "en": "correct my last answer"}
    ),
    "pause": Request("pause", {"zh": "暂停", "en": "pause"}),
    "resume": Request("resume", {"zh": "继续", "en": "resume"}),
    "human": Request("request_human", {"zh": "转人工", "en": "talk to a person"}),
    "privacy": Request("ask_about_privacy", {"zh": "隐私政策", "en": "privacy"}),
    "delete": Request("delete_my_data", {"zh": "删除我的资料", "en": "delete my data"}),
}
REPEAT = Request("repeat_question", {"zh": "再说一遍", "en": "repeat"})

TELL_TRIES = 3
TELL_SECONDS = 10.0
LONGEST_PAUSE = 2.0
"""A platform that asks for a longer pause before a courtesy is left alone."""


@dataclass(frozen=True)
class Place:
    """Where a message belongs. `interview` may have ended; it is None for a stranger."""

    interview: Interview | None
    repeated: bool

    @property
    def open(self) -> Interview | None:
        row = self.interview
        return row if row is not None and row.status not in CLOSED else None


class Entry:
    """Finds or begins the interview of a message. Messages of an address are taken in order."""

    def __init__(
        self, pipeline: Pipeline, joining: Joining, channels: Mapping[str, Channel]
    ) -> None:
        self._pipeline = pipeline
        self._joining = joining
        self._channels = channels
        self._locks: weakref.WeakValueDictionary[tuple[str, str], asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    async def take(self, incoming: Incoming) -> str | None:
        """Take a message in: see `bot.channels.base.Receive`."""
        address = (incoming.channel, incoming.address)
        lock = self._locks.get(address)
        if lock is None:
            lock = self._locks[address] = asyncio.Lock()
        async with lock:
            place = await self._pipeline.database.read(lambda s: self._find(s, incoming))
            if place.repeated:
                return None
            if incoming.not_taken is None and incoming.start is None:
                return await self._say(incoming, place)
            if incoming.not_taken is not None:
                await self._decline(incoming, place)
            elif incoming.start is not None:
                await self._start(incoming, place, incoming.start)
            return None

    async def give_up(self, incoming: Incoming) -> str | None:
        """Tell the sender of a message that it could not be taken, because of a fault of ours."""
        if incoming.not_taken is None:
            await self._tell(incoming, "not_taken", incoming.language)
        return None

    def _find(self, session: Session, incoming: Incoming) -> Place:
        if interviews.taken_in(session, incoming.channel, incoming.message_id):
            return Place(None, repeated=True)
        if incoming.not_taken == "group":
            return Place(None, repeated=False)
        row = interviews.latest_at(
            session, self._pipeline.master, incoming.channel, incoming.address
        )
        return Place(row, repeated=False)

    async def _decline(self, incoming: Incoming, place: Place) -> None:
        """A message that is no part of an interview, whatever is open."""
        match incoming.not_taken:
            case "group":
                await self._tell(incoming, "private_only", incoming.language)
            case "media":
                await self._tell(incoming, "text_only", _language(place.interview, incoming))
            case "edited" if place.open is not None:
                await self._tell(incoming, "edited_kept", _language(place.open, incoming))

    async def _start(self, incoming: Incoming, place: Place, code: str) -> None:
        """`/start CODE`: begin that campaign's interview, or say again what is open in it."""
        row = place.open
        if code:
            row = await self._pipeline.database.read(
                lambda session: interviews.latest_at(
                    session, self._pipeline.master, incoming.channel, incoming.address, code
                )
            )
        if row is not None and row.status not in CLOSED:
            await self._ask(incoming, row, REPEAT)
        elif code:
            await self._begin(incoming, code)
        else:
            await self._greet(incoming, place)

    async def _begin(self, incoming: Incoming, code: str) -> None:
        arrival = Arrival(
            campaign=code,
            channel=incoming.channel,
            language=incoming.language,
            source=incoming.channel,
            address=incoming.address,
            message_id=incoming.message_id,
        )
        try:
            try:
                await self._pipeline.begin(arrival)
            except UnknownChoiceError:
                # The campaign is not held in this language; then in its first.
                await self._pipeline.begin(_without_language(arrival))
        except UnknownCampaignError:
            await self._tell(incoming, "unknown_code", incoming.language)

    async def _say(self, incoming: Incoming, place: Place) -> str | None:
        """Words, a command or a tap."""
        row = place.open
        if incoming.command == "help":
            await self._tell(incoming, "help", _language(place.interview, incoming))
            return None
        if row is None:
            row = place.interview  # It has ended, but a deletion is heard even then.
        if row is None:
            await self._greet(incoming, place)
            return None
        language = _known(row.language)
        if incoming.tapped is not None and not await self._is_offered(row, incoming):
            return say("stale_option", language)
        if incoming.command is not None:
            await self._ask(incoming, row, REQUESTS[incoming.command])
        else:
            await self._receive(incoming, row, incoming.text)
        return None

    async def _ask(self, incoming: Incoming, row: Interview, request: Request) -> None:
        """What is asked for by a command's name needs no understanding."""
        words = request.words[_known(row.language)]
        await self._receive(incoming, row, words, request.understood)

    async def _receive(
        self, incoming: Incoming, row: Interview, text: str, understood: Understood | None = None
    ) -> None:
        message = Inbound(row.id, incoming.channel, incoming.message_id, text, understood)
        try:
            await self._joining.receive(message)
        except (ClosedError, ErasedError):
            await self._tell(incoming, "ended", _known(row.language))
        except UnusableError:
            key = "too_long" if len(text) > MAX_CHARACTERS else "empty"
            await self._tell(incoming, key, _known(row.language))

    async def _greet(self, incoming: Incoming, place: Place) -> None:
        """To someone without an open interview."""
        key = "welcome" if place.interview is None else "ended"
        await self._tell(incoming, key, _language(place.interview, incoming))

    async def _is_offered(self, row: Interview, incoming: Incoming) -> bool:
        """Whether a tapped option is open now. A second tap, or one on an old button, is not an
        answer to what was asked since; and a yes counts for the very confirmation it was under."""

        def look(session: Session) -> bool:
            pipeline = self._pipeline
            try:
                opened = interviews.open_interview(session, pipeline.master, row.id)
            except ErasedError:
                return False
            campaign = session.get_one(Campaign, row.campaign_id)
            plan = pipeline.catalogue.plan(session, campaign, opened.row.files)
            if not is_offered(plan, opened.state, incoming.text):
                return False
            shown = incoming.tapped
            if opened.state.pending is None or not shown:
                return True
            return prompt(plan, opened.state)[-1].text in shown

        return await self._pipeline.database.read(look)

    async def _tell(self, incoming: Incoming, key: str, language: Language | None) -> None:
        """Answer directly, in both languages where none is known. Tried a few times only: it
        answers something just sent, and is of no use later."""
        both: tuple[Language, ...] = ("zh", "en")
        languages = (language,) if language is not None else both
        reply = Reply(kind="notice", text="\n\n".join(say(key, each) for each in languages))
        channel = self._channels[incoming.channel]
        try:
            async for attempt in stamina.retry_context(
                on=_worth_waiting, attempts=TELL_TRIES, timeout=TELL_SECONDS
            ):
                with attempt:
                    await channel.send(incoming.address, reply)
        except SendError as error:
            log.warning("not told", channel=channel.name, text=key, error=type(error).__name__)


def _worth_waiting(error: Exception) -> bool | float:
    if isinstance(error, RetryableSendError) and error.after <= LONGEST_PAUSE:
        return max(0.05, error.after)
    return False


def _without_language(arrival: Arrival) -> Arrival:
    return Arrival(
        campaign=arrival.campaign,
        channel=arrival.channel,
        source=arrival.source,
        address=arrival.address,
        message_id=arrival.message_id,
    )


def _known(language: str) -> Language:
    return "zh" if language == "zh" else "en"


def _language(row: Interview | None, incoming: Incoming) -> Language | None:
    """The language of the interview, else the one that the platform names."""
    return _known(row.language) if row is not None else incoming.language
