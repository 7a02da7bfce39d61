"""Guide files: every complaint names file, line and mend in one line; YAML 1.2; nothing else raised."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues import yamlfile
from dialogues.guide import Guide, sha256_of
from dialogues.guidefile import load_guide
from dialogues.yamlfile import FileProblem, read_document
from scoring.rubric import check_fit, load_rubric

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "dialogues" / "guides").glob("*.yml"))

GUIDE = """\
guide: sample
version: 1
title: {zh: 样例, en: Sample}
rubric: sample
languages: [zh, en]
candidate_types:
  campus: {zh: 应届生, en: New graduate}
  experienced: {zh: 社招, en: Experienced hire}
profile:
  degree: {type: choice, options: [bachelor, master]}
  years: {type: number}
questions:
  - id: warmup
    text: {zh: 你好吗？, en: How are you?}
  - id: project
    for: [campus]
    competency: solving
    text: {zh: 请讲一个项目, en: Tell me about a project}
    probes:
      - id: result
        when: missing(result)
        text: {zh: 结果如何？, en: What came of it?}
    next:
      - when: "profile.years >= 3"
        go: city
      - go: closing
  - id: city
    kind: choice
    text: {zh: 哪个城市？, en: Which city?}
    options:
      - {id: beijing, text: {zh: 北京, en: Beijing}}
      - {id: shanghai, text: {zh: 上海, en: Shanghai}}
  - id: months
    kind: number
    min: 1
    max: 12
    text: {zh: 几个月？, en: How many months?}
  - id: closing
    text: {zh: 还有问题吗？, en: Any questions?}
"""

RUBRIC = """\
rubric: sample
version: 1
competencies:
  solving: {weight: 100, name: {zh: 解决问题, en: Solving}}
questions:
  project:
    key_points:
      - id: result
        texts: {zh: [延迟降到一半], en: [latency halved]}
"""


def line_of(text: str, part: str) -> int:
    """The 1-based line of the one place where `part` stands."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def problem(text: str, file: str = "guides/g.yml") -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        load_guide(text, file)
    found = caught.value
    assert str(found) == f"{file}:{found.line}: {found.message}; {found.mend}"
    assert str(found).isprintable()
    assert found.message
    assert found.mend
    return found


def test_the_sample_here_is_good() -> None:
    guide = load_guide(GUIDE, "g.yml")
    check_fit(guide, GUIDE, "g.yml", load_rubric(RUBRIC, "r.yml"))
    assert list(guide.by_id) == ["warmup", "project", "city", "months", "closing"]


