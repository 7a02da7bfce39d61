"""What an answer asks for besides, and what is told when a candidate asks about the interview."""

from typing import Any

import pytest

from dialogues.commands import AFTERWARDS, EXPLAINED, LEAVING
from dialogues.events import Answered, Noted
from dialogues.texts import TEXTS
from tests.plans import Talk, case, line, make_guide, make_plan, options, probe, question, scenario

EN = {key: texts["en"] for key, texts in TEXTS.items()}
MINUTES = "about 4 questions, about 8 minutes in all"


def talk_on(*questions: dict[str, Any], **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more))).started()


def simple() -> Talk:
    return talk_on(
        question("one", competency="skill"),
        question("two", competency="solving"),
        question("three"),
        question("four"),
    )


# An answer with a question beside it.


@pytest.mark.parametrize("also", list(EXPLAINED))
def test_a_question_beside_an_answer_is_answered_before_the_interview_goes_on(also: str) -> None:
    talk = simple()
    talk.say_besides("my answer, and a question", also, "k0")
    assert talk.kinds == ["answered", "asked"]
    (event,) = (e for e in talk.events if isinstance(e, Answered))
    assert (event.also, event.hits, event.text) == (also, ("k0",), "my answer, and a question")
    assert [reply.kind for reply in talk.replies] == ["notice", "question"]
    assert talk.texts[1] == "two"
    assert talk.open == "two"


def test_the_answer_just_given_is_counted() -> None:
    talk = simple()
    talk.say_besides("my answer; how many are left?", "ask_about_process")
    assert f"{MINUTES}, and 1 are done" in talk.texts[0]


def test_how_the_answered_question_counts() -> None:
    talk = simple()
    talk.say_besides("my answer; is it scored?", "ask_about_scoring")
    assert (
        "The question you have just answered counts towards “Foundations” (30%)." in talk.texts[0]
    )
    talk.answer("an answer")
    talk.say_besides("my answer; is it scored?", "ask_about_scoring")
    assert "The question you have just answered is not scored." in talk.texts[0]


def test_before_a_follow_up_it_is_the_question_that_is_open() -> None:
    talk = talk_on(
        question("one", competency="skill", probes=[probe("more", "missing(k0)")]), question("two")
    )
    talk.say_besides("my answer; is it scored?", "ask_about_scoring")
    assert "The question that is open now counts towards “Foundations” (30%)." in talk.texts[0]
    assert (talk.texts[1], talk.open) == ("more", "one.more")


def test_beside_the_last_answer() -> None:
    talk = talk_on(question("one"))
    talk.say_besides("my answer; when do I hear?", "ask_about_process")
    assert talk.texts[-1] == EN["finished"]
    assert "1 are done" in talk.texts[0]
    assert [work.kind for work in talk.last.work] == ["score"]


def test_beside_words_that_answer_nothing() -> None:
    talk = talk_on(question("one", kind="choice", options=options("x", "y")))
    talk.say_besides("neither; is it scored?", "ask_about_scoring")
    assert (talk.kinds, talk.open) == (["noted"], "one")
    assert "The question that is open now is not scored." in talk.texts[0]
    assert talk.texts[1:] == [EN["choose_again"]]


def test_beside_an_answer_that_is_corrected() -> None:
    talk = simple()
    talk.answer("my answer")
    talk.correct()
    talk.say_besides("better; how many are left?", "ask_about_process")
    assert "1 are done" in talk.texts[0]
    assert (talk.open, talk.state.reopened) == ("two", False)


@pytest.mark.parametrize("also", [*EXPLAINED, *AFTERWARDS])
def test_before_there_is_a_question_only_consent_counts(also: str) -> None:
    talk = Talk(make_plan(make_guide(question("one")))).begin()
    talk.say_besides("I like it here", also)
    assert (talk.kinds, talk.replies[-1].kind) == (["noted"], "consent")
    assert len(talk.replies) == 1


# An answer with a request beside it.


