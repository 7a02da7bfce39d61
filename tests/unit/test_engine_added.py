"""Questions of the guide's bank that a recruiter adds for one candidate."""

from typing import Any

import pytest

from dialogues.additions import NotAddedError
from dialogues.events import QuestionAdded
from dialogues.texts import TEXTS
from tests.plans import TYPES, Talk, case, make_guide, make_plan, probe, question

BANK = [
    question("extra", competency="skill"),
    question("second"),
    question("campus_only", **{"for": ["campus"]}),
]


def talk_on(*questions: dict[str, Any], **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, bank=BANK, **more)))


def simple() -> Talk:
    return talk_on(question("one"), question("two"), question("three")).started()


def refused(talk: Talk, question: str) -> str:
    before = talk.state
    with pytest.raises(NotAddedError) as caught:
        talk.add(question)
    assert talk.state == before
    return str(caught.value)


def test_an_added_question_comes_next() -> None:
    talk = simple()
    talk.add("extra")
    assert (talk.kinds, talk.replies, talk.last.work) == (["question_added"], (), ())
    event = talk.last.events[0]
    assert isinstance(event, QuestionAdded)
    assert (event.question, event.by, event.at) == ("extra", "recruiter", talk.now)
    assert (talk.open, talk.state.added) == ("one", ("extra",))
    talk.say("first")
    assert talk.texts == [TEXTS["added_question"]["en"], "extra"]
    talk.answer("e", "t", "t")
    assert talk.asked == ("one", "extra", "two", "three")
    assert talk.state.status == "finished"


def test_it_is_asked_in_the_interviews_language() -> None:
    talk = talk_on(question("one")).started("zh")
    talk.add("extra")
    talk.say("一")
    assert talk.texts == [TEXTS["added_question"]["zh"], "extra（中）"]


def test_it_is_counted() -> None:
    talk = simple()
    assert talk.replies[-1].progress == (1, 3)
    talk.add("extra")
    talk.say("repeat", "repeat_question")
    assert talk.replies[-1].progress == (1, 4)
    talk.say("how many", "ask_about_process")
    assert "about 4 questions, about 6 minutes in all, and 0 are done" in talk.texts[0]
    talk.say("first")
    assert talk.replies[-1].progress == (2, 4)
    talk.say("extra answer")
    assert talk.replies[-1].progress == (3, 4)
    talk.say("second")
    assert talk.replies[-1].progress == (4, 4)


def test_the_open_question_is_done_first_with_its_follow_ups() -> None:
    first = {**case("shop", "plan"), "probes": [probe("p", "missing(k0)")]}
    talk = talk_on(first, question("two")).started()
    talk.add("extra")
    way = []
    for _ in range(4):
        talk.say("hm")
        way.append(talk.open)
    assert way == ["shop.plan", "shop.p", "extra", "two"]


def test_the_path_goes_on_where_it_was() -> None:
    """The branch is that of the last question of the path, not of the added one."""
    first = question("one", next=[{"when": "words(one) > 1", "go": "three"}, {"go": "two"}])
    talk = talk_on(first, question("two"), question("three", next=[{"go": "end"}])).started()
    talk.add("extra")
    talk.answer("two words", "a long extra answer")
    assert talk.asked == ("one", "extra", "three")
    talk.add("second")
    talk.answer("third")
    assert talk.open == "second"
    talk.answer("s")
    assert talk.state.status == "finished"


def test_several_are_asked_in_the_order_they_were_added() -> None:
    talk = simple()
    talk.add("second")
    talk.add("extra")
    talk.answer("1", "2")
    assert talk.asked == ("one", "second", "extra")
    talk.add("campus_only")
    talk.answer("3", "4", "5", "6")
    assert talk.asked == ("one", "second", "extra", "campus_only", "two", "three")


def test_added_during_the_last_question() -> None:
    talk = talk_on(question("one", next=[{"go": "end"}]), question("two")).started()
    talk.add("extra")
    talk.say("last")
    assert (talk.open, talk.replies[-1].progress) == ("extra", (2, 2))
    talk.say("done")
    assert talk.state.status == "finished"


def test_added_before_consent_comes_after_the_first_question() -> None:
    talk = talk_on(question("one"), question("two"), candidate_types=TYPES).begin()
    talk.add("extra")
    talk.say("agree")
    talk.add("second")
    talk.say("campus")
    assert "about 4 questions" in talk.texts[0]
    assert (talk.open, talk.replies[-1].progress) == ("one", (1, 4))
    talk.answer("1", "2", "3", "4")
    assert (talk.asked, talk.state.status) == (("one", "extra", "second", "two"), "finished")


