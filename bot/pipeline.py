"""The one path of a message:

    inbound → dedupe → voice to text → understand → advance
            → one transaction: events + replies + durable work
            → send replies → score → deliver → console

Channels hand their messages to `receive`; everything else happens behind it. Scoring and delivery
are durable work (bot/work), enqueued in the turn's transaction. (Voice is not taken yet.)
"""

import asyncio
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session

from bot.assessors import Assessors, open_question
from bot.security.sealing import Key
from bot.security.tokens import new_token, token_hash
from bot.storage import interviews, waiting
from bot.storage.catalogue import Catalogue, Role, current_files, find_campaign
from bot.storage.database import Database
from bot.storage.interviews import NewInterview, Opened, Outcome, TurnConflictError
from bot.storage.tables import Campaign
from bot.storage.waiting import Waiting
from bot.text import clean
from bot.understanding.base import Parser, Understood
from bot.understanding.hearing import understand
from dialogues import engine
from dialogues.events import AddQuestion, Begin, Said, TimedOut, Work
from dialogues.guide import Language
from dialogues.plan import Plan

MAX_CHARACTERS = 20_000
PROGRAMS_AT_ONCE = 2
"""Candidates' programs that run at the same time; others wait."""

Enqueue = Callable[[Session, Work, str], None]
"""Puts durable work for an interview into the turn's transaction."""


class UnknownCampaignError(LookupError):
    """There is no such campaign open to all."""