def test_a_pause_beside_an_answer() -> None:
    talk = simple()
    talk.say_besides("my answer; back in ten minutes", "pause")
    assert talk.kinds == ["answered", "asked", "paused"]
    assert talk.texts == [EN["paused"]]
    talk.say("I am back", "resume")
    assert talk.texts == [EN["resumed"], "two"]


@pytest.mark.parametrize(
    "text",
    [
        "my answer; in Chinese please",
        "I translated the English manual. In Chinese from here on, please",
    ],
)
def test_another_language_beside_an_answer(text: str) -> None:
    talk = simple()
    talk.say_besides(text, "change_language")
    assert talk.kinds == ["answered", "asked", "language_changed"]
    assert talk.texts == [TEXTS["language_changed"]["zh"], "two（中）"]


@pytest.mark.parametrize("also", LEAVING)
@pytest.mark.parametrize("goes", [True, False])
def test_leaving_beside_an_answer_is_asked_about(also: str, goes: bool) -> None:
    talk = simple()
    talk.say_besides("my answer; and please", also)
    assert talk.kinds == ["answered", "asked", "confirmation_asked"]
    (reply,) = talk.replies
    assert [option.id for option in reply.options] == ["yes", "no"]
    talk.say("yes" if goes else "no")
    if goes:
        assert talk.state.status in ("human", "withdrawn", "erased")
    else:
        assert talk.texts == [EN["kept_going"], "two"]
    assert talk.state.answers["one"].words == 4


@pytest.mark.parametrize("also", LEAVING)
def test_leaving_beside_the_last_answer_comes_before_the_end(also: str) -> None:
    """Nothing is finished and scored while the candidate is asked whether it should be dropped."""
    talk = talk_on(question("one"))
    talk.say_besides("my answer; and please", also)
    assert talk.kinds == ["noted", "confirmation_asked"]
    assert not talk.last.work
    talk.say("no")
    assert (talk.open, talk.texts) == ("one", [EN["kept_going"], "one"])
    talk.answer("my answer")
    assert talk.state.status == "finished"


@pytest.mark.parametrize(("also", "texts"), [("pause", []), ("change_language", [])])
def test_what_is_of_no_use_after_the_last_answer(also: str, texts: list[str]) -> None:
    talk = talk_on(question("one"))
    talk.say_besides("my answer; and please", also)
    assert talk.texts == [EN["finished"], *texts]
    assert talk.state.status == "finished"


def test_a_request_beside_words_that_answer_nothing() -> None:
    talk = talk_on(question("one", kind="number"), question("two"))
    talk.say_besides("many; but the bell just rang", "pause")
    assert talk.kinds == ["noted", "paused"]
    talk.say("back", "resume")
    assert talk.texts[-1] == "one"


def test_in_a_pause_an_answer_that_asks_for_a_pause() -> None:
    talk = simple()
    talk.say("pause", "pause")
    talk.say_besides("my answer; I must go again", "pause")
    assert talk.kinds == ["resumed", "answered", "asked", "paused"]
    assert talk.state.status == "paused"


def test_what_cannot_stand_beside_an_answer_is_left() -> None:
    talk = simple()
    talk.say_besides("my answer", "skip_question")
    assert (talk.kinds, talk.texts) == (["answered", "asked"], ["two"])


# What a question means.


def test_the_guides_own_words_are_the_same_for_everyone() -> None:
    text = {"zh": "“一”是数字。", "en": "“One” is a number."}
    talk = talk_on(question("one", competency="skill", clarify=text), question("two"))
    talk.say("what is one?", "clarify_question")
    assert talk.texts == ["“One” is a number.", "one"]
    assert (talk.kinds, talk.open) == (["noted"], "one")
    talk.say("用中文", "change_language")
    talk.say("什么意思", "clarify_question")
    assert talk.texts == ["“一”是数字。", "one（中）"]


def test_without_them_what_it_looks_at() -> None:
    talk = simple()
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts == [EN["clarify_scored"].format(name="Foundations"), "one"]
    talk.answer("a", "b")
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts == [EN["clarify"], "three"]


