"""Conditions in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import conditions
from dialogues.conditions import ConditionError
from dialogues.guide import Guide, Language
from dialogues.tree.plain import say_branches, say_condition, say_field, say_question
from tests.plans import TYPES, make_guide, question

WEEKENDS = {"zh": "您周末可以上班吗？", "en": "Can you work at weekends?"}
DEGREES = [
    {"id": "bachelor", "text": {"zh": "本科", "en": "Bachelor's degree"}},
    {"id": "master", "text": {"zh": "硕士", "en": "Master's degree"}},
    {"id": "doctor", "text": {"zh": "博士", "en": "Doctorate"}},
]


def sample(*more: dict[str, object]) -> Guide:
    return make_guide(
        question("intro", label={"zh": "自我介绍", "en": "Introduction"}),
        {
            "id": "weekends",
            "kind": "choice",
            "text": WEEKENDS,
            "options": [
                {"id": "yes", "text": {"zh": "可以", "en": "Yes"}},
                {"id": "no", "text": {"zh": "不可以", "en": "No"}},
                {"id": "some", "text": {"zh": "有时", "en": "Sometimes"}},
            ],
        },
        {"id": "days", "kind": "number", "text": {"zh": "几天？", "en": "How many days?"}},
        *more,
        candidate_types=TYPES,
        profile={
            "years": {"type": "number", "label": {"zh": "工作年限", "en": "Years of work"}},
            "degree": {
                "type": "choice",
                "label": {"zh": "学历", "en": "Degree"},
                "options": DEGREES,
            },
            "shift": {"type": "text"},
        },
    )


GUIDE = sample()

SAID = [
    ("profile.years >= 3", "工作年限至少 3", "Years of work is at least 3"),
    ("3 <= profile.years", "工作年限至少 3", "Years of work is at least 3"),
    ("profile.years > 2.5", "工作年限超过 2.5", "Years of work is more than 2.5"),
    ("profile.years <= 3", "工作年限不超过 3", "Years of work is at most 3"),
    ("profile.years < 3", "工作年限不到 3", "Years of work is less than 3"),
    ("profile.years == 3", "工作年限是 3", "Years of work is 3"),
    ("profile.shift == 'late'", "shift 是“late”", "shift is “late”"),
    # A comparison with an absent value is false, and so is an inequality.
    (
        "profile.degree != 'master'",
        "学历已知，但不是硕士",
        "Degree is known and is not Master's degree",
    ),
    (
        "not (profile.years >= 3)",
        "工作年限不到 3，或未知",
        "Years of work is less than 3, or unknown",
    ),
    (
        "not profile.years != 3",
        "工作年限是 3，或未知",
        "Years of work is 3, or unknown",
    ),
    (
        'profile.degree in ["master", "doctor"]',
        "学历是硕士或博士",
        "Degree is Master's degree or Doctorate",
    ),
    (
        'not profile.degree in ["master", "doctor"]',
        "学历不是硕士或博士，或未知",
        "Degree is neither Master's degree nor Doctorate, or unknown",
    ),
    (
        "not profile.degree in ['bachelor', 'master', 'doctor']",
        "学历不是本科、硕士或博士，或未知",
        "Degree is none of Bachelor's degree, Master's degree or Doctorate, or unknown",
    ),
    ("profile.degree in ['master']", "学历是硕士", "Degree is Master's degree"),
    (
        "answer.weekends == 'yes'",
        "“您周末可以上班吗？”答“可以”",
        "the answer to “Can you work at weekends?” is “Yes”",
    ),
    (
        "answer.weekends in ['yes', 'some']",
        "“您周末可以上班吗？”答“可以”或“有时”",
        "the answer to “Can you work at weekends?” is “Yes” or “Sometimes”",
    ),
    (
        "not answer.weekends == 'yes'",
        "“您周末可以上班吗？”的回答不是“可以”，或没有回答",
        "the answer to “Can you work at weekends?” is not “Yes”, or there is none",
    ),
    ("answer.days > 2", "“几天？”的回答超过 2", "the answer to “How many days?” is more than 2"),
    (
        "words(intro) < 30",
        "“自我介绍”的回答不到 30 字",
        "the answer to “Introduction” has fewer than 30 words",
    ),
    (
        "words(intro) >= 1",
        "“自我介绍”的回答至少 1 字",
        "the answer to “Introduction” has at least 1 word",
    ),
    (
        "words(intro) < words(days)",
        "“自我介绍”的回答字数不到“几天？”的回答字数",
        "the number of words in the answer to “Introduction” is less than "
        "the number of words in the answer to “How many days?”",
    ),
    (
        "not profile.years > answer.days",
        "工作年限不超过“几天？”的回答，或其中有未知的",
        "Years of work is at most the answer to “How many days?”, or one of the two is unknown",
    ),
    (
        "profile.years != answer.days",
        "工作年限和“几天？”的回答都已知，但不相同",
        "Years of work and the answer to “How many days?” are known and differ",
    ),
    ("candidate.type == 'campus'", "候选人类型是应届生", "the candidate type is New graduate"),
    (
        "not candidate.type == 'campus'",
        "候选人类型不是应届生",
        "the candidate type is not New graduate",
    ),
    ("known(profile.years)", "知道工作年限", "Years of work is known"),
    ("not known(profile.shift)", "不知道 shift", "shift is not known"),
    ("missing(result)", "还没有说到“result”", "“result” has not come up yet"),
    ("not missing(result)", "已经说到“result”", "“result” has come up"),
    ("1 < 2", "总是", "always"),
    ("not 1 in [1, 2]", "从不", "never"),
    (
        "profile.degree >= 3",
        "学历至少 3（不可能成立）",
        "Degree is at least 3 (which is never so)",
    ),
    (
        "not profile.years == 'three'",
        "工作年限不是“three”（总是成立）",
        "Years of work is not “three” (which is always so)",
    ),
    (
        "known(profile.years) and (profile.years < 1 or known(profile.degree))",
        "知道工作年限，并且（工作年限不到 1，或者知道学历）",
        "Years of work is known, and (Years of work is less than 1, or Degree is known)",
    ),
    (
        "not (profile.years >= 3 and known(profile.degree))",
        "（工作年限不到 3，或未知），或者不知道学历",
        "(Years of work is less than 3, or unknown), or Degree is not known",
    ),
    (
        "not (known(profile.years) or not known(profile.degree))",
        "不知道工作年限，并且知道学历",
        "Years of work is not known, and Degree is known",
    ),
]


@pytest.mark.parametrize(("condition", "zh", "en"), SAID, ids=[said[0] for said in SAID])
def test_every_construct_in_both_languages(condition: str, zh: str, en: str) -> None:
    assert say_condition(condition, GUIDE, "zh") == zh
    assert say_condition(conditions.parse(condition), GUIDE, "en") == en


def test_a_condition_speaks_of_its_own_question_as_this_one() -> None:
    here = GUIDE.by_id["weekends"]
    assert say_condition("answer.weekends == 'no'", GUIDE, "zh", here) == "这一题答“不可以”"
    assert say_condition("answer.weekends == 'no'", GUIDE, "en", here) == "this answer is “No”"
    assert say_condition("words(weekends) > 9", GUIDE, "zh", here) == "这一题的回答超过 9 字"


def test_key_points_have_the_names_that_are_given() -> None:
    names = {"result": "结果"}
    assert say_condition("missing(result)", GUIDE, "zh", names=names) == "还没有说到“结果”"


def test_a_condition_outside_the_grammar_is_refused() -> None:
    with pytest.raises(ConditionError):
        say_condition("profile.years =", GUIDE, "zh")


def test_branches_end_with_otherwise() -> None:
    guide = sample(
        question(
            "q",
            next=[
                {"when": "profile.years < 1", "go": "end"},
                {"go": "r"},
                {"when": "known(profile.years)", "go": "end"},
            ],
        ),
        question("r", next=[{"go": "end"}]),
    )
    assert say_branches(guide.by_id["q"], guide, "zh") == ["工作年限不到 1", "否则", "从不"]
    assert say_branches(guide.by_id["r"], guide, "en") == ["always"]
    assert say_branches(guide.by_id["intro"], guide, "en") == []


def test_names_fall_back_and_long_texts_are_shortened() -> None:
    assert say_field("years", GUIDE, "zh") == "工作年限"
    assert say_field("shift", GUIDE, "zh") == "shift"
    assert say_field("nowhere", GUIDE, "en") == "nowhere"
    guide = make_guide(
        {"id": "a", "text": {"zh": "您在{profile.firm}做了什么？" + "然后呢" * 20}},
        languages=["zh"],
        title={"zh": "题"},
        candidate_types={"campus": {"zh": "应届生"}},
        profile={"firm": {"type": "text", "default": {"zh": "公司"}}},
    )
    # The guide has no English; its Chinese is better than an id.
    assert say_question(guide.by_id["a"], "en", 14) == "您在[firm]做了什么？然后…"
    assert say_question(GUIDE.by_id["intro"], "en") == "Introduction"


atoms = st.sampled_from([said[0] for said in SAID])
trees = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({') and ('.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({') or ('.join(parts)})"),
    ),
    max_leaves=6,
)


@given(trees, st.sampled_from(["zh", "en"]))
def test_double_negation_says_the_same_and_brackets_are_closed(
    text: str, language: Language
) -> None:
    try:
        parsed = conditions.parse(text)
    except ConditionError:
        return
    said = say_condition(parsed, GUIDE, language)
    assert said == say_condition(conditions.Not(conditions.Not(parsed)), GUIDE, language)
    assert said.count("（") == said.count("）")
    assert said.count("(") == said.count(")")
    assert "not not" not in said
