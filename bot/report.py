"""From what happened in an interview to its result."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.storage.catalogue import Role
from connectors import result as contract
from dialogues.events import (
    Answered,
    Event,
    Held,
    InterviewReopened,
    LanguageChanged,
    Noted,
    ProfileGiven,
    Reopened,
    Reply,
    Skipped,
    Spoken,
    Started,
    Unheard,
)
from dialogues.guide import Guide, Language, sha256_of
from dialogues.state import State, fold
from dialogues.texts import say
from scoring.evidence import AnswerPart, Flag, Found, combine
from scoring.rubric import Rubric
from scoring.score import (
    CALIBRATOR,
    ScoreRow,
    Scores,
    score_answer,
    score_interview,
    value_evidence,
)

NO_ENCODER = "none"
"""What a result says of its encoder when no answer was compared with key points."""
ADDED_KIND = "non_standard"
ADDED = "asked of this candidate alone, added by a recruiter"
"""The flag of a question that a recruiter added, and its reason: of the question, not of the words."""
ANSWER_KINDS = ("answer", "probe_reply")


@dataclass(frozen=True)
class Said:
    """A message of the bot, and when."""

    at: float
    reply: Reply


@dataclass(frozen=True)
class Record:
    """An interview from beginning to end; `entries` in the order they happened."""

    interview: str
    campaign: str
    person: str
    channel: str
    source: str
    entries: Sequence[Event | Said]

    @property
    def events(self) -> list[Event]:
        return [entry for entry in self.entries if not isinstance(entry, Said)]


def build_result(record: Record, role: Role) -> contract.Result:
    """The result of a finished interview."""
    events = record.events
    state = fold(events)
    scores = score_events(role, state, events)
    return contract.Result(
        schema=contract.SCHEMA,
        interview=record.interview,
        campaign=record.campaign,
        position=state.position or "",
        person=record.person,
        candidate=contract.Candidate(type=state.candidate_type, language=state.language),
        channel=record.channel,
        source=record.source,
        started_at=iso(events[0].at),
        finished_at=iso(events[-1].at),
        guide=contract.FileVersion(
            id=role.guide.guide, version=role.guide.version, sha256=role.guide_sha256
        ),
        rubric=contract.FileVersion(
            id=role.rubric.rubric, version=role.rubric.version, sha256=role.rubric_sha256
        ),
        model=_model(events),
        transcript=tuple(transcript(record.entries, role.guide)),
        scores=contract.Scores.model_validate(scores.model_dump()),
        flags=tuple(
            contract.InterviewFlag(question_id=row.question_id, **flag.model_dump())
            for row in scores.answers
            for flag in row.flags
        ),
    )


def _model(events: Sequence[Event]) -> contract.ModelVersion:
    """The model that found the evidence; named as several when it was changed midway."""
    answers = standing_answers(events)
    found = [e.evidence["model"] for e in answers if "model" in e.evidence]
    models = list(dict.fromkeys((model["encoder"], model["sha256"]) for model in found))
    names, hashes = [name for name, _ in models], [sha256 for _, sha256 in models]
    return contract.ModelVersion(
        encoder=" + ".join(names) or NO_ENCODER,
        calibrator=CALIBRATOR,
        sha256=hashes[0] if len(hashes) == 1 else sha256_of("+".join(hashes)),
    )


def iso(at: float) -> str:
    """UTC, ISO 8601, milliseconds."""
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def transcript(
    entries: Sequence[Event | Said], guide: Guide | None = None
) -> Iterator[contract.Line]:
    """The lines of the conversation, numbered from 1. The guide is known once a position is."""
    standing = {id(entry) for entry in standing_answers(entries)}
    fixed = {id(before): after for before, after in _fixed(entries)}
    dropped = {id(entry) for entry in _dropped(entries)}
    language: Language = "zh"
    seq = 0
    for entry in _with_fixed(entries, fixed):
        if isinstance(entry, Started | LanguageChanged):
            language = entry.language
        line = _line(entry, language)
        if line is not None:
            if isinstance(entry, Answered) and id(entry) not in standing:
                line["kind"] = "corrected"
            if id(entry) in dropped:
                line["kind"] = "dropped"
            if guide is not None and isinstance(entry, Said | Answered):
                line["follow_up"] = _follow_up(guide, entry)
            seq += 1
            yield contract.Line.model_validate({"seq": seq, "at": iso(entry.at), **line})


def standing_answers(entries: Sequence[Event | Said]) -> list[Answered]:
    """The answers that count: of several to the same question or follow-up the last. One that was
    put right afterwards stands where it was given."""
    standing: dict[tuple[str, str | None], Answered] = {}
    for entry in entries:
        if isinstance(entry, Answered):
            place = (entry.question, entry.probe)
            if not entry.fixed:
                standing.pop(place, None)
            standing[place] = entry
    return list(standing.values())


def _fixed(entries: Sequence[Event | Said]) -> Iterator[tuple[Answered, Answered]]:
    """Answers, each with the words that it was put right to."""
    last: dict[tuple[str, str | None], Answered] = {}
    for entry in entries:
        if isinstance(entry, Answered):
            before = last.get((entry.question, entry.probe))
            if entry.fixed and before is not None:
                yield before, entry
            last[(entry.question, entry.probe)] = entry


def _with_fixed(
    entries: Sequence[Event | Said], fixed: Mapping[int, Answered]
) -> Iterator[Event | Said]:
    """The entries, with what answers were put right to behind them."""
    for entry in entries:
        if isinstance(entry, Answered) and entry.fixed:
            continue
        yield entry
        after = fixed.get(id(entry))
        while after is not None:
            yield after
            after = fixed.get(id(after))


def _follow_up(guide: Guide, entry: Said | Answered) -> str | None:
    """The part of a case or line of a scenario."""
    said: Reply | Answered = entry.reply if isinstance(entry, Said) else entry
    question = guide.by_id.get(said.question or "")
    scripted = question is not None and question.kind in ("scenario", "case")
    return said.probe if scripted else None


def _dropped(entries: Sequence[Event | Said]) -> Iterator[Said]:
    """What was asked after an answer that the candidate then took up again."""
    since: list[Said] = []
    for entry in entries:
        match entry:
            case Answered() | Skipped():
                since = []
            case Reopened():
                yield from since
                since = []
            case Said(reply=reply) if reply.question is not None:
                since.append(entry)


def _line(entry: Event | Said, language: Language) -> dict[str, object] | None:
    match entry:
        case Said(reply=reply):
            return {
                "speaker": "bot",
                "kind": _kind_of(reply),
                "question_id": reply.question,
                "text": reply.text,
            }
        case Answered():
            return {
                "speaker": "candidate",
                "kind": "probe_reply" if entry.probe else "answer",
                "question_id": entry.question,
                "text": entry.text,
                "asr": _asr(entry.spoken),
            }
        case Noted():
            return {
                "speaker": "candidate",
                "kind": entry.intent if entry.intent != "answer" else "reply",
                "question_id": None,
                "text": entry.text,
                "asr": _asr(entry.spoken),
            }
        case Held():
            return {
                "speaker": "candidate",
                "kind": "unsure",
                "question_id": None,
                "text": entry.text,
                "asr": _asr(entry.spoken),
            }
        case Unheard():
            return {
                "speaker": "candidate",
                "kind": "unheard",
                "question_id": None,
                "text": entry.text,
                "asr": _asr((entry.spoken,), entry.reasons),
            }
        case ProfileGiven(document=name) if name:
            return {"speaker": "candidate", "kind": "document", "question_id": None, "text": name}
        case InterviewReopened():
            return {
                "speaker": "recruiter",
                "kind": "reopened",
                "question_id": None,
                "text": say("reopened_line", language),
            }
        case _:
            return None


def _asr(spoken: Sequence[Spoken], reasons: tuple[str, ...] = ()) -> dict[str, object] | None:
    """How words were taken down; of several recordings the one that was heard least well."""
    if not spoken:
        return None
    least = min(spoken, key=lambda each: each.quality.get("mean_logprob", 0.0))
    whole = least.original if len(spoken) == 1 else None
    return {
        "model": least.model,
        "quality": least.quality,
        "original": whole,
        "reasons": reasons,
    }


def _kind_of(reply: Reply) -> str:
    if reply.probe:
        return "probe"
    return "reminder" if reply.reminds and reply.kind == "notice" else reply.kind


def score_events(role: Role, state: State, events: Sequence[Event]) -> Scores:
    """Scores from the evidence stored with the answers, in the order of the path."""
    parts: dict[str, list[AnswerPart]] = {}
    for event in standing_answers(events):
        part = AnswerPart(text=event.text, found=_found(role, event))
        parts.setdefault(event.question, []).append(part)
    asked = scored_questions(role, state.asked)
    rows = []
    for question in asked:
        answer, found = combine(parts.get(question, []))
        if question in state.skipped and question not in parts:
            found = Found(reasons=("skipped",))
        if question in state.added:
            flag = Flag(kind=ADDED_KIND, reason=ADDED, start=0, end=len(answer))
            found = found.model_copy(update={"flags": (*found.flags, flag)})
        rows.append(score_answer(role.rubric, question, found))
    return score_interview(role.rubric, asked, rows, state.added)


def _found(role: Role, event: Answered) -> Found:
    """What was found in an answer: kept with it, or seen from its value."""
    if event.evidence:
        return Found.model_validate(event.evidence["found"])
    scored = role.rubric.questions.get(event.question)
    return value_evidence(scored, event.value, event.text) if scored else Found()


def scored_questions(role: Role, asked: Sequence[str]) -> dict[str, str]:
    """The scored questions that were asked, each with its competency."""
    questions = (role.guide.by_id[question] for question in dict.fromkeys(asked))
    return {q.id: q.competency for q in questions if q.competency is not None}


def rescore(rubric: Rubric, asked: Mapping[str, str], rows: Sequence[contract.ScoreRow]) -> Scores:
    """The scores again from the evidence that a result carries."""
    again: list[ScoreRow] = []
    added = []
    for row in rows:
        found = Found.model_validate(
            {
                "evidence": [e.model_dump() for e in row.evidence],
                "flags": [f.model_dump() for f in row.flags],
                "reasons": row.reasons,
                "tests": [t.model_dump() for t in row.tests],
            }
        )
        if any(flag.kind == ADDED_KIND for flag in row.flags):
            added.append(row.question_id)
        again.append(score_answer(rubric, row.question_id, found))
    return score_interview(rubric, asked, again, added)
