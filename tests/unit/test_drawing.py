"""The drawing of a guide."""

import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import guide_graph
from dialogues.drawing.faces import (
    BOX_WIDTH,
    PADDING,
    Face,
    Label,
    face_size,
    label_size,
    letter,
    title_lines,
)
from dialogues.drawing.graph import draw_graph
from dialogues.drawing.layout import LONGEST_LINE, Box, Drawing, Line, Rectangle, Stroke, lay_out
from dialogues.drawing.steps import START, decided, layers, steps
from dialogues.drawing.textwidth import balanced, clean, shorten, width_of, wrap
from dialogues.guide import END, Guide, Language
from dialogues.guidefile import load_guide
from dialogues.yamlfile import FileProblem
from tests.plans import TYPES, both, make_guide, options, question

FOLDER = Path(__file__).parents[2] / "dialogues" / "guides"
SVG = "{http://www.w3.org/2000/svg}"
PROFILE = {"years": {"type": "number"}, "degree": {"type": "text"}}


def ways(guide: Guide) -> dict[tuple[str, str, int | None], tuple[str, ...]]:
    return {(step.source, step.target, step.branch): step.types for step in steps(guide)}


def texts(svg: str) -> list[str]:
    """The words of every text, its lines joined."""
    root = ET.fromstring(svg)
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def single_lines(svg: str) -> list[str]:
    """The words of every line of text."""
    root = ET.fromstring(svg)
    found = (list(each.iter(f"{SVG}tspan")) or [each] for each in root.iter(f"{SVG}text"))
    return [(line.text or "").strip() for lines in found for line in lines]


# ---- Which ways there are ------------------------------------------------------------------------


def test_ways_follow_the_engine_for_every_type() -> None:
    guide = make_guide(
        question("a", next=[{"when": "profile.years > 3", "go": "b"}, {"go": "c"}]),
        question("b", **{"for": ["campus"]}),
        question("c", **{"for": ["experienced"]}, next=[{"when": "profile.years > 9", "go": END}]),
        question("d", next=[{"when": "profile.years < 1", "go": "a"}]),
        candidate_types=TYPES,
        profile=PROFILE,
    )
    assert ways(guide) == {
        (START, "a", None): ("campus", "experienced"),
        ("a", "b", 0): ("campus",),
        # b is not meant for them: on to the next that is.
        ("a", "c", 0): ("experienced",),
        ("a", "d", 1): ("campus",),
        ("a", "c", 1): ("experienced",),
        ("b", "d", None): ("campus",),
        ("c", END, 0): ("experienced",),
        ("c", "d", None): ("experienced",),
        ("d", "a", 0): ("campus", "experienced"),
        ("d", END, None): ("campus", "experienced"),
    }


def test_what_a_type_decides_is_drawn_for_the_others_only() -> None:
    guide = make_guide(
        question(
            "a",
            next=[
                {"when": "candidate.type == 'campus' or 1 > 2", "go": "c"},
                {"when": "not candidate.type in ['campus'] and profile.years > 1", "go": END},
                {"go": "b"},
                {"when": "profile.years > 1", "go": "c"},
            ],
        ),
        question("b", next=[{"go": "b"}]),
        question("c"),
        candidate_types=TYPES,
        profile=PROFILE,
    )
    assert ways(guide) == {
        (START, "a", None): ("campus", "experienced"),
        ("a", "c", 0): ("campus",),
        ("a", END, 1): ("experienced",),
        ("a", "b", 2): ("experienced",),
        # A question is never asked twice, so going to itself is going on.
        ("b", "c", 0): ("campus", "experienced"),
        ("c", END, None): ("campus", "experienced"),
    }
    assert "! branches never taken: 1" in texts(draw_graph(guide, "en"))


@pytest.mark.parametrize(
    ("condition", "comes_to"),
    [
        ("candidate.type == 'campus'", True),
        ("not candidate.type == 'campus'", False),
        ("candidate.type != 'campus' and known(profile.years)", False),
        ("candidate.type == 'campus' and known(profile.years)", None),
        ("candidate.type == 'campus' or profile.years > 1", True),
        ("not profile.years > 1", None),
        ("2 in [1, 2]", True),
    ],
)
def test_conditions_that_the_type_decides(condition: str, comes_to: bool | None) -> None:
    assert decided(condition, "campus") is comes_to


def test_a_question_without_a_way_to_it_stands_below_the_one_before() -> None:
    guide = make_guide(
        question("a", next=[{"go": "c"}]), question("b"), question("c", next=[{"go": "a"}])
    )
    assert layers(guide, steps(guide)) == {START: 0, "a": 1, "b": 2, "c": 3, END: 4}
    assert texts(draw_graph(guide, "zh")).count("! 没有路通到这一题") == 1


# ---- Where everything stands ---------------------------------------------------------------------


