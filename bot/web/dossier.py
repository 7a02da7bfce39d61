"""An interview as the console shows it: the transcript in blocks, each with its score beside it.

Building is pure; `read_dossier` is the one place that reads.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from bot.report import ADDED_KIND, ANSWER_KINDS, transcript
from bot.security.sealing import ErasedError, Key
from bot.storage.catalogue import Catalogue, Role
from bot.storage.console import Filters, Titles, is_erased, neighbours, type_of
from bot.storage.interviews import open_interview
from bot.storage.tables import (
    Campaign,
    CampaignPosition,
    Delivery,
    DeliveryAttempt,
    Interview,
    ResultRow,
)
from bot.web.highlight import Segment, Span, by_line, segments
from bot.work.tasks import deliveries_of, read_record
from connectors.result import CompetencyScore, Flag, Line, Result, ScoreRow, from_json
from dialogues.state import State
from dialogues.texts import say
from scoring.evidence import HIT
from scoring.rubric import Rubric

HUES = 6
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Badge:
    """A competency's letter and colour; the colour never stands alone."""

    letter: str
    hue: int
    name: Titles


@dataclass(frozen=True)
class Point:
    """A key point of a question, with how strongly the answer speaks for it (0 when not at all)."""

    id: str
    label: str
    texts: Mapping[Any, Sequence[str]]
    importance: int
    strength: float

    @property
    def hit(self) -> bool:
        return self.strength >= HIT


@dataclass(frozen=True)
class Card:
    """The score of an answer with what it rests on."""

    row: ScoreRow
    points: tuple[Point, ...]
    flags: tuple[tuple[str, Flag], ...]

    @property
    def hits(self) -> list[Point]:
        return [point for point in self.points if point.hit]

    @property
    def missed(self) -> list[Point]:
        return [point for point in self.points if not point.hit]

    @property
    def flag_labels(self) -> list[str]:
        return [label for label, flag in self.flags if flag.kind != ADDED_KIND]

    @property
    def shown_labels(self) -> list[str]:
        """Labels marked at rest; evidence too weak to count is marked only when pointed at."""
        return [point.label for point in self.hits] + self.flag_labels

    @property
    def spans(self) -> list[Span]:
        """Where the words of each key point and flag stand in the whole answer."""
        labels = {point.id: point.label for point in self.points}
        found = [Span(labels[e.key_point], e.start, e.end) for e in self.row.evidence]
        marked = [Span(label, f.start, f.end) for label, f in self.flags if f.kind != ADDED_KIND]
        return found + marked


@dataclass(frozen=True)
class Marked:
    """A line of the transcript, cut into segments where words are marked."""

    line: Line
    segments: tuple[Segment, ...]


@dataclass
class Block:
    """A question with all that was said until the next one; `number` is None before the first, and
    of a question that a correction dropped for good."""

    number: int | None
    question: str | None
    badge: Badge | None = None
    lines: list[Marked] = field(default_factory=list)
    card: Card | None = None


@dataclass(frozen=True)
class CompetencyView:
    id: str
    badge: Badge
    score: CompetencyScore
    anchors: Mapping[Any, Titles]


@dataclass(frozen=True)
class BankQuestion:
    """An approved question that may still be added for this candidate."""

    id: str
    name: Titles
    text: Titles


@dataclass(frozen=True)
class Added:
    """A question that was added for this candidate, and whether it was asked yet."""

    name: Titles
    asked: bool


@dataclass(frozen=True)
class Dossier:
    """Everything on the page of an interview."""

    row: Interview
    campaign: Titles
    position: Titles | None
    candidate_type: Titles | None
    erased: bool
    blocks: Sequence[Block]
    competencies: Sequence[CompetencyView]
    result: Result | None
    result_sha256: str | None
    deliveries: Sequence[tuple[Delivery, Sequence[DeliveryAttempt]]]
    bank: Sequence[BankQuestion]
    added: Sequence[Added]
    newer: str | None
    older: str | None


