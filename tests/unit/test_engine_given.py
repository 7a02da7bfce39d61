"""A résumé that is handed in on the way."""

from typing import Any

import pytest

from dialogues.additions import NotGivenError
from dialogues.events import GiveProfile
from dialogues.texts import say
from tests.plans import Talk, both, make_guide, make_plan, question

PROFILE = {
    "years": {"type": "number", "resume": ["years of experience"], "answer": "two"},
    "school": {"type": "text", "resume": ["University"], "default": both("your school")},
}


def asking(**profile: Any) -> Talk:
    guide = make_guide(
        question("one", text=both("About {profile.school}?")),
        question("two", kind="number"),
        question("three"),
        profile=PROFILE,
    )
    return Talk(make_plan(guide)).started(profile=profile)


RESUME = "University: Riverside\n5 years of experience"


def test_a_resume_on_the_way_is_read_like_one_at_the_beginning() -> None:
    talk = asking()
    assert talk.texts[-1] == "About your school?"
    talk.turn(GiveProfile({"resume": RESUME}, "cv.pdf"))
    assert talk.kinds == ["profile_given"]
    assert talk.texts == [say("resume_taken", "en"), "About Riverside?"]
    assert talk.state.profile == asking(resume=RESUME).state.profile
    assert talk.state.profile == {"school": "Riverside", "years": 5.0}
    assert talk.open == "one"


def test_orders_and_answers_stand_over_it_and_an_earlier_one_does_not() -> None:
    talk = asking(school="Lakeside", resume="University: Old\n1 years of experience")
    assert talk.state.profile == {"school": "Lakeside", "years": 1.0}
    talk.turn(GiveProfile({"resume": RESUME}))
    assert talk.state.profile == {"school": "Lakeside", "years": 5.0}
    talk.answer("first", "7")
    talk.turn(GiveProfile({"resume": RESUME}))
    assert talk.state.profile == {"school": "Lakeside", "years": 7.0}
    assert talk.open == "three"


def test_it_is_not_taken_before_consent_nor_after_the_end() -> None:
    talk = Talk(make_plan(make_guide(question("one")))).begin()
    with pytest.raises(NotGivenError):
        talk.turn(GiveProfile({"resume": RESUME}))
    talk.answer("agree", "first")
    assert talk.state.closed
    with pytest.raises(NotGivenError):
        talk.turn(GiveProfile({"resume": RESUME}))


def test_it_counts_for_the_position_that_is_chosen_later() -> None:
    guides = [
        make_guide(question("two", kind="number"), profile=PROFILE, guide=name)
        for name in ("a", "b")
    ]
    talk = Talk(make_plan(*guides)).started()
    talk.turn(GiveProfile({"resume": RESUME}))
    assert [option.id for option in talk.replies[-1].options] == ["p1", "p2"]
    talk.say("p2")
    assert talk.state.profile["school"] == "Riverside"


def test_a_pause_goes_on() -> None:
    talk = asking()
    talk.say("pause", "pause")
    talk.turn(GiveProfile({"resume": RESUME}))
    assert talk.texts == [say("resume_taken", "en"), say("paused", "en")]
    assert talk.state.status == "paused"