def bounds(stroke: Stroke) -> tuple[float, float, float, float]:
    """What a bend may touch: a Bézier curve stays within its four points."""
    (x, y), (to_x, to_y) = stroke.start, stroke.end
    turned = (min(0.0, stroke.turns), max(0.0, stroke.turns))
    return min(x, to_x), min(y, to_y) + turned[0], max(x, to_x), max(y, to_y) + turned[1]


def check(drawing: Drawing, boxes: list[Box], lines: list[Line]) -> None:
    """Nothing stands on anything else, all is within the drawing, and every line arrives."""
    assert list(drawing.boxes) == [box.key for box in boxes]
    assert list(drawing.lines) == [line.key for line in lines]
    standing = [*drawing.boxes.values(), *drawing.labels.values()]
    for one, other in combinations(standing, 2):
        assert not one.overlaps(other), (one, other)
    for each in standing:
        assert each.x >= 0 and each.y >= 0
        assert each.right <= drawing.width + 0.2 and each.bottom <= drawing.height
    for line in lines:
        check_line(drawing, line, standing)


def check_line(drawing: Drawing, line: Line, standing: list[Rectangle]) -> None:
    strokes = drawing.lines[line.key]
    source, label = drawing.boxes[line.source], drawing.labels.get(line.key)
    assert strokes[0].start[1] == pytest.approx(source.bottom, abs=0.2)
    assert source.x < strokes[0].start[0] < source.right
    x, y = strokes[-1].end
    last = label if line.key in drawing.references else drawing.boxes[line.target]
    assert last is not None
    assert y == pytest.approx(last.y, abs=0.2) and last.x < x < last.right
    jumps = [(a, b) for a, b in pairwise(strokes) if a.end != b.start]
    assert len(jumps) == (label is not None and line.key not in drawing.references)
    for stroke in strokes:
        left, top, right, bottom = bounds(stroke)
        inner = Rectangle(left, top + 0.3, max(right - left, 0.1), max(bottom - top - 0.6, 0.0))
        for each in standing:
            assert not inner.overlaps(each), (line, stroke, each)


def placed(rows: list[int], ends: list[tuple[int, int]], labelled: list[bool]) -> None:
    boxes = [Box(str(i), row, 100 + i % 3 * 20, 40 + i % 4 * 15) for i, row in enumerate(rows)]
    lines = [
        Line(f"{a}-{b}-{i}", str(a), str(b), i % 3 / 2, (50 + i * 7 % 90, 20) if tag else None)
        for i, ((a, b), tag) in enumerate(zip(ends, labelled, strict=True))
    ]
    drawing = lay_out(boxes, lines)
    check(drawing, boxes, lines)
    assert lay_out(boxes, lines) == drawing


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]], list[bool]]:
    """Rows without a gap, the first of one box, and any lines, but none up into the first."""
    counts = [1, *draw(st.lists(st.integers(1, 4), min_size=1, max_size=18))]
    rows = [row for row, count in enumerate(counts) for _ in range(count)]
    near = st.tuples(st.integers(0, len(rows) - 1), st.integers(1, len(rows) - 1))
    ends = draw(st.lists(near, min_size=1, max_size=40))
    labelled = draw(st.lists(st.booleans(), min_size=len(ends), max_size=len(ends)))
    return rows, ends, labelled


@settings(deadline=None, max_examples=150)
@given(graphs())
def test_nothing_overlaps_in_any_drawing(
    graph: tuple[list[int], list[tuple[int, int]], list[bool]],
) -> None:
    placed(*graph)


def test_lines_that_are_too_long_become_references() -> None:
    boxes = [Box(str(i), i, 100, 40) for i in range(LONGEST_LINE + 3)]
    far = (80.0, 20.0)
    lines = [Line(f"{i}", "0", str(i), far_size=far) for i in (1, LONGEST_LINE, LONGEST_LINE + 1)]
    drawing = lay_out(boxes, lines)
    assert drawing.references == {str(LONGEST_LINE + 1)}
    assert (drawing.labels[str(LONGEST_LINE + 1)].width, len(drawing.labels)) == (80.0, 1)


def test_a_chain_is_straight_and_passed_on_the_side() -> None:
    boxes = [Box(str(i), i, 100, 40) for i in range(5)]
    chain = [Line(f"{i}", str(i), str(i + 1)) for i in range(4)]
    drawing = lay_out(boxes, [*chain, Line("by", "0", "4", label=(60.0, 20.0))])
    assert len({box.x for box in drawing.boxes.values()}) == 1
    assert len({each.x for each in drawing.boxes.values()} & {drawing.labels["by"].x}) == 0


