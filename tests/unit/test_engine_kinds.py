"""Scenarios, cases and programs, turn by turn."""

from typing import Any, get_args

import pytest

from bot.sandbox.verdicts import Verdict
from dialogues.answering import LONGEST_DETAIL, describe_examples
from dialogues.events import Answered, Program, ReplyOption
from dialogues.guide import Question
from dialogues.replying import shortened_option
from dialogues.texts import TEXTS
from tests.plans import Talk, case, line, make_guide, make_plan, options, probe, program, question
from tests.plans import scenario as make_scenario


def begun(*questions: dict[str, Any], language: str = "en") -> Talk:
    return Talk(make_plan(make_guide(*questions))).started(language)


# Scenarios

REPORT = make_scenario(
    "leak",
    [line("colleague", "missing(report)"), line("lead")],
    [line("again", "missing(fix)"), line("never", "words(leak) > 1000")],
    competency="skill",
    probes=[probe("existing", "missing(existing)"), probe("short", "words(leak) < 100")],
    max_probes=2,
)


def test_the_first_line_that_holds_is_said() -> None:
    talk = begun(REPORT, question("two"))
    talk.say("I look around")
    assert talk.open == "leak.colleague"
    talk = begun(REPORT, question("two"))
    talk.say("I tell my lead", "answer", "report")
    assert talk.open == "leak.lead"
    reply = talk.replies[0]
    assert (reply.kind, reply.text, reply.probe) == ("question", "lead", "lead")
    assert reply.progress == (1, 2)


def test_a_scenario_goes_on_turn_by_turn_and_then_to_the_probes() -> None:
    talk = begun(REPORT, question("two"), language="zh")
    way = []
    for _ in range(5):
        talk.say("嗯，再看看")
        way.append(talk.open)
    assert way == ["leak.colleague", "leak.again", "leak.existing", "leak.short", "two"]
    assert talk.state.answers["leak"].words == 5 * 4


@pytest.mark.parametrize("hit_later", [False, True])
def test_a_scenario_in_whose_turn_no_line_holds_is_over(hit_later: bool) -> None:
    """It stays over, even when a later answer would make a line hold."""
    turns = (
        [line("first")],
        [line("gap", "words(leak) > 9")],
        [line("after", "missing(fix)")],
    )
    scenario = make_scenario("leak", *turns, probes=[probe("p", "missing(fix)")])
    talk = begun(scenario, question("two"))
    talk.answer("one", "two")
    assert talk.open == "leak.p", "neither the gap nor the turn after it"
    talk.say("many many many many many many many many many words" if hit_later else "few")
    assert talk.open == "two"


def test_the_conditions_of_a_line_see_the_replies_so_far() -> None:
    scenario = make_scenario(
        "leak", [line("first")], [line("fixed", "not missing(fix)"), line("not_fixed")]
    )
    for hits, then in (("fix",), "leak.fixed"), ((), "leak.not_fixed"):
        talk = begun(scenario)
        talk.answer("hm")
        talk.say("answer", "answer", *hits)
        assert talk.open == then


def test_a_skipped_line_goes_on_to_the_next_turn() -> None:
    talk = begun(REPORT, question("two"))
    talk.say("hm")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.open, talk.state.skipped) == ("leak.again", ())


def test_a_scenario_without_turns_is_a_question() -> None:
    talk = begun(make_scenario("leak"), question("two"))
    talk.say("hm")
    assert talk.open == "two"


# Cases


@pytest.mark.parametrize(("language", "end"), [("en", ""), ("zh", "（中）")])
def test_the_material_comes_first_and_once(language: str, end: str) -> None:
    talk = begun(case("shop", "plan", "check"), question("two"), language=language)
    assert talk.texts[1:] == [f"shop material{end}\n\nshop{end}"]
    talk.say("I look at the figures")
    assert (talk.open, talk.texts) == ("shop.plan", [f"plan{end}"])
    talk.say("a plan")
    assert (talk.open, talk.texts) == ("shop.check", [f"check{end}"])
    talk.say("a check")
    assert talk.open == "two"


def test_repeating_shows_the_material_once() -> None:
    talk = begun(case("shop", "plan"))
    talk.say("repeat", "repeat_question")
    assert talk.texts == ["shop material\n\nshop"]
    talk.say("I look at the figures")
    talk.say("repeat", "repeat_question")
    assert talk.texts == ["shop material\n\nplan"]
    talk.say("how am I scored", "ask_about_scoring")
    assert talk.texts[1:] == ["plan"]


def test_the_material_is_shown_after_a_pause_and_in_another_language() -> None:
    talk = begun(case("shop", "plan"))
    talk.say("I look at the figures")
    talk.say("pause", "pause")
    talk.say("resume", "resume")
    assert talk.texts[1:] == ["shop material\n\nplan"]
    talk.say("switch to Chinese", "change_language")
    assert talk.texts[1:] == ["shop material（中）\n\nplan（中）"]


