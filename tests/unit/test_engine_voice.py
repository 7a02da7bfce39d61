"""Recordings of a candidate's voice: agreed to, taken down, said back, put right."""

from typing import Any

import pytest

from dialogues.engine import NotCorrectedError
from dialogues.events import Answered, Fix, NotHeard, Record, Said, Spoken
from dialogues.texts import TEXTS, say
from dialogues.voice import NotRecordedError
from tests.plans import Talk, make_guide, make_plan, options, probe, program, question

HOUR = 3600.0


def begun(*questions: dict[str, Any], language: str = "en", **more: Any) -> Talk:
    return Talk(make_plan(make_guide(*questions, **more))).started(language)


def simple(language: str = "en") -> Talk:
    return begun(question("one"), question("two"), language=language)


def agreed(talk: Talk) -> Talk:
    """Recordings are taken; nothing is open of the one that it took to agree."""
    talk.turn(Record("r0"))
    talk.say("yes", "affirm")
    talk.turn(NotHeard(spoken("r0"), ("silence",)))
    return talk


def spoken(recording: str = "r1", **more: Any) -> Spoken:
    return Spoken(recording=recording, message=f"m-{recording}", model="base", **more)


def hear(talk: Talk, text: str, *recordings: str, intent: str = "answer", **more: Any) -> None:
    heard = tuple(spoken(name) for name in recordings or ("r1",))
    talk.turn(Said(text, intent, spoken=heard, **more))


def work(talk: Talk) -> list[tuple[str, str]]:
    return [(each.kind, each.recording) for each in talk.last.work]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_voice_has_a_consent_of_its_own(language: str) -> None:
    talk = simple(language)
    [asked] = talk.turn(Record("r1"))
    assert [option.id for option in asked.options] == ["yes", "no"]
    assert ("面谈公司" if language == "zh" else "Miantan Ltd") in asked.text
    assert TEXTS["voice_kept_no"][language] in asked.text  # type: ignore[index]
    assert (work(talk), talk.state.voice) == ([], False)
    talk.say("yes", "affirm")
    assert talk.kinds == ["confirmation_dropped", "noted", "voice_agreed"]
    assert work(talk) == [("transcribe", "r1")]
    hear(talk, "words that were said")
    assert talk.texts[0] == say("voice_heard", language, text="words that were said")  # type: ignore[arg-type]
    [answer] = [e for e in talk.events if isinstance(e, Answered)]
    assert (answer.text, answer.spoken, talk.open) == ("words that were said", (spoken(),), "two")
    assert talk.replies[0].transcript is not None
    assert talk.replies[0].transcript.of == ("m-r1",)
    assert not talk.state.recordings


def test_once_agreed_recordings_are_taken_down_at_once() -> None:
    talk = agreed(simple())
    talk.turn(Record("r1"))
    assert work(talk) == [("transcribe", "r1")]
    assert talk.texts == [say("voice_received", "en")]
    talk.turn(Record("r2", seconds=150.0))
    assert talk.texts == [say("voice_received_wait", "en", minutes=2)]


@pytest.mark.parametrize(
    ("text", "intent", "told", "open"),
    [
        ("no", "deny", "voice_declined", "one"),
        ("my answer, typed", "answer", None, "two"),
        ("please repeat", "repeat_question", None, "one"),
    ],
)
def test_without_agreement_recordings_are_dropped(
    text: str, intent: str, told: str | None, open: str
) -> None:
    talk = simple()
    talk.turn(Record("r1"))
    talk.say(text, intent)
    assert "voice_declined" in talk.kinds
    assert (work(talk), talk.state.recordings, talk.state.voice) == ([], {}, False)
    assert talk.open == open
    assert told is None or talk.texts[0] == say(told, "en")
    talk.turn(Record("r2"))  # Another recording is another occasion to agree.
    assert talk.state.pending == "voice"


def test_how_long_recordings_are_kept_is_said() -> None:
    plan = make_plan(make_guide(question("one")))
    object.__setattr__(plan, "voice_days", 30.0)
    talk = Talk(plan).started()
    assert say("voice_kept", "en", days="30") in talk.turn(Record("r1"))[0].text