def test_a_follow_up_is_not_explained_with_the_questions_words() -> None:
    first = question(
        "one", clarify={"zh": "一", "en": "One."}, probes=[probe("more", "missing(k)")]
    )
    talk = talk_on(first, question("two"))
    talk.say("a")
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts == [EN["clarify"], "more"]


def test_a_choice_is_meant_as_it_is_written() -> None:
    talk = talk_on(question("one", kind="choice", competency="skill", options=options("x", "y")))
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts == [EN["clarify_plain"], "one"]
    assert [option.id for option in talk.replies[-1].options] == ["x", "y"]


def test_a_part_of_a_case_is_said_again_with_its_material() -> None:
    talk = talk_on(case("one", "a"), question("two"))
    talk.say("it fell")
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts[-1] == "one material\n\na"


def test_what_is_asked_in_other_places() -> None:
    """Before consent and while a choice is open there is no question to explain."""
    talk = Talk(make_plan(make_guide(question("one")), make_guide(question("one")))).begin()
    talk.say("what do you mean?", "clarify_question")
    assert [reply.kind for reply in talk.replies] == ["consent"]
    talk.say("agree")
    talk.say("what do you mean?", "clarify_question")
    assert talk.texts == [EN["choose_position"]]


def test_in_a_pause_it_stays_paused() -> None:
    talk = simple()
    talk.say("pause", "pause")
    talk.say("what did you mean?", "clarify_question")
    assert (talk.state.status, talk.texts[-1]) == ("paused", "one")


# How it is scored.


def test_whether_the_open_question_is_scored() -> None:
    talk = simple()
    talk.say("is this scored?", "ask_about_scoring")
    assert "The question that is open now counts towards “Foundations” (30%)." in talk.texts[0]
    talk.answer("a", "b")
    talk.say("is this scored?", "ask_about_scoring")
    assert "The question that is open now is not scored." in talk.texts[0]
    assert "Foundations 30%, Problem solving 40%, Teamwork 30%" in talk.texts[0]


def test_before_there_is_a_question_nothing_is_said_of_it() -> None:
    talk = Talk(make_plan(make_guide(question("one", competency="skill")))).begin()
    talk.say("is this scored?", "ask_about_scoring")
    assert "question" not in talk.texts[0].partition("Dimensions and weights")[2]
    assert "30%. The same answer" in talk.texts[0]
    assert talk.replies[-1].kind == "consent"


def test_in_chinese() -> None:
    talk = Talk(
        make_plan(make_guide(question("one", competency="skill"), question("two")))
    ).started("zh")
    talk.say("这题算分吗", "ask_about_scoring")
    assert "现在这道题计入“专业”（30%）。" in talk.texts[0]
    talk.say_besides("回答。算分吗？", "ask_about_scoring")
    assert "您刚回答的那道题计入“专业”（30%）。" in talk.texts[0]
    talk.say("这题算分吗", "ask_about_scoring")
    assert "现在这道题不计分。" in talk.texts[0]


def test_in_a_role_play_and_for_its_words() -> None:
    talk = talk_on(scenario("one", [line("back")], competency="teamwork"), question("two"))
    talk.say("hello")
    talk.say("is this scored?", "ask_about_scoring")
    assert "counts towards “Teamwork” (30%)" in talk.texts[0]
    assert (talk.texts[1], talk.open) == ("back", "one.back")


# The consent.


@pytest.mark.parametrize(
    ("language", "starts", "statement"),
    [
        ("en", "Before we start, I need your consent. What you write", "What you write here is"),
        ("zh", "开始之前请您确认：您在这里", "您在这里说的话会被加密保存"),
    ],
)
def test_the_statement_reads_well_in_the_consent_and_by_itself(
    language: str, starts: str, statement: str
) -> None:
    talk = Talk(make_plan(make_guide(question("one")))).begin(language)
    assert talk.texts[1].startswith(starts)
    talk.say("who sees it?", "ask_about_privacy")
    assert talk.texts[0].startswith(statement)
    (event,) = talk.last.events
    assert isinstance(event, Noted)
