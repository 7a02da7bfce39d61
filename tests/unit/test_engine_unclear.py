"""Short unclear words: they are held, and the candidate says whether they are an answer."""

from typing import Any

import pytest

from dialogues import engine
from dialogues.events import Answered, Held, Noted, Said
from dialogues.state import State, fold
from dialogues.texts import TEXTS
from tests.plans import (
    Talk,
    case,
    line,
    make_guide,
    make_plan,
    options,
    probe,
    program,
    question,
    scenario,
)

EN = {key: texts["en"] for key, texts in TEXTS.items()}
UNCLEAR = "well, you know"


def talk_on(*questions: dict[str, Any], **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more))).started()


def held(*questions: dict[str, Any], hits: tuple[str, ...] = ("k0",)) -> Talk:
    """A talk in which UNCLEAR was just said to the first question."""
    talk = talk_on(*(questions or (question("one"), question("two"))))
    talk.say(UNCLEAR, "unsure", *hits)
    assert talk.state.pending == "answer"
    return talk


def answers(talk: Talk) -> list[Answered]:
    return [event for event in talk.events if isinstance(event, Answered)]


@pytest.mark.parametrize("intent", ["unsure", "off_topic"])
def test_the_candidate_is_asked_whether_they_are_an_answer(intent: str) -> None:
    talk = talk_on(question("one"), question("two"))
    talk.turn(Said(UNCLEAR, intent, ("k0",), {"hits": ["k0"]}, parser="embedded"))
    (event,) = talk.last.events
    assert isinstance(event, Held)
    assert (event.text, event.intent, event.hits) == (UNCLEAR, intent, ("k0",))
    assert (event.evidence, event.parser) == ({"hits": ["k0"]}, "embedded")
    assert talk.texts == [EN["confirm_answer"].format(held=UNCLEAR)]
    assert (talk.replies[0].kind, [o.id for o in talk.replies[0].options]) == (
        "text",
        ["yes", "no"],
    )
    assert (talk.open, talk.state.answers, talk.state.status) == ("one", {}, "asking")
    assert engine.prompt(talk.plan, talk.state) == talk.replies


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("yes", "answer"),
        ("Yes!", "affirm"),
        ("of course", "affirm"),
        ("1", "answer"),
        # The same words once more, as plainly as one can say it.
        (UNCLEAR, "unsure"),
        (f"  {UNCLEAR.upper()}!!", "answer"),
    ],
)
def test_yes_makes_them_the_answer_with_what_was_found_in_them(text: str, intent: str) -> None:
    talk = held()
    talk.say(text, intent, "k1")
    assert talk.kinds == ["confirmation_dropped", "noted", "answered", "asked"]
    (event,) = answers(talk)
    assert (event.text, event.hits, event.evidence) == (UNCLEAR, ("k0",), {"hits": ["k0"]})
    assert (event.question, event.words, event.confirmed) == ("one", 3, True)
    assert talk.state.answers["one"].hits == {"k0"}
    assert (talk.open, talk.state.held, talk.state.pending) == ("two", None, None)
    assert talk.texts == ["two"]


@pytest.mark.parametrize(("text", "intent"), [("no", "answer"), ("not at all", "deny"), ("2", "")])
def test_no_counts_nothing_and_says_what_can_be_asked_for(text: str, intent: str) -> None:
    talk = held()
    talk.say(text, intent, "k1")
    assert talk.kinds == ["confirmation_dropped", "noted"]
    assert talk.texts == [EN["not_an_answer"], "one"]
    assert (talk.open, talk.state.answers, talk.state.held) == ("one", {}, None)


def test_an_answer_instead_is_the_answer() -> None:
    talk = held()
    talk.say("I asked the staff first", "answer", "k1")
    assert talk.kinds == ["confirmation_dropped", "answered", "asked"]
    (event,) = answers(talk)
    assert (event.text, event.hits, event.confirmed) == ("I asked the staff first", ("k1",), False)
    assert talk.open == "two"


def test_other_unclear_words_are_held_in_their_place() -> None:
    talk = held()
    talk.say("hm hm", "off_topic")
    assert talk.kinds == ["confirmation_dropped", "held"]
    assert talk.state.held is not None
    assert talk.state.held.text == "hm hm"
    talk.say("yes", "affirm")
    assert [event.text for event in answers(talk)] == ["hm hm"]


@pytest.mark.parametrize(
    ("intent", "pending"),
    [
        ("withdraw_consent", "withdraw"),
        ("delete_my_data", "delete"),
        ("request_human", "human"),
        ("skip_question", "skip"),
    ],
)
def test_a_request_while_words_are_held_is_asked_about_in_its_turn(
    intent: str, pending: str
) -> None:
    talk = held()
    talk.say("please", intent)
    assert talk.kinds == ["confirmation_dropped", "noted", "confirmation_asked"]
    assert (talk.state.pending, talk.state.held) == (pending, None)
    talk.say("no", "deny")
    assert talk.texts == [EN["kept_going"], "one"]
    assert not answers(talk)


