"""`miantan guide simulate`: made-up candidates walk through a guide, or you do."""

import json
import sys
from pathlib import Path
from typing import Any

import typer

from bot.commands.errors import CommandError
from bot.files import read_text
from dialogues.guide import Guide, Language
from dialogues.guidefile import load_guide
from dialogues.tree.diagram import TooComplexError
from dialogues.tree.plain import say_question
from dialogues.tree.simulate import Tally, simulate

SHOWN = 10
"""Paths and follow-ups that are listed for a type; JSON has all."""
TITLES: dict[Language, dict[str, str]] = {
    "zh": {
        "head": "{type}：{n} 人",
        "minutes": "  时长：一半的人不超过 {p50:g} 分钟，95% 的人不超过 {p95:g} 分钟",
        "paths": "  路径（{count} 种）",
        "more": "    …… 另有 {count} 种",
        "follow_ups": "  追问与后续（占问到该题的人）",
        "note": "模拟者的情况是均匀抽取的，真实候选人并非如此：这里看的是提纲会怎么走。",
    },
    "en": {
        "head": "{type}: {n} candidates",
        "minutes": "  Minutes: half of them take at most {p50:g}, 95% at most {p95:g}",
        "paths": "  Paths ({count})",
        "more": "    … and {count} more",
        "follow_ups": "  Follow-ups (of those who were asked the question)",
        "note": "Facts are drawn evenly, which those of real candidates are not: this shows what "
        "the guide can do.",
    },
}


def run(
    file: Path, n: int, seed: int, candidate_type: str | None, language: Language, as_json: bool
) -> None:
    """Simulate, with a progress bar on standard error, and print the figures."""
    guide = load(file, candidate_type)
    try:
        with typer.progressbar(length=n, file=sys.stderr, update_min_steps=n // 100 or 1) as bar:
            tallies = simulate(guide, n, seed, candidate_type, lambda: bar.update(1))
    except TooComplexError as error:
        raise CommandError(
            f"{file}: too many facts hang together at {error}; see `miantan guide check`"
        ) from None
    if as_json:
        types = {name: as_data(guide, tally) for name, tally in tallies.items()}
        print(json.dumps({"n": n, "seed": seed, "types": types}, ensure_ascii=False))
        return
    for name, tally in tallies.items():
        if tally.candidates:
            print("\n".join(_lines(guide, name, tally, language)))
    print(TITLES[language]["note"])


def load(file: Path, candidate_type: str | None) -> Guide:
    """The guide; raises CommandError when it has no such candidate type."""
    guide = load_guide(read_text(file), str(file))
    if candidate_type is not None and candidate_type not in guide.candidate_types:
        known = ", ".join(guide.candidate_types)
        raise CommandError(f"--type {candidate_type}: the guide has {known}")
    return guide


def as_data(guide: Guide, tally: Tally) -> dict[str, Any]:
    """The figures of a type; shares are 0 to 1."""
    n = max(1, tally.candidates)
    minutes = {"p50": tally.percentile(50), "p95": tally.percentile(95)} if tally.minutes else {}
    return {
        "candidates": tally.candidates,
        "minutes": minutes,
        "paths": [
            {"questions": list(route), "share": count / n} for route, count in _ranked(tally)
        ],
        "questions": [
            {"id": q.id, "share": tally.asked[q.id] / n}
            for q in guide.questions
            if tally.asked[q.id]
        ],
        "follow_ups": [
            {"question": question, "id": name, "share": count / tally.asked[question]}
            for (question, name), count in _followed(guide, tally)
        ],
    }


def _ranked(tally: Tally) -> list[tuple[tuple[str, ...], int]]:
    return sorted(tally.routes.items(), key=lambda item: (-item[1], item[0]))


def _followed(guide: Guide, tally: Tally) -> list[tuple[tuple[str, str], int]]:
    """In the guide's order; those never said are there with 0."""
    return [
        ((question.id, name), tally.follow_ups[question.id, name])
        for question in guide.questions
        if tally.asked[question.id]
        for name in question.follow_ups
    ]


def _lines(guide: Guide, name: str, tally: Tally, language: Language) -> list[str]:
    titles, routes = TITLES[language], _ranked(tally)
    label = guide.candidate_types[name].get(language, name)
    lines = [
        titles["head"].format(type=label, n=tally.candidates),
        titles["minutes"].format(p50=tally.percentile(50), p95=tally.percentile(95)),
        titles["paths"].format(count=len(routes)),
    ]
    for route, count in routes[:SHOWN]:
        lines.append(f"  {count / tally.candidates:7.1%}  {' → '.join(route)}")
    if len(routes) > SHOWN:
        lines.append(titles["more"].format(count=len(routes) - SHOWN))
    followed = _followed(guide, tally)
    if followed:
        lines.append(titles["follow_ups"])
    for (question, follow_up), count in followed:
        said = say_question(guide.by_id[question], language)
        lines.append(f"  {count / tally.asked[question]:7.1%}  {follow_up}  ({said})")
    return [*lines, ""]