def read_dossier(
    session: Session, master: Key, catalogue: Catalogue, interview_id: str, filters: Filters
) -> Dossier | None:
    """None when there is no such interview."""
    row = session.get(Interview, interview_id)
    if row is None:
        return None
    position = session.get(CampaignPosition, (row.campaign_id, row.position or ""))
    role = catalogue.role(session, row.files[row.position]) if row.position else None
    content = _read_content(session, master, row, role)
    lines, result, sha256 = content.lines, content.result, content.sha256
    newer, older = neighbours(session, row, filters)
    badges = badges_of(role.rubric) if role else {}
    return Dossier(
        row=row,
        campaign=session.get_one(Campaign, row.campaign_id).title,
        position=position.title if position else None,
        candidate_type=type_of(session, catalogue, row),
        erased=is_erased(row) or lines is None,
        blocks=build_blocks(lines or (), role, result, badges),
        competencies=competencies_of(role, result, badges),
        result=result,
        result_sha256=sha256,
        deliveries=deliveries_of(session, row.id),
        bank=bank_of(role, content.state),
        added=added_to(role, content.state),
        newer=newer,
        older=older,
    )


@dataclass(frozen=True)
class _Content:
    """What was sealed; all None where it was erased. `result` once there is one."""

    lines: Sequence[Line] | None = None
    state: State | None = None
    result: Result | None = None
    sha256: str | None = None


def _read_content(session: Session, master: Key, row: Interview, role: Role | None) -> _Content:
    if is_erased(row):
        return _Content()
    try:
        opened = open_interview(session, master, row.id)
    except ErasedError:
        return _Content()
    found = session.get(ResultRow, row.id)
    if found is None:
        record = read_record(session, row, opened.key)
        lines = list(transcript(record.entries, role.guide if role else None))
        return _Content(lines, opened.state)
    result = from_json(opened.key.open(found.body, f"result.body:{row.id}"))
    return _Content(result.transcript, opened.state, result, found.sha256)


def added_to(role: Role | None, state: State | None) -> list[Added]:
    """What recruiters added to the interview, in order."""
    if role is None or state is None:
        return []
    questions = [role.guide.by_id[name] for name in state.added]
    return [Added(each.label or each.text, each.id in state.asked) for each in questions]


def bank_of(role: Role | None, state: State | None) -> list[BankQuestion]:
    """The questions of the guide's bank that can be added now."""
    if role is None or state is None or state.closed or state.status == "human":
        return []
    return [
        BankQuestion(question.id, question.label or question.text, question.text)
        for question in role.guide.bank
        if question.id not in state.added and question.meant_for(state.candidate_type)
    ]


def badges_of(rubric: Rubric) -> dict[str, Badge]:
    return {
        name: Badge(LETTERS[i % len(LETTERS)], i % HUES, competency.name)
        for i, (name, competency) in enumerate(rubric.competencies.items())
    }


def competencies_of(
    role: Role | None, result: Result | None, badges: Mapping[str, Badge]
) -> list[CompetencyView]:
    if role is None or result is None:
        return []
    return [
        CompetencyView(
            name,
            badges[name],
            result.scores.competencies[name],
            competency.anchors,
        )
        for name, competency in role.rubric.competencies.items()
        if name in result.scores.competencies
    ]


def build_blocks(
    lines: Sequence[Line],
    role: Role | None,
    result: Result | None,
    badges: Mapping[str, Badge],
) -> list[Block]:
    """The transcript in blocks; each score stands beside the first words it rests on."""
    cards = _cards(role, result, badges) if role and result else {}
    spans = {
        question: iter(by_line(_answer(lines, question), card.spans))
        for question, card in cards.items()
    }
    asked = [line.question_id for line in lines if line.kind == "question"]
    numbers = {name: n for n, name in enumerate(dict.fromkeys(asked), 1)}
    blocks = [Block(None, None)]
    for line in lines:
        if line.question_id is not None and line.question_id != blocks[-1].question:
            number = numbers.get(line.question_id)
            blocks.append(_new_block(number, line.question_id, role, badges))
        own = spans.get(line.question_id or "") if line.kind in ANSWER_KINDS else None
        marks = next(own, []) if own else []
        blocks[-1].lines.append(Marked(line, tuple(segments(line.text, marks))))
    for question, card in cards.items():
        _place(blocks, question, card)
    return [block for block in blocks if block.lines]


