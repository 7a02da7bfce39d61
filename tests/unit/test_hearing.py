"""What a message means where an interview stands: options' own words, and what the parser is told."""

from dataclasses import dataclass, field

import pytest

from bot.understanding.base import NOTHING_OPEN, Context, Understood
from bot.understanding.hearing import LONGEST_QUESTION, OPTION, understand
from tests.plans import (
    Talk,
    both,
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


@dataclass
class Listening:
    """A parser that keeps what it is asked."""

    asked: list[tuple[str, Context]] = field(default_factory=list)

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        self.asked.append((text, context))
        return Understood("answer", 0.75, "listening")


def heard(talk: Talk, text: str) -> tuple[Understood, list[tuple[str, Context]]]:
    parser = Listening()
    return understand(parser, talk.plan, talk.state, text), parser.asked


def context(talk: Talk) -> Context:
    """The context of words that are no option."""
    _, [(_, found)] = heard(talk, "some words of my own")
    return found


def begun(*questions: dict[str, object]) -> Talk:
    return Talk(make_plan(make_guide(*questions))).started()


@pytest.mark.parametrize("text", ["b", "B.", " b ", "2", "“b”"])
def test_an_options_own_words_need_no_parser(text: str) -> None:
    talk = begun(question("which", kind="choice", options=options("a", "b", "c")))
    assert heard(talk, text) == (Understood("answer", 1.0, OPTION), [])


def test_other_words_go_to_the_parser_with_the_question() -> None:
    talk = begun(question("which", kind="choice", options=options("a", "b")))
    found, asked = heard(talk, "neither of them")
    assert found == Understood("answer", 0.75, "listening")
    assert asked == [("neither of them", Context("which a / b", "choice"))]


def test_before_consent_no_question_is_open() -> None:
    talk = Talk(make_plan(make_guide(question("one")))).begin()
    assert heard(talk, "I agree") == (Understood("answer", 1.0, OPTION), [])
    assert context(talk) == NOTHING_OPEN


def test_a_choice_of_position_is_no_question() -> None:
    guide = make_guide(question("one"))
    talk = Talk(make_plan(guide, guide)).started()
    assert heard(talk, "Position 2")[0].parser == OPTION
    assert context(talk) == NOTHING_OPEN


@pytest.mark.parametrize("kind", ["open", "number"])
def test_a_question_is_told_with_its_kind(kind: str) -> None:
    assert context(begun(question("one", kind=kind))) == Context("one", kind)


def test_a_question_in_the_interviews_language() -> None:
    talk = Talk(make_plan(make_guide(question("one")))).started("zh")
    assert context(talk) == Context("one（中）", "open")


def test_a_program_is_asked_for() -> None:
    assert context(begun(program("sum"))) == Context("sum", "code")


def test_the_reply_to_a_probe_is_an_open_answer() -> None:
    asked = scenario(
        "leak", [line("l1")], competency="skill", probes=[probe("more", "missing(fix)")]
    )
    talk = begun(asked, question("two"))
    found = [context(talk)]
    while talk.state.question == "leak":
        talk.say("I would close the valve first and then call the owner.")
        found.append(context(talk))
    assert found == [
        Context("leak", "scenario"),
        Context("l1", "scenario"),
        Context("more", "open"),
        Context("two", "open"),
    ]


def test_parts_of_a_case_stay_a_case() -> None:
    talk = begun(case("shop", "plan", "check"))
    found = [context(talk)]
    for _ in range(2):
        talk.say("I would ask ten customers first.")
        found.append(context(talk))
    assert found == [
        Context("shop material\n\nshop", "case"),
        Context("plan", "case"),
        Context("check", "case"),
    ]


def test_of_long_material_the_end_is_read() -> None:
    long = {**case("shop", "plan"), "material": both("The shop sells tea. " * 100)}
    found = context(begun(long)).question
    assert len(found) == LONGEST_QUESTION
    assert found.endswith("The shop sells tea.\n\nshop")


def test_while_something_is_to_be_confirmed_no_question_is_open() -> None:
    talk = begun(question("one"))
    talk.say("delete my data", "delete_my_data")
    assert talk.state.pending == "delete"
    assert context(talk) == NOTHING_OPEN
    assert heard(talk, "Yes") == (Understood("answer", 1.0, OPTION), [])


def test_after_the_end_nothing_is_open() -> None:
    talk = begun(question("one"))
    talk.say("That is all there is to say about it.")
    assert talk.state.closed
    assert context(talk) == NOTHING_OPEN
