"""A turn in the making, and how what is open is asked."""

from dataclasses import dataclass, field
from typing import Literal

from dialogues import path
from dialogues.events import Event, Held, Noted, Reply, ReplyOption, Resumed, Said, Work
from dialogues.guide import Guide, Language, Question, Text
from dialogues.personal import fill
from dialogues.plan import Plan, Position
from dialogues.state import State, apply
from dialogues.texts import one_line, say

LONGEST_QUOTE = 80
"""Characters of a candidate's words that are said back."""


@dataclass
class Turn:
    """A turn in the making: each emitted event is applied at once. `text` is what was said."""

    plan: Plan
    state: State
    now: float
    text: str = ""
    events: list[Event] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.state = apply(self.state, event)

    @property
    def language(self) -> Language:
        return self.state.language

    @property
    def aloud(self) -> bool:
        """Whether questions are spoken as well."""
        return self.plan.aloud if self.state.aloud is None else self.state.aloud

    @property
    def position(self) -> Position:
        return self.plan.positions[self.state.position or ""]

    @property
    def guide(self) -> Guide:
        return self.position.guide

    @property
    def question(self) -> Question | None:
        """The question that is open."""
        return self.guide.by_id.get(self.state.question or "") if self.state.position else None

    def personal(self, text: Text) -> str:
        """The text in the interview's language, with what is known of the candidate."""
        return fill(text, self.language, self.guide, self.state.profile)

    def notice(self, key: str, **values: object) -> None:
        self.replies.append(Reply(kind="notice", text=say(key, self.language, **values)))

    def offer(
        self,
        kind: Literal["text", "question", "consent"],
        key: str,
        options: tuple[ReplyOption, ...],
        **values: object,
    ) -> None:
        text = say(key, self.language, **values)
        self.replies.append(Reply(kind=kind, text=text, options=options))

    def hold(self, said: Said) -> None:
        """Keep words that may be an answer, until the candidate says whether they are one."""
        self.emit(
            Held(
                at=self.now,
                text=said.text,
                intent=said.intent,
                hits=said.hits,
                evidence=dict(said.evidence),
                parser=said.parser,
                spoken=said.spoken,
            )
        )

    def note(self, said: Said) -> None:
        """Keep words that are no answer."""
        self.emit(
            Noted(
                at=self.now,
                text=said.text,
                intent=said.intent,
                parser=said.parser,
                spoken=said.spoken,
            )
        )

    def wake(self) -> None:
        """Go on if the interview is paused."""
        if self.state.status == "paused":
            self.emit(Resumed(at=self.now))


def ask_again(turn: Turn, material: bool = False) -> None:
    """Say what is open now: the confirmation, consent, a choice, the follow-up or the question.

    A case's material stands before its first question; before a follow-up only if asked for.
    """
    state, question = turn.state, turn.question
    if state.pending is not None:
        held = one_line(state.held.text, LONGEST_QUOTE) if state.held else ""
        key = f"confirm_{state.pending}"
        about = {"held": held, "company": turn.plan.company[turn.language], "kept": kept(turn)}
        turn.offer("text", key, fixed_options(turn, "yes", "no"), **about)
    elif state.closed or state.status == "human":
        return
    elif not state.consented:
        ask_consent(turn)
    elif question is None:
        choice = open_choice(turn)
        if choice is not None:
            turn.offer("text", *choice)
    else:
        _ask(turn, question, material or state.probe is None)


def kept(turn: Turn) -> str:
    """How long recordings are kept."""
    days = turn.plan.voice_days
    return say("voice_kept" if days else "voice_kept_no", turn.language, days=f"{days:g}")


def once_more(turn: Turn, material: bool = False) -> list[Reply]:
    """What is open, as it is said without being asked for."""
    again = Turn(turn.plan, turn.state, turn.now)
    ask_again(again, material)
    return [reply.model_copy(update={"reminds": True}) for reply in again.replies]


def _ask(turn: Turn, question: Question, material: bool) -> None:
    state = turn.state
    words = question.follow_ups[state.probe].text if state.probe else question.text
    text = turn.personal(words)
    if material and question.material:
        text = f"{turn.personal(question.material)}\n\n{text}"
    turn.replies.append(
        Reply(
            kind="question",
            text=text,
            options=question_options(turn),
            question=question.id,
            probe=state.probe,
            progress=(len(state.asked), path.expected_total(turn.guide, state)),
            aloud=turn.aloud,
            personal=text != words.get(turn.language),
        )
    )


def ask_consent(turn: Turn) -> None:
    text = say("consent", turn.language, statement=consent_statement(turn))
    turn.replies.append(
        Reply(kind="consent", text=text, options=fixed_options(turn, "agree", "decline"))
    )


def consent_statement(turn: Turn) -> str:
    """What a candidate agrees to."""
    return say("consent_statement", turn.language, company=turn.plan.company[turn.language])


def fixed_options(turn: Turn, *keys: str) -> tuple[ReplyOption, ...]:
    return tuple(ReplyOption(id=key, text=say(key, turn.language)) for key in keys)


def open_choice(turn: Turn) -> tuple[str, tuple[ReplyOption, ...]] | None:
    """Which of position and candidate type has still to be chosen, with its options."""
    state, language = turn.state, turn.language
    if state.position is None:
        texts = {p.id: p.title for p in turn.plan.positions.values()}
        key = "choose_position"
    elif state.candidate_type not in turn.guide.candidate_types:
        texts = turn.guide.candidate_types
        key = "choose_type"
    else:
        return None
    return key, tuple(ReplyOption(id=i, text=t.get(language, i)) for i, t in texts.items())


def open_options(turn: Turn) -> tuple[ReplyOption, ...]:
    """The options of what is open now, confirmations apart."""
    if not turn.state.consented:
        return fixed_options(turn, "agree", "decline")
    choice = open_choice(turn)
    return choice[1] if choice is not None else question_options(turn)


def question_options(turn: Turn) -> tuple[ReplyOption, ...]:
    question = turn.question
    if question is None or turn.state.probe is not None:
        return ()
    if question.kind == "code":
        return fixed_options(turn, "keep_program") if turn.state.tries else ()
    return tuple(
        ReplyOption(id=option.id, text=option.label(turn.language)) for option in question.options
    )


def ask_for_number(turn: Turn, question: Question) -> None:
    low, high = question.min, question.max
    if low is not None and high is not None:
        key = "number_between"
    elif low is not None:
        key = "number_at_least"
    elif high is not None:
        key = "number_at_most"
    else:
        key = "number_again"
    example = low if low is not None else high if high is not None else 3
    bounds = {"low": low, "high": high, "example": example}
    turn.notice(key, **{name: f"{n:.12g}" for name, n in bounds.items() if n is not None})
