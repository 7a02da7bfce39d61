"""Every finding of `miantan guide check`, with its line: `#! code` marks where it must stand."""

import ast
import json
import re
from pathlib import Path

import pytest

from bot.commands import guide_check
from dialogues.guidefile import read_guide
from dialogues.tree.check import CODES, check_guide
from tests.helpers import ROOT
from tests.plans import both, question
from tests.unit.tree_cases import CASES, HEAD, QUESTION, SCORED


def written(folder: Path, case: str) -> tuple[Path, Path]:
    """The files of a case. Without a rubric of its own, a first question that it scores is added."""
    text, given, rubric = case.partition("----")
    if not given:
        text = text.replace("questions:\n", f"questions:\n{SCORED}", 1)
    guide_file, rubric_file = folder / "guide.yml", folder / "sample.rubric.yml"
    head = [f"{key}: {value}\n" for key, value in HEAD.items() if f"\n{key}:" not in text]
    guide_file.write_text("".join(head) + text, encoding="utf-8")
    if rubric.strip() != "none":
        rubric_file.write_text(rubric if ":" in rubric else QUESTION, encoding="utf-8")
    return guide_file, rubric_file


def marks(*files: Path) -> list[tuple[str, str, int]]:
    return [
        (code, file.name, number)
        for file in files
        if file.exists()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        for code in re.findall(r"#! ([\w-]+)", line)
    ]


@pytest.mark.parametrize("name", CASES)
def test_findings_stand_where_they_are_marked(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = written(tmp_path, CASES[name])
    code = guide_check.run([files[0]], None, as_json=True)
    findings = json.loads(capsys.readouterr().out)["findings"]
    found = [(f["code"], Path(f["file"]).name, f["line"]) for f in findings]
    assert sorted(found) == sorted(marks(*files)), json.dumps(findings, indent=1)
    assert code == int(bool(found))


def test_a_program_needs_a_sandbox(tmp_path: Path) -> None:
    text = """\
guide: sample
version: 1
title: {en: Sample}
rubric: sample
languages: [en]
candidate_types: {campus: {en: Campus}}
questions:
  - id: program
    competency: work
    kind: code
    code: {languages: [python, javascript]}
    text: {en: program}
"""
    guide, document, problems = read_guide(text, "guide.yml")
    assert guide is not None, problems
    report = check_guide(guide, document, runnable=["python"])
    assert [(p.code, p.line) for p in report.problems] == [("no-sandbox", 10)]
    assert "javascript" in report.problems[0].message
    assert not check_guide(guide, document).problems


def test_a_finding_ends_the_analysis_when_it_grows_too_large() -> None:
    facts = {f"f{i}": {"type": "number"} for i in range(40)}
    first = [f"profile.f{i} == 1" for i in range(40)]
    pairs = [f"profile.f{i} < profile.f{20 + i}" for i in range(20)]
    questions = [
        question("start", next=[{"when": " and ".join(first), "go": "last"}]),
        question("entangled", next=[{"when": " or ".join(pairs), "go": "last"}]),
        question("middle"),
        question("last"),
    ]
    data = {
        "guide": "sample",
        "version": 1,
        "title": both("Sample"),
        "rubric": "sample",
        "languages": ["zh", "en"],
        "candidate_types": {"campus": both("campus")},
        "profile": facts,
        "questions": questions,
    }
    text = json.dumps(data, indent=1)
    guide, document, problems = read_guide(text, "guide.yml")
    assert guide is not None and not problems
    report = check_guide(guide, document, steps=100_000)
    line = [i for i, each in enumerate(text.splitlines(), 1) if '"next"' in each][1]
    assert [(p.code, p.line) for p in report.problems] == [("too-complex", line)]
    assert "profile.f0" in report.problems[0].message
    assert report.proofs == ()


def codes_in(file: Path) -> set[str]:
    """The codes that a module gives to problems: last arguments, and `code = …` of classes."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="problem"), args=[_, _, _, ast.Constant(str(code))]
            ):
                found.add(code)
            case ast.Assign(targets=[ast.Name("code")], value=ast.Constant(str(code))):
                found.add(code)
            case ast.arg(arg="code"):
                pass
            case ast.FunctionDef(args=ast.arguments(defaults=[*_, ast.Constant(str(code))])):
                found |= {code} if node.name in ("__init__", "problem") else set()
    return found


MODULES = (
    "dialogues/conditions.py",
    "dialogues/yamlfile.py",
    "dialogues/guidefile.py",
    "scoring/rubric.py",
    "bot/commands/guide_check.py",
    "dialogues/tree/check.py",
    "dialogues/tree/findings.py",
    "dialogues/tree/proofs.py",
)
ALL_CODES = set(CODES).union(*(codes_in(ROOT / name) for name in MODULES))


def test_every_code_has_a_sample() -> None:
    marked = set(re.findall(r"#! ([\w-]+)", "\n".join(CASES.values())))
    assert marked | {"too-complex", "no-sandbox", "unreadable"} == ALL_CODES


def test_the_page_of_findings_is_complete() -> None:
    text = (ROOT / "docs/guide-findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(ALL_CODES)