def test_a_drawing_of_many_branches_stays_narrow() -> None:
    """Lines beside one another do not push each other outwards without end."""
    boxes = [Box(str(i), i, 236, 80) for i in range(120)]
    chain = [Line(f"{i}", str(i), str(i + 1)) for i in range(119)]
    jumps = [Line(f"j{i}", str(i), str(i + 5), label=(100.0, 20.0)) for i in range(0, 110, 3)]
    drawing = lay_out(boxes, [*chain, *jumps])
    assert drawing.references == set()
    assert drawing.width < 1000


# ---- What is drawn -------------------------------------------------------------------------------


def forty() -> Guide:
    """40 questions, 3 types, 15 branches: long conditions, long jumps, one going back."""
    names = ["campus", "experienced", "lead"]
    questions: list[dict[str, Any]] = []
    for i in range(40):
        more: dict[str, Any] = {"competency": "service", "label": both(f"Topic {i}")}
        if i % 8 in (2, 3, 4):
            more["for"] = [names[i % 3]]
        if i % 8 == 5:
            more["for"] = names[1:]
        questions.append(question(f"q{i}", **more))
    for i in range(1, 39, 3):
        when = f"profile.years > {i} and not (profile.degree in ['a', 'b'] or words(q0) < {i})"
        questions[i]["next"] = [{"when": when, "go": f"q{min(i + 2 + i % 9, 39)}"}]
    questions[30]["next"] = [{"when": "known(profile.degree)", "go": "q6"}, {"go": END}]
    types = {**TYPES, "lead": {"zh": "管理岗", "en": "Team lead"}}
    return make_guide(*questions, candidate_types=types, profile=PROFILE)


SAMPLES = [load_guide(f.read_text("utf-8"), f.name) for f in sorted(FOLDER.glob("*.yml"))]
LANGUAGES: list[Language] = ["zh", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("guide", [*SAMPLES, forty()], ids=lambda guide: guide.guide)
def test_every_question_and_every_way_is_drawn_once(guide: Guide, language: Language) -> None:
    svg = draw_graph(guide, language)
    assert svg == draw_graph(guide, language)
    words = texts(svg)
    for each in [*guide.questions, *guide.bank]:
        assert words.count(each.id) == 1
    root = ET.fromstring(svg)
    lines = [g for g in root.iter(f"{SVG}g") if g.get("fill") == "none"]
    assert len(lines) == len(steps(guide))
    otherwise = {"zh": "否则", "en": "otherwise"}[language]
    expected = sum(
        bool(guide.by_id[step.source].next[: step.branch])
        and (step.branch is None or guide.by_id[step.source].next[step.branch].when is None)
        for step in steps(guide)
        if step.source != START
    )
    assert words.count(otherwise) == expected
    assert (root.get("role"), root.get("lang")) == ("img", language)


@pytest.mark.parametrize("guide", [*SAMPLES, forty()], ids=lambda guide: guide.guide)
def test_text_is_large_enough_and_within_its_box(guide: Guide) -> None:
    svg = draw_graph(guide, "zh")
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= 12
    for each in guide.questions:
        face = Face(f"1. {each.text['zh']}", id=each.id)
        for line in title_lines(face):
            assert width_of(line) * 15 * 1.12 <= BOX_WIDTH - 2 * PADDING + 0.01


def test_a_box_tells_the_form_of_its_question() -> None:
    guide = make_guide(
        question("pick", kind="choice", options=options("x", "y"), minutes=1),
        question("days", kind="number", min=0, max=7),
        question(
            "talk",
            kind="scenario",
            competency="service",
            turns=[{"replies": [{"id": "t", "text": both("t")}]}],
            probes=[{"id": f"p{i}", "when": "missing(k)", "text": both("p")} for i in range(2)],
        ),
        question("plan", kind="case", competency="c", parts=[{"id": "z", "text": both("z")}]),
        question("program", kind="code", competency="c", code={"languages": ["python"]}),
    )
    words = single_lines(draw_graph(guide, "en", {"service": "Service"}))
    for line in (
        "choice · 1 min · 2 options",
        "number · 2 min · 0–7",
        "not scored",
        "scenario · 2 min · 1 turn",
        "Service",
        "2 probes, at most 1 asked",
        "case · 2 min · 1 more part",
        "code · 2 min · python",
    ):
        assert line in words
    assert "情景模拟 · 2 分钟 · 1 轮对话" in single_lines(draw_graph(guide, "zh"))
    assert draw_graph(guide, "en").count('stroke-dasharray="6 4"') == 3  # two boxes, the legend


def test_types_have_a_colour_and_a_letter() -> None:
    guide = make_guide(
        question("a"),
        question("b", **{"for": ["campus"]}),
        question("c", **{"for": ["experienced"]}),
        candidate_types=TYPES,
    )
    words = texts(draw_graph(guide, "zh"))
    assert {"A 应届生", "B 社招"} <= set(words)
    # In the legend, and where their ways part: both after a, and campus after b is alone anyway.
    assert (words.count("A"), words.count("B")) == (2, 2)
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_several_conditions_are_numbered_in_their_order() -> None:
    guide = make_guide(
        question(
            "a",
            next=[
                {"when": "profile.years > 5", "go": "c"},
                {"when": "profile.years > 3", "go": "b"},
            ],
        ),
        question("b"),
        question("c"),
        profile=PROFILE,
    )
    words = texts(draw_graph(guide, "en"))
    assert {"1) years is more than 5", "2) years is more than 3", "otherwise"} <= set(words)


def test_the_description_tells_the_tree_in_words() -> None:
    guide = make_guide(
        question("a", next=[{"when": "profile.years > 5", "go": END}]),
        question("b"),
        profile=PROFILE,
    )
    described = ET.fromstring(draw_graph(guide, "en")).findtext(f"{SVG}desc")
    assert described == (
        "2 questions · version 1 · sample\n"
        "Start → 1. a\n"
        "1. a → End (years is more than 5) → 2. b (otherwise)\n"
        "2. b → End"
    )


HOSTILE = "</text><script>alert(1)</script> & \"'<b> ]]> \x00\x07\u202e \ufffe&#0;"


def test_hostile_texts_are_only_text() -> None:
    text = {"zh": HOSTILE, "en": HOSTILE}
    pairs = [{"id": "x", "text": text}, {"id": "y", "text": text}]
    guide = make_guide(
        {
            "id": "a",
            "label": text,
            "text": text,
            "competency": "c",
            "kind": "choice",
            "options": pairs,
            "next": [{"when": "answer.a == 'x' or profile.x == '</svg>'", "go": END}],
        },
        question("b", label=text, **{"for": ["campus"]}),
        title=text,
        candidate_types={"campus": text, "other": text},
        profile={"x": {"type": "text", "default": text}},
    )
    svg = draw_graph(guide, "zh", {"c": HOSTILE})
    root = ET.fromstring(svg)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "text", "tspan"}
    assert not any(sign in svg for sign in ("<script", "\x00", "\x07", "\u202e", "\ufffe"))


