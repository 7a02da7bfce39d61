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

HEAD = {
    "guide": "sample",
    "version": "1",
    "title": "{en: Sample}",
    "rubric": "sample",
    "languages": "[en]",
    "candidate_types": "{campus: {en: Campus}, hire: {en: Hire}}",
}

SCORED = "  - {id: q, competency: work, text: {en: q}}\n"

QUESTION = """
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {q: {key_points: [{id: k, texts: {en: k}}]}}
"""

# A guide, and after `----` its rubric when it matters. What is missing of HEAD goes before.
CASES = {
    "no finding": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years >= 3, go: c}]}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "unreachable-question after an end": """
questions:
  - {id: a, text: {en: a}, next: [{go: end}]}
  - id: b  #! unreachable-question
    text: {en: b}
""",
    "unreachable-question behind a condition that excludes itself": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years < 3, go: c}
  - id: b
    text: {en: b}
    next:
      - {when: profile.years < 2, go: d}  #! dead-branch
      - {go: c}
  - {id: d, text: {en: d}}  #! unreachable-question
  - {id: c, text: {en: c}}
""",
    "dead-branch after one without a condition": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {go: b}
      - {when: profile.years < 3, go: end}  #! dead-branch
      - {when: profile.years < 2, go: end}
  - {id: b, text: {en: b}}
""",
    "dead-branch that earlier branches swallow": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years >= 3, go: c}
      - {when: profile.years >= 5, go: end}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch of two facts compared": """
profile: {a: {type: number}, b: {type: number}, c: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.a < profile.b and profile.b < profile.c and profile.c < 3 and profile.a > 2, go: c}
      - {when: profile.a < profile.b and profile.b < profile.c and profile.c < profile.a, go: c}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch between two whole numbers": """
questions:
  - id: a
    text: {en: a}
    next:
      - {when: words(a) > 3 and words(a) < 5, go: c}
      - {when: words(a) > 5 and words(a) < 6, go: c}  #! dead-branch
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-branch: an answer is known exactly when its words are": """
questions:
  - id: a
    kind: number
    text: {en: a}
    next:
      - {when: words(a) >= 0 and not answer.a <= 5 and not answer.a > 5, go: end}  #! dead-branch
      - {when: answer.a > 5 and not words(a) >= 0, go: end}  #! dead-branch
  - {id: b, text: {en: b}}
""",
    "dead-branch: an answer fills the profile": """
profile: {years: {type: number, answer: a}}
questions:
  - {id: a, kind: number, min: 0, max: 10, text: {en: a}}
  - id: b
    text: {en: b}
    next:
      - {when: answer.a >= 3 and not known(profile.years), go: end}  #! dead-branch
      - {when: answer.a >= 3 and profile.years < 3, go: end}
  - {id: c, text: {en: c}}
""",
    "dead-branch: what a branch knew still holds after an answer": """
length_ratio: 9
profile: {years: {type: number, answer: n}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: n}, {go: end}]}
  - {id: n, kind: number, text: {en: n}, next: [{when: profile.years < 3, go: d}]}  #! dead-branch
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "but an answer stands over a résumé": """
length_ratio: 9
profile: {years: {type: number, answer: n, resume: [years]}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: n}, {go: end}]}
  - {id: n, kind: number, text: {en: n}, next: [{when: profile.years < 3, go: d}]}
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "always-true": """
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years >= 3, go: end}
      - {when: not profile.years >= 3, go: c}  #! always-true
      - {when: profile.years == 4, go: b}
      - {go: end}
  - {id: b, text: {en: b}}  #! unreachable-question
  - {id: c, text: {en: c}}
""",
    "always-true only for one type is fine": """