# One change breaks the guide: (what is replaced, by what, words of the complaint, its place).
# The place is given by text that stands on the blamed line, once, after the change.
BROKEN = [
    ("rubric: sample", "rubrik: sample", "rubric: this field is missing", "guide: sample"),
    ("    for: [campus]", "    four: [campus]", "four: this field is not known", "four"),
    ("    text: {zh: 你好吗？, en: How are you?}\n", "", "text: this field is missing", "id: warmup"),
    ("- id: warmup", "- ID: warmup", "id: this field is missing", "ID: warmup"),
    ("version: 1", "version: 0", "greater than or equal to 1 (found 0)", "version"),
    ("version: 1", "version: one", "valid integer", "version"),
    ("version: 1", "version: 1\nversion: 2", "the key 'version' stands twice", "version: 2"),
    ("    min: 1\n", "    min: 1\n    min: 2\n", "the key 'min' stands twice", "min: 2"),
    ("    min: 1\n    max: 12", "    code: {languages: [python]}", "a code question says", "id: months"),
    ("kind: number\n    min: 1\n    max: 12", "kind: code", "a code question says", "id: months"),
    ("kind: number", "kind: number\n    material: {zh: 表, en: A table}", "belong to case", "id: months"),
    ("kind: number", "kind: number\n    parts: [{id: a, text: {zh: 一, en: a}}]", "belong to case", "id: months"),
    ("kind: number", "kind: number\n    turns: [{replies: [{id: a, text: {zh: 一, en: a}}]}]", "turns belong", "id: months"),
    ("kind: number", "kind: essay", "'open', 'choice'", "kind: essay"),
    ("kind: number", "kind: [number]", "kind", "kind: [number]"),
    ("min: 1", "min: 13", "min is greater than max", "id: months"),
    ("min: 1", "min: nan", "finite number", "min: nan"),
    ("max: 12", "max: inf", "finite number", "max: inf"),
    ("max: 12", f"max: {'9' * 400}", "max", "max: 999"),
    ("    kind: number\n", "", "min and max belong to number questions", "id: months"),
    ("    kind: choice\n", "", "a choice question has options", "id: city"),
    ("kind: number", "kind: choice", "a choice question has options", "id: months"),
    ("{id: shanghai,", "{id: beijing,", "the id 'beijing' is taken", "Shanghai"),
    ("bachelor, master", "master, master", "the id 'master' is taken", "degree"),
    ("- id: months", "- id: warmup", "the id 'warmup' is taken", "- id: warmup\n    kind"),
    ("- id: months", "- id: end", "the id 'end' is taken", "id: end"),
    ("- id: months", "- id: 3months", "pattern", "id: 3months"),
    ("- id: months", "- id: 3", "valid string (found 3)", "id: 3"),
    ("- id: months", "- id: 月", "pattern", "id: 月"),
    ("go: city", "go: village", "there is no question 'village'", "go: village"),
    ("for: [campus]", "for: [intern]", "the candidate type 'intern' is not declared", "intern"),
    ("for: [campus]", "for: []", "at least 1 item", "for: []"),
    ("for: [campus]", "for: campus", "this is not a list", "for: campus"),
    ("zh: 哪个城市？, ", "", "the text has no zh", "Which city?"),
    (", en: Beijing", "", "the text has no en", "北京"),
    (", en: New graduate", "", "the text has no en", "应届生"),
    (", en: What came of it?", "", "the text has no en", "结果如何"),
    ("kind: choice", "kind: choice\n    clarify: {zh: 现在住的城市}", "the text has no en", "现在住"),
    ("kind: choice", "kind: choice\n    clarify: 现在住的城市", "clarify", "clarify: 现在"),
    ("kind: choice", "kind: choice\n    clarify: {zh: 城, en: 'In {profile.x}'}", "profile.x is not declared", "clarify"),
    ("kind: choice", "kind: choice\n    clarify: {zh: 城, en: '{profile.years}'}", "may be unknown", "clarify"),
    ("en: Sample", "fr: Exemple", "'zh' or 'en' (found 'fr')", "Exemple"),
    ("en: Which city?", "en: ' '", "at least 1 character", "en: ' '"),
    ("languages: [zh, en]", "languages: []", "at least 1 item", "languages"),
    ("languages: [zh, en]", "languages: [de]", "found 'de'", "[de]"),
    ("profile.years >=", "profile.age >=", "profile.age is not declared", "profile.age"),
    ("profile.years >= 3", "known(profile.age)", "profile.age is not declared", "profile.age"),
    ("profile.years >= 3", "answer.nowhere == 1", "no question 'nowhere'", "nowhere"),
    ("profile.years >= 3", "words(nowhere) > 1", "no question 'nowhere'", "nowhere"),
    ("profile.years >= 3", "missing(result)", "stands outside a probe", '"missing'),
    ("profile.years >= 3", "profile.years => 3", "cannot read condition", "=> 3"),
    ("when: missing(result)", "when: missing(", "cannot read condition", "when: missing("),
    ("when: missing(result)", "when: 1", "valid string", "when: 1"),
    ("        when: missing(result)\n", "", "when: this field is missing", "- id: result"),
    ("type: number", "type: date", "found 'date'", "type: date"),
    ("{type: choice, options: [bachelor, master]}", "{type: choice}", "a choice has options", "degree"),
    ("{type: number}", "{type: number, options: [a]}", "a choice has options", "years: {"),
    ("    options:\n", "    options:\n      - beijing2\n", "this is not a mapping", "- beijing2"),
    ("    max: 12", "    max: 12\n    probes: [{id: x, when: missing(y), text: {zh: 一, en: a}}]", "a number question has no probes", "id: months"),
    ("    probes:", "    minutes: 0\n    probes:", "greater than 0 (found 0)", "minutes: 0"),
    ("    probes:", "    max_probes: 6\n    probes:", "less than or equal to 5", "max_probes"),
    ("guide: sample", "guide: &a sample\nx: *a", "a YAML alias is used", "x: *a"),
    ("guide: sample", "guide: &a sample\n*a : 1", "a YAML alias is used", "*a : 1"),
    ("guide: sample", "guide: &a [*a]", "a YAML alias is used", "guide"),
    ("guide: sample", "guide: !!python/name:os.system x", "python/name:os.system", "guide"),
    ("guide: sample", "guide: !secret x", "the tag !secret is not used here", "guide"),
    ("guide: sample", "<<: {guide: sample}", "guide: this field is missing", "<<"),
    ("guide: sample", "? [a]\n: 1\nguide: sample", "a key is not a word", "? [a]"),
    ("guide: sample", "guide: sample\ntrue: 1", "the key True is not a word", "true: 1"),
    ("guide: sample", "guide: sample\n1.5: 1", "the key 1.5 is not a word", "1.5"),
    ("guide: sample", "guide: sample\n~: 1", "the key None is not a word", "~: 1"),
    ("guide: sample", 'guide: "\\ud800"', "half a character is escaped", "guide"),
    ("guide: sample", 'guide: "\\UFFFFFFFF"', "not readable as YAML", "guide"),
    ("guide: sample", 'guide: sample\n"a\\nb": 1', "a b: this field is not known", '"a\\nb"'),
    ("guide: sample", f"guide: sample\n{'k' * 120}: 1", "is not known", "kkk: 1"),
    ("version: 1", "version: 1\n--- \nmore: 1", "another document", "---"),
    ("    for: [campus]", "\tfor: [campus]", "'\\t'", "\tfor"),
    ("    for: [campus]", "   for: [campus]", "not valid YAML", "   for: [campus]"),
    ("en: Which city?}", "en: Which city?", "expected ',' or '}'", "    options:\n"),
    ("en: Which city?}", 'en: "Which city?}', "unexpected end of stream", '"Which'),
    ("city\n    kind", "city: x\n    kind", "mapping values are not allowed", "id: city: x"),
    ("    max: 12", "    max: 12\x07", "the character U+0007 is not allowed", "\x07"),
    ("    max: 12", "    max: \ud800", "the character U+D800 is not allowed", "max:"),
    ("en: Any questions?}", "en: @home}", "cannot start any token", "@home"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words", "place"),
    BROKEN,
    ids=lambda value: value[:40].encode("ascii", "replace").decode(),
)
def test_broken_guides(old: str, new: str, words: str, place: str) -> None:
    assert GUIDE.count(old) >= 1
    text = GUIDE.replace(old, new, 1)
    found = problem(text)
    assert words in found.message
    start = text.index(place)
    assert found.line == text[:start].count("\n") + 1


def test_an_anchor_alone_does_no_harm() -> None:
    assert load_guide(GUIDE.replace("candidate_types:", "candidate_types: &types"), "g.yml")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file is not a mapping"),
        ("# nothing", 1, "the file is not a mapping"),
        ("just words", 1, "the file is not a mapping"),
        ("- a\n- b", 1, "the file is not a mapping"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: 1\n b: 2", 2, "not valid YAML"),
        ("%YAML 3.0\n---\na: 1", 1, "not valid YAML"),
        ("%YAML 1.77\n---\na: 1", 1, "not readable as YAML"),
        ("x: 1\n" * 3, 2, "the key 'x' stands twice"),
        ("a: {b: {c: {d: 1}, d: 1, c: 2}}", 1, "the key 'c' stands twice"),
        ("1: a\n1: b", 2, "the key 1 stands twice"),
        ("a:\n" + "".join("  " * i + "- \n" for i in range(1, 30)), 14, "nested too deeply"),
        ("a: " + "[" * 5_000, 1, "nested too deeply"),
        ("[" * 50_000, 1, "nested too deeply"),
        ("? " * 50_000, 1, "nested too deeply"),
        ("a: {" * 3_000, 1, "nested too deeply"),
        ("a: 1\n" + "b: " * 3, 2, "mapping values are not allowed"),
        ("a: 1\n" * 700_000, 1, "the file has 3500000 characters"),
        ("ab\n" * 1_100_000, 1, "the file has 3300000 characters"),
    ],
)
def test_no_guide_at_all(text: str, line: int, words: str) -> None:
    found = problem(text)
    assert words in found.message
    assert found.line == line


