"""Which probes and scenario lines can ever be said, exact over all facts and answers.

Within a question only words and hits change, and they only grow; a reply may also add nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialogues.guide import Line, Question
from dialogues.tree.flow import Flow
from dialogues.tree.ways import Place

__all__ = ["FollowUpFate", "Restricted", "line_fates", "probe_fates"]


@dataclass
class FollowUpFate:
    """Whether a probe or line is looked at, can be said, and can be passed over."""

    seen: bool = False
    said: bool = False
    passed: bool = False


def _starts(flow: Flow, question: Question) -> Iterator[tuple[Place | None, int]]:
    """Where the question is answered; one of the bank may be asked anywhere."""
    answered = flow.lowering.answered(question.id)
    if question.id not in flow.guide.position:
        yield None, answered
    for place, reach in flow.places(question.id):
        yield place, flow.diagrams.both(reach, answered)


def probe_fates(flow: Flow, question: Question) -> list[FollowUpFate]:
    """For each probe: can its condition hold while the limit still allows one more?"""
    fates = [FollowUpFate() for _ in question.probes]
    diagrams = flow.diagrams
    for place, start in _starts(flow, question):
        # open_[n]: where exactly n of the earlier probes hold.
        open_ = [start, *[diagrams.false] * question.max_probes][: question.max_probes]
        for fate, probe in zip(fates, question.probes, strict=True):
            fate.seen = fate.seen or start != diagrams.false
            holds = flow.condition(probe.when, question, place)
            fails = diagrams.negate(holds)
            fate.passed = fate.passed or diagrams.both(start, fails) != diagrams.false
            fate.said = fate.said or any(
                diagrams.both(part, holds) != diagrams.false for part in open_
            )
            moved = [diagrams.false, *(diagrams.both(part, holds) for part in open_[:-1])]
            open_ = [
                diagrams.either(diagrams.both(part, fails), more)
                for part, more in zip(open_, moved, strict=False)
            ]
    return fates


Restricted = Mapping[str, frozenset[str]]
"""Key points that count in the answers to some lines only (the question's own id: the first)."""


def line_fates(
    flow: Flow, question: Question, restricted: Restricted | None = None
) -> list[list[FollowUpFate]]:
    """For each line of each turn: is it ever the first that holds when its turn comes?"""
    restricted = restricted or {}
    fates = [[FollowUpFate() for _ in turn.replies] for turn in question.turns]
    diagrams = flow.diagrams
    for place, answered in _starts(flow, question):
        start = _not_yet(flow, question, place, answered, restricted)
        for turn, row in zip(question.turns, fates, strict=True):
            left, after = start, diagrams.false
            for line, fate in zip(turn.replies, row, strict=True):
                if left == diagrams.false:
                    break
                holds = _holds(flow, line, question, place)
                said = diagrams.both(left, holds)
                left = diagrams.both(left, diagrams.negate(holds))
                fate.seen = True
                fate.said = fate.said or said != diagrams.false
                fate.passed = fate.passed or left != diagrams.false
                after = diagrams.either(after, _replied(flow, question, line, said, restricted))
            start = after
    return fates


def _not_yet(
    flow: Flow, question: Question, place: Place | None, answered: int, restricted: Restricted
) -> int:
    """Before any line is said, what counts at lines only is missing."""
    for point, lines in restricted.items():
        if question.id not in lines and f"missing({question.id}.{point})" in flow.lowering.levels:
            missing = flow.condition(f"missing({point})", question, place)
            answered = flow.diagrams.both(answered, missing)
    return answered


def _holds(flow: Flow, line: Line, question: Question, place: Place | None) -> int:
    if line.when is None:
        return flow.diagrams.true
    return flow.condition(line.when, question, place)


def _replied(
    flow: Flow, question: Question, line: Line, before: int, restricted: Restricted
) -> int:
    """Where one may be after a reply to a line: with as many words and hits as before, or more."""
    hits = {f"missing({question.id}.{point})": point for point in question.asked_about}
    for name, level in flow.lowering.levels.items():
        counts = line.id in restricted.get(hits.get(name, ""), {line.id})
        if (name in hits and counts) or name == f"words({question.id})":
            before = flow.diagrams.grow(before, level)
    return before
