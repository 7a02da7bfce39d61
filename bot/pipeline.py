"""The one path of a message:

    inbound → dedupe → voice to text → understand → advance
            → one transaction: events + replies + durable work
            → send replies → score → deliver → console

Channels hand their messages to `receive`; everything else happens behind it. Scoring and delivery
are durable work (bot/work), enqueued in the turn's transaction. Of a voice, the recording comes in
first (bot/recordings.py); its words follow as pieces of an answer do (bot/joining.py).
"""

import asyncio
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from sqlmodel import Session

from bot.arrival import Arrival, as_invited, begin_input, invited_in_chat
from bot.assessors import Assessors, open_question
from bot.security.sealing import Key
from bot.security.tokens import new_token, token_hash
from bot.storage import admission, interviews, invitations, recordings, waiting
from bot.storage.admission import Admission, UnknownCampaignError, Where
from bot.storage.catalogue import Catalogue, Role, current_files
from bot.storage.database import Database
from bot.storage.interviews import NewInterview, Opened, Outcome, TurnConflictError
from bot.storage.people import key_of
from bot.storage.tables import Campaign, Interview, ResultRow
from bot.storage.waiting import Waiting
from bot.text import clean
from bot.understanding.base import Parser, Understood
from bot.understanding.hearing import understand
from dialogues import engine
from dialogues.events import AddQuestion, Input, Reopen, Said, Work
from dialogues.plan import Plan
from dialogues.state import State

MAX_CHARACTERS = 20_000
PROGRAMS_AT_ONCE = 2
"""Candidates' programs that run at the same time; others wait."""

Enqueue = Callable[[Session, Work, str], None]
"""Puts durable work for an interview into the turn's transaction."""
Also = Callable[[Session, Opened], None]
"""Done in a turn's transaction, before the turn is written."""


class ClosedError(Exception):
    """The interview has ended and takes no more messages."""


class UnusableError(ValueError):
    """A message without any text, or with too much of it."""


def usable(text: str) -> str:
    """The text without what cannot be shown; raises UnusableError when it cannot be taken."""
    text = clean(text)
    if not text or len(text) > MAX_CHARACTERS:
        raise UnusableError("the message has no text" if not text else "the message is too long")
    return text


@dataclass(frozen=True)
class Inbound:
    """A message of a candidate. `message_id` is unique within its channel.

    `understood` is what it means where that is known already, as of a platform's own command.
    """

    interview_id: str
    channel: str
    message_id: str
    text: str
    understood: Understood | None = None


class Found(NamedTuple):
    """An interview ready for a turn, with its plan and, once a position is known, the role."""

    opened: Opened
    plan: Plan
    role: Role | None