def test_where_recordings_have_no_place() -> None:
    talk = Talk(make_plan(make_guide(program("code"), question("one")))).begin("en")

    def refused(key: str) -> None:
        with pytest.raises(NotRecordedError) as error:
            talk.turn(Record("r1"))
        assert error.value.key == key
        assert key in TEXTS

    refused("voice_later")
    talk.say("agree")
    refused("voice_program")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    talk.say("a person please", "request_human")
    talk.say("yes", "affirm")
    refused("voice_to_person")
    talk.say("withdraw", "withdraw_consent")
    talk.say("yes", "affirm")
    refused("closed")


def test_options_and_commands_can_be_spoken() -> None:
    talk = agreed(begun(question("one", kind="choice", options=options("a", "b")), question("two")))
    talk.turn(Record("r1"))
    hear(talk, "b")
    assert (talk.state.answers["one"].value, talk.open) == ("b", "two")
    talk.turn(Record("r2"))
    hear(talk, "please repeat", "r2", intent="repeat_question")
    assert (talk.open, talk.state.recordings) == ("two", {})


def test_several_recordings_are_one_answer() -> None:
    talk = agreed(simple())
    talk.turn(Record("r1"))
    talk.turn(Record("r2"))
    hear(talk, "first part\nsecond part", "r1", "r2")
    assert (talk.open, talk.state.recordings) == ("two", {})


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (("silence",), "voice_silent"),
        (("too_quiet", "unsure"), "voice_quiet"),
        (("noise",), "voice_noisy"),
        (("clipped",), "voice_loud"),
        (("wrong_language",), "voice_language"),
        (("too_long",), "voice_long"),
        (("too_large",), "voice_large"),
        (("unreadable",), "voice_file"),
        (("unsure",), "voice_unclear"),
        (("something new",), "voice_unclear"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_not_heard_well_is_not_judged(
    reasons: tuple[str, ...], told: str, language: str
) -> None:
    talk = agreed(simple(language))
    talk.turn(Record("r1"))
    talk.turn(NotHeard(spoken("r1"), reasons, "mumbled"))
    assert talk.kinds == ["unheard"]
    assert talk.texts[0] == TEXTS[told][language]  # type: ignore[index]
    assert talk.replies[1].question == "one"
    assert (talk.open, talk.state.answers, talk.state.recordings) == ("one", {}, {})


def test_words_that_come_too_late_are_kept_and_not_judged() -> None:
    talk = agreed(simple())
    talk.turn(Record("r1"))
    talk.say("typed instead")
    assert talk.open == "two"
    hear(talk, "what I said")
    assert (talk.kinds, talk.open) == (["noted"], "two")
    assert talk.texts == [
        say("voice_heard", "en", text="what I said"),
        say("voice_late", "en"),
    ]
    talk.turn(Record("r2"))
    talk.answer("and this typed, too")
    assert talk.state.status == "finished"
    talk.turn(NotHeard(spoken("r2"), ("unsure",)))
    assert (talk.kinds, talk.texts) == (["unheard"], [])


def test_a_pause_is_not_ended_by_what_was_said_before_it() -> None:
    talk = agreed(simple())
    talk.turn(Record("r1"))
    talk.say("pause", "pause")
    hear(talk, "my answer")
    assert (talk.state.status, talk.open) == ("paused", "two")
    assert talk.texts[-1] == say("paused", "en")
    assert not any(reply.kind == "question" for reply in talk.replies)
    talk.turn(Record("r2"))  # Who speaks is back.
    assert talk.state.status == "asking"
    hear(talk, "and this", "r2")
    assert talk.state.status == "finished"


def test_a_yes_can_be_spoken() -> None:
    talk = agreed(simple())
    talk.say("skip", "skip_question")
    talk.turn(Record("r1"))
    hear(talk, "yes", intent="affirm")
    assert (talk.state.skipped, talk.open) == (("one",), "two")


def test_voice_is_asked_about_before_what_was_pending() -> None:
    talk = simple()
    talk.say("skip", "skip_question")
    talk.turn(Record("r1"))
    assert talk.state.pending == "voice"
    talk.say("yes", "affirm")
    assert (talk.state.skipped, talk.open) == ((), "one")


def test_held_words_keep_where_they_come_from() -> None:
    talk = agreed(simple())
    talk.turn(Record("r1"))
    hear(talk, "hm", intent="unsure")
    assert (talk.state.pending, talk.state.recordings) == ("answer", {})
    talk.say("yes", "affirm")
    [answer] = [e for e in talk.events if isinstance(e, Answered)]
    assert (answer.confirmed, answer.spoken) == (True, (spoken(),))


# Putting right.


def fix(talk: Talk, question: str, text: str, *hits: str, probe: str | None = None) -> None:
    talk.turn(Fix(question, probe, text, hits, {"hits": list(hits)}))


def test_an_earlier_answer_is_put_right_and_nothing_else_moves() -> None:
    talk = agreed(
        begun(
            question("one", probes=[probe("why", "missing(k1)")]),
            question("two"),
            question("three"),
        )
    )
    talk.turn(Record("r1"))
    hear(talk, "rest we used", hits=())
    assert talk.open == "one.why"
    talk.answer("because", "second answer")
    before = talk.state
    fix(talk, "one", "REST we used", "k1")
    assert (talk.kinds, talk.texts) == (["answered"], [say("voice_fixed", "en")])
    assert talk.state.answers["one"].hits == {"k1"}
    assert talk.state.answers["one"].words == before.answers["one"].words
    for name in ("question", "probe", "asked", "last", "probes_asked", "tries"):
        assert getattr(talk.state, name) == getattr(before, name)
    fix(talk, "one", "because of that", probe="why")
    with pytest.raises(NotCorrectedError):
        fix(talk, "three", "not answered yet")


def test_the_end_can_be_taken_back_for_a_while() -> None:
    talk = agreed(begun(question("one"), question("two", probes=[probe("why", "missing(k1)")])))
    talk.answer("first", "second")
    talk.turn(Record("r1"))
    hear(talk, "the last words")
    assert talk.state.status == "finished"
    [scoring] = talk.last.work
    assert (scoring.kind, scoring.opening, scoring.spoken_at) == ("score", 1, talk.now)
    talk.say("correct my last answer", "correct_last_answer")  # No longer, or not spoken.
    assert (talk.state.status, talk.texts) == ("finished", [say("closed", "en")])
    talk.turn(Said("correct my last answer", "correct_last_answer", fixable=True))
    assert (talk.state.status, talk.open) == ("asking", "two.why")
    assert [each.kind for each in talk.last.work] == ["watch"]
    talk.say("the last words, put right")
    assert talk.state.status == "finished"
    assert [(each.kind, each.opening) for each in talk.last.work] == [("score", 2)]


def test_an_end_that_was_taken_back_comes_by_itself() -> None:
    talk = agreed(begun(question("one")))
    talk.turn(Record("r1"))
    hear(talk, "my only answer")
    talk.turn(Said("correct my last answer", "correct_last_answer", fixable=True))
    talk.now += HOUR / 2
    talk.time_out(7 * 24 * HOUR)
    assert talk.state.status == "asking"
    talk.now += HOUR
    talk.time_out(7 * 24 * HOUR)
    assert talk.state.status == "finished"
    assert [(each.kind, each.opening) for each in talk.last.work] == [("score", 2)]
    assert talk.state.answers["one"].words == 3


def test_watches_over_an_open_interview_are_told_apart() -> None:
    talk = agreed(begun(question("one")))
    numbers = []
    talk.turn(Record("r1"))
    hear(talk, "my only answer")
    for _ in range(2):
        talk.turn(Said("correct my last answer", "correct_last_answer", fixable=True))
        numbers += [each.opening for each in talk.last.work if each.kind == "watch"]
        talk.say("once more")
    assert numbers == sorted(set(numbers)) and 0 not in numbers