def test_yes_to_a_withdrawal_is_no_yes_to_the_held_words() -> None:
    talk = held()
    talk.say("I withdraw", "withdraw_consent")
    talk.say("yes", "affirm")
    assert (talk.state.status, answers(talk)) == ("withdrawn", [])


@pytest.mark.parametrize("intent", ["repeat_question", "ask_about_process", "no_words", "thanks"])
def test_what_is_no_answer_leaves_the_question_open(intent: str) -> None:
    talk = talk_on(question("one", competency="skill"), question("two"))
    talk.say(UNCLEAR, "unsure")
    talk.say("hm", intent)
    assert (talk.state.pending, talk.state.held, talk.open) == (None, None, "one")
    assert talk.texts[-1] == "one"
    assert not answers(talk)


def test_long_words_are_an_answer_however_unclear() -> None:
    talk = talk_on(question("one"), question("two"), question("three"))
    talk.say("word " * engine.LONGEST_UNCLEAR, "off_topic")
    assert (talk.state.pending, talk.open) == ("answer", "one")
    talk.say("word " * (engine.LONGEST_UNCLEAR + 1), "off_topic")
    assert talk.kinds == ["confirmation_dropped", "answered", "asked"]
    talk.say("字" * (engine.LONGEST_UNCLEAR + 1), "unsure")
    assert talk.kinds == ["answered", "asked"]


@pytest.mark.parametrize(
    "asked",
    [
        question("one", kind="choice", options=options("x", "y")),
        question("one", kind="number", min=1),
        program("one"),
    ],
    ids=lambda asked: str(asked["kind"]),
)
def test_where_words_are_no_answer_none_are_held(asked: dict[str, Any]) -> None:
    talk = talk_on(asked, question("two"))
    talk.say(UNCLEAR, "unsure")
    assert (talk.kinds, talk.state.pending, talk.open) == (["noted"], None, "one")


def test_an_option_and_a_number_are_taken_however_unclear() -> None:
    talk = talk_on(
        question("one", kind="choice", options=options("x", "y")), question("two", kind="number")
    )
    talk.say("x", "unsure")
    talk.say("3", "off_topic")
    assert [event.value for event in answers(talk)] == ["x", 3.0]


def test_before_consent_and_while_a_choice_is_open_none_are_held() -> None:
    talk = Talk(make_plan(make_guide(question("one")), make_guide(question("one")))).begin()
    talk.say(UNCLEAR, "unsure")
    assert (talk.kinds, talk.replies[-1].kind) == (["noted"], "consent")
    talk.say("agree")
    talk.say(UNCLEAR, "off_topic")
    assert talk.kinds == ["noted"]
    assert talk.replies[-1].options


def test_to_a_probe() -> None:
    first = question("one", probes=[probe("more", "missing(k1)")])
    talk = talk_on(first, question("two"))
    talk.say("I did it")
    assert talk.open == "one.more"
    talk.say(UNCLEAR, "unsure", "k1")
    talk.say("yes", "affirm")
    event = answers(talk)[-1]
    assert (event.question, event.probe, event.confirmed) == ("one", "more", True)
    assert talk.state.answers["one"].hits == {"k1"}
    assert talk.open == "two"


def test_what_was_held_decides_on_the_probe() -> None:
    first = question("one", probes=[probe("more", "missing(k0)")])
    talk = held(first, question("two"))
    talk.say("yes", "affirm")
    assert talk.open == "two", "the key point was hit"
    talk = held(first, question("two"), hits=())
    talk.say("yes", "affirm")
    assert talk.open == "one.more"


def test_in_a_role_play() -> None:
    play = scenario("one", [line("calmer", "not missing(sorry)"), line("angrier")])
    for words, hits, said in ((UNCLEAR, ("sorry",), "calmer"), (UNCLEAR, (), "angrier")):
        talk = talk_on(play | {"probes": [probe("p", "missing(sorry)")]}, question("two"))
        talk.say(words, "off_topic", *hits)
        assert talk.state.pending == "answer"
        talk.say("yes", "affirm")
        assert talk.open == f"one.{said}"


def test_at_a_part_of_a_case() -> None:
    talk = talk_on(case("one", "a", "b"), question("two"))
    talk.say(UNCLEAR, "unsure")
    talk.say("no", "deny")
    assert talk.texts[-1] == "one material\n\none"
    talk.say("it fell")
    talk.say(UNCLEAR, "unsure")
    talk.say("yes")
    assert (talk.open, answers(talk)[-1].probe) == ("one.b", "a")


