"""`miantan guide check` as a command: what it prints, what it returns, what it survives."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands import guide_check
from tests.helpers import ROOT

GUIDES = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))

BROKEN = """\
guide: sample
version: 1
title: {en: Sample}
rubric: sample
languages: [en]
candidate_types: {campus: {en: Campus}}
questions:
  - {id: q, competency: work, text: {en: q}, next: [{go: end}]}
  - {id: r, text: {en: r}}
"""
RICH = """\
guide: sample
version: 1
title: {en: Sample}
rubric: sample
languages: [en]
candidate_types:
  campus: {en: Campus}
  hire: {en: Hire}
profile:
  years: {type: number, answer: number, resume: [years]}
  degree: {type: choice, options: [bachelor, master]}
questions:
  - id: number
    kind: number
    text: {en: number}
    next:
      - {when: profile.years >= 3, go: other}
      - {when: profile.degree == "master", go: q}
      - {go: choice}
  - id: choice
    kind: choice
    text: {en: choice}
    options:
      - {id: a, text: {en: a}}
      - {id: b, text: {en: b}}
    next:
      - {when: answer.choice == "a" and words(choice) > 2, go: number}
  - id: q
    competency: work
    kind: scenario
    text: {en: q}
    turns:
      - replies:
          - {id: t, when: missing(k), text: {en: t}}
          - {id: u, text: {en: u}}
    probes:
      - {id: p, when: missing(k) and words(q) < 20, text: {en: p}}
  - id: other
    competency: work
    text: {en: other}
"""
RUBRIC = """\
rubric: sample
version: 1
competencies: {work: {weight: 100, name: {en: Work}}}
questions:
  q: {key_points: [{id: k, texts: {en: k}}]}
  other: {key_points: [{id: k, texts: {en: k}}]}
"""


def check(
    capsys: pytest.CaptureFixture[str],
    *files: Path,
    rubric: Path | None = None,
    as_json: bool = False,
) -> tuple[int, list[str], list[str]]:
    code = guide_check.run(list(files), rubric, as_json)
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def findings(lines: list[str]) -> list[dict[str, Any]]:
    data = json.loads("\n".join(lines))
    assert list(data) == ["findings"]
    found: list[dict[str, Any]] = data["findings"]
    assert all(list(f) == ["code", "file", "line", "message", "mend"] for f in found)
    return found


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.stem)
def test_the_sample_guides_have_no_finding(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, file, as_json=True)
    assert (findings(out), err, code) == ([], [], 0)


def test_it_says_what_was_proved(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "guide.yml"
    file.write_text(
        """\
guide: sample
version: 1
title: {en: Sample, zh: 样}
rubric: sample
languages: [en]
candidate_types: {campus: {zh: 应届生, en: New graduate}, hire: {en: Hire}}
profile: {years: {type: number}}
questions:
  - {id: q, competency: work, text: {en: q}, minutes: 4}
  - {id: x, kind: choice, text: {en: x}, options: [{id: a, text: {en: a}}, {id: b, text: {en: b}}]}
  - {id: r, text: {en: r}, minutes: 1.5, next: [{when: answer.x == "a", go: end}]}
  - {id: s, for: [hire], text: {en: s}, minutes: 1}
