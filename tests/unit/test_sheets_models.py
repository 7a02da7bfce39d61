"""A guide and a rubric that use every field, and strategies that make others."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.sheets import limits
from bot.sheets.layout import SHEETS
from bot.sheets.layout_facts import FACT_TYPES, FACTS
from bot.sheets.layout_facts import GUIDE as GUIDE_SHEET
from bot.sheets.layout_questions import KINDS
from dialogues.guide import Guide, Kind, ProfileField
from dialogues.guidefile import load_guide
from scoring.rubric import Rubric, check_fit, load_rubric
from tests.helpers import ROOT

GUIDE = """\
guide: everything
version: 3
title: {zh: 全部, en: Everything}
rubric: everything-rubric
languages: [zh, en]
candidate_types:
  campus: {zh: 应届生, en: New graduate}
  experienced: {zh: 社招, en: Experienced hire}
length_ratio: 2.5
profile:
  years:
    type: number
    label: {zh: 工作年限, en: Years of work}
    answer: months
    resume: [工作年限, years of experience]
    default: {zh: 几年, en: some years}
  degree:
    type: choice
    options:
      - bachelor
      - {id: master, text: {zh: 硕士, en: Master}, resume: [硕士, "MSc, MA"]}
questions:
  - id: project
    label: {zh: 项目, en: Project}
    for: [campus, experienced]
    competency: solving
    minutes: 3.5
    text: {zh: "=1+1 是多少？\\n\\n第二段", en: "- about {profile.years} of work"}
    clarify: {zh: "+大小都可以\\n\\n{profile.years}内", en: "@any size"}
    probes:
      - id: result
        when: missing(result)
        text: {zh: 结果？, en: "@result?"}
      - {id: why, when: "not missing(result) and profile.years >= 3", text: {zh: 为何, en: Why}}
    max_probes: 2
    next:
      - {when: "profile.degree in ['master']", go: talk}
      - {go: months}
  - id: months
    kind: number
    competency: facts
    min: 0.30000000000000004
    max: 12
    text: {zh: 几个月？, en: How many months?}
  - id: city
    kind: choice
    competency: facts
    text: {zh: 哪个城市？, en: Which city?}
    options:
      - {id: beijing, text: {zh: 北京, en: Beijing}, resume: [京]}
      - {id: shanghai, text: {zh: 上海, en: Shanghai}}
  - id: talk
    kind: scenario
    competency: solving
    text: {zh: 客户来电, en: A customer calls}
    turns:
      - replies:
          - {id: angry, when: missing(calm), text: {zh: 生气, en: Angry}}
          - {id: mild, text: {zh: 平和, en: Mild}}
      - replies:
          - {id: thanks, text: {zh: 谢谢, en: Thanks}}
  - id: case
    kind: case
    competency: solving
    material: {zh: 材料, en: Material}
    text: {zh: 看法？, en: What do you see?}
    parts:
      - {id: second, text: {zh: 然后？, en: And then?}}
    next:
      - {go: end}
bank:
  - id: program
    kind: code
    competency: facts
    text: {zh: 写程序, en: Write a program}
    code: {languages: [python, javascript], seconds: 1.5, memory_mb: 64, attempts: 5}
"""

LONG = "0123456789" * 7_000

RUBRIC = f"""\
rubric: everything-rubric
version: 2
competencies:
  solving:
    weight: 60
    name: {{zh: 解决问题, en: Solving}}
    anchors:
      1: {{zh: 差, en: Poor}}
      5: {{zh: 好, en: Good}}
  facts: {{weight: 40, name: {{zh: 事实, en: Facts}}}}
questions:
  project:
    weight: 2
    key_points:
      - id: result
        importance: 3
        texts: {{zh: ["+延迟降到一半", "007"], en: [latency halved, "1e5", yes, "a\\nb"]}}
    examples:
      5: {{en: [A good answer, Another one]}}
      1: {{zh: 不知道}}
  months:
    bands:
      - {{id: few, max: 3, points: 20}}
      - {{id: many, min: 3, points: 100}}
  city:
    options: {{beijing: 0, shanghai: 62.5}}
  talk:
    key_points:
      - {{id: calm, at: [talk, mild], texts: {{zh: [别急]}}}}
      - {{id: solved, texts: {{en: [solved]}}}}
  case:
    key_points:
      - {{id: seen, texts: {{zh: [看到]}}}}
  program:
    tests:
      - {{id: adds, input: "1 2\\n", output: "3\\n", importance: 2, example: true}}
      - {{id: spaces, input: "  a\\tb \\r\\n", output: "\\n"}}
      - {{id: long, input: "{LONG}", output: ""}}
