"""Messages from channels whose candidates are known by their address: which interview is meant?

What belongs to an interview goes along the pipeline, and its replies through the outbox. What does
not (a greeting, a voice message, an unknown code) is answered directly and kept nowhere.
"""

import asyncio
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import stamina
import structlog
from sqlmodel import Session

from bot.arrival import Arrival, UnknownChoiceError
from bot.channels.base import Channel, Command, Document, Expected, Incoming, Voice
from bot.channels.errors import RetryableSendError, SendError
from bot.correcting import Correcting, Edit
from bot.handing_in import HandingIn
from bot.joining import Joining
from bot.pipeline import (
    MAX_CHARACTERS,
    ClosedError,
    Inbound,
    Pipeline,
    UnusableError,
)
from bot.recordings import Arrived, Recordings, fetched
from bot.security.codes import normal_code
from bot.security.sealing import ErasedError
from bot.seldom import Seldom
from bot.storage import interviews, sending
from bot.storage.admission import UnknownCampaignError
from bot.storage.invitations import NotAdmittedError, find_by_code
from bot.storage.people import find_person
from bot.storage.tables import Campaign, Interview
from bot.understanding.base import Understood
from bot.understanding.hearing import COMMAND
from dialogues.engine import NotCorrectedError, is_offered, prompt
from dialogues.events import Reply
from dialogues.guide import Language
from dialogues.state import CLOSED
from dialogues.texts import say
from dialogues.voice import NotRecordedError

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
    "voice": Request("switch_aloud", {"zh": "语音播报", "en": "read aloud"}),
    "human": Request("request_human", {"zh": "转人工", "en": "talk to a person"}),
    "privacy": Request("ask_about_privacy", {"zh": "隐私政策", "en": "privacy"}),
    "delete": Request("delete_my_data", {"zh": "删除我的资料", "en": "delete my data"}),
}
REPEAT = Request("repeat_question", {"zh": "再说一遍", "en": "repeat"})

GROUP_SECONDS = 3600.0
"""How long a group is not told again that interviews are held elsewhere."""
TELL_TRIES = 3
TELL_SECONDS = 10.0
LONGEST_PAUSE = 2.0
"""A platform that asks for a longer pause before a courtesy is left alone."""


@dataclass(frozen=True)
class Place:
    """Where a message belongs. `interview` may have ended; it is None for a stranger.

    `held` are interviews with messages that wait for the candidate to write.
    """

    interview: Interview | None
    repeated: bool
    held: Sequence[str] = ()

    @property
    def open(self) -> Interview | None:
        row = self.interview
        return row if row is not None and row.status not in CLOSED else None


def nobody_speaks(channel: str) -> bool:
    """Questions are spoken on no channel."""
    return False