def test_while_a_confirmation_is_open_only_it_is_repeated() -> None:
    talk = begun(case("shop", "plan"))
    talk.say("I look at the figures")
    talk.say("skip", "skip_question")
    assert [reply.kind for reply in talk.replies] == ["text"]
    assert "skip" in talk.texts[0]


def test_every_part_is_asked_then_probes() -> None:
    asked = {**case("shop", "plan", "check"), "probes": [probe("more", "missing(risk)")]}
    talk = begun(asked, question("two"))
    talk.say("all at once", "answer", "risk")
    assert talk.open == "shop.plan"
    talk.answer("a", "b")
    assert talk.open == "two"
    talk = begun(asked, question("two"))
    talk.answer("a", "b", "c")
    assert talk.open == "shop.more"


def test_skipping_a_part_goes_to_the_next_part() -> None:
    talk = begun(case("shop", "plan", "check"), question("two"))
    talk.say("figures")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.open, talk.state.skipped) == ("shop.check", ())
    assert set(talk.state.answers["shop"].heard) == {""}


def test_skipping_a_case_skips_its_parts() -> None:
    talk = begun(case("shop", "plan"), question("two"))
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.open, talk.state.skipped) == ("two", ("shop",))


# Programs

SORTING = program("sorting", attempts=3, languages=("python", "javascript"))
SOME = Program(True, 1, 2, (("small", "passed", ""), ("empty", "failed", "IndexError: list")))
ALL = Program(True, 2, 2)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "complete code (Python, JavaScript)"), ("zh", "可用语言：Python、JavaScript")],
)
@pytest.mark.parametrize("text", ["what do you mean by sorting", "keep_program", "1"])
def test_words_are_no_program(text: str, language: str, words: str) -> None:
    talk = begun(SORTING, question("two"), language=language)
    assert talk.replies[-1].options == ()
    talk.say(text)
    assert talk.kinds == ["noted"]
    assert words in talk.texts[0]
    assert (talk.open, talk.state.tries, talk.state.answers) == ("sorting", 0, {})


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            "It ran: 1 of 2 tests passed.\n· small: passed"
            "\n· empty: stopped with an error (IndexError: list)",
        ),
        (
            "zh",
            "已经运行：2 个测试通过了 1 个。\n· small: 通过\n· empty: 运行出错 (IndexError: list)",
        ),
    ],
)
def test_how_a_program_did_is_told_and_another_try_offered(language: str, told: str) -> None:
    talk = begun(SORTING, question("two"), language=language)
    talk.send(SOME, "small")
    assert [reply.kind for reply in talk.replies] == ["notice", "question"]
    again = TEXTS["program_again"][talk.state.language].format(left=2)
    assert talk.texts == [told, again]
    assert [option.id for option in talk.replies[1].options] == ["keep_program"]
    event = talk.last.events[0]
    assert isinstance(event, Answered)
    assert (event.hits, event.probe, event.value) == (("small",), None, None)
    assert (talk.open, talk.state.tries, talk.state.answered) == ("sorting", 1, 0)


def test_all_tests_passed_goes_on() -> None:
    talk = begun(SORTING, question("two"))
    talk.send(ALL, "small", "empty")
    assert talk.texts == ["It ran: 2 of 2 tests passed.", "two"]
    assert talk.open == "two"


def test_the_last_try_goes_on_and_the_last_version_counts() -> None:
    talk = begun(SORTING, question("two"))
    talk.send(SOME, "small")
    talk.send(SOME, "empty")
    assert talk.open == "sorting"
    talk.send(Program(True, 0, 2), "none")
    assert talk.open == "two"
    assert talk.texts == ["It ran: 0 of 2 tests passed.", "two"]
    assert talk.state.answers["sorting"].hits == {"none"}


def test_a_single_try() -> None:
    talk = begun(program("sorting", attempts=1), question("two"))
    talk.send(SOME)
    assert talk.open == "two"


def test_tries_are_counted_for_each_question() -> None:
    talk = begun(program("one", attempts=2), program("two", attempts=2), question("three"))
    talk.send(SOME)
    talk.send(SOME)
    assert (talk.open, talk.state.tries) == ("two", 0)
    talk.send(SOME)
    assert talk.open == "two"


@pytest.mark.parametrize("said", ["keep_program", "Keep this version", "keep this version.", "1"])
def test_keeping_a_version(said: str) -> None:
    talk = begun(SORTING, question("two"))
    talk.send(SOME, "small")
    talk.say(said)
    assert (talk.kinds, talk.open) == (["noted", "asked"], "two")
    assert talk.state.answers["sorting"].hits == {"small"}


def test_keeping_a_version_in_chinese() -> None:
    talk = begun(SORTING, question("two"), language="zh")
    talk.send(SOME)
    talk.say("就用这一版")
    assert talk.open == "two"