questions:
  - {id: a, text: {en: a}, next: [{when: candidate.type == "hire", go: c}]}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "dead-probe: the limit": """
questions:
  - id: q
    competency: work
    text: {en: q}
    max_probes: 0
    probes:
      - {id: p, when: missing(k), text: {en: p}}  #! dead-probe
----QUESTION""",
    "dead-probe: earlier probes": """
questions:
  - id: q
    competency: work
    text: {en: q}
    probes:
      - {id: p, when: words(q) < 20, text: {en: p}}
      - {id: r, when: missing(k) and words(q) < 10, text: {en: r}}  #! dead-probe
      - {id: s, when: missing(k), text: {en: s}}
----QUESTION""",
    "dead-probe: one more is allowed": """
questions:
  - id: q
    competency: work
    text: {en: q}
    max_probes: 2
    probes:
      - {id: p, when: words(q) < 20, text: {en: p}}
      - {id: r, when: missing(k) and words(q) < 10, text: {en: r}}
      - {id: s, when: missing(k) and words(q) < 5, text: {en: s}}  #! dead-probe
----QUESTION""",
    "always-probe": """
questions:
  - id: a
    text: {en: a}
    probes:
      - {id: p, when: missing(k), text: {en: p}}  #! always-probe
""",
    "dead-reply and always-true in a scenario": """
questions:
  - id: q
    kind: scenario
    competency: work
    text: {en: q}
    turns:
      - replies:
          - {id: a, when: missing(k), text: {en: a}}
          - {id: b, when: missing(k) and words(q) > 3, text: {en: b}}  #! dead-reply
          - {id: c, text: {en: c}}
          - {id: d, when: words(q) > 3, text: {en: d}}  #! dead-reply
      - replies:
          - {id: e, when: missing(k), text: {en: e}}
          - {id: f, when: not missing(k), text: {en: f}}  #! always-true
          - {id: g, when: words(q) > 3, text: {en: g}}
----QUESTION""",
    "replies of a later turn may know more, and never less": """
questions:
  - id: q
    kind: scenario
    competency: work
    text: {en: q}
    turns:
      - replies:
          - {id: a, when: missing(k) and words(q) < 5, text: {en: a}}
      - replies:
          - {id: b, when: not missing(k) and words(q) > 50, text: {en: b}}
      - replies:
          - {id: c, when: missing(k) or words(q) < 50, text: {en: c}}  #! dead-reply
      - replies:
          - {id: d, when: words(q) > 50, text: {en: d}}
----QUESTION""",
    "cycle": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}}
  - {id: b, text: {en: b}, next: [{when: profile.years >= 3, go: a}]}  #! cycle
  - {id: c, text: {en: c}}
""",
    "a way back to what was left out is no cycle": """
questions:
  - {id: a, text: {en: a}, next: [{go: c}]}
  - {id: b, text: {en: b}, next: [{go: d}]}
  - {id: c, text: {en: c}, next: [{go: b}]}
  - {id: d, text: {en: d}}
""",
    "go-to-other-type": """