def _answer(lines: Sequence[Line], question: str) -> list[str]:
    """The lines that make up a question's answer, which evidence points into."""
    return [
        line.text for line in lines if line.question_id == question and line.kind in ANSWER_KINDS
    ]


def _new_block(
    number: int | None, question: str, role: Role | None, badges: Mapping[str, Badge]
) -> Block:
    asked = role.guide.by_id.get(question) if role else None
    badge = badges.get(asked.competency) if asked and asked.competency else None
    return Block(number, question, badge)


def _place(blocks: list[Block], question: str, card: Card) -> None:
    """Beside the question's first block with an answer, else its first block."""
    own = [block for block in blocks if block.question == question]
    answered = [
        block for block in own if any(mark.line.kind in ANSWER_KINDS for mark in block.lines)
    ]
    (answered or own)[0].card = card


def _cards(role: Role, result: Result, badges: Mapping[str, Badge]) -> dict[str, Card]:
    """Key points are numbered within their competency over the whole interview: A1, A2, …"""
    counts = {badge.letter: 0 for badge in badges.values()}
    flags = itertools.count(1)
    cards = {}
    for row in result.scores.answers:
        competency = role.guide.by_id[row.question_id].competency
        letter = badges[competency or ""].letter
        strengths = {e.key_point: e.strength for e in row.evidence}
        points = []
        for point_id, texts, importance, strength in _looked_for(role, row, strengths):
            counts[letter] += 1
            label = f"{letter}{counts[letter]}"
            points.append(Point(point_id, label, texts, importance, strength))
        labelled = tuple((f"!{next(flags)}", flag) for flag in row.flags)
        cards[row.question_id] = Card(row, tuple(points), labelled)
    return cards


def _looked_for(
    role: Role, row: ScoreRow, strengths: Mapping[str, float]
) -> Iterator[tuple[str, Mapping[Any, Sequence[str]], int, float]]:
    """What a question's rubric looks for: id, texts, importance, and the strength found, 0–1."""
    scored = role.rubric.questions[row.question_id]
    for point in scored.key_points:
        yield point.id, point.texts, point.importance, strengths.get(point.id, 0.0)
    for option in role.guide.by_id[row.question_id].options:
        points = scored.options.get(option.id)
        if points is not None:
            texts = {language: [f"{t} · {points:g}"] for language, t in option.text.items()}
            yield option.id, texts, 1, strengths.get(option.id, 0.0)
    for band in scored.bands:
        low = "" if band.min is None else f"{band.min:g}"
        high = "" if band.max is None else f"{band.max:g}"
        texts = {"en": [f"{low}–{high} · {band.points:g}"]}
        yield band.id, texts, 1, strengths.get(band.id, 0.0)
    verdicts = {test.test: test.verdict for test in row.tests}
    for test in scored.tests:
        verdict = verdicts.get(test.id, "not_run")
        texts = {
            "zh": [f"{test.id}：{VERDICTS[verdict][0]}"],
            "en": [f"{test.id}: {VERDICTS[verdict][1]}"],
        }
        yield test.id, texts, test.importance, float(verdict == "passed")


VERDICTS = {
    **{
        name: (say(f"test_{name}", "zh"), say(f"test_{name}", "en"))
        for name in (
            "passed",
            "wrong_output",
            "failed",
            "time_limit",
            "memory_limit",
            "output_limit",
        )
    },
    "not_run": ("没有运行", "not run"),
}
"""What came of a test of a program, in Chinese and in English."""