def test_an_added_question_is_asked_of_one_for_whom_the_path_has_none() -> None:
    guide = (question("one", **{"for": ["experienced"]}),)
    talk = talk_on(*guide, candidate_types=TYPES).begin()
    talk.add("extra")
    talk.answer("agree", "campus")
    assert (talk.open, talk.replies[-1].progress) == ("extra", (1, 1))
    talk.add("second")
    talk.answer("e", "s")
    assert (talk.asked, talk.state.status) == (("extra", "second"), "finished")


def test_an_added_question_has_its_probes() -> None:
    bank = [question("extra", probes=[probe("p", "missing(k0)")])]
    talk = Talk(make_plan(make_guide(question("one"), question("two"), bank=bank))).started()
    talk.add("extra")
    talk.answer("1", "e")
    assert talk.open == "extra.p"
    talk.answer("p")
    assert talk.open == "two"


def test_an_added_question_is_skipped() -> None:
    talk = simple()
    talk.add("extra")
    talk.say("first")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.open, talk.state.skipped) == ("two", ("extra",))


def test_an_added_question_is_corrected() -> None:
    talk = simple()
    talk.add("extra")
    talk.answer("first", "wrong")
    talk.correct()
    assert (talk.open, talk.asked) == ("extra", ("one", "extra"))
    talk.say("quite right")
    assert (talk.open, talk.asked) == ("two", ("one", "extra", "two"))
    assert talk.state.answers["extra"].words == 2


def test_correcting_the_answer_before_an_added_question_asks_it_again() -> None:
    talk = simple()
    talk.add("extra")
    talk.say("first")
    assert talk.open == "extra"
    talk.correct()
    assert (talk.asked, talk.state.added) == (("one",), ("extra",))
    talk.say("better")
    assert (talk.open, talk.replies[-1].progress) == ("extra", (2, 4))


def test_added_while_an_answer_is_corrected() -> None:
    talk = simple()
    talk.say("first")
    talk.correct()
    talk.add("extra")
    talk.say("no", "deny")
    assert talk.asked == ("one", "extra")


@pytest.mark.parametrize("status", ["paused", "pending"])
def test_added_at_any_time(status: str) -> None:
    talk = simple()
    talk.say("x", {"paused": "pause", "pending": "skip_question"}[status])
    talk.add("extra")
    talk.say("an answer")
    assert talk.open == "extra"


# Refused


def test_refused_when_it_is_not_in_the_bank() -> None:
    assert refused(simple(), "unknown") == "'unknown' is not in the guide's bank"
    assert refused(simple(), "two") == "'two' is not in the guide's bank"


def test_refused_twice() -> None:
    talk = simple()
    talk.add("extra")
    assert refused(talk, "extra") == "'extra' was added before"
    talk.answer("1", "e")
    assert refused(talk, "extra") == "'extra' was added before"


def test_refused_for_another_candidate_type() -> None:
    talk = talk_on(question("one"), candidate_types=TYPES).begin(candidate_type="experienced")
    assert refused(talk, "campus_only") == "'campus_only' is not meant for this candidate type"
    talk = talk_on(question("one"), candidate_types=TYPES).begin()
    assert refused(talk, "campus_only") == "'campus_only' is not meant for this candidate type"
    talk.answer("agree", "campus")
    talk.add("campus_only")
    assert talk.state.added == ("campus_only",)


def test_refused_before_a_position_is_chosen() -> None:
    guide = make_guide(question("one"), bank=BANK)
    talk = Talk(make_plan(guide, guide)).started()
    assert refused(talk, "extra") == "no position is chosen"
    talk.say("p2")
    talk.add("extra")
    talk.say("1")
    assert talk.open == "extra"


def test_refused_after_the_end_and_when_a_person_has_taken_over() -> None:
    talk = simple()
    talk.say("person", "request_human")
    talk.say("yes", "affirm")
    assert refused(talk, "extra") == "a person has taken over"
    talk = simple()
    talk.say("delete", "delete_my_data")
    talk.say("yes", "affirm")
    assert refused(talk, "extra") == "the interview has ended"
    talk = simple()
    talk.answer("1", "2", "3")
    assert refused(talk, "extra") == "the interview has ended"
