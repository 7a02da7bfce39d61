"""`miantan guide diff`: what changes for whom between two guides."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bot.commands.errors import CommandError
from bot.commands.guide_simulate import load
from bot.files import read_text, rubric_path
from dialogues import conditions
from dialogues.guide import Guide, Language
from dialogues.tree.diff import Change, Difference, Reach, TooComplexError, compare, compare_data
from dialogues.tree.plain import say_condition, say_question
from scoring.rubric import load_rubric

WIDTH = 300
"""Characters of a value that are shown; JSON has all."""
TEXTS: dict[Language, dict[str, str]] = {
    "zh": {
        "added": "新增",
        "removed": "删除",
        "moved": "移动",
        "changed": "修改",
        "for": "影响：{types}",
        "none": "两份提纲和它们的评分标准没有差别。",
        "minutes": "{low:g}–{high:g} 分钟",
        "scored": "计分题 {low}–{high} 道",
        "ways": "{count} 种路径",
        "many": "很多种路径",
        "absent": "没有这个类型",
        "whom": "各类候选人",
        "met": "会多问到",
        "lost": "不再问到",
        "otherwise": "否则",
        "go": "→ {to}",
        "end": "结束",
    },
    "en": {
        "added": "added",
        "removed": "removed",
        "moved": "moved",
        "changed": "changed",
        "for": "for: {types}",
        "none": "The two guides and their rubrics do not differ.",
        "minutes": "{low:g}–{high:g} minutes",
        "scored": "{low}–{high} scored questions",
        "ways": "{count} paths",
        "many": "very many paths",
        "absent": "no such type",
        "whom": "For each candidate type",
        "met": "may now be asked",
        "lost": "is not asked any more",
        "otherwise": "otherwise",
        "go": "→ {to}",
        "end": "the end",
    },
}


def run(before: Path, after: Path, language: Language, as_json: bool) -> None:
    """Print the differences; raises FileProblem and CommandError."""
    old, new = load(before, None), load(after, None)
    try:
        found = compare(old, new)
    except TooComplexError as error:
        raise CommandError(
            f"the paths are too many to follow at {error}; see `miantan guide check`"
        ) from None
    found = replace(found, changes=(*found.changes, *_rubric_changes(before, old, after, new)))
    if as_json:
        print(json.dumps(as_data(found), ensure_ascii=False))
    else:
        print("\n".join(Report(old, new, language).lines(found)))


def _rubric_changes(before: Path, old: Guide, after: Path, new: Guide) -> Sequence[Change]:
    """What differs between the guides' rubrics, where both are found."""
    files = rubric_path(before, old.rubric), rubric_path(after, new.rubric)
    if not all(file.exists() for file in files):
        return ()
    was, now = (load_rubric(read_text(file), str(file)) for file in files)
    return compare_data("rubric", was, now)


def as_data(found: Difference) -> dict[str, Any]:
    return {
        "changes": [asdict(change) for change in found.changes],
        "types": {
            name: {"before": _reach_data(before), "after": _reach_data(after)}
            for name, (before, after) in found.types.items()
        },
    }


def _reach_data(reach: Reach | None) -> dict[str, Any] | None:
    return None if reach is None else {**asdict(reach), "questions": sorted(reach.questions)}


class Report:
    """The differences in words."""

    def __init__(self, before: Guide, after: Guide, language: Language) -> None:
        self.before, self.after, self.language = before, after, language
        self.texts = TEXTS[language]

    def lines(self, found: Difference) -> Iterator[str]:
        if not found.changes:
            yield self.texts["none"]
            return
        for change in found.changes:
            yield from self._change(change)
        yield ""
        yield self.texts["whom"]
        for name, (before, after) in found.types.items():
            yield from self._type(name, before, after)

    def _change(self, change: Change) -> Iterator[str]:
        types = ", ".join(self._type_name(name) for name in change.types)
        who = f"  ({self.texts['for'].format(types=types)})" if types else ""
        yield f"{self.texts[change.kind]} {change.where}{who}"
        if change.kind in ("added", "removed") and change.where.count(".") == 1:
            question = (self.after if change.kind == "added" else self.before).by_id.get(
                change.where.partition(".")[2]
            )
            if question is not None:
                yield f"    {say_question(question, self.language)}"
                return
        if change.before is not None:
            yield f"  - {self._value(change.where, change.before, self.before)}"
        if change.after is not None:
            yield f"  + {self._value(change.where, change.after, self.after)}"

    def _value(self, where: str, value: Any, guide: Guide) -> str:
        if where.endswith(".next"):
            said = "; ".join(self._branch(branch, guide) for branch in value)
        elif isinstance(value, dict) and self.language in value:
            said = str(value[self.language])
        elif isinstance(value, dict) and "text" in value:
            said = self._follow_up(value, guide)
        elif isinstance(value, str):
            said = value
        else:
            said = json.dumps(value, ensure_ascii=False)
        said = " ".join(said.split())
        return said if len(said) <= WIDTH else f"{said[:WIDTH]}…"

    def _follow_up(self, value: dict[str, Any], guide: Guide) -> str:
        text = value["text"].get(self.language) or next(iter(value["text"].values()))
        when = value.get("when")
        if when is None:
            return str(text)
        return f"[{say_condition(conditions.parse(when), guide, self.language)}] {text}"

    def _branch(self, branch: dict[str, str], guide: Guide) -> str:
        to = guide.by_id.get(branch["go"])
        target = say_question(to, self.language) if to else self.texts["end"]
        when = branch.get("when")
        why = self.texts["otherwise"]
        if when is not None:
            why = say_condition(conditions.parse(when), guide, self.language)
        return f"{why} {self.texts['go'].format(to=target)}"

    def _type(self, name: str, before: Reach | None, after: Reach | None) -> Iterator[str]:
        was, now = self._reach(before), self._reach(after)
        yield f"  {self._type_name(name)}: {f'{was} → {now}' if was != now else f'{now}'}"
        if before is None or after is None:
            return
        for key, names in (
            ("met", after.questions - before.questions),
            ("lost", before.questions - after.questions),
        ):
            if names:
                yield f"    {self.texts[key]}: {', '.join(sorted(names))}"

    def _type_name(self, name: str) -> str:
        titles = self.after.candidate_types.get(name) or self.before.candidate_types[name]
        return titles.get(self.language, name)

    def _reach(self, reach: Reach | None) -> str:
        if reach is None:
            return self.texts["absent"]
        low, high = reach.minutes
        few, many = reach.scored
        ways = self.texts["many"] if reach.ways is None else self.texts["ways"]
        return ", ".join(
            (
                self.texts["minutes"].format(low=low, high=high),
                self.texts["scored"].format(low=few, high=many),
                ways.format(count=reach.ways),
            )
        )
