"""Idle candidates: reminded, closed, and opened again by a recruiter."""

from typing import Any

import pytest

from dialogues.additions import NotReopenedError
from dialogues.events import InterviewReopened, Remind, Reminded, Reopen, TimedOut
from dialogues.texts import TEXTS, say
from tests.plans import TYPES, Talk, case, make_guide, make_plan, probe, question

DAY = 86_400.0
UNTIL = "2026-01-02 03:04 (UTC+8)"


def talk_on(*questions: dict[str, Any], **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more)))


def simple() -> Talk:
    return talk_on(question("one"), question("two"), question("three")).started()


def remind(talk: Talk, number: int = 1, told: bool = True, idle: float = DAY) -> None:
    talk.turn(Remind(idle, UNTIL, number, told))


def idle(talk: Talk, seconds: float = DAY) -> Talk:
    talk.now += seconds
    return talk


def expired(talk: Talk) -> Talk:
    idle(talk, 7 * DAY).turn(TimedOut(7 * DAY))
    assert talk.state.status == "expired"
    return talk


# Reminders


def test_an_idle_candidate_is_reminded_and_asked_again() -> None:
    talk = simple()
    asked, heard = talk.replies[-1], talk.now
    remind(idle(talk))
    assert talk.last.events == (Reminded(at=talk.now, number=1),)
    assert talk.texts == [say("reminded", "en", until=UNTIL), "one"]
    assert UNTIL in talk.texts[0]
    assert talk.replies[-1] == asked.model_copy(update={"reminds": True})
    assert [reply.reminds for reply in talk.replies] == [True, True]
    assert (talk.state.heard_at, talk.state.reminded, talk.last.work) == (heard, 1, ())
    talk.say("an answer")
    assert (talk.open, talk.state.reminded) == ("two", 0)
    assert not any(reply.reminds for reply in talk.replies)


def test_a_reminder_is_in_the_interviews_language() -> None:
    talk = talk_on(question("one")).started("zh")
    remind(idle(talk))
    assert talk.texts == [say("reminded", "zh", until=UNTIL), "one（中）"]


def test_it_comes_neither_early_nor_twice() -> None:
    talk = idle(simple(), DAY - 1)
    remind(talk)
    assert (talk.last.events, talk.replies) == ((), ())
    remind(idle(talk, 1))
    remind(talk)
    assert (talk.last.events, talk.replies) == ((), ())
    remind(idle(talk), number=2, idle=2 * DAY)
    assert (talk.kinds, talk.state.reminded) == (["reminded"], 2)


def test_reminders_that_were_missed_are_not_made_up_for() -> None:
    talk = idle(simple(), 3 * DAY)
    remind(talk, number=3, idle=3 * DAY)
    for number in (1, 2, 3):
        remind(talk, number)
        assert talk.last.events == ()


@pytest.mark.parametrize("intent", ["answer", "repeat_question", "pause", "no_words", "unsure"])
def test_hearing_anything_counts_anew(intent: str) -> None:
    talk = simple()
    remind(idle(talk))
    talk.say("x", intent)
    assert (talk.state.reminded, talk.state.heard_at) == (0, talk.now)
    remind(idle(talk))
    assert talk.kinds == ["reminded"]


def test_a_paused_candidate_hears_how_to_go_on() -> None:
    talk = simple()
    talk.say("pause", "pause")
    remind(idle(talk))
    assert talk.texts == [say("reminded_paused", "en", until=UNTIL)]
    assert talk.state.status == "paused"
    talk.say("resume", "resume")
    assert talk.texts == [TEXTS["resumed"]["en"], "one"]


def test_an_open_confirmation_is_asked_again() -> None:
    talk = simple()
    talk.say("pause", "pause")
    talk.say("skip", "skip_question")
    remind(idle(talk))
    assert talk.texts[1:] == [TEXTS["confirm_skip"]["en"]]
    assert [option.id for option in talk.replies[-1].options] == ["yes", "no"]


def test_an_open_choice_is_asked_again() -> None:
    talk = talk_on(question("one"), candidate_types=TYPES).started()
    remind(idle(talk))
    assert [option.id for option in talk.replies[-1].options] == list(TYPES)


def test_a_reminder_of_a_follow_up_is_short() -> None:
    talk = talk_on(case("one", "a", probes=[probe("p", "missing(k0)")])).started()
    remind(idle(talk))
    assert talk.texts[-1] == "one material\n\none"
    talk.say("first")
    remind(idle(talk))
    assert (talk.open, talk.texts[-1]) == ("one.a", "a")


def test_one_that_is_not_told_counts_all_the_same() -> None:
    talk = idle(simple())
    remind(talk, told=False)
    assert talk.last.events == (Reminded(at=talk.now, number=1, told=False),)
    assert (talk.replies, talk.state.reminded) == ((), 1)
    remind(talk)
    assert talk.last.events == ()