@given(st.text(max_size=300), st.floats(2, 30), st.integers(1, 5))
def test_wrapping_keeps_to_its_width_and_loses_nothing_unseen(
    text: str, width: float, most: int
) -> None:
    lines = wrap(text, width, most)
    assert 1 <= len(lines) <= most
    assert all(width_of(line) <= width + 1e-9 for line in lines)
    whole = clean(text).replace(" ", "")
    joined = "".join(lines).replace(" ", "")
    assert joined == whole or joined.endswith("…")
    assert len(balanced(text, width, most)) <= most


def test_lines_break_between_words_and_before_no_closing_sign() -> None:
    assert wrap("the first customer of the day", 8, 9) == ("the first", "customer of", "the day")
    assert wrap("他说：“可以。”然后走了", 6, 9) == ("他说：“可", "以。”然后走", "了")
    assert shorten("a long enough sentence", 6) == "a long…"
    assert shorten("无", 6) == "无"


def test_sizes_grow_with_what_is_said() -> None:
    assert label_size(Label()) is None
    short, long = label_size(Label("否则")), label_size(Label("否则" * 20))
    assert short is not None and long is not None
    assert short[0] < long[0] and short[1] < long[1]
    assert face_size(Face("题", id="a"))[1] < face_size(Face("题" * 40, id="a"))[1]


# ---- The command ---------------------------------------------------------------------------------


def test_the_command_writes_the_drawing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "x.svg"
    guide_graph.run(FOLDER / "campus-software-engineer.yml", out, "en")
    assert capsys.readouterr().out == f"{out}\n"
    words = texts(out.read_text("utf-8"))
    # The rubric's name of the competency, not its id.
    assert any("Problem solving" in each for each in words)
    assert not any("problem_solving" in each for each in words)


def test_a_guide_without_its_rubric_is_drawn_with_ids(tmp_path: Path) -> None:
    guide = tmp_path / "g.yml"
    guide.write_text(
        "{guide: g, version: 1, title: {zh: 题}, rubric: nowhere, languages: [zh],"
        " candidate_types: {c: {zh: 人}}, questions: [{id: a, competency: care, text: {zh: 问}}]}",
        "utf-8",
    )
    guide_graph.run(guide, tmp_path / "x.svg", "zh")
    assert "care" in single_lines((tmp_path / "x.svg").read_text("utf-8"))


def test_a_broken_guide_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    guide = tmp_path / "g.yml"
    guide.write_text("guide: g\nversion: x\n", "utf-8")
    with pytest.raises(FileProblem, match=r"g\.yml:\d+: "):
        guide_graph.run(guide, tmp_path / "x.svg", "zh")
    assert not (tmp_path / "x.svg").exists()
