"""Correcting the last answer: it is asked again, and the new one takes its place."""

from typing import Any

import pytest

from dialogues.events import Answered, Event, Program, Reopened
from dialogues.guide import Guide
from tests.plans import (
    TYPES,
    Talk,
    case,
    make_guide,
    make_plan,
    options,
    probe,
    program,
    question,
)
from tests.plans import line as make_line
from tests.plans import scenario as make_scenario


def begun(*questions: dict[str, Any], language: str = "en", **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more))).started(language)


def simple(language: str = "en") -> Talk:
    return begun(question("one"), question("two"), question("three"), language=language)


def skipped(talk: Talk) -> Talk:
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    return talk


def said(talk: Talk, question: str, probe: str | None = None) -> list[str]:
    """The texts of the answers to a question or its follow-up, the last being the one that counts."""
    return [
        e.text
        for e in talk.events
        if isinstance(e, Answered) and (e.question, e.probe) == (question, probe)
    ]


NOTHING = {
    "en": "There is no answer that can be corrected now.",
    "zh": "现在没有可以修改的回答。",
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_there_is_nothing_to_correct_before_the_first_answer(language: str) -> None:
    guide = make_guide(question("one"), candidate_types=TYPES)
    talk = Talk(make_plan(guide)).begin(language)
    talk.correct()
    assert (talk.texts[0], talk.replies[-1].kind) == (NOTHING[language], "consent")
    talk.say("agree")
    talk.correct()
    assert talk.texts[0] == NOTHING[language]
    assert [option.id for option in talk.replies[-1].options] == ["campus", "experienced"]
    talk.say("campus")
    talk.correct()
    assert (talk.texts[0], talk.open) == (NOTHING[language], "one")
    assert not any(isinstance(e, Reopened) for e in talk.events)


@pytest.mark.parametrize(
    ("language", "words", "again"),
    [("en", ["once more", "send “resume”"], "one"), ("zh", ["重新回答", "发“继续”"], "one（中）")],
)
def test_the_last_answer_is_replaced(language: str, words: list[str], again: str) -> None:
    talk = simple(language)
    talk.say("wrong", "answer", "k0")
    talk.correct()
    assert talk.kinds == ["noted", "reopened"]
    assert all(word in talk.texts[0] for word in words)
    assert (talk.texts[1], talk.replies[1].progress) == (again, (1, 3))
    assert (talk.open, talk.asked, talk.state.reopened) == ("one", ("one",), True)
    assert talk.state.answered == 0
    talk.say("right words", "answer", "k1")
    assert talk.kinds == ["answered", "asked"]
    assert (talk.open, talk.state.reopened) == ("two", False)
    assert talk.state.answers["one"].hits == {"k1"}
    assert talk.state.answers["one"].words == 2
    assert said(talk, "one") == ["wrong", "right words"]


def test_only_the_reply_to_the_probe_is_replaced() -> None:
    probed = question("one", probes=[probe("p", "missing(k0)"), probe("q", "missing(k1)")])
    talk = begun({**probed, "max_probes": 2}, question("two"))
    talk.say("the answer")
    talk.say("wrong", "answer", "k2")
    assert talk.open == "one.q"
    talk.correct()
    assert (talk.open, talk.state.probes_asked) == ("one.p", ("p",))
    talk.say("right", "answer", "k0", "k1")
    assert talk.open == "two", "q is not needed any more"
    assert talk.state.answers["one"].hits == {"k0", "k1"}
    assert talk.state.answers["one"].words == 2 + 1
    talk.correct()
    assert talk.open == "one.p"
    talk.say("wrong")
    assert talk.open == "one.q"
    talk.say("another", "answer", "k1")
    talk.correct()
    assert talk.open == "one.q"
    talk.say("other")
    assert talk.state.answers["one"].hits == set()


def test_a_probe_that_is_not_needed_any_more_is_not_asked() -> None:
    probed = question("one", probes=[probe("p", "missing(k0)")])
    talk = begun(probed, question("two"))
    talk.say("without it")
    assert talk.open == "one.p"
    talk.correct()
    assert (talk.open, talk.state.probes_asked) == ("one", ())
    talk.say("with it", "answer", "k0")
    assert talk.open == "two"
    talk.correct()
    talk.say("without it again")
    assert talk.open == "one.p"


def test_a_part_and_a_line_are_corrected_alone() -> None:
    talk = begun(case("shop", "plan", "check"), question("two"))
    talk.answer("figures", "plan a")
    talk.correct()
    assert (talk.open, talk.texts[1:]) == ("shop.plan", ["plan"])
    talk.say("plan b c")
    assert talk.open == "shop.check"
    assert talk.state.answers["shop"].words == 1 + 3
    talk.answer("check", "two")
    scenario = make_scenario(
        "talk", [make_line("a")], [make_line("b", "missing(k0)"), make_line("c")]
    )
    talk = begun(scenario, question("two"))
    talk.answer("open", "first")
    assert talk.open == "talk.b"
    talk.correct()
    assert talk.open == "talk.a"
    talk.say("with it", "answer", "k0")
    assert talk.open == "talk.c"


def test_an_answer_whose_correction_changes_the_branch() -> None:
    city = question(
        "city",
        kind="choice",
        options=options("near", "far"),
        next=[{"when": "answer.city == 'far'", "go": "moving"}, {"go": "start"}],
    )
    talk = begun(city, question("moving", next=[{"go": "end"}]), question("start"), question("z"))
    talk.say("far")
    assert (talk.asked, talk.replies[-1].progress) == (("city", "moving"), (2, 2))
    talk.correct()
    assert talk.asked == ("city",)
    talk.say("near")
    assert (talk.asked, talk.replies[-1].progress) == (("city", "start"), (2, 3))
    assert talk.state.answers["city"].value == "near"
    talk.answer("soon")
    assert talk.asked == ("city", "start", "z")


def test_a_correction_that_changes_nothing_asks_the_same_question() -> None:
    talk = simple()
    talk.say("wrong")
    talk.correct()
    talk.say("right")
    assert (talk.texts, talk.asked) == (["two"], ("one", "two"))


def test_a_correction_can_end_the_interview() -> None:
    short = question("one", next=[{"when": "words(one) < 3", "go": "end"}])
    talk = begun(short, question("two"))
    talk.say("one two three four")
    assert talk.open == "two"
    talk.correct()
    talk.say("no more")
    assert (talk.state.status, talk.asked) == ("finished", ("one",))
    assert [work.kind for work in talk.last.work] == ["score"]
    talk.correct()
    assert talk.texts == ["This interview has ended."]


# A skipped question


def test_a_skipped_question_is_taken_up_again() -> None:
    talk = skipped(simple())
    assert talk.state.skipped == ("one",)
    talk.correct()
    assert (talk.open, talk.state.skipped) == ("one", ())
    talk.say("an answer after all")
    assert (talk.open, talk.state.skipped) == ("two", ())
    assert talk.state.answers["one"].words == 4


@pytest.mark.parametrize("intent", ["deny", "resume", "skip_question"])
def test_a_skipped_question_that_is_left_stays_skipped(intent: str) -> None:
    """Without an answer nothing is missing from it: its probes are not asked."""
    talk = skipped(begun(question("one", probes=[probe("p", "missing(k0)")]), question("two")))
    talk.correct()
    talk.say("leave it", intent)
    assert talk.kinds == ["noted", "skipped", "asked"]
    assert talk.texts == ["All right, we will skip this one.", "two"]
    assert (talk.open, talk.state.skipped, talk.state.answers) == ("two", ("one",), {})


def test_a_skipped_part_is_taken_up_again() -> None:
    talk = begun(case("shop", "plan", "check"), question("two"))
    talk.say("figures")
    skipped(talk)
    assert talk.open == "shop.check"
    talk.correct()
    assert talk.open == "shop.plan"
    talk.say("leave it", "deny")
    assert (talk.texts[0], talk.open) == ("All right, we will skip this one.", "shop.check")
    talk.correct()
    talk.say("a plan")
    assert (talk.open, talk.state.answers["shop"].words) == ("shop.check", 3)


# Keeping what there is


@pytest.mark.parametrize("intent", ["deny", "resume", "skip_question"])
@pytest.mark.parametrize(
    ("language", "kept"),
    [("en", "All right, your answer stays as it was."), ("zh", "好的，保留原来的回答。")],
)
def test_the_answer_is_kept(intent: str, language: str, kept: str) -> None:
    talk = simple(language)
    talk.say("good", "answer", "k0")
    before = talk.state.answers
    talk.correct()
    talk.say("never mind", intent)
    assert talk.kinds == ["noted", "asked"]
    assert talk.texts == [kept, "two（中）" if language == "zh" else "two"]
    assert (talk.state.answers, talk.asked) == (before, ("one", "two"))
    assert (talk.state.reopened, talk.state.pending) == (False, None)


def test_keeping_an_answer_asks_its_probe_again() -> None:
    talk = begun(question("one", probes=[probe("p", "missing(k0)")]), question("two"))
    talk.say("without it")
    talk.correct()
    talk.say("no", "deny")
    assert talk.texts == ["All right, your answer stays as it was.", "p"]
    assert talk.open == "one.p"


def test_an_option_no_is_an_answer() -> None:
    ready = question("ready", kind="choice", options=options("yes", "no"))
    talk = begun(ready, question("two"))
    talk.say("yes", "affirm")
    talk.correct()
    talk.say("no", "deny")
    assert (talk.state.answers["ready"].value, talk.open) == ("no", "two")
    talk.correct()
    talk.say("not at all", "deny")
    assert (talk.state.answers["ready"].value, talk.open) == ("no", "two")
    assert talk.texts[0] == "All right, your answer stays as it was."


@pytest.mark.parametrize("intent", ["affirm", "thanks"])
@pytest.mark.parametrize("probed", [False, True])
def test_ok_does_not_replace_an_answer(intent: str, probed: bool) -> None:
    """ "All right, please answer once more" is met with "OK"."""
    more = {"probes": [probe("p", "missing(k0)")]} if probed else {}
    talk = begun(question("one", **more), question("two"))
    talk.answer("good", *(["better"] if probed else []))
    before = talk.state.answers
    talk.correct()
    talk.say("OK", intent)
    assert (talk.kinds, talk.state.answers) == (["noted"], before)
    assert talk.texts == ["Good. Answer whenever you are ready:", "p" if probed else "one"]
    assert talk.state.reopened


def test_what_is_no_option_or_number_leaves_the_old_value() -> None:
    months = question("months", kind="number", min=1, max=12)
    talk = begun(months, question("two"))
    talk.say("3")
    talk.correct()
    talk.say("13")
    assert (talk.open, talk.state.reopened) == ("months", True)
    assert talk.state.answers["months"].value == 3
    talk.say("4 months")
    assert (talk.open, talk.state.answers["months"].value) == ("two", 4)


# With other commands


def test_correcting_while_paused_goes_on() -> None:
    talk = simple()
    talk.say("wrong")
    talk.say("pause", "pause")
    talk.correct()
    assert talk.kinds == ["noted", "resumed", "reopened"]
    assert (talk.state.status, talk.open) == ("asking", "one")


def test_coming_back_from_a_pause_goes_on_with_the_correction() -> None:
    talk = simple()
    talk.say("wrong")
    talk.correct()
    asked = talk.texts
    talk.say("pause", "pause")
    talk.say("resume", "resume")
    assert (talk.open, talk.state.reopened) == ("one", True)
    assert talk.texts == ["Welcome back, let us go on.", *asked]
    talk.say("right")
    assert (talk.open, said(talk, "one")) == ("two", ["wrong", "right"])


@pytest.mark.parametrize("intent", ["deny", "skip_question"])
def test_an_answer_is_kept_while_paused(intent: str) -> None:
    talk = simple()
    talk.say("good")
    talk.correct()
    talk.say("pause", "pause")
    talk.say("no", intent)
    assert (talk.state.status, talk.open, talk.state.reopened) == ("asking", "two", False)


def test_correcting_twice_in_a_row_is_correcting_once() -> None:
    talk = simple()
    talk.say("first")
    talk.correct()
    talk.correct()
    assert (talk.kinds, talk.open) == (["noted"], "one")
    assert talk.texts[1] == "one"
    talk.say("second")
    talk.correct()
    talk.say("third")
    assert (talk.open, said(talk, "one")) == ("two", ["first", "second", "third"])
    assert talk.state.answers["one"].words == 1


def test_the_answer_before_the_last_is_out_of_reach() -> None:
    talk = simple()
    talk.answer("1", "2")
    talk.correct()
    talk.correct()
    assert talk.open == "two"
    talk.say("no", "deny")
    talk.correct()
    assert talk.open == "two"


@pytest.mark.parametrize(
    ("intent", "status", "work"),
    [
        ("withdraw_consent", "withdrawn", []),
        ("delete_my_data", "erased", ["erase"]),
        ("request_human", "human", []),
    ],
)
def test_leaving_while_correcting(intent: str, status: str, work: list[str]) -> None:
    talk = simple()
    talk.say("good")
    talk.correct()
    talk.say("please", intent)
    assert talk.state.pending is not None
    talk.say("yes", "affirm")
    assert talk.state.status == status
    assert [w.kind for w in talk.last.work] == work
    assert talk.state.answers["one"].words == 1


def test_refusing_to_leave_goes_on_correcting() -> None:
    talk = simple()
    talk.say("good")
    talk.correct()
    talk.say("please", "withdraw_consent")
    talk.say("no", "deny")
    assert (talk.open, talk.state.reopened) == ("one", True)
    assert talk.texts == ["All right, let us go on.", "one"]


@pytest.mark.parametrize("what", ["skip_question", "withdraw_consent", "delete_my_data"])
def test_correcting_drops_what_was_to_be_confirmed(what: str) -> None:
    talk = simple()
    talk.say("wrong")
    talk.say("please", what)
    talk.correct()
    assert talk.kinds == ["confirmation_dropped", "noted", "reopened"]
    assert (talk.open, talk.state.pending) == ("one", None)


def test_a_person_who_has_taken_over_is_told_of_corrections() -> None:
    talk = simple()
    talk.say("wrong")
    talk.say("person", "request_human")
    talk.say("yes", "affirm")
    talk.correct()
    assert talk.texts == ["Passed on to the recruiters."]
    assert talk.kinds == ["noted"]


def test_an_interview_expires_while_correcting() -> None:
    talk = simple()
    talk.say("good")
    talk.correct()
    talk.now += 60
    talk.time_out(60)
    assert talk.state.status == "expired"
    assert talk.state.answers["one"].words == 1


def test_the_question_is_repeated_while_correcting() -> None:
    talk = simple()
    talk.say("good")
    talk.correct()
    talk.say("repeat", "repeat_question")
    assert (talk.texts, talk.state.reopened) == (["one"], True)
    talk.say("switch to Chinese", "change_language")
    assert (talk.texts[1], talk.state.reopened) == ("one（中）", True)


# Programs and facts


def test_a_program_is_not_corrected() -> None:
    talk = begun(question("one"), program("sort", attempts=2), question("two"))
    talk.say("wrong")
    talk.correct()
    assert talk.open == "one", "before a program was sent the answer before it can be corrected"
    talk.say("right")
    talk.send(Program(True, 0, 1))
    talk.correct()
    assert (talk.texts[0], talk.open) == (NOTHING["en"], "sort")
    assert [option.id for option in talk.replies[-1].options] == ["keep_program"]
    talk.send(Program(True, 0, 1))
    talk.correct()
    assert (talk.texts, talk.open) == ([NOTHING["en"], "two"], "two")


def personal_guide() -> Guide:
    return make_guide(
        question("tool", next=[{"when": "profile.tool == 'Perl'", "go": "end"}]),
        {"id": "use", "text": {"zh": "怎么用{profile.tool}？", "en": "Why {profile.tool}?"}},
        profile={"tool": {"type": "text", "answer": "tool", "default": {"zh": "它", "en": "it"}}},
    )


def test_the_fact_that_an_answer_filled_is_replaced() -> None:
    talk = Talk(make_plan(personal_guide())).started()
    talk.say("Jva")
    assert (talk.texts, talk.state.profile) == (["Why Jva?"], {"tool": "Jva"})
    talk.correct()
    talk.say("Java")
    assert talk.kinds == ["answered", "profile_set", "asked"]
    assert (talk.texts, talk.state.profile) == (["Why Java?"], {"tool": "Java"})
    talk.correct()
    talk.say("no", "deny")
    assert talk.texts[1:] == ["Why Java?"]
    talk.correct()
    talk.say("Perl")
    assert talk.state.status == "finished", "the branch sees the new fact"


def test_events_alone_tell_the_story() -> None:
    talk = simple()
    talk.say("wrong")
    talk.correct()
    talk.say("right")
    story: list[Event] = [e for e in talk.events if e.kind in ("asked", "answered", "reopened")]
    assert [(e.kind, getattr(e, "question", "")) for e in story] == [
        ("asked", "one"),
        ("answered", "one"),
        ("asked", "two"),
        ("reopened", "one"),
        ("answered", "one"),
        ("asked", "two"),
    ]


@pytest.mark.parametrize("text", ["no", "No.", "NO!", "否"])
def test_a_bare_no_never_takes_the_place_of_an_answer(text: str) -> None:
    """Whatever it was understood as."""
    talk = Talk(make_plan(make_guide(question("one"), question("two")))).started()
    talk.answer("a good answer")
    talk.correct()
    talk.say(text, "answer")
    assert (talk.open, talk.state.reopened) == ("two", False)
    assert talk.state.answers["one"].words == 3