"""


def everything() -> tuple[Guide, Rubric]:
    guide, rubric = load_guide(GUIDE, "g.yml"), load_rubric(RUBRIC, "r.yml")
    check_fit(guide, GUIDE, "g.yml", rubric)
    return guide, rubric


def models_in(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from models_in(getattr(value, name))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from models_in(item)


def all_models() -> list[BaseModel]:
    return [model for part in everything() for model in models_in(part)]


def test_the_sample_uses_every_field() -> None:
    """So that a field that is not kept shows in the round trips."""
    models = all_models()
    for kind in {type(model) for model in models}:
        for name, field in kind.model_fields.items():
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            values = [getattr(model, name) for model in models if type(model) is kind]
            assert any(value != default for value in values), f"{kind.__name__}.{name}"


def test_every_field_has_a_column() -> None:
    fields = {
        f"{type(model).__name__}.{name}"
        for model in all_models()
        for name in type(model).model_fields
    }
    kept = {field for sheet in SHEETS for field in sheet.fields}
    kept |= {field for sheet in SHEETS for column in sheet.columns for field in column.fields}
    kept |= {field for fact in FACTS for field in fact.fields}
    assert kept == fields


def test_every_choice_has_a_chinese_name() -> None:
    assert tuple(KINDS) == get_args(Kind)
    assert tuple(FACT_TYPES) == get_args(ProfileField.model_fields["type"].annotation)
    assert all(KINDS.values())
    assert all(FACT_TYPES.values())


# --- Strategies ---------------------------------------------------------------------------------

TRICKY = (
    "=1+1", "+a", "-b", "@c", "'d", "007", "1e5", "3", "3.0", "2024-01-01", "yes", "no", "null",
    "true", "TRUE", "#N/A", "~", "a: b", "a #b", "- x", "? x", "{x}", "[x]", "a\nb", "a\n\n b",
    "“好”，他说；", "%x", "|", ">", "x" * 200, "word " * 60 + "end", "\ufeffx", "a\u2028b", "😀", "é",
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=20),
).filter(lambda text: bool(text.strip()))
PHRASE = WORDS.filter(lambda text: "\n" not in text)
TEXT = st.fixed_dictionaries({"zh": WORDS, "en": WORDS})
NO_TEXT_OR_TEXT = st.one_of(st.just({}), TEXT)
IDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True) | st.sampled_from(
    ["yes", "no", "null", "true", "y", "NaN", "_", "zh", "en"]
)
NUMBERS = st.one_of(
    st.integers(-1_000, 1_000), st.floats(allow_nan=False, allow_infinity=False, width=64)
)
PHRASES = st.dictionaries(
    st.sampled_from(["zh", "en"]), st.lists(WORDS, min_size=1, max_size=3), min_size=1
)
PROGRAM_TEXT = st.text("ab 01\n\r\t=_é😀", max_size=30)


def ids(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(IDS, min_size=least, max_size=most, unique=True)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Guide, Rubric]:
    """A guide and a rubric that fits it."""
    types = draw(ids(1, 3))
    names = [name for name in draw(ids(1, 5)) if name != "end"] or ["only"]
    points = draw(st.integers(0, len(names) - 1))
    made = [draw(_question(name, types, names)) for name in names]
    guide: dict[str, Any] = {
        "guide": draw(IDS),
        "version": draw(st.integers(1, 99)),
        "title": draw(TEXT),
        "rubric": draw(IDS),
        "languages": draw(st.permutations(["zh", "en"])),
        "candidate_types": {name: draw(TEXT) for name in types},
        "length_ratio": draw(st.floats(1, 100)),
        "profile": {name: draw(_profile()) for name in draw(ids(0, 2)) if name != "resume"},
        "questions": [question for question, _ in made[: points + 1]],
        "bank": [{**question, "next": []} for question, _ in made[points + 1 :]],
    }
    path = {question["id"] for question in guide["questions"]} | {"end"}
    for question in guide["questions"]:
        question["next"] = [branch for branch in question["next"] if branch["go"] in path]
    competency = {"weight": 100, "name": draw(TEXT), "anchors": draw(_levels(NO_TEXT_OR_TEXT))}
    rubric = {
        "rubric": guide["rubric"],
        "version": draw(st.integers(1, 99)),
        "competencies": {"skill": competency},
        "questions": {question["id"]: scored for question, scored in made},
    }
    text = json.dumps(guide)
    loaded = load_guide(text, "g"), Rubric.model_validate(rubric)
    check_fit(loaded[0], text, "g", loaded[1])
    return loaded


def _levels(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[int, Any]]:
    return st.dictionaries(st.integers(1, 5), values, max_size=3)


@st.composite
def _profile(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["choice", "number", "text"]))
    return {
        "type": kind,
        "label": draw(NO_TEXT_OR_TEXT),
        "options": draw(_options()) if kind == "choice" else [],
        "resume": draw(st.lists(PHRASE, max_size=2)),
        "default": draw(NO_TEXT_OR_TEXT),
    }


@st.composite
def _options(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {"id": name, "text": draw(TEXT), "resume": draw(st.lists(PHRASE, max_size=2))}
        for name in draw(ids(1, 3))
    ]


@st.composite
def _question(
    draw: st.DrawFn, name: str, types: list[str], names: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = draw(st.sampled_from(get_args(Kind)))
    lines = iter(draw(ids(6, 6)))
    spoken = kind in ("open", "scenario", "case")
    go = st.sampled_from([*names, "end"])
    question: dict[str, Any] = {
        "id": name,
        "label": draw(NO_TEXT_OR_TEXT),
        "kind": kind,
        "minutes": draw(st.floats(0.1, 120)),
        "competency": "skill",
        "text": draw(TEXT),
        "clarify": draw(NO_TEXT_OR_TEXT),
        "max_probes": draw(st.integers(0, 5)),
        "next": draw(st.lists(st.fixed_dictionaries({"go": go}), max_size=2)),
        "probes": draw(_probes(next(lines))) if spoken else [],
    }
    if draw(st.booleans()):
        question["for"] = draw(st.lists(st.sampled_from(types), min_size=1, unique=True))
    scored: dict[str, Any] = {"weight": draw(st.floats(0.01, 100))}
    scored["examples"] = draw(_levels(PHRASES))
    match kind:
        case "choice":
            question["options"] = draw(_options())
            scored["options"] = {
                each["id"]: draw(st.floats(0, 100)) for each in question["options"]
            }
        case "number":
            question["min"], question["max"] = sorted((draw(NUMBERS), draw(NUMBERS)))
            band = {"min": draw(st.none() | NUMBERS), "max": draw(st.none() | NUMBERS)}
            scored["bands"] = [{"id": draw(IDS), "points": draw(st.floats(0, 100)), **band}]
        case "code":
            question["code"] = {"languages": ["python"], "seconds": draw(st.floats(0.1, 10))}
            scored["tests"] = [
                {"id": test, "input": draw(PROGRAM_TEXT), "output": draw(PROGRAM_TEXT)}
                for test in draw(ids(1, 2))
            ]
        case _:
            question |= draw(_more(kind, [next(lines) for _ in range(4)]))
            scored["key_points"] = [
                {"id": point, "importance": draw(st.integers(1, 3)), "texts": draw(PHRASES)}
                for point in draw(ids(1, 2))
            ]
    return question, scored


@st.composite
def _probes(draw: st.DrawFn, name: str) -> list[dict[str, Any]]:
    when = draw(st.sampled_from(["candidate.type == 'a b'", ' candidate.type\n== "“x，" ']))
    return draw(st.sampled_from([[], [{"id": name, "when": when, "text": draw(TEXT)}]]))


@st.composite
def _more(draw: st.DrawFn, kind: str, lines: list[str]) -> dict[str, Any]:
    said = [{"id": line, "text": draw(TEXT)} for line in lines]
    if kind == "case":
        return {"material": draw(NO_TEXT_OR_TEXT), "parts": said[: draw(st.integers(0, 3))]}
    if kind == "scenario":
        return {"turns": [{"replies": said[:2]}, {"replies": said[2:]}][: draw(st.integers(0, 2))]}
    return {}


@settings(max_examples=20)
@given(pairs())
def test_the_strategies_make_pairs_that_fit(pair: tuple[Guide, Rubric]) -> None:
    guide, rubric = pair
    assert set(rubric.questions) == set(guide.by_id)


def test_the_page_explains_every_sheet_and_column() -> None:
    page = (ROOT / "docs" / "spreadsheets.md").read_text(encoding="utf-8")
    for sheet in SHEETS:
        assert f"### {sheet.title}\n\n{sheet.zh}\n\n{sheet.en}\n" in page
        for column in FACTS if sheet is GUIDE_SHEET else sheet.columns:
            header = column.header.replace("\n", " ") + (" *" if column.required else "")
            assert column.note_zh, column
            assert column.note_en, column
            assert f"| {header} | {column.note_zh} | {column.note_en} |\n" in page


def test_the_page_names_the_limits() -> None:
    page = (ROOT / "docs" / "spreadsheets.md").read_text(encoding="utf-8")
    wanted = (
        f"at most {limits.MAX_BYTES // 10**6} MB, {limits.MAX_UNPACKED // 10**6} MB unpacked, "
        f"{limits.MAX_ROWS:,} rows and {limits.MAX_COLUMNS} columns a sheet, "
        f"{limits.MAX_CELLS:,} cells and {limits.MAX_CHARACTERS:,} characters in all"
    )
    assert wanted in page