class Entry:
    """Finds or begins the interview of a message. Messages of an address are taken in order."""

    def __init__(
        self,
        pipeline: Pipeline,
        joining: Joining,
        channels: Mapping[str, Channel],
        wake_outbox: Callable[[str], None],
        recordings: Recordings | None = None,
        speaks: Callable[[str], bool] = nobody_speaks,
    ) -> None:
        """`wake_outbox` tells of an interview that something can be sent in it. Without `recordings`
        nothing is heard that is said aloud. `speaks` tells of a channel whether questions can be
        spoken there."""
        self._pipeline = pipeline
        self._joining = joining
        self._channels = channels
        self._wake_outbox = wake_outbox
        self._recordings = recordings
        self.speaks = speaks
        self.handing_in = HandingIn(pipeline, joining)
        self._correcting = Correcting(pipeline)
        self._groups = Seldom(GROUP_SECONDS, lambda: pipeline.now())
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
            note = await self._take(incoming, place)
            if place.held:
                # After a turn, which releases its own, so that all goes out together.
                await self._pipeline.database.write(lambda s: interviews.release(s, place.held))
                for interview_id in place.held:
                    self._wake_outbox(interview_id)
            return note

    async def _take(self, incoming: Incoming, place: Place) -> str | None:
        if incoming.not_taken is not None:
            await self._decline(incoming, place)
        elif incoming.document is not None:
            await self._hand_in(incoming, place, incoming.document)
        elif incoming.voice is not None:
            await self._record(incoming, place, incoming.voice)
        elif incoming.edits is not None:
            await self._edit(incoming, place, incoming.edits)
        elif incoming.start is not None:
            await self._start(incoming, place, incoming.start)
        else:
            return await self._say(incoming, place)
        return None

    async def give_up(self, incoming: Incoming) -> str | None:
        """Tell the sender of a message that it could not be taken, because of a fault of ours."""
        if incoming.not_taken is None:
            await self._tell(incoming, "not_taken", incoming.language)
        return None

    async def expected(self, incoming: Incoming) -> Expected:
        """What follows a message that was taken in: see `bot.channels.base.Reception`."""

        def look(session: Session) -> Expected:
            master, channel = self._pipeline.master, incoming.channel
            person = find_person(session, master, channel, incoming.address)
            if person is None:
                return Expected(coming=False)
            if sending.is_coming(session, person, channel):
                return Expected(coming=True)
            replies = sending.carried_by(session, master, person, channel, incoming.message_id)
            return Expected(coming=False, carried=replies)

        return await self._pipeline.database.read(look)

    def _find(self, session: Session, incoming: Incoming) -> Place:
        if interviews.taken_in(session, incoming.channel, incoming.message_id):
            return Place(None, repeated=True)
        if incoming.not_taken == "group":
            return Place(None, repeated=False)
        row = interviews.latest_at(
            session, self._pipeline.master, incoming.channel, incoming.address
        )
        held = sending.held_in(session, row.person_id, incoming.channel) if row is not None else ()
        return Place(row, repeated=False, held=held)

    async def _decline(self, incoming: Incoming, place: Place) -> None:
        """A message that is no part of an interview, whatever is open."""
        match incoming.not_taken:
            case "group" if self._groups.may((incoming.channel, incoming.address)):
                await self._tell(incoming, "private_only", incoming.language)
            case "media":
                files = self._channels[incoming.channel].capabilities.documents
                language = _language(place.interview, incoming)
                await self._tell(incoming, "text_only", language, "or_resume" if files else None)

    async def _hand_in(self, incoming: Incoming, place: Place, document: Document) -> None:
        """A résumé, once they agreed to the interview and before its end."""
        row = place.open
        if row is None:
            return await self._greet(incoming, place)
        language = _known(row.language)

        async def tell(about: Incoming, key: str) -> None:
            await self._tell(about, key, language)

        if row.status == "consent":
            return await tell(incoming, "document_later")
        await self.handing_in.take(incoming, document, row.id, tell)

    async def _record(self, incoming: Incoming, place: Place, voice: Voice) -> None:
        """What they say aloud, where there is something that listens."""
        row = place.open
        if self._recordings is None:
            return await self._decline(replace(incoming, not_taken="media"), place)
        if row is None:
            return await self._greet(incoming, place)
        try:
            audio = await fetched(voice)
            message = (row.id, incoming.channel, incoming.message_id)
            await self._recordings.take(Arrived(*message, audio, voice.seconds))
        except NotRecordedError as error:
            await self._tell(incoming, error.key, _known(row.language))
        except ErasedError:
            await self._tell(incoming, "ended", _known(row.language))

    async def _edit(self, incoming: Incoming, place: Place, edits: str) -> None:
        """A message was changed: the last answer follows, and nothing else."""
        row = place.interview
        if row is None:
            return
        if place.open is None:
            await self._tell(incoming, "edited_late", _known(row.language))
            return
        edit = Edit(row.id, incoming.channel, incoming.message_id, edits, incoming.text)
        try:
            await self._correcting.take(edit)
        except (NotCorrectedError, UnusableError, ClosedError, ErasedError):
            await self._tell(incoming, "edited_kept", _known(row.language))

    async def _start(self, incoming: Incoming, place: Place, code: str) -> None:
        """`/start CODE`: begin the interview that the code admits to, or go on with what is open.

        Held messages are what they missed; with those, nothing is asked again.
        """
        if code:
            await self._enter(incoming, place, code)
        elif place.open is None:
            await self._greet(incoming, place)
        elif not place.held:
            await self._ask(incoming, place.open, REPEAT)

    async def _enter(self, incoming: Incoming, place: Place, code: str) -> None:
        language = incoming.language
        arrival = Arrival(
            campaign=code,
            channel=incoming.channel,
            language=language,
            source=incoming.channel,
            address=incoming.address,
            message_id=incoming.message_id,
        )
        try:
            try:
                outcome, _ = await self._pipeline.begin(arrival)
            except UnknownChoiceError:
                # The campaign is not held in this language; then in its first.
                outcome, _ = await self._pipeline.begin(replace(arrival, language=None))
        except UnknownCampaignError:
            return await self._tell(incoming, "unknown_code", language)
        except NotAdmittedError as error:
            return await self._tell(incoming, f"invitation_{error.reason}", language)
        if outcome.continued and outcome.interview_id not in place.held:
            row = await self._pipeline.database.read(
                lambda session: session.get_one(Interview, outcome.interview_id)
            )
            await self._ask(incoming, row, REPEAT)

    async def _say(self, incoming: Incoming, place: Place) -> str | None:
        """Words, a command or a tap."""
        row = place.open
        if incoming.command == "voice" and not self.speaks(incoming.channel):
            await self._tell(incoming, "aloud_missing", _language(place.interview, incoming))
            return None
        if incoming.command == "help":
            await self._tell(incoming, "help", _language(place.interview, incoming))
            return None
        said = incoming.command is None and incoming.tapped is None
        if said and normal_code(incoming.text) is not None:
            # Some write the code of their invitation, where a link cannot be opened.
            master = self._pipeline.master
            invited = await self._pipeline.database.read(
                lambda s: find_by_code(s, master, incoming.text) is not None
            )
            if invited:
                await self._start(incoming, place, incoming.text.strip())
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

    async def _tell(
        self, incoming: Incoming, key: str, language: Language | None, more: str | None = None
    ) -> None:
        """Answer directly, in both languages where none is known. Tried a few times only: it
        answers something just sent, and is of no use later."""
        both: tuple[Language, ...] = ("zh", "en")
        languages = (language,) if language is not None else both
        texts = (say(key, each) + (say(more, each) if more else "") for each in languages)
        reply = Reply(kind="notice", text="\n\n".join(texts))
        if incoming.tell is not None:
            incoming.tell(reply)
            return
        channel = self._channels[incoming.channel]
        try:
            async for attempt in stamina.retry_context(
                on=_worth_waiting, attempts=TELL_TRIES, timeout=TELL_SECONDS
            ):
                with attempt:
                    await channel.send(incoming.address, [reply])
        except SendError as error:
            log.warning("not told", channel=channel.name, text=key, error=type(error).__name__)


def _worth_waiting(error: Exception) -> bool | float:
    if isinstance(error, RetryableSendError) and error.after <= LONGEST_PAUSE:
        return max(0.05, error.after)
    return False


def _known(language: str) -> Language:
    return "zh" if language == "zh" else "en"


def _language(row: Interview | None, incoming: Incoming) -> Language | None:
    """The language of the interview, else the one that the platform names."""
    return _known(row.language) if row is not None else incoming.language
