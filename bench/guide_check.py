"""`miantan guide check` on guides of different sizes and tangles.

Questions, probes and key points are those of the sample guides, repeated under other names, so
that a file is as long as a real one of that many questions.

    python -m bench.guide_check --out bench/results
"""

import argparse
import copy
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.figures import ran_on, table, write
from bot.files import rubric_path, sample_guide
from dialogues.yamlfile import read_document

Data = dict[str, Any]
SAMPLES = ("campus-software-engineer", "sales-representative")


@dataclass(frozen=True)
class Shape:
    """How a guide is made: `conditions` gives those of its branches in turn, with the profile."""

    name: str
    questions: int
    conditions: Callable[[], tuple[Data, list[str]]]


def simple() -> tuple[Data, list[str]]:
    """25 conditions as people write them, on a handful of facts and on answers."""
    profile = {
        "years": {"type": "number"},
        "degree": {"type": "choice", "options": ["bachelor", "master", "doctor"]},
        "sales_work": {"type": "choice", "options": ["none", "some"]},
    }
    texts = [
        "profile.years >= 3",
        'profile.degree in ["master", "doctor"]',
        'profile.sales_work == "some"',
        "profile.years >= 5 and not profile.degree == 'doctor'",
        'candidate.type == "campus"',
    ]
    return profile, [texts[i % 5] for i in range(25)]


def independent() -> tuple[Data, list[str]]:
    """25 facts, each looked at twice, far apart."""
    profile = {f"flag{i}": {"type": "choice", "options": ["yes", "no"]} for i in range(25)}
    return profile, [f'profile.flag{i % 25} == "yes"' for i in range(50)]


def shared() -> tuple[Data, list[str]]:
    """25 conditions on 5 numbers, each with a constant of its own."""
    profile = {f"number{i}": {"type": "number"} for i in range(5)}
    return profile, [
        f"profile.number{i % 5} >= {i // 5 * 3} and profile.number{(i + 1) % 5} < {i // 5 * 3 + 2}"
        for i in range(25)
    ]


def many() -> tuple[Data, list[str]]:
    """A condition for every second question, on 20 facts."""
    profile = {f"number{i}": {"type": "number"} for i in range(20)}
    return profile, [f"profile.number{i % 20} >= {i // 20 * 2}" for i in range(150)]


def rows() -> tuple[Data, list[str]]:
    """Every second question is left out after short words in the one before."""
    return {}, ["words({here}) < 20"] * 149


SHAPES = (
    Shape("60 questions, 25 conditions", 60, simple),
    Shape("300 questions, 25 conditions", 300, simple),
    Shape("300 questions, 25 facts each twice", 300, independent),
    Shape("300 questions, 25 conditions on 5 numbers", 300, shared),
    Shape("300 questions, 150 conditions on 20 numbers", 300, many),
    Shape("300 questions, 149 conditions on 149 answers", 300, rows),
)


KEY_POINTS = 4
TEXTS = 2
"""Key points of a question, and texts of a key point in each language: less than the samples have,
as a file may have 1,000,000 characters."""


def material() -> tuple[Data, list[Data], Data, Data]:
    """The samples' profiles, questions, what their rubrics say of them, and their competencies."""
    profile, questions, scored, competencies = {}, [], {}, {}
    for name in SAMPLES:
        file = sample_guide(name)
        guide = read_document(file.read_text("utf-8"), str(file)).data
        path = rubric_path(file, guide["rubric"])
        rubric = read_document(path.read_text("utf-8"), str(path)).data
        profile |= {name: dict(each) for name, each in guide["profile"].items()}
        questions += [
            q for q in guide["questions"] if rubric["questions"].get(q["id"], {}).get("key_points")
        ]
        scored |= rubric["questions"]
        competencies |= rubric["competencies"]
    for each in profile.values():
        each.pop("answer", None)
    return profile, questions, scored, competencies