class UnknownChoiceError(ValueError):
    """A position, candidate type or language that the campaign does not have."""


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
class Arrival:
    """A candidate who begins an interview. `address` is where replies are sent, None for pull."""

    campaign: str
    channel: str
    language: Language | None = None
    position: str | None = None
    candidate_type: str | None = None
    profile: Mapping[str, object] = field(default_factory=dict)
    source: str = ""
    address: str | None = None
    message_id: str | None = None


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

    def __post_init__(self) -> None:
        self.catalogue = Catalogue()
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._encoding = ThreadPoolExecutor(self.encode_workers, thread_name_prefix="understand")
        self._programs = ThreadPoolExecutor(PROGRAMS_AT_ONCE, thread_name_prefix="programs")

    async def begin(self, arrival: Arrival) -> tuple[Outcome, str]:
        """Begin an interview; returns its first messages and the token that opens it."""
        token = new_token()

        def work(session: Session) -> Outcome:
            repeated = self._repeated(session, arrival.channel, arrival.message_id)
            if repeated is not None:
                return repeated
            campaign = find_campaign(session, arrival.campaign)
            if campaign is None or not campaign.open:
                raise UnknownCampaignError(arrival.campaign)
            files = current_files(session, campaign.id)
            plan = self.catalogue.plan(session, campaign, files)
            start = _begin(plan, arrival)
            new = NewInterview(
                campaign_id=campaign.id,
                files=files,
                channel=arrival.channel,
                source=arrival.source,
                address=arrival.address,
                token_hash=token_hash(token),
            )
            opened = interviews.create(session, self.master, new, self.now())
            transition = engine.advance(plan, opened.state, start, self.now())
            heard = [(arrival.channel, arrival.message_id)] if arrival.message_id else []
            return self._commit(session, opened, plan, transition, heard)

        outcome = await self.database.write(work)
        self.on_replies(outcome)
        return outcome, token

    async def receive(self, inbound: Inbound) -> Outcome:
        """Take a message along the whole path; returns the replies once they are committed.

        Raises UnusableError, ClosedError, LookupError (no such interview) and ErasedError.
        """
        text = usable(inbound.text)
        async with self._turn_of(inbound.interview_id):
            while True:
                # Dedupe, and open the interview.
                found = await self.database.read(partial(self._open, inbound))
                if isinstance(found, Outcome):
                    return found
                opened, plan, role = found
                # Understand: intent and evidence.
                said = await self._understand(opened, plan, role, text, inbound.understood)
                # Advance: what follows.
                transition = engine.advance(plan, opened.state, said, self.now())
                # One transaction: events, replies and durable work.
                commit = partial(self._commit_once, opened, plan, transition, inbound)
                try:
                    outcome = await self.database.write(commit)
                except TurnConflictError:
                    continue
                # Send replies. Scoring and delivery follow as durable work.
                self.on_replies(outcome)
                return outcome

    def receive_waiting(
        self, interview_id: str, choose: Callable[[Sequence[Waiting]], bool]
    ) -> Outcome | None:
        """Take up the messages that wait for the rest of their answer, as one, if `choose` says so.

        Raises LookupError, ErasedError, and TurnConflictError when another turn came first.
        """

        def look(session: Session) -> tuple[Opened, Plan, Role | None, Sequence[Waiting]]:
            opened, plan, role = self.look(session, interview_id)
            return opened, plan, role, waiting.read_all(session, opened.key, interview_id)

        opened, plan, role, messages = self.database.read_now(look)
        if not messages or not choose(messages):
            return None
        text = "\n".join(message.text for message in messages)
        said = _as_said(text, understand(self.parser, plan, opened.state, text))
        if role is not None:
            said = self.assessors.listen(role, opened.state, said)
        transition = engine.advance(plan, opened.state, said, self.now())
        heard = [(message.channel, message.message_id) for message in messages]

        def commit(session: Session) -> Outcome:
            interviews.lock(session, interview_id)
            if waiting.drop(session, messages) != len(messages):
                raise TurnConflictError(interview_id)
            return self._commit(session, opened, plan, transition, heard)

        outcome = self.database.write_now(commit)
        self.on_replies(outcome)
        return outcome

    async def add_question(self, interview_id: str, question: str, by: str) -> Outcome:
        """A recruiter adds an approved question of the guide's bank; it is asked next.

        Raises NotAddedError with the reason, LookupError and ErasedError.
        """

        def work(session: Session) -> Outcome:
            opened, plan, _ = self.look(session, interview_id)
            addition = AddQuestion(question, by)
            transition = engine.advance(plan, opened.state, addition, self.now())
            return self._commit(session, opened, plan, transition, [])

        async with self._turn_of(interview_id):
            while True:
                try:
                    return await self.database.write(work)
                except TurnConflictError:
                    continue

    def time_out(self, interview_id: str, idle_seconds: float) -> float | None:
        """A timer rang: close the interview if it was idle that long.

        Returns after how many seconds to look again, or None when it is closed.
        """

        def work(session: Session) -> tuple[Outcome | None, float | None]:
            opened = interviews.open_interview(session, self.master, interview_id)
            if opened.state.closed:
                return None, None
            now = self.now()
            plan = self._plan(session, opened)
            timer = TimedOut(idle_seconds)
            transition = engine.advance(plan, opened.state, timer, now)
            if not transition.events:
                idle_until = opened.state.heard_at + idle_seconds
                return None, idle_until - now if idle_until > now else idle_seconds
            return self._commit(session, opened, plan, transition, []), None

        try:
            outcome, again = self.database.write_now(work)
        except TurnConflictError:  # The candidate was heard just now.
            return idle_seconds
        if outcome is not None:
            self.on_replies(outcome)
        return again

    # The steps of the path.

    def _turn_of(self, interview_id: str) -> asyncio.Lock:
        """One turn of an interview at a time in this process; the turn number guards the rest."""
        lock = self._turns.get(interview_id)
        if lock is None:
            lock = self._turns[interview_id] = asyncio.Lock()
        return lock

    def _open(
        self, inbound: Inbound, session: Session
    ) -> tuple[Opened, Plan, Role | None] | Outcome:
        """The interview with its plan and the role in question; or what came of a repeated message."""
        repeated = self._repeated(session, inbound.channel, inbound.message_id)
        if repeated is not None:
            return repeated
        return self.look(session, inbound.interview_id)

    def look(self, session: Session, interview_id: str) -> tuple[Opened, Plan, Role | None]:
        """The interview with its plan and, once a position is known, the role."""
        opened = interviews.open_interview(session, self.master, interview_id)
        position = opened.state.position
        role = self.catalogue.role(session, opened.row.files[position]) if position else None
        return opened, self._plan(session, opened), role

    def _repeated(self, session: Session, channel: str, message_id: str | None) -> Outcome | None:
        if message_id is None:
            return None
        return interviews.find_repeated(session, self.master, channel, message_id)

    def _plan(self, session: Session, opened: Opened) -> Plan:
        campaign = session.get_one(Campaign, opened.row.campaign_id)
        return self.catalogue.plan(session, campaign, opened.row.files)

    async def understand(self, opened: Opened, plan: Plan, text: str) -> Understood:
        """What a message means where the interview stands."""
        work = partial(understand, self.parser, plan, opened.state, text)
        return await asyncio.get_running_loop().run_in_executor(self._encoding, work)

    async def _understand(
        self, opened: Opened, plan: Plan, role: Role | None, text: str, known: Understood | None
    ) -> Said:
        """The intent and, for an answer to a scored question, what was found in it.

        Raises ClosedError when the interview hears this no more.
        """
        state = opened.state
        understood = known or await self.understand(opened, plan, text)
        heard = state.pending is not None or engine.still_heard(state, understood.intent)
        if state.closed and not heard:
            raise ClosedError(state.status)
        said = _as_said(text, understood)
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
        return self._commit(
            session, opened, plan, transition, [(inbound.channel, inbound.message_id)]
        )

    def _commit(
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
        return outcome


def _as_said(text: str, understood: Understood) -> Said:
    return Said(text, understood.intent, also=understood.also, parser=understood.parser)


def _begin(plan: Plan, arrival: Arrival) -> Begin:
    """The engine's beginning, with every choice checked against the campaign."""
    guides = [position.guide for position in plan.positions.values()]
    if arrival.position is not None and arrival.position not in plan.positions:
        raise UnknownChoiceError(f"position must be one of {', '.join(plan.positions)}")
    types = {name for guide in guides for name in guide.candidate_types}
    if arrival.candidate_type is not None and arrival.candidate_type not in types:
        raise UnknownChoiceError(f"candidate_type must be one of {', '.join(sorted(types))}")
    if arrival.language is not None and arrival.language not in plan.languages:
        raise UnknownChoiceError(f"language must be one of {', '.join(plan.languages)}")
    return Begin(
        language=arrival.language or plan.languages[0],
        position=arrival.position,
        candidate_type=arrival.candidate_type,
        profile=arrival.profile,
    )
