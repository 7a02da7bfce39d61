"""Rubric files, and whether a rubric fits a guide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.catalogue import GivenFiles, load_role
from dialogues.guide import sha256_of
from dialogues.guidefile import load_guide
from dialogues.yamlfile import FileProblem
from scoring.rubric import Rubric, check_fit, load_rubric

RUBRIC = """\
rubric: sample
version: 1
competencies:
  solving:
    weight: 60
    name: {zh: 解决问题, en: Solving}
    anchors:
      1: {zh: 说不清, en: Cannot say}
      5: {zh: 说得清, en: Says it well}
  teamwork:
    weight: 40
    name: {zh: 合作, en: Teamwork}
questions:
  project:
    weight: 2
    key_points:
      - id: result
        importance: 3
        texts: {zh: [延迟降到一半], en: [latency halved, fewer complaints]}
      - id: own_part
        texts: {zh: 我负责后端, en: I did the backend}
    examples:
      1: {zh: 做过一个项目。, en: I did a project.}
      5: {zh: [很好的回答], en: [A very good answer]}
"""

GUIDE = """\
guide: sample
version: 1
title: {zh: 样例, en: Sample}
rubric: sample
languages: [zh, en]
candidate_types: {campus: {zh: 应届生, en: New graduate}}
questions:
  - id: warmup
    text: {zh: 你好吗？, en: How are you?}
  - id: project
    competency: solving
    text: {zh: 请讲一个项目, en: Tell me about a project}
    probes:
      - id: result
        when: missing(result) or missing(own_part) and words(project) < 10
        text: {zh: 结果如何？, en: What came of it?}
