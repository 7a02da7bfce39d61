"""The transcript: every word a candidate said, once, and the answer that was held before."""

from bot.report import ANSWER_KINDS, Said, standing_answers, transcript
from connectors.result import Line
from dialogues.events import Event
from tests.plans import Talk, line, make_guide, make_plan, question, scenario

UNCLEAR = "well, you know"


def lines_of(talk: Talk, upto: int | None = None) -> list[Line]:
    entries: list[Event | Said] = list(talk.events[:upto])
    return list(transcript(entries, next(iter(talk.plan.positions.values())).guide))


def candidates(talk: Talk) -> list[tuple[str, str, str | None]]:
    return [(x.kind, x.text, x.question_id) for x in lines_of(talk) if x.speaker == "candidate"]


def begun() -> Talk:
    talk = Talk(make_plan(make_guide(question("one"), question("two")))).started()
    talk.say(UNCLEAR, "unsure", "k0")
    return talk


def test_words_that_are_held_are_there_at_once() -> None:
    talk = begun()
    assert candidates(talk)[1:] == [("unsure", UNCLEAR, None)]


def test_yes_makes_an_answer_of_them() -> None:
    talk = begun()
    talk.say("yes", "affirm")
    assert candidates(talk)[1:] == [
        ("unsure", UNCLEAR, None),
        ("affirm", "yes", None),
        ("answer", UNCLEAR, "one"),
    ]
    assert [line.seq for line in lines_of(talk)] == [1, 2, 3, 4]
    assert [(e.text, e.confirmed) for e in standing_answers(talk.events)] == [(UNCLEAR, True)]


def test_no_leaves_them_without_a_question() -> None:
    talk = begun()
    talk.say("no", "deny")
    talk.say("I asked the staff")
    assert candidates(talk)[1:] == [
        ("unsure", UNCLEAR, None),
        ("deny", "no", None),
        ("answer", "I asked the staff", "one"),
    ]


def test_a_confirmed_answer_can_be_corrected() -> None:
    talk = begun()
    talk.say("yes", "affirm")
    talk.correct()
    talk.say("I asked the staff")
    kinds = [kind for kind, _, _ in candidates(talk)]
    assert kinds[1:] == ["unsure", "affirm", "corrected", "correct_last_answer", "answer"]
    assert [e.text for e in standing_answers(talk.events)] == ["I asked the staff"]


def test_what_counts_is_only_what_was_confirmed() -> None:
    talk = begun()
    assert not [kind for kind, _, _ in candidates(talk) if kind in ANSWER_KINDS]


def test_in_a_role_play_it_replies_to_its_line() -> None:
    play = scenario("one", [line("back")])
    talk = Talk(make_plan(make_guide(play, question("two")))).started()
    talk.say("hello")
    talk.say(UNCLEAR, "off_topic")
    talk.say("yes", "affirm")
    last = lines_of(talk)[-1]
    assert (last.kind, last.follow_up, last.text) == ("probe_reply", "back", UNCLEAR)
    assert lines_of(talk)[-3].follow_up is None
