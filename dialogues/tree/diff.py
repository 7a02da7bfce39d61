"""What changes for whom between two guides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from dialogues.guide import Branch, Guide, Question
from dialogues.tree.diagram import TooComplexError
from dialogues.tree.flow import Flow
from dialogues.tree.proofs import is_scored, minutes_of

APART = {"questions", "bank", "profile"}
"""Parts of a guide that are compared one by one."""


@dataclass(frozen=True)
class Change:
    """One thing that differs. `kind` is added, removed, moved or changed; `where` names it, such
    as `questions.project.text.zh`. `before` and `after` are as in the file, None where absent.
    `types` are the candidate types that meet it, empty when none does or when it is not a question.
    """

    kind: str
    where: str
    before: Any
    after: Any
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """What a candidate type meets: minutes and scored questions from least to most, and which
    questions it can be asked. `ways` is None where there are very many."""

    minutes: tuple[float, float]
    scored: tuple[int, int]
    ways: int | None
    questions: frozenset[str]


@dataclass(frozen=True)
class Difference:
    """Changes in the order of the file, and for each candidate type what it met and will meet."""

    changes: tuple[Change, ...]
    types: Mapping[str, tuple[Reach | None, Reach | None]]


def compare(before: Guide, after: Guide) -> Difference:
    """What differs. Raises TooComplexError when a guide's paths are too many to follow."""
    names = dict.fromkeys((*before.candidate_types, *after.candidate_types))
    types = {name: (_reach(before, name), _reach(after, name)) for name in names}
    return Difference(tuple(_changes(before, after, types)), types)


def _reach(guide: Guide, candidate_type: str) -> Reach | None:
    if candidate_type not in guide.candidate_types:
        return None
    flow = Flow(guide, candidate_type)
    minutes, scored = flow.extent(minutes_of), flow.extent(is_scored)
    return Reach(
        (minutes.low, minutes.high),
        (int(scored.low), int(scored.high)),
        flow.count_routes(),
        frozenset(question.id for question in guide.questions if flow.reached(question.id)),
    )


Types = Mapping[str, tuple[Reach | None, Reach | None]]


def _changes(before: Guide, after: Guide, types: Types) -> Iterator[Change]:
    old, new = _data(before), _data(after)
    for name in dict.fromkeys((*old, *new)):
        if name not in APART:
            yield from _values(name, old.get(name), new.get(name))
    yield from _values("profile", old.get("profile", {}), new.get("profile", {}))
    yield from _questions("questions", before.questions, after.questions, types)
    yield from _questions("bank", before.bank, after.bank, {})


def compare_data(name: str, before: BaseModel, after: BaseModel) -> tuple[Change, ...]:
    """What differs between two models, field by field; lists of things with ids by their ids."""
    return tuple(_values(name, _by_ids(_data(before)), _by_ids(_data(after))))


def _by_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _by_ids(each) for name, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(x, dict) and "id" in x for x in value):
        return {each["id"]: _by_ids(each) for each in value}
    return value


def _data(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _questions(
    part: str, before: Sequence[Question], after: Sequence[Question], types: Types
) -> Iterator[Change]:
    old = {question.id: question for question in before}
    new = {question.id: question for question in after}
    moved = _moved([name for name in old if name in new], [name for name in new if name in old])
    for name in dict.fromkeys((*old, *new)):
        place, met = f"{part}.{name}", _who_meets(name, types)
        if name not in new:
            yield Change("removed", place, _data(old[name]), None, met)
        elif name not in old:
            yield Change("added", place, None, _data(new[name]), met)
        else:
            if name in moved:
                at_old, at_new = list(old).index(name) + 1, list(new).index(name) + 1
                yield Change("moved", place, at_old, at_new, met)
            for change in _question(place, old[name], new[name]):
                yield Change(change.kind, change.where, change.before, change.after, met)


def _who_meets(name: str, types: Types) -> tuple[str, ...]:
    return tuple(
        candidate_type
        for candidate_type, reaches in types.items()
        if any(reach is not None and name in reach.questions for reach in reaches)
    )


def _moved(old: list[str], new: list[str]) -> set[str]:
    """Those that are not on the longest common subsequence of the two orders."""
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, a in reversed(list(enumerate(old))):
        for j, b in reversed(list(enumerate(new))):
            longer = max(lengths[i + 1][j], lengths[i][j + 1])
            lengths[i][j] = lengths[i + 1][j + 1] + 1 if a == b else longer
    kept, i, j = set(), 0, 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            kept.add(old[i])
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return set(old) - kept


def _question(place: str, before: Question, after: Question) -> Iterator[Change]:
    """Fields one by one; options and follow-ups by id, branches by their place."""
    old, new = _data(before), _data(after)
    apart = ("options", "probes", "parts", "turns", "next")
    for name in dict.fromkeys((*old, *new)):
        if name not in apart:
            yield from _values(f"{place}.{name}", old.get(name), new.get(name))
    yield from _by_id(f"{place}.options", before.options, after.options)
    yield from _by_id(
        f"{place}.follow_ups", tuple(before.follow_ups.values()), tuple(after.follow_ups.values())
    )
    yield from _branches(f"{place}.next", before.next, after.next)


def _by_id(place: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    old, new = {each.id: _data(each) for each in before}, {each.id: _data(each) for each in after}
    for name in dict.fromkeys((*old, *new)):
        yield from _values(f"{place}.{name}", old.get(name), new.get(name))
    common = [name for name in old if name in new]
    if common != [name for name in new if name in old]:
        yield Change("moved", place, list(old), list(new))


def _branches(place: str, before: Sequence[Branch], after: Sequence[Branch]) -> Iterator[Change]:
    old, new = [_data(branch) for branch in before], [_data(branch) for branch in after]
    if old != new:
        yield Change("changed", place, old or None, new or None)


def _values(place: str, before: Any, after: Any) -> Iterator[Change]:
    """What differs between two values; mappings are gone into."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _values(f"{place}.{name}", before.get(name), after.get(name))
    elif before != after:
        kind = "added" if before is None else "removed" if after is None else "changed"
        yield Change(kind, place, before, after)


__all__ = ["Change", "Difference", "Reach", "TooComplexError", "compare", "compare_data"]
