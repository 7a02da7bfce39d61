"""A message is changed after it was sent: the last answer follows, in one turn."""

from typing import Any

import pytest

from dialogues import engine
from dialogues.engine import NotCorrectedError
from dialogues.events import Answered, Said
from dialogues.texts import TEXTS, say
from tests.plans import Talk, case, make_guide, make_plan, options, probe, program, question


def begun(*questions: dict[str, Any], language: str = "en", **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more))).started(language)


def simple(language: str = "en") -> Talk:
    return begun(question("one"), question("two"), question("three"), language=language)


def edit(talk: Talk, text: str, intent: str = "answer", *hits: str, **more: Any) -> None:
    evidence = {"hits": list(hits)}
    talk.turn(Said(text, intent, hits, evidence, edited=True, **more))


def refuse(talk: Talk, text: str, intent: str = "answer", **more: Any) -> None:
    """The change comes to nothing."""
    with pytest.raises(NotCorrectedError):
        edit(talk, text, intent, **more)


def said(talk: Talk, question: str) -> list[str]:
    return [e.text for e in talk.events if isinstance(e, Answered) and e.question == question]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_last_answer_follows_in_one_turn(language: str) -> None:
    talk = simple(language)
    talk.say("wrong", "answer", "k0")
    edit(talk, "right words", "answer", "k1")
    assert talk.kinds == ["reopened", "answered", "asked"]
    assert talk.texts[0] == TEXTS["corrected"][language]  # type: ignore[index]
    assert (len(talk.texts), talk.open, talk.state.reopened) == (2, "two", False)
    assert talk.state.answers["one"].hits == {"k1"}
    assert said(talk, "one") == ["wrong", "right words"]
    edit(talk, "once more", "answer", "k2")
    assert talk.state.answers["one"].hits == {"k2"}
    assert talk.asked == ("one", "two")


def test_words_are_heard_where_the_answered_question_is_open() -> None:
    talk = simple()
    talk.say("first")
    back = engine.taken_back(talk.plan, talk.state)
    assert (back.question, back.reopened) == ("one", True)
    assert talk.open == "two"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("skip", "skip_question"),
        ("delete my data", "delete_my_data"),
        ("👍", "no_words"),
        ("ok", "affirm"),
        ("thanks", "thanks"),
        ("no", "deny"),
        ("hm", "unsure"),
        ("nice weather", "off_topic"),
    ],
)
def test_what_is_no_answer_takes_the_place_of_none(text: str, intent: str) -> None:
    talk = simple()
    talk.say("first")
    refuse(talk, text, intent)
    assert (talk.open, said(talk, "one")) == ("two", ["first"])


def test_options_and_numbers_are_checked() -> None:
    choice = question("one", kind="choice", options=options("x", "y"))
    number = question("two", kind="number", min=1, max=9)
    talk = begun(choice, number, question("three"))
    talk.say("x")
    refuse(talk, "z")
    edit(talk, "y")
    assert talk.state.answers["one"].value == "y"
    talk.say("3")
    refuse(talk, "30")
    refuse(talk, "many")
    edit(talk, "4")
    assert (talk.state.answers["two"].value, talk.open) == (4.0, "three")


def test_the_path_is_found_anew() -> None:
    choice = question(
        "one",
        kind="choice",
        options=options("x", "y"),
        next=[{"when": "answer.one == 'x'", "go": "two"}, {"go": "three"}],
    )
    talk = begun(choice, question("two"), question("three"))
    talk.say("x")
    assert talk.open == "two"
    edit(talk, "y")
    assert (talk.open, talk.asked) == ("three", ("one", "three"))


def test_only_the_reply_to_the_probe_follows() -> None:
    talk = begun(question("one", probes=[probe("p", "missing(k0)")]), question("two"))
    talk.answer("the answer", "the reply")
    edit(talk, "another reply")
    assert said(talk, "one") == ["the answer", "the reply", "another reply"]
    assert talk.open == "two"
    talk = begun(case("shop", "plan", "check"), question("two"))
    talk.answer("figures", "plan a")
    edit(talk, "plan b")
    assert talk.open == "shop.check"


def test_nothing_before_the_first_answer_nor_after_the_end() -> None:
    talk = simple()
    refuse(talk, "words")
    talk.answer("a", "b", "c")
    assert talk.state.closed
    refuse(talk, "words")
    talk = simple()
    talk.say("first")
    talk.say("a person", "request_human")
    talk.say("yes", "affirm")
    refuse(talk, "words")


def test_programs_are_not_changed() -> None:
    talk = begun(program("one", attempts=1), question("two"))
    talk.say("no code", "skip_question")
    talk.say("yes", "affirm")
    refuse(talk, "words")


def test_what_was_to_be_confirmed_is_dropped_and_a_pause_ends() -> None:
    talk = simple()
    talk.say("first")
    talk.say("skip", "skip_question")
    edit(talk, "changed")
    assert talk.kinds == ["confirmation_dropped", "reopened", "answered", "asked"]
    assert (talk.open, talk.state.pending) == ("two", None)
    talk.say("pause", "pause")
    edit(talk, "changed again")
    assert (talk.kinds[0], talk.state.status) == ("resumed", "asking")


def test_it_may_be_changed_instead_of_answered_once_more() -> None:
    talk = simple()
    talk.say("first")
    talk.correct()
    edit(talk, "changed")
    assert talk.kinds == ["answered", "asked"]
    assert (talk.open, talk.state.reopened) == ("two", False)


def test_what_it_asks_for_besides_is_done() -> None:
    talk = simple()
    talk.say("first")
    edit(talk, "changed, and is it scored?", also="ask_about_scoring")
    assert talk.texts[0] == say("corrected", "en")
    assert len(talk.texts) == 3
    assert talk.open == "two"


def test_the_last_one_can_end_the_interview() -> None:
    choice = question(
        "one",
        kind="choice",
        options=options("x", "y"),
        next=[{"when": "answer.one == 'y'", "go": "end"}],
    )
    talk = begun(choice, question("two"))
    talk.say("x")
    edit(talk, "y")
    assert talk.texts == [say("corrected", "en"), say("finished", "en")]
    assert talk.state.status == "finished"