@dataclass
class Pipeline:
    """The parts of the path, chosen in bot/bootstrap.py."""

    database: Database
    master: Key
    parser: Parser
    assessors: Assessors
    enqueue: Enqueue
    pulled: frozenset[str]
    """Channels whose candidates fetch their messages; to the others they are sent."""
    on_replies: Callable[[Outcome], None] = lambda outcome: None
    now: Callable[[], float] = time.time
    encode_workers: int = 2
    fix_seconds: float = 0.0
    """How long after a voice was taken down its speaker can put the words right."""
    voice_days: float = 0.0
    """How long recordings are kept after that; 0: not at all."""

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.voice_days)
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._encoding = ThreadPoolExecutor(self.encode_workers, thread_name_prefix="understand")
        self._programs = ThreadPoolExecutor(PROGRAMS_AT_ONCE, thread_name_prefix="programs")

    async def begin(self, arrival: Arrival) -> tuple[Outcome, str]:
        """Begin an interview; returns its first messages and the token that opens it.

        Who has begun already goes on here: the outcome is `continued`, with all messages so far.
        Raises UnknownCampaignError, NotAdmittedError and UnknownChoiceError.
        """
        token = new_token()
        outcome = await self.database.write(lambda s: self._arrive(s, arrival, token))
        self.on_replies(outcome)
        return outcome, token

    def invite(self, invitation_id: str, channel: str) -> None:
        """Begin the interview of a person who talks to us on a channel: consent is asked first.

        Raises NotReachedError, NotAdmittedError and ErasedError.
        """

        def work(session: Session) -> Outcome:
            arrival = invited_in_chat(session, self.master, invitation_id, channel)
            return self._arrive(session, arrival, new_token())

        self.on_replies(self.database.write_now(work))

    def _arrive(self, session: Session, arrival: Arrival, token: str) -> Outcome:
        repeated = self._repeated(session, arrival.channel, arrival.message_id)
        if repeated is not None:
            return repeated
        now, where = self.now(), Where(arrival.channel, arrival.address)
        code = arrival.invitation or arrival.campaign
        admitted = admission.admit(session, self.master, code, where, now)
        if arrival.invitation is not None and admitted.campaign.id != arrival.campaign:
            raise UnknownCampaignError(arrival.campaign)
        if admitted.continues is not None:
            return self._continue(session, admitted.continues, where, token)
        return self._begin(session, arrival, admitted, token)

    def _continue(self, session: Session, row: Interview, where: Where, token: str) -> Outcome:
        admission.move(session, self.master, row, where, token_hash(token), self.now())
        messages = interviews.read_messages(session, row, key_of(session, self.master, row))
        return Outcome(row.id, messages, interviews.view_of_row(row), continued=True)

    def _begin(
        self, session: Session, arrival: Arrival, admitted: Admission, token: str
    ) -> Outcome:
        campaign, invitation = admitted.campaign, admitted.invitation
        files = current_files(session, campaign.id)
        plan = self.catalogue.plan(session, campaign, files)
        arrival = as_invited(session, self.master, arrival, invitation)
        start = begin_input(plan, arrival)
        where = Where(arrival.channel, arrival.address)
        new = NewInterview(
            campaign_id=campaign.id,
            files=files,
            channel=arrival.channel,
            source=arrival.source,
            address=arrival.address,
            token_hash=token_hash(token),
            person=admission.person_invited(session, self.master, invitation, where, self.now()),
        )
        opened = interviews.create(session, self.master, new, self.now())
        if invitation is not None:
            invitations.count_use(session, invitation, opened.row.id)
        transition = engine.advance(plan, opened.state, start, self.now())
        heard = [(arrival.channel, arrival.message_id)] if arrival.message_id else []
        return self.commit(session, opened, plan, transition, heard)

    async def receive(self, inbound: Inbound, found: Found | None = None) -> Outcome:
        """Take a message along the whole path; returns the replies once they are committed.

        `found` is the interview where it was looked at just now. Raises UnusableError, ClosedError,
        LookupError (no such interview) and ErasedError.
        """
        text = usable(inbound.text)
        async with self.turn_of(inbound.interview_id):
            while True:
                # Dedupe, and open the interview.
                opening = found or await self.find(inbound)
                if isinstance(opening, Outcome):
                    return opening
                opened, plan, role = opening
                # Understand: intent and evidence.
                said = await self.hear(opened, plan, role, text, inbound.understood)
                # Advance: what follows.
                transition = engine.advance(plan, opened.state, said, self.now())
                # One transaction: events, replies and durable work.
                commit = partial(self._commit_once, opened, plan, transition, inbound)
                try:
                    outcome = await self.database.write(commit)
                except TurnConflictError:
                    found = None
                    continue
                # Send replies. Scoring and delivery follow as durable work.
                self.on_replies(outcome)
                return outcome

    def receive_waiting(
        self, interview_id: str, choose: Callable[[Sequence[Waiting]], bool]
    ) -> Outcome | None:
        """Take up the messages that wait for the rest of their answer, as one, if `choose` says so
        and the words of all of them are known.

        Raises LookupError, ErasedError, and TurnConflictError when another turn came first.
        """

        def look(session: Session) -> tuple[Found, Sequence[Waiting]]:
            found = self.look(session, interview_id)
            return found, waiting.read_all(session, found.opened.key, interview_id)

        (opened, plan, role), messages = self.database.read_now(look)
        texts = [message.text for message in messages if message.text is not None]
        if not messages or len(texts) < len(messages) or not choose(messages):
            return None
        text = "\n".join(texts)
        spoken = tuple(message.spoken for message in messages if message.spoken is not None)
        understood = understand(self.parser, plan, opened.state, text)
        said = replace(_as_said(text, understood), spoken=spoken)
        if role is not None:
            said = self.assessors.listen(role, opened.state, said)
        transition = engine.advance(plan, opened.state, said, self.now())
        # A recording was noted as a message when it came.
        written = [message for message in messages if message.recording is None]
        heard = [(message.channel, message.message_id) for message in written]

        def commit(session: Session) -> Outcome:
            interviews.lock(session, interview_id)
            if waiting.drop(session, messages) != len(messages):
                raise TurnConflictError(interview_id)
            return self.commit(session, opened, plan, transition, heard)

        outcome = self.database.write_now(commit)
        self.on_replies(outcome)
        return outcome

    async def add_question(self, interview_id: str, question: str, by: str) -> Outcome:
        """A recruiter adds an approved question of the guide's bank; it is asked next.

        Raises NotAddedError with the reason, LookupError and ErasedError.
        """
        return await self.add(interview_id, AddQuestion(question, by))

    async def reopen(self, interview_id: str, by: str) -> Outcome:
        """A recruiter opens an expired interview again; the candidate is asked where it stopped.

        Raises NotReopenedError with the reason, LookupError and ErasedError.
        """
        return await self.add(interview_id, Reopen(by))

    async def add(
        self,
        interview_id: str,
        added: Input,
        message: tuple[str, str] | None = None,
        also: Also | None = None,
    ) -> Outcome:
        """What needs no understanding, from a recruiter or in a message (its channel and id).

        `also` is done in the same transaction.
        """

        def work(session: Session) -> Outcome:
            return self._add(session, interview_id, added, message, also)

        async with self.turn_of(interview_id):
            while True:
                try:
                    outcome = await self.database.write(work)
                except TurnConflictError:
                    continue
                self.on_replies(outcome)
                return outcome

    def add_now(self, interview_id: str, added: Input, also: Also | None = None) -> Outcome:
        """The same from a thread of durable work; raises TurnConflictError when another turn came
        first."""
        outcome = self.database.write_now(
            lambda session: self._add(session, interview_id, added, None, also)
        )
        self.on_replies(outcome)
        return outcome

    def _add(
        self,
        session: Session,
        interview_id: str,
        added: Input,
        message: tuple[str, str] | None,
        also: Also | None,
    ) -> Outcome:
        repeated = self._repeated(session, *message) if message else None
        if repeated is not None:
            return repeated
        opened, plan, _ = self.look(session, interview_id)
        transition = engine.advance(plan, opened.state, added, self.now())
        if also is not None:
            also(session, opened)
        return self.commit(session, opened, plan, transition, [message] if message else [])

    def is_fixable(self, opened: Opened, session: Session) -> bool:
        """Whether what was taken down from the candidate's voice may still be put right."""
        recent = self.now() - opened.state.spoken_at <= self.fix_seconds
        return recent and session.get(ResultRow, opened.row.id) is None

    # The steps of the path.

    def turn_of(self, interview_id: str) -> asyncio.Lock:
        """One turn of an interview at a time in this process; the turn number guards the rest."""
        lock = self._turns.get(interview_id)
        if lock is None:
            lock = self._turns[interview_id] = asyncio.Lock()
        return lock

    async def find(self, inbound: Inbound) -> Found | Outcome:
        """The interview as it is now; or what came of a message that was taken in before.

        Raises LookupError and ErasedError.
        """

        def work(session: Session) -> Found | Outcome:
            repeated = self._repeated(session, inbound.channel, inbound.message_id)
            return repeated or self.look(session, inbound.interview_id)

        return await self.database.read(work)

    def look(self, session: Session, interview_id: str) -> Found:
        """The interview as it is now; raises LookupError and ErasedError."""
        opened = interviews.open_interview(session, self.master, interview_id)
        position = opened.state.position
        role = self.catalogue.role(session, opened.row.files[position]) if position else None
        return Found(opened, self.plan_of(session, opened), role)

    def _repeated(self, session: Session, channel: str, message_id: str | None) -> Outcome | None:
        if message_id is None:
            return None
        return interviews.find_repeated(session, self.master, channel, message_id)

    def plan_of(self, session: Session, opened: Opened) -> Plan:
        campaign = session.get_one(Campaign, opened.row.campaign_id)
        return self.catalogue.plan(session, campaign, opened.row.files)

    async def understand(self, opened: Opened, plan: Plan, text: str) -> Understood:
        """What a message means where the interview stands."""
        work = partial(understand, self.parser, plan, opened.state, text)
        return await asyncio.get_running_loop().run_in_executor(self._encoding, work)

    async def hear(
        self, opened: Opened, plan: Plan, role: Role | None, text: str, known: Understood | None
    ) -> Said:
        """The intent and, for an answer to a scored question, what was found in it.

        Raises ClosedError when the interview hears this no more.
        """
        state = opened.state
        said = _as_said(text, known or await self.understand(opened, plan, text))
        if state.status == "finished":
            said = replace(said, fixable=await self.database.read(partial(self.is_fixable, opened)))
        heard = state.pending is not None or engine.still_heard(state, said)
        if state.closed and not heard:
            raise ClosedError(state.status)
        return await self.assess(role, state, said)

    async def assess(self, role: Role | None, state: State, said: Said) -> Said:
        """The message with what is found in it, where it answers a scored question."""
        question = open_question(role, state, said.intent)
        if role is None or question is None:
            return said
        threads = self._programs if question.kind == "code" else self._encoding
        return await asyncio.get_running_loop().run_in_executor(
            threads, self.assessors.listen, role, state, said
        )

    def _commit_once(
        self,
        opened: Opened,
        plan: Plan,
        transition: engine.Transition,
        inbound: Inbound,
        session: Session,
    ) -> Outcome:
        repeated = self._repeated(session, inbound.channel, inbound.message_id)
        if repeated is not None:
            return repeated
        return self.commit(
            session, opened, plan, transition, [(inbound.channel, inbound.message_id)]
        )

    def commit(
        self,
        session: Session,
        opened: Opened,
        plan: Plan,
        transition: engine.Transition,
        heard: Sequence[tuple[str, str]],
    ) -> Outcome:
        """The one transaction of a turn: events, replies and durable work."""
        outcome = interviews.commit_turn(
            session,
            opened,
            plan,
            transition,
            heard,
            self.now(),
            pulled=opened.row.channel in self.pulled,
        )
        for work in transition.work:
            self.enqueue(session, work, opened.row.id)
        if opened.state.recordings:
            state = transition.state
            wanted = () if state.closed else tuple(state.recordings)
            recordings.drop_unwanted(session, opened.row.id, wanted)
        return outcome


def _as_said(text: str, understood: Understood) -> Said:
    return Said(text, understood.intent, also=understood.also, parser=understood.parser)