def test_keeping_is_still_offered_after_words_that_are_no_program() -> None:
    talk = begun(SORTING, question("two"))
    talk.send(SOME)
    talk.say("is there a hint for this?")
    assert [option.id for option in talk.replies[-1].options] == ["keep_program"]
    talk.say("repeat", "repeat_question")
    assert [option.id for option in talk.replies[-1].options] == ["keep_program"]
    talk.say("1")
    assert talk.open == "two"


def test_skipping_after_a_version_keeps_it() -> None:
    talk = begun(SORTING, question("two"))
    talk.send(SOME, "small")
    talk.say("skip", "skip_question")
    assert talk.kinds == ["noted", "asked"]
    assert (talk.open, talk.state.skipped, talk.state.pending) == ("two", (), None)
    assert talk.texts == ["All right, your answer stays as it was.", "two"]


def test_skipping_before_any_version_skips() -> None:
    talk = begun(SORTING, question("two"))
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.open, talk.state.skipped) == ("two", ("sorting",))


@pytest.mark.parametrize(("language", "words"), [("en", "cannot be run"), ("zh", "现在无法运行")])
def test_a_program_that_could_not_be_run_goes_on(language: str, words: str) -> None:
    talk = begun(SORTING, question("two"), language=language)
    talk.send(Program(False))
    assert words in talk.texts[0]
    assert talk.open == "two"
    assert "sorting" in talk.state.answers


@pytest.mark.parametrize("intent", ["affirm", "thanks"])
def test_ok_is_no_program(intent: str) -> None:
    talk = begun(SORTING)
    talk.say("OK", intent)
    assert (talk.open, talk.state.tries) == ("sorting", 0)
    assert talk.texts[-1] == "sorting"


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("", "· a: passed"),
        ("  \n\t\u2028", "· a: passed"),
        ("line one\nline two\r\n· b: passed", "· a: passed (line one line two · b: passed)"),
        ("\x1b[31mred\x00\u202eevil", "· a: passed ([31mred evil)"),
        ("{examples} %s {0}", "· a: passed ({examples} %s {0})"),
        ("x" * 10_000, f"· a: passed ({'x' * LONGEST_DETAIL}…)"),
    ],
)
def test_what_is_told_of_a_test_is_one_line(detail: str, told: str) -> None:
    assert describe_examples("en", [("a", "passed", detail)]) == f"\n{told}"
    talk = begun(SORTING)
    talk.send(Program(True, 0, 1, (("a", "passed", detail),)))
    assert talk.texts[0] == f"It ran: 0 of 1 tests passed.\n{told}"


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_every_verdict_has_its_words(verdict: str) -> None:
    zh = describe_examples("zh", [("a", verdict, "")])
    en = describe_examples("en", [("a", verdict, "")])
    assert zh != en
    assert zh.startswith("\n· a: ")


# Scored choices and numbers


def test_a_scored_choice() -> None:
    asked = question("safe", kind="choice", competency="skill", options=options("yes", "no"))
    talk = begun(asked, question("two"))
    talk.say("嗯", "affirm")
    assert talk.open == "safe", "a nod chooses nothing"
    assert [option.id for option in talk.replies[-1].options] == ["yes", "no"]
    talk.say("no", "deny")
    assert (talk.state.answers["safe"].value, talk.open) == ("no", "two")


def test_a_scored_number() -> None:
    asked = question("sum", kind="number", competency="skill", min=0)
    talk = begun(asked, question("two"))
    talk.say("OK", "affirm")
    assert talk.open == "sum"
    talk.say("about 42 units")
    assert (talk.state.answers["sum"].value, talk.open) == (42, "two")


def test_follow_ups_are_known_by_id() -> None:
    made = Question.model_validate(REPORT)
    assert list(made.follow_ups) == ["colleague", "lead", "again", "never", "existing", "short"]


SHIFTS = (("both", "早班晚班都可以", "Both shifts suit me"), ("early", "只方便上早班", "Early shifts only"), ("none", "都不可以", "Neither suits me"))  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "meant"),
    [
        ("zh", "早班晚班", "both"),
        ("zh", "方便上早班", "early"),
        ("zh", "都可以", "both"),  # Not the one that says no.
        ("zh", "早班", None),  # Two options speak of it.
        ("zh", "不可以", "none"),
        ("zh", "可", None),
        ("en", "both shifts", "both"),
        ("en", "Both", "both"),
        ("en", "shifts", None),
        ("en", "me", None),
        ("en", "not early", None),
        ("en", "rly shifts", None),
    ],
)
def test_part_of_an_options_words_will_do(language: str, text: str, meant: str | None) -> None:
    column = 1 if language == "zh" else 2
    options = [ReplyOption(id=each[0], text=each[column]) for each in SHIFTS]
    found = shortened_option(text, options)
    assert (found.id if found else None) == meant