def test_while_an_answer_is_being_corrected() -> None:
    talk = talk_on(question("one"), question("two"))
    talk.answer("first words")
    talk.correct()
    talk.say(UNCLEAR, "unsure", "k0")
    assert (talk.state.reopened, talk.state.pending, talk.open) == (True, "answer", "one")
    talk.say("no", "deny")
    assert (talk.state.reopened, talk.open) == (True, "one")
    assert talk.state.answers["one"].words == 2
    talk.say(UNCLEAR, "unsure", "k0")
    talk.say("yes", "affirm")
    assert (talk.state.reopened, talk.open) == (False, "two")
    given = talk.state.answers["one"]
    assert (given.words, given.hits) == (3, {"k0"})


def test_the_answer_before_can_be_corrected_while_words_are_held() -> None:
    talk = talk_on(question("one"), question("two"))
    talk.answer("first words")
    talk.say(UNCLEAR, "unsure")
    talk.correct()
    assert talk.kinds == ["confirmation_dropped", "noted", "reopened"]
    assert (talk.open, talk.state.held) == ("one", None)


def test_a_confirmed_answer_can_be_corrected() -> None:
    talk = held()
    talk.say("yes", "affirm")
    talk.correct()
    talk.say("I asked the staff")
    assert [event.confirmed for event in answers(talk)] == [True, False]
    assert talk.state.answers["one"].words == 4


def test_while_paused_yes_goes_on_and_no_too() -> None:
    for reply, opened in (("yes", "two"), ("no", "one")):
        talk = talk_on(question("one"), question("two"))
        talk.say("pause", "pause")
        talk.say(UNCLEAR, "unsure")
        assert talk.state.status == "paused"
        talk.say(reply)
        assert (talk.state.status, talk.open) == ("asking", opened)


def test_to_the_last_question() -> None:
    talk = held(question("one"))
    talk.say("yes", "affirm")
    assert talk.state.status == "finished"
    assert [work.kind for work in talk.last.work] == ["score"]


def test_a_question_that_a_recruiter_adds_meanwhile_comes_after_them() -> None:
    guide = make_guide(question("one"), question("two"), bank=[question("extra")])
    talk = Talk(make_plan(guide)).started()
    talk.say(UNCLEAR, "unsure")
    talk.add("extra")
    assert talk.state.pending == "answer"
    talk.say("yes", "affirm")
    assert (talk.open, answers(talk)[0].text) == ("extra", UNCLEAR)


def test_they_are_kept_when_the_interview_expires() -> None:
    talk = held()
    talk.now += 100
    talk.time_out(90)
    assert (talk.state.status, talk.state.pending, talk.state.held) == ("expired", None, None)
    assert [event.text for event in talk.events if isinstance(event, Held)] == [UNCLEAR]
    talk.say("yes", "affirm")
    assert (talk.kinds, answers(talk)) == (["noted"], [])


def test_holding_words_is_being_heard() -> None:
    talk = talk_on(question("one"))
    talk.now += 80
    talk.say(UNCLEAR, "unsure")
    talk.now += 80
    talk.time_out(90)
    assert not talk.last.events


def test_what_is_said_back_is_one_short_line() -> None:
    talk = talk_on(question("one"))
    talk.say("{held}\n%s \u202e" + "x" * 300, "unsure")
    assert "“{held} %s " in talk.texts[0]
    assert "\n" not in talk.texts[0]
    assert "\u202e" not in talk.texts[0]
    assert len(talk.texts[0]) < 250
    assert isinstance(talk.last.events[0], Held)
    assert talk.last.events[0].text.endswith("x" * 300)


def test_in_chinese() -> None:
    talk = Talk(make_plan(make_guide(question("one"), question("two")))).started("zh")
    talk.say("额这个嘛", "unsure")
    assert "“额这个嘛”" in talk.texts[0]
    talk.say("否")
    assert talk.texts == [TEXTS["not_an_answer"]["zh"], "one（中）"]


def test_replaying_the_log_at_any_point_gives_the_same_state() -> None:
    talk = held(question("one"), question("two"))
    for text, intent in ((UNCLEAR, "unsure"), ("hm", "unsure"), ("no", "deny"), ("ok then", "")):
        talk.say(text, intent)
    state = State()
    for number, event in enumerate(talk.events, 1):
        state = fold(talk.events[:number])
        assert (state.held is None) == (state.pending != "answer"), event
    assert state == talk.state
    words = [e.text for e in talk.events if isinstance(e, Noted | Held | Answered)]
    assert words == ["agree", UNCLEAR, UNCLEAR, UNCLEAR, "hm", "no", "ok then"]