@pytest.mark.parametrize("stage", ["consent", "human", "finished", "withdrawn", "expired"])
def test_nobody_else_is_reminded(stage: str) -> None:
    talk = talk_on(question("one")).begin()
    if stage != "consent":
        talk.say("agree")
    if stage in ("human", "withdrawn"):
        talk.say("x", {"human": "request_human", "withdrawn": "withdraw_consent"}[stage])
        talk.say("yes")
    elif stage == "finished":
        talk.say("done")
    elif stage == "expired":
        expired(talk)
    assert talk.state.status == stage
    remind(idle(talk, 30 * DAY))
    assert (talk.last.events, talk.replies) == ((), ())


def test_a_reminder_does_not_put_the_end_off() -> None:
    talk = simple()
    remind(idle(talk, 6 * DAY))
    idle(talk, DAY).turn(TimedOut(7 * DAY))
    assert talk.kinds == ["expired"]


# Reopening


def test_an_expired_interview_goes_on_where_it_was() -> None:
    talk = simple()
    talk.answer("1")
    expired(talk)
    talk.turn(Reopen("ada"))
    assert talk.last.events == (InterviewReopened(at=talk.now, by="ada"),)
    assert talk.texts == [TEXTS["reopened"]["en"], "two"]
    assert [reply.reminds for reply in talk.replies] == [False, True]
    assert (talk.state.status, talk.state.heard_at, talk.state.reminded) == ("asking", talk.now, 0)
    assert [(work.kind, work.opening) for work in talk.last.work] == [("watch", 1)]
    talk.answer("2", "3")
    assert (talk.state.status, talk.last.work[0].kind) == ("finished", "score")


def test_each_opening_has_a_watch_of_its_own() -> None:
    talk = talk_on(question("one")).begin()
    openings = [talk.last.work[0].opening]
    for _ in range(2):
        expired(talk).turn(Reopen("ada"))
        openings.append(talk.last.work[0].opening)
    assert openings == [0, 1, 2]


def test_the_time_counts_from_the_reopening() -> None:
    talk = simple()
    remind(idle(talk))
    expired(talk).turn(Reopen("ada"))
    idle(talk, DAY - 1).turn(TimedOut(DAY))
    remind(talk)
    assert talk.last.events == ()
    remind(idle(talk, 1))
    assert talk.kinds == ["reminded"]


def test_before_consent_it_is_consent_that_is_asked_again() -> None:
    talk = expired(talk_on(question("one")).begin())
    talk.turn(Reopen("ada"))
    assert talk.state.status == "consent"
    assert [reply.kind for reply in talk.replies] == ["notice", "consent"]
    talk.say("agree")
    assert talk.open == "one"


def test_a_case_comes_with_its_material() -> None:
    talk = talk_on(case("one", "a")).started()
    talk.say("first")
    expired(talk).turn(Reopen("ada"))
    assert talk.texts[-1] == "one material\n\na"


def test_a_paused_interview_is_not_paused_any_more() -> None:
    talk = simple()
    talk.say("pause", "pause")
    expired(talk).turn(Reopen("ada"))
    assert (talk.state.status, talk.texts[-1]) == ("asking", "one")


def test_a_correction_goes_on_as_one() -> None:
    talk = simple()
    talk.answer("1")
    talk.correct()
    expired(talk).turn(Reopen("ada"))
    assert talk.texts == [TEXTS["reopened"]["en"], TEXTS["correct"]["en"], "one"]
    talk.say("better")
    assert (talk.open, talk.asked) == ("two", ("one", "two"))


def test_a_deletion_that_waits_for_a_yes_still_does() -> None:
    talk = expired(simple())
    talk.say("delete my data", "delete_my_data")
    talk.turn(Reopen("ada"))
    assert talk.texts[-1] == TEXTS["confirm_delete"]["en"]
    talk.say("yes")
    assert talk.state.status == "erased"


@pytest.mark.parametrize("stage", ["consent", "asking", "paused", "human", "finished", "erased"])
def test_only_what_expired_is_opened_again(stage: str) -> None:
    talk = talk_on(question("one")).begin()
    if stage != "consent":
        talk.say("agree")
    if stage in ("human", "erased"):
        talk.say("x", {"human": "request_human", "erased": "delete_my_data"}[stage])
        talk.say("yes")
    elif stage in ("paused", "finished"):
        talk.say("x", "pause" if stage == "paused" else "answer")
    before = talk.state
    assert before.status == stage
    with pytest.raises(NotReopenedError, match=stage):
        talk.turn(Reopen("ada"))
    assert talk.state == before