def test_a_bomb_does_not_go_off() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 10)]
    found = problem("\n".join(["l0: &l0 [lol, lol]", *levels]))
    assert (found.line, found.message) == (2, "a YAML alias is used")


def test_a_flood_of_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert yamlfile.MAX_VALUES == 150_000
    monkeypatch.setattr(yamlfile, "MAX_VALUES", 100)
    found = problem("a:\n" + "- 1\n" * 100)
    assert (found.line, found.message) == (99, "more than 100 values")


def test_repeated_anchors_do_not_warn() -> None:
    assert read_document("a: &x 1\nb: &x 2", "f").data == {"a": 1, "b": 2}


# YAML 1.2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Yes", "Yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ("nil", "nil"),
        ("10", 10),
        ("010", 10),
        ("0o10", "0o10"),
        ("0x1F", "0x1F"),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'10'", "10"),
        ("2024-02-30", "2024-02-30"),
        ("2024-02-03T10:00:00Z", "2024-02-03T10:00:00Z"),
        ("12:30", "12:30"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("!!str 5", "5"),
        ('"\\ud83d\\udc4d \\u9762"', "👍 面"),
        ("[a, 1, Yes]", ["a", 1, "Yes"]),
        ("|\n  one\n  two", "one\ntwo"),
        (">-\n  one\n  two", "one two"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_values_are_read_as_yaml_1_2(written: str, read: object) -> None:
    found = read_document(f"key: {written}", "f").data
    assert found == {"key": read}
    assert type(found["key"]) is type(read)


def test_an_old_yaml_directive_changes_no_word() -> None:
    assert read_document("%YAML 1.1\n---\na: yes\nb: Off\nc: true", "f").data == {
        "a": "yes",
        "b": "Off",
        "c": True,
    }


def test_words_that_yaml_1_1_would_take_for_truth() -> None:
    text = GUIDE.replace("zh: 哪个城市？, en: Which city?", "zh: 是, en: Yes").replace(
        "id: beijing", "id: on"
    )
    guide = load_guide(text, "g.yml")
    assert guide.by_id["city"].text == {"zh": "是", "en": "Yes"}
    assert guide.by_id["city"].options[0].id == "on"


def test_a_byte_order_mark_and_windows_lines() -> None:
    assert load_guide("\ufeff" + GUIDE.replace("\n", "\r\n"), "g.yml") == load_guide(GUIDE, "g.yml")


def test_the_line_is_right_with_windows_lines() -> None:
    text = GUIDE.replace("go: city", "go: village").replace("\n", "\r\n")
    assert problem(text).line == line_of(GUIDE, "go: city")


# Meanings


def test_a_bare_profile_option_is_an_id() -> None:
    degree = load_guide(GUIDE, "g.yml").profile["degree"]
    assert [option.id for option in degree.options] == ["bachelor", "master"]
    assert degree.options[0].label("zh") == "bachelor"


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        ({"degree": "master"}, {"degree": "master"}),
        ({"degree": " master "}, {"degree": "master"}),
        ({"degree": "Master of Arts"}, {}),
        ({"degree": True}, {}),
        ({"years": 3}, {"years": 3.0}),
        ({"years": "3.5"}, {"years": 3.5}),
        ({"years": "three"}, {}),
        ({"years": float("nan")}, {}),
        ({"years": float("inf")}, {}),
        ({"years": True}, {}),
        ({"years": None}, {}),
        ({"years": 10**400}, {}),
        ({"age": 30}, {}),
    ],
)
def test_the_profile_is_taken_where_it_fits(given_value: dict[str, object], kept: object) -> None:
    assert load_guide(GUIDE, "g.yml").accept_profile(given_value) == kept