def scored_as(question: Data, source: Data) -> Data:
    """What a rubric says of the question under its new name."""
    places = {question["id"], *(each["id"] for each in question.get("parts", []))}
    points = []
    for point in source["key_points"]:
        texts = {
            language: [each] if isinstance(each, str) else each[:TEXTS]
            for language, each in point["texts"].items()
        }
        made = {**point, "texts": texts}
        if "at" in made and not set(made["at"]) <= places:
            del made["at"]
        points.append(made)
    lines = [line for turn in question.get("turns", []) for line in turn["replies"]]
    named = {each.get("when", "") for each in [*question.get("probes", []), *lines]}
    wanted = [p for p in points if any(f"({p['id']})" in text for text in named)]
    rest = [p for p in points if p not in wanted]
    return {"key_points": [*wanted, *rest][: max(KEY_POINTS, len(wanted))]}


def make(shape: Shape) -> tuple[str, str]:
    """A guide and its rubric as texts."""
    profile, stock, stock_rubric, competencies = material()
    more, conditions = shape.conditions()
    names = (
        (number, source)
        for number, source in enumerate(itertools.islice(itertools.cycle(stock), shape.questions))
    )
    questions, scored = [], {}
    for number, source in names:
        question = copy.deepcopy(source)
        question["id"] = f"{source['id']}{number}"
        question.pop("for", None)
        question.pop("next", None)
        questions.append(question)
        scored[question["id"]] = scored_as(question, stock_rubric[source["id"]])
    step = shape.questions // len(conditions)
    for i, text in enumerate(conditions):
        over = min(i * step + 2, shape.questions - 1)
        when = text.format(here=questions[i * step]["id"])
        questions[i * step]["next"] = [{"when": when, "go": questions[over]["id"]}]
    even = {name: {**c, "weight": 100 / len(competencies)} for name, c in competencies.items()}
    guide = {
        "guide": "large",
        "version": 1,
        "title": {"zh": "大提纲", "en": "Large"},
        "rubric": "large",
        "languages": ["zh", "en"],
        "candidate_types": {
            "campus": {"zh": "应届生", "en": "New graduate"},
            "experienced": {"zh": "社招", "en": "Experienced hire"},
        },
        "profile": {**profile, **more},
        "questions": questions,
    }
    rubric = {"rubric": "large", "version": 1, "competencies": even, "questions": scored}
    return as_yaml(guide), as_yaml(rubric)


def as_yaml(data: Data) -> str:
    yaml, out = YAML(), io.StringIO()
    yaml.width = 100
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(data, out)
    return out.getvalue()


def measure() -> Iterator[dict[str, object]]:
    """Each shape, checked by the command in a process of its own."""
    for shape in SHAPES:
        guide, rubric = make(shape)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "large.yml"
            file.write_text(guide, "utf-8")
            file.with_name("large.rubric.yml").write_text(rubric, "utf-8")
            before, start = os.times(), time.perf_counter()
            command = [str(Path(sys.executable).with_name("miantan")), "guide", "check"]
            done = subprocess.run([*command, str(file), "--json"], capture_output=True, text=True)
            seconds, after = time.perf_counter() - start, os.times()
        findings = json.loads(done.stdout)["findings"]
        yield {
            "guide": shape.name,
            "guide kB": len(guide.encode()) // 1000,
            "rubric kB": len(rubric.encode()) // 1000,
            "seconds": round(seconds, 2),
            "cpu seconds": round(after.children_user - before.children_user, 2),
            "findings": len(findings),
            "codes": ", ".join(sorted({f["code"] for f in findings})),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = list(measure())
    page = (
        "# Checking guides\n\n`python -m bench.guide_check --out bench/results`: start-up of the "
        f"command and reading of the files included.\n\n{ran_on()}\n\n{table(rows)}\n"
    )
    write(options.out, "guide_check", {"rows": rows}, page)


if __name__ == "__main__":
    main()