"""
    )
    (tmp_path / "sample.rubric.yml").write_text(RUBRIC.replace("other", "q2").split("  q2")[0])
    code, out, err = check(capsys, file)
    covered = "every competency is asked about on every path 每条路径都问到每项能力"
    assert out == [
        f"{file}: campus (应届生 New graduate): paths 路径 1; minutes 分钟 7.5; "
        f"scored questions 计分题 1; {covered}",
        f"{file}: hire (Hire): paths 路径 2; minutes 分钟 7.5–8.5; scored questions 计分题 1; {covered}",
    ]
    assert (code, err) == (0, [])


def test_findings_are_sorted_and_end_in_their_codes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = [tmp_path / "b.yml", tmp_path / "a.yml"]
    for file in files:
        file.write_text(BROKEN)
    rubric = tmp_path / "sample.rubric.yml"
    rubric.write_text(RUBRIC)
    code, out, err = check(capsys, *files, files[0])
    unreached = "no candidate is ever asked 'r'; let a branch lead to it, or remove it"
    assert out[:2] == [
        f"{tmp_path}/a.yml:9: {unreached} [unreachable-question]",
        f"{tmp_path}/b.yml:9: {unreached} [unreachable-question]",
    ]
    assert out[2].startswith(f"{rubric}:6: 'other' is asked nowhere")
    assert out[2].endswith(" [unused-key-points]")
    assert len(out) == 5, "three findings and two summaries"
    assert (code, err) == (1, [])


def test_guides_that_share_a_rubric_use_it_together(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first, second, rubric = (tmp_path / name for name in ("a.yml", "b.yml", "given.yml"))
    whole = BROKEN.replace(", next: [{go: end}]", "")
    first.write_text(whole)
    second.write_text(whole.replace("id: q,", "id: other,"))
    rubric.write_text(RUBRIC)
    assert check(capsys, first, second, rubric=rubric)[0] == 0
    _, out, _ = check(capsys, first, rubric=rubric, as_json=True)
    assert [(f["code"], f["line"]) for f in findings(out)] == [("unused-key-points", 6)]
    second.write_text("guide: b\n")
    _, out, _ = check(capsys, first, second, rubric=rubric, as_json=True)
    assert {f["code"] for f in findings(out)} == {"invalid"}, "who knows what the other one asks"


UNREADABLE = {
    "missing": (None, 1, "cannot be read: No such file or directory"),
    "not UTF-8": (b"guide: a\ntitle: \xff\n", 2, "is not UTF-8 text"),
    "not YAML": (b"guide: a\ntitle: [}\n", 2, "not valid YAML"),
    "not a mapping": (b"- a\n", 1, "the file is not a mapping"),
    "aliases": (b"a: &a [1]\nb: *a\n", 2, "a YAML alias is used"),
    "deep": (b"[" * 100, 1, "nested too deeply"),
    "long": (b"a: " + b"x" * 3_100_000, 1, "the file has 3100003 characters"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_ends_in_one_line(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data, line, message = UNREADABLE[name]
    file = tmp_path / "guide.yml"
    if data is not None:
        file.write_bytes(data)
    code, out, err = check(capsys, file)
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith(f"{file}:{line}: {message}")
    code, out, again = check(capsys, file, as_json=True)
    (found,) = findings(out)
    assert (code, again, found["code"], found["line"]) == (2, err, "unreadable", line)


def test_the_others_are_checked_although_one_cannot_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "guide.yml"
    file.write_text(BROKEN)
    (tmp_path / "sample.rubric.yml").write_text("questions: [\n")
    code, out, err = check(capsys, tmp_path, file, as_json=True)
    found = {(f["code"], Path(f["file"]).name) for f in findings(out)}
    assert found == {
        ("unreadable", tmp_path.name),
        ("unreadable", "sample.rubric.yml"),
        ("unreachable-question", "guide.yml"),
    }
    assert (code, len(err)) == (2, 2)
    code, out, err = check(capsys, file, rubric=tmp_path / "none.yml")
    assert (code, len(err)) == (2, 1)
    assert err[0].startswith(f"{tmp_path}/none.yml:1: cannot be read")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_mutated_guide_never_crashes_the_check(
    data: st.DataObject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = RICH.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        other = lines[data.draw(st.integers(0, len(lines) - 1))]
        match data.draw(st.sampled_from(("drop", "twice", "swap", "cut"))):
            case "drop":
                del lines[place]
            case "twice":
                lines.insert(place, lines[place])
            case "swap":
                lines[place] = other
            case _:
                lines[place] = lines[place][: len(lines[place]) // 2]
    file = tmp_path / "guide.yml"
    file.write_text("\n".join(lines), encoding="utf-8")
    rubric = tmp_path / "sample.rubric.yml"
    rubric.write_text(RUBRIC)
    code, out, err = check(capsys, file, rubric=rubric, as_json=True)
    found = findings(out)
    assert code == (2 if err else int(bool(found)))
    assert all(f["line"] <= len(lines) + 1 for f in found if f["file"] == str(file))
    assert len(err) <= 1
