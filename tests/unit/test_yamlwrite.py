"""The YAML writer: what it writes is read back equal, and writing that changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from dialogues.yamlfile import read_document
from dialogues.yamlwrite import WIDTH, dump_data, dump_model
from scoring.rubric import Rubric, load_rubric
from tests.helpers import ROOT
from tests.unit.test_sheets_models import IDS, everything, pairs

GUIDES = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))
RUBRICS = sorted((ROOT / "scoring" / "rubrics").glob("*.yml"))


def check(model: Guide | Rubric) -> None:
    load = load_guide if isinstance(model, Guide) else load_rubric
    text = dump_model(model)
    again = load(text, "f.yml")
    assert again == model
    assert dump_model(again) == text


@pytest.mark.parametrize(
    "file", [*GUIDES, *RUBRICS], ids=lambda file: f"{file.stem}-{file.parent.name}"
)
def test_samples(file: Path) -> None:
    load = load_guide if file in GUIDES else load_rubric
    check(load(file.read_text(encoding="utf-8"), file.name))


def test_every_field() -> None:
    for model in everything():
        check(model)


@settings(max_examples=30)
@given(pairs())
def test_made_models(pair: tuple[Guide, Rubric]) -> None:
    for model in pair:
        check(model)


def test_how_it_reads() -> None:
    guide, _ = everything()
    lines = dump_model(guide).splitlines()
    assert lines[:8] == [
        "guide: everything",
        "version: 3",
        "title:",
        "  zh: 全部",
        "  en: Everything",
        "rubric: everything-rubric",
        "languages: [zh, en]",
        "candidate_types:",
    ]
    start = lines.index("  - id: project")
    assert lines[start : start + 20] == [
        "  - id: project",
        "    label:",
        "      zh: 项目",
        "      en: Project",
        "    for: [campus, experienced]",
        "    competency: solving",
        "    minutes: 3.5",
        "    text:",
        "      zh: |-",
        "        =1+1 是多少？",
        "",
        "        第二段",
        "      en: '- about {profile.years} of work'",
        "    clarify:",
        "      zh: |-",
        "        +大小都可以",
        "",
        "        {profile.years}内",
        "      en: '@any size'",
        "    probes:",
    ]


def test_defaults_are_left_out_and_languages_have_one_order() -> None:
    text = """\
guide: g
version: 1
title: {en: T, zh: 题}
rubric: r
languages: [en]
candidate_types: {a: {en: A}}
length_ratio: 1.5
questions: [{id: q, kind: open, minutes: 2.0, text: {en: "Q?"}, probes: []}]
"""
    assert (
        dump_model(load_guide(text, "g.yml"))
        == """\
guide: g
version: 1
title:
  zh: 题
  en: T
rubric: r
languages: [en]
candidate_types:
  a:
    en: A
questions:
  - id: q
    text:
      en: Q?
"""
    )


def test_levels_stand_in_order() -> None:
    _, rubric = everything()
    text = dump_model(rubric)
    assert text.index("      1:\n        zh:\n          - 不知道") < text.index(
        "      5:\n        en:\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("yes", '"yes"'),
        ("Null", '"Null"'),
        ("007", '"007"'),
        ("1e5", '"1e5"'),
        ("2024-01-01", '"2024-01-01"'),
        ("12:30", '"12:30"'),
        ("", '""'),
        ("a: b", "'a: b'"),
        ("plain", "plain"),
        ("中：文", "中：文"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\nb\n", "|\n  a\n\n  b"),
        ("a\n\n", r'"a\n\n"'),
        ("a\n b", r'"a\n b"'),
        ("two  spaces", '"two  spaces"'),
        ("a\u2028b", r'"a\Lb"'),
        ("tab\there", r'"tab\there"'),
        (" space", "' space'"),
    ],
)
def test_a_text(text: str, written: str) -> None:
    assert dump_data({"x": text}) == f"x: {written}\n"


def test_long_texts_are_folded_near_the_width() -> None:
    text = "some words of the text " * 30 + "end"
    lines = dump_data({"x": text}).splitlines()
    assert lines[0] == "x: >-"
    assert all(len(line) < WIDTH + len("words") + 3 for line in lines)
    assert " ".join(line.strip() for line in lines[1:]) == text


TEXTS = st.one_of(
    st.text(),
    st.text("ab \n\t:#-'\"\\中，{}[]&*!%@`|>?\r\x85\u2028\ufeff0.e_", max_size=120),
    st.lists(st.text("ab:#-'\"{}中0"), max_size=60).map(" ".join),
)
SCALARS = st.one_of(
    TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)


@settings(max_examples=150)
@given(st.dictionaries(IDS, SCALARS | st.lists(SCALARS, max_size=3), min_size=1, max_size=3))
def test_any_data(data: dict[str, Any]) -> None:
    text = dump_data(data)
    read = read_document(text, "f.yml").data
    assert read == data
    assert dump_data(read) == text
