"""An interview inside the conversation of a company's own Rasa assistant.

A conversation is known by its sender id, which counts on this channel only. What is said while the
assistant's loop is open goes to the interview; its answer brings the replies, whether the loop
stays open, and how far the conversation has been shown the interview's messages. The assistant
hands that back with the next message, so what it never got (a recruiter's words, an answer that was
lost on the way) is shown first.
"""

import asyncio
import hashlib
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlmodel import Session

from bot.arrival import Arrival, UnknownChoiceError
from bot.entry import REPEAT, REQUESTS, Request
from bot.pipeline import (
    MAX_CHARACTERS,
    ClosedError,
    Inbound,
    Pipeline,
    UnusableError,
)
from bot.security.sealing import ErasedError
from bot.storage import interviews
from bot.storage.admission import UnknownCampaignError
from bot.storage.interviews import Message, Outcome
from bot.storage.people import find_person, key_of
from bot.storage.tables import Interview
from bot.text import clean
from bot.understanding.base import Understood
from dialogues.events import Reply
from dialogues.guide import Language
from dialogues.state import CLOSED
from dialogues.texts import say

CHANNEL = "rasa"

LISTENING = frozenset({"consent", "asking", "waiting"})
"""The statuses in which every message is meant for the interview."""
RIGHTS = frozenset({"delete_my_data", "withdraw_consent"})
"""What is heard from outside the loop too, and after the end."""

WORDS: dict[str, dict[Language, str]] = {
    "missed": {
        "zh": "您上一条消息已经收到，但我的回复没有送到，现在补上。刚才这条没有被记录，请看完再回答。",
        "en": "Your previous message was recorded, but my reply to it did not reach you. Here it "
        "is. What you sent just now was not recorded: please read on, then answer.",
    },
    "not_open": {
        "zh": "抱歉，这场面试不存在，或者已经停止报名。请联系招聘人员。",
        "en": "Sorry, there is no such interview, or it is no longer open. Please contact the "
        "recruiters.",
    },
    "ended": {
        "zh": "这次面试已经结束，刚才的消息没有被记录。如需人工复核、删除资料或其他帮助，请联系招聘人员。",
        "en": "This interview has ended, and what you sent just now was not recorded. For a review "
        "by a person, the deletion of your data or other help, please contact the recruiters.",
    },
    "with_people": {
        "zh": "您的面试已经转给招聘人员，他们会尽快联系您。您在这里接着说的话由本助手回答，不会转给他们。",
        "en": "Your interview is with the recruiters, who will be in touch as soon as they can. "
        "What you write here from now on goes to this assistant and is not passed on to them.",
    },
}


@dataclass(frozen=True)
class Heard:
    """A message of a conversation, and what the assistant remembers of its interview.

    `inside` while the loop is open. `session` and `seen` are as they were last told, if they were.
    `text` is None for what is not meant for an interview, such as a widget's greeting.
    """

    sender: str
    message_id: str
    text: str | None
    inside: bool
    campaign: str = ""
    language: Language | None = None
    session: str | None = None
    seen: int | None = None

    @property
    def id(self) -> str:
        """Under which the message is taken in; sender ids may be phone numbers, so it is a hash."""
        return hashlib.sha256(f"{self.sender}\n{self.message_id}".encode()).hexdigest()


@dataclass(frozen=True)
class Told:
    """What the assistant shows, and what it remembers; `inside` when the loop stays open."""

    replies: tuple[Reply, ...]
    inside: bool
    session: str | None = None
    status: str | None = None
    seen: int | None = None


@dataclass(frozen=True)
class Place:
    """Where a message belongs: the interview it goes on with, or None.

    `unseen` are messages of the interview last shown here that the conversation never got.
    `before` is what came of the message when it was taken in earlier.
    """

    row: Interview | None
    unseen: tuple[Message, ...] = ()
    before: Outcome | None = None

    @property
    def language(self) -> Language | None:
        """The interview's."""
        return _known(self.row.language) if self.row is not None else None