def test_a_number_given_for_words_keeps_its_form() -> None:
    text = GUIDE.replace("years: {type: number}", "years: {type: text}")
    assert load_guide(text, "g.yml").accept_profile({"years": 2025.0}) == {"years": "2025"}


def test_the_hash_is_of_the_utf_8_bytes() -> None:
    assert sha256_of("面谈\n") == (
        "8fdfea38cddf0072032c81e541306501a978c18f8400660b465da55c0ab4a056"
    )


# Anything at all


def survives(text: str) -> Guide | None:
    try:
        return load_guide(text, "f.yml")
    except FileProblem as found:
        assert str(found).isprintable()
        assert len(str(found)) < 2_000
        assert (
            1
            <= found.line
            <= text.count("\n")
            + 1
            + text.count("\r")
            + text.count("\x85")
            + (text.count("\u2028") + text.count("\u2029"))
        )
        return None


YAMLISH = st.text(alphabet="ab:-{}[]\"'|>&*!%@`#?,~.=< \n\t\\1e", max_size=60)


@given(st.text(max_size=60) | YAMLISH)
def test_any_text_is_a_guide_or_one_problem(text: str) -> None:
    survives(text)
    survives("guide: x\n" + text)


@settings(max_examples=150)
@given(st.data())
def test_a_mutated_guide_is_a_guide_or_one_problem(data: st.DataObject) -> None:
    text = GUIDE
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text(max_size=4) | YAMLISH) + text[at + cut :]
    guide = survives(text)
    if guide is not None:
        assert survives(text) == guide


@settings(max_examples=40)
@given(st.data())
def test_a_mutated_line_of_a_sample_guide(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(GUIDES)).read_text(encoding="utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.sampled_from(lines))
    lines[at] = data.draw(
        st.sampled_from([other, " " + lines[at], lines[at][1:], "", "- " + other])
    )
    survives("\n".join(lines))
