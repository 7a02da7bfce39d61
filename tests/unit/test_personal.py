"""Facts from orders, answers and résumés, and texts that name them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.guide import Guide
from dialogues.personal import LONGEST_FACT, MAX_RESUME, fill, from_resume, known_at_start
from tests.plans import Talk, both, make_guide, make_plan, options, probe, question

DEGREES = [
    {"id": "bachelor", "text": both("Bachelor"), "resume": ["本科", "学士", "Bachelor", "BSc"]},
    {"id": "master", "text": {"zh": "硕士", "en": "Master's"}, "resume": ["硕士", "Master", "MSc"]},
    {"id": "doctor", "text": both("Doctor"), "resume": ["博士", "PhD", "Ph.D."]},
]
YEARS = ["年工作经验", "工作年限", "years of experience"]
PROFILE: dict[str, Any] = {
    "years": {"type": "number", "resume": YEARS, "default": both("some")},
    "degree": {"type": "choice", "options": DEGREES, "default": both("a degree")},
    "school": {
        "type": "text",
        "resume": ["毕业院校", "University"],
        "default": {"zh": "您的学校", "en": "your school"},
    },
    "pay": {"type": "number", "resume": ["期望薪资", "Expected pay"]},
}


def guide(*questions: dict[str, Any], **profile: Any) -> Guide:
    return make_guide(*(questions or (question("one"),)), profile=profile or PROFILE)


GUIDE = guide()


def read(resume: str) -> dict[str, str | float]:
    return from_resume(GUIDE, resume)


# A résumé


@pytest.mark.parametrize(
    ("resume", "years"),
    [
        ("5年工作经验", 5),
        ("本人有5年工作经验，熟悉销售", 5),
        ("５年工作经验", 5),
        ("10余年工作经验", 10),
        ("3.5年工作经验", 3.5),
        ("2019年毕业，至今5年工作经验", 5),
        ("工作年限：5年", 5),
        ("工作年限:5", 5),
        ("工作年限　　５年", 5),
        ("工作年限 约 5 年", 5),
        ("工作年限：5，熟悉销售", 5),
        ("年龄 28 工作年限：5年", 5),
        ("5+ years of experience", 5),
        ("5 years of experience.", 5),
        ("Five years? 7 Years of Experience", 7),
        ("Years of experience: 4", 4),
        ("Years of experience |\t4", None),
        ("YEARS OF EXPERIENCE\t\t\t\t\t\t\t\t12", 12),
        ("years of experience\n5", None),
        ("5\nyears of experience", None),
        ("years of experience: many\nworked elsewhere, 6 years of experience", 6),
        ("工作年限：3-5年", None),
        ("3~5年工作经验", None),
        ("3 - 5 years of experience", None),
        ("2019年至2023年工作经验", None),
        ("2020年工作经验", None),
        ("1.2.3年工作经验", None),
        ("1234567890123456789年工作经验", None),
        ("5yearsofexperience", None),
        ("5 xyears of experience", None),
        ("", None),
    ],
)
def test_a_number_stands_beside_its_phrase(resume: str, years: float | None) -> None:
    assert read(resume).get("years") == years


@pytest.mark.parametrize(
    ("resume", "pay"),
    [
        ("期望薪资：15,000 元", 15_000),
        ("期望薪资：15000", 15_000),
        ("Expected pay: 2000", 2_000),
        ("Expected pay: 1,234,567.5 a year", 1_234_567.5),
        ("Expected pay 100, or more", 100),
        ("Expected pay: 1,2,3", None),
        ("Expected pay: 999999999999999", None),
    ],
)
def test_numbers_are_read_as_they_are_written(resume: str, pay: float | None) -> None:
    assert read(resume).get("pay") == pay


@pytest.mark.parametrize(
    ("resume", "degree"),
    [
        ("硕士研究生，本科就读于", "master"),
        ("博士在读；硕士；本科", "doctor"),
        ("BSc Physics 2018, MSc Physics 2020", "master"),
        ("msc", "master"),
        ("MSc.", "master"),
        ("硕士MSc学位", "master"),
        ("Mr MScott", None),
        ("HeadMaster of a school", None),
        ("Masterful", None),
        ("Ph.D", None),
        ("Ph.D. in law", "doctor"),
        ("nothing", None),
    ],
)
def test_the_highest_option_that_is_spoken_of(resume: str, degree: str | None) -> None:
    assert read(resume).get("degree") == degree


@pytest.mark.parametrize(
    ("resume", "school"),
    [
        ("毕业院校：清河大学", "清河大学"),
        ("毕业院校 | 清河大学  ", "清河大学"),
        ("University: Riverside\nGPA 3.9", "Riverside"),
        ("University：\n毕业院校：清河大学", "清河大学"),
        ("Universitys: Riverside", None),
        ("University: " + "x" * 1_000, "x" * 198),
        ("University:\r\x0b\x0c\u2028Riverside", None),
    ],
)
def test_a_text_is_the_rest_of_the_line(resume: str, school: str | None) -> None:
    assert read(resume).get("school") == school


def test_phrases_are_tried_in_the_guides_order() -> None:
    assert read("years of experience: 9\n工作年限：4")["years"] == 4


# Order, answer, résumé


def test_the_order_stands_over_the_resume() -> None:
    facts = known_at_start(GUIDE, {"resume": "5年工作经验 硕士", "years": "3"})
    assert facts == {"years": 3, "degree": "master"}
    facts = known_at_start(GUIDE, {"resume": "5年工作经验", "years": "many", "shoe": 43})
    assert facts == {"years": 5}


@pytest.mark.parametrize("resume", [None, 5, True, ["5年工作经验"]])
def test_a_resume_is_text(resume: object) -> None:
    assert known_at_start(GUIDE, {"resume": resume, "years": 2}) == {"years": 2}


def asking(**profile: Any) -> Talk:
    asked = question("years", kind="number", min=0, max=60)
    told = {"id": "told", "text": {"zh": "{profile.years}年", "en": "{profile.years} years"}}
    field = {**PROFILE["years"], "answer": "years"}
    return Talk(make_plan(guide(asked, told, years=field))).started(profile=profile)


def test_an_answer_stands_over_the_resume() -> None:
    talk = asking(resume="5年工作经验")
    assert talk.state.profile == {"years": 5}
    talk.say("6 years")
    assert (talk.state.profile, talk.texts) == ({"years": 6}, ["6 years"])


def test_the_order_stands_over_an_answer() -> None:
    talk = asking(resume="5年工作经验", years=4)
    talk.say("6 years")
    assert (talk.kinds, talk.texts) == (["answered", "asked"], ["4 years"])
    assert talk.state.profile == {"years": 4}


def test_an_order_that_does_not_fit_the_field_counts_for_nothing() -> None:
    talk = asking(years="many")
    talk.say("6")
    assert talk.texts == ["6 years"]


def test_an_answer_that_says_what_was_known_changes_nothing() -> None:
    talk = asking(resume="6年工作经验")
    talk.say("6")
    assert talk.kinds == ["answered", "asked"]


def test_a_skipped_answer_leaves_the_default() -> None:
    talk = asking()
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert talk.texts[-1] == "some years"


def test_a_choice_fills_a_fact_and_the_reply_to_a_probe_does_not() -> None:
    degree = {**PROFILE["degree"], "answer": "degree"}
    school = {**PROFILE["school"], "answer": "school"}
    talk = Talk(
        make_plan(
            guide(
                question("degree", kind="choice", options=options("bachelor", "master")),
                question("school", probes=[probe("p", "missing(k0)")]),
                question("two"),
                degree=degree,
                school=school,
            )
        )
    ).started()
    talk.answer("2", "  Riverside\nCollege ")
    assert talk.state.profile == {"degree": "master", "school": "Riverside\nCollege"}
    talk.say("in the evening")
    assert talk.state.profile["school"] == "Riverside\nCollege"


def test_facts_belong_to_the_position_that_is_chosen() -> None:
    first = guide(years=PROFILE["years"])
    second = guide(school=PROFILE["school"])
    talk = Talk(make_plan(first, second)).begin(profile={"resume": "University: Riverside"})
    assert talk.state.profile == {}
    talk.answer("agree", "p2")
    assert talk.state.profile == {"school": "Riverside"}


# Texts


def filled(text: str, language: Any = "en", **facts: str | float) -> str:
    return fill({"zh": text, "en": text}, language, GUIDE, facts)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5.0, "5"),
        (3.5, "3.5"),
        (-2.0, "-2"),
        (0.1 + 0.2, "0.3"),
        (1e11, "100000000000"),
        (0.0, "0"),
        (1e12, "some"),
        (float("inf"), "some"),
        (float("nan"), "some"),
    ],
)
def test_a_number_in_a_text(value: float, said: str) -> None:
    assert filled("{profile.years}", years=value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Riverside", "Riverside"),
        ("x" * LONGEST_FACT, "x" * LONGEST_FACT),
        ("x" * (LONGEST_FACT + 1), "x" * LONGEST_FACT + "…"),
        ("长" * 500, "长" * LONGEST_FACT + "…"),
        ("one\ntwo\r\n three\t\u2028four", "one two three four"),
        ("\u202eevil\u200f\x00\x1b[1m", "evil [1m"),
        ("{profile.years} {company} %s \\1 \\g<0>", "{profile.years} {company} %s \\1 \\g<0>"),
        ("", "your school"),
        (" \u200b\n\x07", "your school"),
    ],
)
def test_a_candidates_words_in_a_text_are_one_short_plain_line(value: str, said: str) -> None:
    assert filled("At {profile.school}?", school=value, years=5.0) == f"At {said}?"


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "{profile.degree} {profile.school}", "a degree your school"),
        ("zh", "{profile.degree} {profile.school}", "a degree（中） 您的学校"),
        ("en", "{ profile.years }x{profile.years}", "somexsome"),
        ("zh", "没有{years}{}{profile}", "没有{years}{}{profile}"),
    ],
)
def test_what_is_unknown_is_its_default(language: str, text: str, said: str) -> None:
    assert filled(text, language) == said


def test_an_option_in_a_text_is_its_label() -> None:
    assert filled("{profile.degree}", "zh", degree="master") == "硕士"
    assert filled("{profile.degree}", "en", degree="master") == "Master's"
    bare = guide(size={"type": "choice", "options": ["big", "small"], "default": both("any")})
    assert fill({"en": "{profile.size}"}, "en", bare, {"size": "big"}) == "big"


def test_questions_follow_ups_and_material_are_personal() -> None:
    def text(id: str) -> dict[str, str]:
        return {"zh": f"{id}{{profile.school}}", "en": f"{id} {{profile.school}}"}

    asked = {
        "id": "shop",
        "kind": "case",
        "text": text("shop"),
        "material": text("material"),
        "parts": [{"id": "plan", "text": text("plan")}],
        "probes": [{"id": "p", "when": "missing(k0)", "text": text("p")}],
    }
    talk = Talk(make_plan(guide(asked))).started("zh", profile={"school": "清河"})
    assert talk.texts[1:] == ["material清河\n\nshop清河"]
    talk.say("a")
    assert talk.texts == ["plan清河"]
    talk.say("b")
    assert talk.texts == ["p清河"]


# Hostile input

HOSTILE = (
    "5" * MAX_RESUME,
    "5 " * MAX_RESUME,
    "5,." * MAX_RESUME,
    "年" * MAX_RESUME,
    "年工作经验" * MAX_RESUME,
    "工作年限" + " " * MAX_RESUME + "5",
    "工作年限:-" * MAX_RESUME,
    "1,111" * MAX_RESUME,
    "University" * MAX_RESUME,
    "University\n" * MAX_RESUME,
    "\n" * MAX_RESUME,
    "MSc" * MAX_RESUME,
    "x" * 1_000_000,
    "\x00\x1b\u202e\u2066" * MAX_RESUME,
    "{profile.school}" * MAX_RESUME,
    "İſ\u0130" * MAX_RESUME,
)


PHRASES = [f"{phrase}{i or ''}" for i in range(10) for phrase in (*YEARS, "University", "MSc")]
MANY_PHRASES = guide(
    **PROFILE,
    **{f"text{i}": {"type": "text", "resume": PHRASES} for i in range(2)},
    **{f"number{i}": {"type": "number", "resume": PHRASES} for i in range(2)},
)


@pytest.mark.parametrize("resume", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_resume_is_read(resume: str) -> None:
    """In about the time of any other; one that took hours would end the run."""
    facts = from_resume(MANY_PHRASES, resume)
    assert all(MANY_PHRASES.profile[name].accept(value) for name, value in facts.items())


def test_only_so_much_of_a_resume_is_read_and_kept() -> None:
    resume = "x" * MAX_RESUME + "\n5年工作经验"
    assert read(resume) == {}
    talk = Talk(make_plan(GUIDE)).begin(profile={"resume": resume})
    kept = talk.state.given_profile["resume"]
    assert isinstance(kept, str)
    assert len(kept) == MAX_RESUME


def test_a_value_from_a_resume_is_not_filled_again() -> None:
    asked = {"id": "one", "text": {"zh": "{profile.school}？", "en": "{profile.school}?"}}
    talk = Talk(make_plan(guide(asked))).started(
        profile={"resume": "5年工作经验\nUniversity: {profile.years} \u202e{profile.school}"}
    )
    assert talk.texts[-1] == "{profile.years} {profile.school}?"


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "years": st.floats(),
        "pay": st.floats(),
        "degree": st.sampled_from(("bachelor", "master", "doctor", "other")),
        "school": WORDS,
    },
)
PIECES = st.sampled_from(
    ("{profile.years}", "{ profile.degree }", "{profile.school}", "{profile.pay}", "{x}", "{")
)


@given(
    text=st.lists(PIECES | WORDS.filter(lambda words: "{" not in words), max_size=8).map("".join),
    language=st.sampled_from(("zh", "en")),
    facts=FACTS,
)
def test_filling_never_fails_and_leaves_no_fact_open(
    text: str, language: Any, facts: dict[str, str | float]
) -> None:
    """`text` is an author's; no value here looks like a fact, so none may be left."""
    facts = {name: v.replace("{", "") if isinstance(v, str) else v for name, v in facts.items()}
    said = filled(text, language, **facts)
    assert not any(f"{{profile.{name}}}" in said for name in PROFILE)
    plain = text.replace("{x}", "")
    if "{profile" not in plain and "{ profile" not in plain:
        assert said == text


@given(
    resume=st.lists(st.sampled_from((*YEARS, "5", "３", ":", " ", "\n", "-", ",", "MSc")) | WORDS)
)
def test_any_resume_gives_facts_that_fit_their_fields(resume: list[str]) -> None:
    for name, value in read("".join(resume)).items():
        assert GUIDE.profile[name].accept(value) == value