"""


def problem(text: str) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        load_rubric(text, "r.yml")
    assert str(caught.value).startswith(f"r.yml:{caught.value.line}: ")
    assert str(caught.value).isprintable()
    return caught.value


def test_a_good_rubric() -> None:
    rubric = load_rubric(RUBRIC, "r.yml")
    assert {name: c.weight for name, c in rubric.competencies.items()} == {
        "solving": 60,
        "teamwork": 40,
    }
    project = rubric.questions["project"]
    assert [(p.id, p.importance) for p in project.key_points] == [("result", 3), ("own_part", 1)]
    assert project.key_points[1].texts == {"zh": ["我负责后端"], "en": ["I did the backend"]}
    assert project.examples[1]["en"] == ["I did a project."]
    assert set(rubric.competencies["solving"].anchors) == {1, 5}


# (what is replaced, by what, words of the complaint, text on the blamed line)
BROKEN = [
    ("weight: 60", "weight: 50", "the weights sum to 90", "competencies:"),
    ("weight: 60", "weight: 60.5", "the weights sum to 100.5", "competencies:"),
    ("weight: 60", "weight: 0", "greater than 0 (found 0)", "weight: 0"),
    ("weight: 60", "weight: -1", "greater than 0", "weight: -1"),
    ("weight: 60", "weight: 101", "less than or equal to 100", "weight: 101"),
    ("weight: 60", "weight: nan", "found 'nan'", "weight: nan"),
    ("    weight: 60\n", "", "weight: this field is missing", "solving:"),
    ("version: 1", "version: 0", "greater than or equal to 1", "version"),
    ("rubric: sample", "name: sample", "rubric: this field is missing", "name: sample"),
    ("  project:", "  pro ject:", "pattern", "pro ject"),
    ("importance: 3", "importance: 4", "less than or equal to 3 (found 4)", "importance: 4"),
    ("importance: 3", "importance: high", "valid integer", "importance: high"),
    ("importance: 3", "imporance: 3", "this field is not known", "imporance"),
    ("- id: own_part", "- id: result", "project.result stands twice", "id: result\n        texts"),
    ("zh: [延迟降到一半], ", "zh: [], ", "at least 1 item", "zh: []"),
    ("zh: [延迟降到一半], ", "zh: [延迟, ''], ", "at least 1 character", "zh: [延迟"),
    ("zh: [延迟降到一半], ", "de: [halb], ", "found 'de'", "halb"),
    ("{zh: 我负责后端, en: I did the backend}", "{}", "at least 1 item", "texts: {}"),
    ("{zh: 我负责后端, en: I did the backend}", "后端", "this is not a mapping", "texts: 后端"),
    ("      5: {zh: [", "      6: {zh: [", "(found 6)", "6: {zh: ["),
    ("      5: {zh: [", "      five: {zh: [", "(found 'five')", "five: {zh: ["),
    ("      5: {zh: [", "      1: {zh: [", "the key 1 stands twice", "1: {zh: ["),
    ("      5: {zh: 说", "      '5': {zh: 说", "(found '5')", "'5': {zh: 说"),
    ("name: {zh: 合作, en: Teamwork}", "name: Teamwork", "this is not a mapping", "name: Teamwork"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words", "place"),
    BROKEN,
    ids=lambda value: value[:40].encode("ascii", "replace").decode(),
)
def test_broken_rubrics(old: str, new: str, words: str, place: str) -> None:
    assert RUBRIC.count(old) >= 1
    text = RUBRIC.replace(old, new, 1)
    found = problem(text)
    assert words in found.message
    assert found.line == text[: text.index(place)].count("\n") + 1


def test_no_key_points() -> None:
    text = RUBRIC[: RUBRIC.index("    key_points:")]
    for more in ("", "    key_points: []\n"):
        assert problem(text + more).message == (
            "questions.project: a question has one of key_points, options, bands and tests"
        )


def test_weights_that_sum_to_100_but_for_rounding() -> None:
    text = RUBRIC.replace("weight: 60", "weight: 33.3").replace("weight: 40", "weight: 66.7")
    assert load_rubric(text, "r.yml")


@given(st.text(max_size=60), st.integers(0, len(RUBRIC)), st.integers(0, 20))
def test_a_mutated_rubric_is_a_rubric_or_one_problem(new: str, at: int, cut: int) -> None:
    try:
        load_rubric(RUBRIC[:at] + new + RUBRIC[at + cut :], "r.yml")
    except FileProblem as found:
        assert str(found).isprintable()


# The fit with a guide


def fit(guide: str, rubric: str = RUBRIC) -> None:
    check_fit(load_guide(guide, "g.yml"), guide, "g.yml", load_rubric(rubric, "r.yml"))


def test_a_rubric_that_fits() -> None:
    fit(GUIDE)


@pytest.mark.parametrize(
    ("old", "new", "message", "place"),
    [
        (
            "rubric: sample",
            "rubric: other",
            "the guide wants the rubric 'other', this is 'sample'",
            "rubric: other",
        ),
        (
            "competency: solving",
            "competency: foundations",
            "the rubric has no competency 'foundations'",
            "competency: foundations",
        ),
        ("id: project", "id: work", "the rubric does not score 'work'", "id: work"),
        (
            "missing(result)",
            "missing(outcome)",
            "the rubric has no key point 'outcome' for this question",
            "when:",
        ),
        (
            "missing(own_part)",
            "missing(warmup)",
            "the rubric has no key point 'warmup' for this question",
            "when:",
        ),
    ],
)
def test_a_rubric_that_does_not_fit(old: str, new: str, message: str, place: str) -> None:
    text = GUIDE.replace("words(project)", "words(warmup)").replace(old, new, 1)
    with pytest.raises(FileProblem) as caught:
        fit(text)
    found = caught.value
    assert found.message == message
    assert found.line == text[: text.index(place)].count("\n") + 1
    assert str(found) == f"g.yml:{found.line}: {found.message}; {found.mend}"
    assert str(found).isprintable()


def test_the_mend_names_what_there_is() -> None:
    with pytest.raises(FileProblem, match="use one of own_part, result"):
        fit(GUIDE.replace("missing(result)", "missing(x)"))
    with pytest.raises(FileProblem, match="use one of solving, teamwork"):
        fit(GUIDE.replace("competency: solving", "competency: x"))


def test_a_role_names_its_files_by_their_hashes() -> None:
    role = load_role(GivenFiles(GUIDE, RUBRIC))
    assert isinstance(role.rubric, Rubric)
    assert (role.guide_sha256, role.rubric_sha256) == (sha256_of(GUIDE), sha256_of(RUBRIC))


@pytest.mark.parametrize(("guide", "rubric", "file"), [("x", RUBRIC, "g"), (GUIDE, "x", "r")])
def test_a_role_blames_the_right_file(guide: str, rubric: str, file: str) -> None:
    with pytest.raises(FileProblem) as caught:
        load_role(GivenFiles(guide, rubric, "g", "r"))
    assert caught.value.file == file
