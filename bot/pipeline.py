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
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session

from bot.assessors import Assessors
from bot.security.sealing import Key
from bot.security.tokens import new_token, token_hash
from bot.storage import interviews
from bot.storage.catalogue import Catalogue, Role, current_files, find_campaign
from bot.storage.database import Database
from bot.storage.interviews import NewInterview, Opened, Outcome, TurnConflictError
from bot.storage.tables import Campaign
from bot.text import clean
from bot.understanding.base import Parser
from dialogues import engine
from dialogues.events import Begin, Said, TimedOut, Work
from dialogues.guide import Language
from dialogues.plan import Plan
from dialogues.state import State

MAX_CHARACTERS = 20_000

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
    """A message of a candidate. `message_id` is unique within its channel."""

    interview_id: str
    channel: str
    message_id: str
    text: str


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
            inbound = (arrival.channel, arrival.message_id) if arrival.message_id else None
            return self._commit(session, opened, plan, transition, inbound)

        outcome = await self.database.write(work)
        self.on_replies(outcome)
        return outcome, token

    async def receive(self, inbound: Inbound) -> Outcome:
        """Take a message along the whole path; returns the replies once they are committed.

        Raises UnusableError, ClosedError, LookupError (no such interview) and ErasedError.
        """
        text = clean(inbound.text)
        if not text or len(text) > MAX_CHARACTERS:
            raise UnusableError(
                "the message has no text" if not text else "the message is too long"
            )
        async with self._turn_of(inbound.interview_id):
            while True:
                # Dedupe, and open the interview.
                found = await self.database.read(partial(self._open, inbound))
                if isinstance(found, Outcome):
                    return found
                opened, plan, role = found
                # Understand: intent and evidence.
                said = await self._understand(opened.state, role, text)
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
            return self._commit(session, opened, plan, transition, None), None

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
        opened = interviews.open_interview(session, self.master, inbound.interview_id)
        if opened.state.closed and not self._still_heard(opened.state, inbound.text):
            raise ClosedError(opened.state.status)
        position = opened.state.position
        role = self.catalogue.role(session, opened.row.files[position]) if position else None
        return opened, self._plan(session, opened), role

    def _still_heard(self, state: State, text: str) -> bool:
        intent = self.parser.parse(clean(text)).intent
        return state.pending is not None or engine.still_heard(state, intent)

    def _repeated(self, session: Session, channel: str, message_id: str | None) -> Outcome | None:
        if message_id is None:
            return None
        return interviews.find_repeated(session, self.master, channel, message_id)

    def _plan(self, session: Session, opened: Opened) -> Plan:
        campaign = session.get_one(Campaign, opened.row.campaign_id)
        return self.catalogue.plan(session, campaign, opened.row.files)

    async def _understand(self, state: State, role: Role | None, text: str) -> Said:
        """The intent and, for an answer to a scored question, the evidence in it."""
        intent = self.parser.parse(text).intent
        question = role.guide.by_id.get(state.question or "") if role else None
        if role is None or question is None or question.competency is None:
            return Said(text, intent)
        if intent in _COMMANDS or state.status == "human":
            return Said(text, intent)
        find = self.assessors.of(role).find
        found = await asyncio.get_running_loop().run_in_executor(
            self._encoding, find, question.id, text
        )
        return Said(text, intent, found.hits, self.assessors.as_evidence(found))

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
            session, opened, plan, transition, (inbound.channel, inbound.message_id)
        )

    def _commit(
        self,
        session: Session,
        opened: Opened,
        plan: Plan,
        transition: engine.Transition,
        inbound: tuple[str, str] | None,
    ) -> Outcome:
        """The one transaction of a turn: events, replies and durable work."""
        outcome = interviews.commit_turn(
            session,
            opened,
            plan,
            transition,
            inbound,
            self.now(),
            pulled=opened.row.channel in self.pulled,
        )
        for work in transition.work:
            self.enqueue(session, work, opened.row.id)
        return outcome


_COMMANDS = frozenset({"no_words", *engine.COMMANDS})


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