class Conversations:
    """Interviews of assistants' conversations. Messages of a conversation are taken in order."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def take(self, heard: Heard) -> Told:
        """Take a message in; when this returns, it is stored, or the replies say that it is not."""
        lock = self._locks.get(heard.sender)
        if lock is None:
            lock = self._locks[heard.sender] = asyncio.Lock()
        async with lock:
            place = await self._pipeline.database.read(partial(self._find, heard))
            if place.before is not None:
                return _told(place.before, place, heard)
            if heard.inside or await self._is_right(heard, place):
                return await self._go_on(heard, place)
            return await self._come(heard, place)

    # Which interview?

    def _find(self, heard: Heard, session: Session) -> Place:
        master = self._pipeline.master
        campaign = None if heard.inside else heard.campaign or None
        row = interviews.latest_at(session, master, CHANNEL, heard.sender, campaign)
        shown = self._remembered(session, heard) or row
        if heard.inside:
            row = shown
        try:
            before = interviews.find_repeated(session, master, CHANNEL, heard.id)
            return Place(row, self._unseen(session, heard, shown), before)
        except ErasedError:
            return Place(row)

    def _remembered(self, session: Session, heard: Heard) -> Interview | None:
        """The interview that the assistant names, if it is one of this conversation."""
        row = session.get(Interview, heard.session) if heard.session else None
        if row is None or row.channel != CHANNEL:
            return None
        person = find_person(session, self._pipeline.master, CHANNEL, heard.sender)
        return row if row.person_id == person else None

    def _unseen(self, session: Session, heard: Heard, row: Interview | None) -> tuple[Message, ...]:
        """Without a word of how far it got, all before consent, so that the AI notice is read."""
        if row is None or (heard.seen is None and row.status != "consent"):
            return ()
        key = key_of(session, self._pipeline.master, row)
        return interviews.read_messages(session, row, key, after=heard.seen or 0)

    async def _is_right(self, heard: Heard, place: Place) -> bool:
        if place.row is None or heard.text is None:
            return False
        parse = self._pipeline.parser.parse
        return (await asyncio.to_thread(parse, clean(heard.text))).intent in RIGHTS

    # A message inside the loop.

    async def _go_on(self, heard: Heard, place: Place) -> Told:
        row = place.row
        if row is None:
            return Told(_words("ended", heard.language), inside=False)
        if heard.inside and any(_asks_anew(message.reply) for message in place.unseen):
            return _told_again(row, place.unseen)
        language = _known(row.language)
        try:
            if heard.text is None:
                outcome = await self._ask(heard, row, REPEAT)
            else:
                outcome = await self._receive(heard, row, heard.text)
        except UnusableError:
            key = "too_long" if len(heard.text or "") > MAX_CHARACTERS else "empty"
            reply = Reply(kind="notice", text=say(key, language))
            return Told((reply,), heard.inside, row.id, row.status, heard.seen)
        except (ClosedError, ErasedError):
            ended = _words("ended", language)
            told = _told_again(row, place.unseen)
            return replace(
                told, replies=told.replies[1:] + ended, inside=False, seen=told.seen or heard.seen
            )
        return _told(outcome, place, heard)

    async def _receive(
        self, heard: Heard, row: Interview, text: str, understood: Understood | None = None
    ) -> Outcome:
        return await self._pipeline.receive(Inbound(row.id, CHANNEL, heard.id, text, understood))

    async def _ask(self, heard: Heard, row: Interview, request: Request) -> Outcome:
        words = request.words[_known(row.language)]
        return await self._receive(heard, row, words, request.understood)

    # A message that leads into the loop.

    async def _come(self, heard: Heard, place: Place) -> Told:
        """Begin an interview, or say again what is open in the one that was left."""
        row = place.row
        if row is None or row.status in CLOSED:
            return await self._begin(heard, place)
        language = _known(row.language)
        if row.status == "human":
            shown = tuple(message.reply for message in place.unseen)
            seen = place.unseen[-1].id if place.unseen else heard.seen
            replies = shown + _words("with_people", language)
            return Told(replies, False, row.id, row.status, seen)
        request = REQUESTS["resume"] if row.status == "paused" else REPEAT
        outcome = await self._ask(heard, row, request)
        return _told(outcome, place, heard)

    async def _begin(self, heard: Heard, place: Place) -> Told:
        arrival = Arrival(
            campaign=heard.campaign,
            channel=CHANNEL,
            language=heard.language,
            source=CHANNEL,
            address=heard.sender,
            message_id=heard.id,
        )
        try:
            try:
                outcome, _ = await self._pipeline.begin(arrival)
            except UnknownChoiceError:
                # The campaign is not held in this language; then in its first.
                outcome, _ = await self._pipeline.begin(replace(arrival, language=None))
        except UnknownCampaignError:
            return Told(_words("not_open", heard.language), inside=False, seen=heard.seen)
        return _told(outcome, place, heard)


def _told(outcome: Outcome, place: Place, heard: Heard) -> Told:
    """What a turn came to, after what was not shown before it. Old questions are not asked again."""
    first = outcome.messages[0].id if outcome.messages else None
    earlier = [m for m in place.unseen if (first is None or m.id < first) and _tells(m.reply)]
    shown = [*earlier, *outcome.messages]
    status = outcome.view.status
    asked = bool(outcome.messages) and bool(outcome.messages[-1].reply.options)
    replies = tuple(message.reply for message in shown)
    if status == "human" and not asked:
        # Elsewhere messages go on to the recruiters; here they go to the assistant again.
        replies = replies[:-1] + _words("with_people", place.language)
    return Told(
        replies=replies,
        inside=status in LISTENING or asked,
        session=outcome.interview_id,
        status=status,
        seen=shown[-1].id if shown else heard.seen,
    )


def _told_again(row: Interview, unseen: Sequence[Message]) -> Told:
    """An answer that was lost on the way; the message that came instead of it is not taken."""
    return Told(
        replies=_words("missed", _known(row.language))
        + tuple(m.reply for m in unseen if not m.reply.reminds),
        inside=row.status in LISTENING or bool(unseen and unseen[-1].reply.options),
        session=row.id,
        status=row.status,
        seen=unseen[-1].id if unseen else None,
    )


def _asks(reply: Reply) -> bool:
    return reply.kind in ("question", "consent") or bool(reply.options)


def _asks_anew(reply: Reply) -> bool:
    """What was asked once more, unasked, was seen when it was asked first."""
    return _asks(reply) and not reply.reminds


def _tells(reply: Reply) -> bool:
    """Whoever speaks needs no reminder."""
    return not _asks(reply) and not reply.reminds


def _words(key: str, language: Language | None) -> tuple[Reply, ...]:
    """In both languages where none is known."""
    both: tuple[Language, ...] = ("zh", "en")
    languages = (language,) if language is not None else both
    text = "\n\n".join(WORDS[key][each] for each in languages)
    return (Reply(kind="notice", text=text),)


def _known(language: str) -> Language:
    return "zh" if language == "zh" else "en"