questions:
  - {id: a, text: {en: a}, next: [{go: c}]}  #! go-to-other-type
  - {id: b, for: [campus], text: {en: b}}  #! unreachable-question
  - {id: c, for: [hire], text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "no-questions": """
candidate_types:
  hire: {en: Hire}
  campus: {en: Campus}  #! no-questions
questions:
  - {id: q, for: [hire], competency: work, text: {en: q}}
----QUESTION""",
    "unknown-value": """
profile:
  degree: {type: choice, options: [bachelor, master]}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.degree == "phd", go: c}  #! unknown-value
      - {when: 'profile.degree in ["master", "MBA"]', go: c}  #! unknown-value
      - {when: candidate.type != "intern", go: d}  #! unknown-value
  - {id: b, text: {en: b}}  #! unreachable-question
  - {id: c, text: {en: c}}
  - {id: d, text: {en: d}}
""",
    "unknown-value of an answer": """
questions:
  - id: a
    kind: choice
    text: {en: a}
    options: [{id: x, text: {en: x}}, {id: y, text: {en: y}}]
    next: [{when: answer.a == "z", go: c}]  #! unknown-value
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "impossible-comparison": """
profile: {years: {type: number}, city: {type: text}, degree: {type: choice, options: [m]}}
questions:
  - {id: n, kind: number, min: 0, max: 10, text: {en: n}}
  - id: a
    text: {en: a}
    next:
      - {when: profile.years == "3", go: c}  #! impossible-comparison
      - {when: profile.city == 3, go: c}  #! impossible-comparison
      - {when: profile.city > "B", go: c}  #! impossible-comparison
      - {when: profile.degree < "m", go: c}  #! impossible-comparison
      - {when: answer.a == "x", go: c}  #! impossible-comparison
      - {when: answer.n > 12, go: c}  #! impossible-comparison
      - {when: words(a) == -1, go: c}  #! impossible-comparison
      - {when: profile.city == " B", go: c}  #! impossible-comparison
      - {when: profile.degree == candidate.type, go: c}  #! impossible-comparison
      - {when: 'profile.years in ["3"]', go: c}  #! impossible-comparison
      - {when: profile.years == profile.city, go: c}  #! impossible-comparison
      - {when: answer.n >= 10, go: c}
  - {id: b, text: {en: b}}
  - {id: c, text: {en: c}}
""",
    "asked-later": """
questions:
  - id: a
    text: {en: a}
    next:
      - {when: answer.c == "x", go: d}  #! asked-later
      - {when: words(d) > 3, go: d}  #! asked-later
      - {when: words(a) > 3, go: c}
  - {id: b, for: [campus], text: {en: b}}
  - id: c
    kind: choice
    text: {en: c}
    options: [{id: x, text: {en: x}}]
    next: [{when: words(b) > 3, go: end}]
  - {id: d, text: {en: d}}
""",
    "asked-later: the other way": """
profile: {years: {type: number}}
questions:
  - {id: a, text: {en: a}, next: [{when: profile.years > 3, go: c}]}
  - {id: b, text: {en: b}, next: [{go: d}]}
  - id: c
    text: {en: c}
    next: [{when: words(b) > 3, go: end}]  #! asked-later
  - {id: d, text: {en: d}}
""",
    "a question of the bank may be asked anywhere": """
questions:
  - {id: a, text: {en: a}, next: [{when: answer.x > 3, go: end}]}
  - {id: b, text: {en: b}}
bank:
  - {id: x, kind: number, text: {en: x}}
  - {id: y, text: {en: y}, probes: [{id: p, when: answer.a > 3, text: {en: p}}]}  #! impossible-comparison
""",
    "uncovered-competency": """
candidate_types: {campus: {en: Campus}}
profile: {years: {type: number}}
questions:
  - id: a
    text: {en: a}
    next:
      - {when: profile.years == 0, go: b}
      - {when: profile.years >= 3, go: end}  #! uncovered-competency
  - {id: b, text: {en: b}, minutes: 0.1}
  - {id: q, competency: work, text: {en: q}, minutes: 0.1}
----QUESTION""",
    "uncovered-competency: passed by without a branch": """
candidate_types: {campus: {en: Campus}}
profile: {years: {type: number}}
questions:
  - id: a  #! uncovered-competency
    text: {en: a}
    next: [{when: profile.years >= 3, go: q}]
  - {id: b, text: {en: b}, next: [{go: end}]}
  - {id: q, competency: work, text: {en: q}}
----QUESTION""",
    "uncovered-competency: no question at all": """
candidate_types: {campus: {en: Campus}}
questions:  #! uncovered-competency
  - {id: a, text: {en: a}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {}
""",
    "unequal-minutes": """
profile: {years: {type: number}}
questions:  #! unequal-minutes
  - id: q
    competency: work
    text: {en: q}
    minutes: 4
    next: [{when: profile.years >= 3, go: end}]
  - {id: b, text: {en: b}, minutes: 2.1}
----QUESTION""",
    "unequal-minutes just about equal": """
profile: {years: {type: number}}
length_ratio: 1.525
questions:
  - id: q
    competency: work
    text: {en: q}
    minutes: 4
    next: [{when: profile.years >= 3, go: end}]
  - {id: b, text: {en: b}, minutes: 2.1}
----QUESTION""",
    "unequal-minutes between types": """
length_ratio: 2  #! unequal-minutes
questions:
  - {id: q, text: {en: q}, competency: work, minutes: 4}
  - {id: b, for: [hire], text: {en: b}, minutes: 4.5}
----QUESTION""",
    "unequal-questions": """
profile: {years: {type: number}}
questions:  #! unequal-questions
  - {id: q, text: {en: a}, competency: work, next: [{when: profile.years >= 3, go: c}]}
  - {id: r, text: {en: b}, competency: work, next: [{go: end}]}
  - {id: c, text: {en: c}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  r: {key_points: [{id: k, texts: {en: k}}]}
""",
    "invalid": """
questions:
  - {id: a, text: {en: a}, seconds: 3}  #! invalid
  - {id: b, text: {en: b}, kind: choice}  #! invalid
""",
    "bad-condition": """
questions:
  - id: a
    text: {en: a}
    next:
      - when: profile.years >  #! bad-condition
        go: end
""",
    "duplicate-id": """
questions:
  - {id: a, text: {en: a}}
  - {id: a, text: {en: a}}  #! duplicate-id
""",
    "unknown-type": """
questions:
  - {id: a, for: [intern], text: {en: a}}  #! unknown-type
""",
    "unknown-question": """
profile: {years: {type: number, answer: z}}  #! unknown-question
questions:
  - {id: a, text: {en: a}, next: [{go: z}]}  #! unknown-question
""",
    "unknown-profile": """
questions:
  - {id: a, text: {en: "{profile.x}"}, next: [{when: known(profile.y), go: end}]}  #! unknown-profile #! unknown-profile
""",
    "misplaced-missing": """
questions:
  - {id: a, text: {en: a}, next: [{when: missing(k), go: end}]}  #! misplaced-missing
""",
    "bank-branch": """
questions:
  - {id: a, text: {en: a}}
bank:
  - {id: b, text: {en: b}, next: [{go: end}]}  #! bank-branch
""",
    "fill-mismatch": """
profile: {years: {type: number, answer: a}}  #! fill-mismatch
questions:
  - {id: a, text: {en: a}}
""",
    "harmless problems do not hide others": """
profile:
  resume: {type: text}  #! reserved-name
  name: {type: text}
questions:
  - {id: a, text: {en: "{profile.name}"}}  #! no-default
  - {id: b, text: {zh: 乙}, next: [{go: end}]}  #! missing-language
  - {id: c, text: {en: c}}  #! unreachable-question
""",
    "rubric and guide do not fit": """
questions:
  - id: q  #! unknown-line
    competency: work
    text: {en: q}
    probes:
      - {id: p, when: missing(other), text: {en: p}}  #! unknown-key-point
  - {id: r, competency: work, text: {en: r}}  #! not-in-rubric
  - id: s
    competency: play  #! unknown-competency
    text: {en: s}
    kind: number  #! scored-otherwise
  - id: t  #! unknown-option
    competency: work
    kind: choice
    text: {en: t}
    options:
      - {id: x, text: {en: x}}
      - {id: y, text: {en: y}}  #! unknown-option
----
rubric: sample
version: 1
competencies:  #! weights
  work: {weight: 90, name: {en: Work}}
questions:
  q:
    key_points:
      - {id: k, texts: {en: k}, at: [z]}
      - {id: k, texts: {en: k}}  #! duplicate-id
  s: {key_points: [{id: k, texts: {en: k}}]}
  t: {options: {x: 100, z: 0}}
""",
    "wrong-rubric": """
rubric: sample  #! wrong-rubric
questions:
  - {id: q, competency: own, text: {en: q}}  #! unknown-competency
----
rubric: another
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions: {q: {key_points: [{id: k, texts: {en: k}}]}}
""",
    "no-rubric": """
rubric: elsewhere  #! no-rubric
questions:
  - {id: a, text: {en: a}}
----none""",
    "unused-key-points": """
questions:
  - {id: q, competency: work, text: {en: q}}
  - {id: free, text: {en: free}}
bank:
  - {id: spare, competency: work, text: {en: spare}}
----
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  spare: {key_points: [{id: k, texts: {en: k}}]}
  gone: {key_points: [{id: k, texts: {en: k}}]}  #! unused-key-points
  free: {key_points: [{id: k, texts: {en: k}}]}  #! unused-key-points
""",
    "missing-language of a rubric": """
questions:
  - {id: q, competency: work, text: {en: q}}
----
rubric: sample
version: 1
competencies:
  work:
    weight: 100
    name: {zh: 工作}  #! missing-language
    anchors:
      1: {en: Low}
      3: {zh: 中}  #! missing-language
questions:
  q:
    key_points:
      - {id: k, texts: {en: k}}
      - {id: m, texts: {zh: 甲}}  #! missing-language
""",
}


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
