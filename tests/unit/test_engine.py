"""The engine by example: what a candidate meets."""

from collections import UserDict
from collections.abc import Mapping

import pytest

from dialogues import engine
from dialogues.events import Answered, LanguageChanged, Noted, Reply
from dialogues.guide import Guide
from dialogues.plan import Plan
from dialogues.replying import count_words, match_option, read_number
from dialogues.state import State
from tests.plans import TYPES, Talk, make_guide, make_plan, options, probe, question


def simple() -> Plan:
    return make_plan(make_guide(question("one"), question("two"), question("three")))


def begun(*questions: Mapping[str, object], **more: object) -> Talk:
    """A talk on these questions, consented to."""
    return Talk(make_plan(make_guide(*questions, **more))).started()


def choices(reply: Reply) -> dict[str, str]:
    return {option.id: option.text for option in reply.options}


# Beginning


@pytest.mark.parametrize(
    ("language", "greeting", "consent"),
    [
        (
            "zh",
            ["面谈公司", "AI 面试官", "不是真人", "岗位1", "6 分钟", "暂停"],
            ["加密", "不判断情绪", "录用与否由人决定", "删除资料", "是否同意"],
        ),
        (
            "en",
            ["Miantan Ltd", "AI interviewer", "not a person", "Position 1", "6 minutes", "pause"],
            ["encrypted", "no emotion", "A person decides", "deleted", "Do you agree?"],
        ),
    ],
)
def test_the_first_words(language: str, greeting: list[str], consent: list[str]) -> None:
    talk = Talk(simple()).begin(language)
    first, second = talk.replies
    assert (first.kind, second.kind) == ("text", "consent")
    for words in greeting:
        assert words in first.text
    for words in consent:
        assert words in second.text
    assert list(choices(second)) == ["agree", "decline"]
    assert [work.kind for work in talk.last.work] == ["watch"]
    assert talk.state.status == "consent"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["3 个维度", "专业 30%、问题解决 40%、协作 30%", "人工复核", "3 个问题"]),
        (
            "en",
            ["3 dimensions", "Foundations 30%, Problem solving 40%, Teamwork 30%", "3 questions"],
        ),
    ],
)
def test_the_criteria_come_before_the_first_question(language: str, words: list[str]) -> None:
    talk = Talk(simple()).begin(language)
    talk.say("agree")
    criteria, first = talk.replies
    for word in words:
        assert word in criteria.text
    assert (criteria.kind, first.kind, first.question) == ("notice", "question", "one")
    assert first.progress == (1, 3)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("agree", "answer"),
        ("AGREE", "answer"),
        ("I agree", "affirm"),
        ("i agree.", "answer"),
        ("1", "answer"),
        ("１", "answer"),
        ("yes", "affirm"),
        ("ok", "affirm"),
        # The very words of an option are that option, whatever they are taken for.
        ("I agree", "withdraw_consent"),
    ],
)
def test_consent_given(text: str, intent: str) -> None:
    talk = Talk(simple()).begin()
    talk.say(text, intent)
    assert talk.kinds == ["noted", "consented", "asked"]
    assert talk.state.status == "asking"


@pytest.mark.parametrize(
    ("text", "intent"), [("decline", "answer"), ("I do not agree", "deny"), ("2", "answer")]
)
def test_consent_declined(text: str, intent: str) -> None:
    talk = Talk(simple()).begin()
    talk.say(text, intent)
    assert talk.kinds == ["noted", "declined"]
    assert talk.state.status == "withdrawn"
    assert "will not start" in talk.texts[0]
    assert not talk.last.work
    talk.say("wait, yes!", "affirm")
    assert talk.texts == ["This interview has ended."]
    assert talk.state.status == "withdrawn"


@pytest.mark.parametrize("intent", ["answer", "thanks", "no_words", "resume", "skip_question"])
def test_nothing_but_consent_is_consent(intent: str) -> None:
    talk = Talk(simple()).begin()
    talk.say("my name is Li", intent)
    assert talk.state.status == "consent"
    assert talk.kinds == ["noted"]
    assert talk.replies[-1].kind == "consent"
    assert list(choices(talk.replies[-1])) == ["agree", "decline"]


def test_questions_before_consent_are_answered() -> None:
    talk = Talk(simple()).begin()
    talk.say("who can see my answers", "ask_about_privacy")
    assert "Miantan Ltd" in talk.texts[0]
    assert talk.replies[-1].kind == "consent"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("intent", ["ask_about_process", "ask_about_scoring", "ask_about_privacy"])
def test_explanations_are_followed_by_what_was_open(language: str, intent: str) -> None:
    talk = Talk(simple()).started(language)
    talk.answer("my answer")
    talk.say("?", intent)
    assert [reply.kind for reply in talk.replies] == ["notice", "question"]
    assert talk.open == "two"
    if intent == "ask_about_process":
        assert "3" in talk.texts[0]
        assert "1" in talk.texts[0]


def test_the_number_of_questions_counts_those_of_the_type_before_it_is_known() -> None:
    guide = make_guide(
        question("all"),
        question("c", **{"for": ["campus"]}),
        question("e1", **{"for": ["experienced"]}),
        question("e2", **{"for": ["experienced"]}),
        candidate_types=TYPES,
    )
    talk = Talk(make_plan(guide)).begin()
    talk.say("how many", "ask_about_process")
    assert "about 3 questions" in talk.texts[0]
    talk.answer("agree", "campus")
    talk.say("how many", "ask_about_process")
    assert "about 2 questions" in talk.texts[0]


def test_what_is_known_at_the_beginning_is_not_asked() -> None:
    guide = make_guide(question("one"), candidate_types=TYPES)
    talk = Talk(make_plan(guide, guide)).begin(position="p2", candidate_type="experienced")
    assert "Position 2" in talk.texts[0]
    talk.say("agree")
    assert (talk.state.position, talk.state.candidate_type) == ("p2", "experienced")
    assert talk.open == "one"


def test_what_is_wrong_at_the_beginning_is_asked() -> None:
    guide = make_guide(question("one"), candidate_types=TYPES)
    talk = Talk(make_plan(guide, guide)).begin(position="p9", candidate_type="retired")
    talk.say("agree")
    assert list(choices(talk.replies[0])) == ["p1", "p2"]
    talk.say("p1")
    assert list(choices(talk.replies[0])) == ["campus", "experienced"]


def test_several_positions_are_asked_first() -> None:
    types = {"campus": TYPES["campus"]}
    first = make_guide(question("one"), candidate_types=types)
    second = make_guide(
        question("other"), candidate_types=TYPES, profile={"years": {"type": "number"}}
    )
    talk = Talk(make_plan(first, second)).begin("zh", profile={"years": "4", "shoe": 43})
    assert "校招" in talk.texts[0]
    talk.say("同意", "affirm")
    assert choices(talk.replies[0]) == {"p1": "岗位1", "p2": "岗位2"}
    talk.say("第三个")
    assert choices(talk.replies[0]) == {"p1": "岗位1", "p2": "岗位2"}
    assert "没有对上选项" in talk.texts[0]
    talk.say("岗位2")
    assert choices(talk.replies[0]) == {"campus": "应届生", "experienced": "社招"}
    assert talk.state.profile == {"years": 4.0}
    talk.say("社招")
    assert talk.open == "other"
    assert "问题解决 40%" in talk.texts[0]


def test_an_options_own_words_are_no_command() -> None:
    service = {"service": {"zh": "人工客服", "en": "Human"}, "sales": {"zh": "销售", "en": "Sales"}}
    guide = make_guide(question("one"), candidate_types=service)
    talk = Talk(make_plan(guide)).started("zh")
    talk.say("人工客服", "request_human")
    assert talk.state.candidate_type == "service"
    talk = begun(question("city", kind="choice", options=options("skip", "stay")))
    talk.say("Skip", "skip_question")
    assert talk.state.answers["city"].value == "skip"


def test_an_option_without_letters_can_be_chosen() -> None:
    thumbs = [{"id": "up", "text": {"zh": "👍", "en": "👍"}}, *options("down")]
    talk = begun(question("mood", kind="choice", options=thumbs))
    talk.say("👍", "no_words")
    assert talk.state.answers["mood"].value == "up"


def test_a_single_type_is_not_asked() -> None:
    talk = Talk(simple()).started(candidate_type="unknown")
    assert talk.state.candidate_type == "campus"
    assert talk.open == "one"


def test_only_what_can_be_kept_of_a_profile_is_kept() -> None:
    given = {
        "s": "words",
        "half": "\ud83d",
        "n": 3,
        "huge": 10**400,
        "nan": float("nan"),
        "inf": float("inf"),
        "b": True,
        "none": None,
        "list": [1],
    }
    talk = Talk(simple()).begin(profile=UserDict(given))
    assert talk.state.given_profile == {
        "s": "words",
        "half": "?",
        "n": 3.0,
        "b": True,
        "none": None,
    }


def test_an_interview_without_questions_ends_at_once() -> None:
    talk = begun(question("old", **{"for": ["experienced"]}), candidate_types=TYPES)
    talk.say("campus")
    assert talk.state.status == "finished"


# Answers and the end


def test_answers_end_with_thanks_and_scoring() -> None:
    talk = Talk(simple()).started()
    talk.answer("first", "second", "third")
    assert talk.kinds == ["answered", "finished"]
    assert [work.kind for work in talk.last.work] == ["score"]
    assert "they decide" in talk.texts[0]
    assert (talk.state.status, talk.state.answered, talk.open) == ("finished", 3, None)
    talk.say("one more thing")
    assert talk.texts == ["This interview has ended."]
    assert not talk.last.work
    assert engine.prompt(talk.plan, talk.state) == ()


def test_an_answer_is_kept_with_its_evidence() -> None:
    talk = begun(question("one"), question("two"))
    talk.say("我做了 two things", "answer", "result", "own_part")
    event = talk.last.events[0]
    assert isinstance(event, Answered)
    assert (event.question, event.words, event.hits) == ("one", 5, ("result", "own_part"))
    assert event.evidence == {"hits": ["result", "own_part"]}
    assert event.at == talk.now


def test_progress_counts_questions() -> None:
    talk = Talk(simple()).started()
    assert talk.replies[-1].progress == (1, 3)
    talk.answer("a")
    assert talk.replies[-1].progress == (2, 3)


# Choices and numbers

CITY = question("city", kind="choice", options=options("beijing", "new-york", "_other"))


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("beijing", "beijing"),
        (" Beijing. ", "beijing"),
        ("new-york", "new-york"),
        ("_other", "_other"),
        ("other", "_other"),
        ("2", "new-york"),
        ("２", "new-york"),
        ("2.", "new-york"),
        ("③", "_other"),
    ],
)
def test_a_choice(text: str, chosen: str) -> None:
    talk = begun(CITY, question("two"))
    assert list(choices(talk.replies[-1])) == ["beijing", "new-york", "_other"]
    talk.say(text)
    event = talk.last.events[0]
    assert isinstance(event, Answered)
    assert (event.value, event.text) == (chosen, text)
    assert talk.open == "two"


@pytest.mark.parametrize("text", ["0", "4", "-1x", "paris", "beijing or new-york", "?", "12345"])
def test_not_a_choice(text: str) -> None:
    talk = begun(CITY, question("two"))
    talk.say(text)
    assert talk.open == "city"
    assert "city" not in talk.state.answers
    assert talk.texts == ["That is not one of the options. Please choose one:"]
    assert list(choices(talk.replies[0])) == ["beijing", "new-york", "_other"]


def plain_options(*texts: str) -> list[dict[str, object]]:
    return [{"id": f"o{i}", "text": {"zh": t, "en": t}} for i, t in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("texts", "said", "chosen"),
    [
        (("C", "C++", "C#"), "C++", "o2"),
        (("C", "C++", "C#"), "c#", "o3"),
        (("C", "C++", "C#"), "C", "o1"),
        (("C", "C++", "C#"), "C.", None),
        (("3天", "4天", "5天"), "3", None),
        (("3天", "4天", "5天"), "3 天", None),
        (("3天", "4天", "5天"), "3天", "o1"),
        (("0–2 years", "3–5 years"), "2", None),
        (("5", "10"), "10", "o2"),
        (("5", "10"), "2", None),
        (("ＡＢＣ", "def"), "abc", "o1"),
        (("是", "否"), "是。", "o1"),
        (("Yes", "No"), "2", "o2"),
    ],
)
def test_options_are_not_confused(texts: tuple[str, ...], said: str, chosen: str | None) -> None:
    talk = begun(question("q", kind="choice", options=plain_options(*texts)), question("two"))
    talk.say(said)
    given = talk.state.answers.get("q")
    assert (given.value if given else None) == chosen
    assert talk.open == ("q" if chosen is None else "two")


MONTHS = question("months", kind="number", min=1, max=12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("12", 12),
        ("６", 6),
        ("3.5", 3.5),
        ("3,5", 3.5),
        ("大约 3 个月", 3),
        ("about 3 months", 3),
        ("１２个月", 12),
    ],
)
def test_a_number(text: str, value: float) -> None:
    talk = begun(MONTHS, question("two"))
    talk.say(text)
    assert talk.state.answers["months"].value == value
    assert talk.open == "two"


@pytest.mark.parametrize("text", ["0", "13", "-3", "−3", "3-5", "no idea", "三", "1 or 2", "１３"])
@pytest.mark.parametrize(("language", "bounds"), [("zh", "（1 到 12）"), ("en", "from 1 to 12")])
def test_not_a_number_or_out_of_range(text: str, language: str, bounds: str) -> None:
    talk = Talk(make_plan(make_guide(MONTHS, question("two")))).started(language)
    talk.say(text)
    assert talk.open == "months"
    assert "months" not in talk.state.answers
    assert bounds in talk.texts[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10,000", 10_000),
        ("1,234,567.5", 1_234_567.5),
        ("10000", 10_000),
        ("-5", -5),
        ("1,00", 1),
        ("9" * 13, None),
        ("9" * 400, None),
        ("1/2", None),
        ("2019–2023", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, value: float | None) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"min": 1}, "at least 1, for example 1."),
        ({"max": 1_000_000}, "at most 1000000, for example 1000000."),
        ({}, "a number, for example 3."),
    ],
)
def test_the_bounds_are_told(bounds: dict[str, int], words: str) -> None:
    talk = begun(question("n", kind="number", **bounds))
    talk.say("many")
    assert words in talk.texts[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("我做了三件事", 6),
        ("I'm done", 2),
        ("用了 Redis 和 MySQL", 5),
        ("，。！", 0),
        ("3 天", 2),
        ("It’s C++", 2),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words


def test_long_odd_texts_are_read_at_once() -> None:
    option = Reply.model_validate(
        {"kind": "text", "text": "", "options": [{"id": "a", "text": "a"}]}
    )
    for text in ("a" + " " * 20_000 + "b", "-" * 20_000, "1,111" * 4_000, "1 " * 10_000):
        assert match_option(text, option.options) is None
        assert read_number(text) is None


# The path


def of(candidate_type: str, *questions: Mapping[str, object], **begin: object) -> Talk:
    guide = make_guide(
        *questions,
        candidate_types=TYPES,
        profile={"years": {"type": "number"}, "degree": {"type": "text"}},
    )
    return Talk(make_plan(guide)).started(candidate_type=candidate_type, **begin)


def asked_of(talk: Talk) -> list[str]:
    """Answer everything; what was asked."""
    for _ in range(20):
        if talk.state.closed:
            return list(talk.asked)
        talk.say("3")
    raise AssertionError("no end")


BRANCHING = (
    question("start", next=[{"when": "profile.years >= 3", "go": "senior"}, {"go": "junior"}]),
    question("senior", next=[{"go": "last"}]),
    question("junior"),
    question("last"),
)


@pytest.mark.parametrize(
    ("profile", "way"),
    [
        ({"years": 3}, ["start", "senior", "last"]),
        ({"years": "10"}, ["start", "senior", "last"]),
        ({"years": 2.9}, ["start", "junior", "last"]),
        ({"years": "many"}, ["start", "junior", "last"]),
        ({}, ["start", "junior", "last"]),
    ],
)
def test_a_branch_by_profile(profile: dict[str, object], way: list[str]) -> None:
    assert asked_of(of("campus", *BRANCHING, profile=profile)) == way


def test_questions_are_for_their_types() -> None:
    questions = (
        question("c", **{"for": ["campus"]}),
        question("e", **{"for": ["experienced"]}),
        question("all"),
        question("e2", **{"for": ["experienced"]}),
    )
    assert asked_of(of("campus", *questions)) == ["c", "all"]
    assert asked_of(of("experienced", *questions)) == ["e", "all", "e2"]


def test_going_to_a_question_of_another_type_moves_on() -> None:
    questions = (
        question("start", next=[{"go": "e"}]),
        question("between"),
        question("e", **{"for": ["experienced"]}, next=[{"go": "end"}]),
        question("after"),
    )
    assert asked_of(of("experienced", *questions)) == ["start", "e"]
    assert asked_of(of("campus", *questions)) == ["start", "after"]


def test_a_branch_by_choice_and_by_number() -> None:
    questions = (
        question(
            "city",
            kind="choice",
            options=options("beijing", "shanghai"),
            next=[{"when": "answer.city == 'shanghai'", "go": "months"}, {"go": "end"}],
        ),
        question("skipped"),
        question("months", kind="number", next=[{"when": "answer.months < 6", "go": "end"}]),
        question("long"),
    )
    talk = of("campus", *questions)
    talk.answer("beijing")
    assert talk.state.status == "finished"
    talk = of("campus", *questions)
    talk.answer("shanghai", "6", "x")
    assert talk.asked == ("city", "months", "long")
    talk = of("campus", *questions)
    talk.answer("shanghai", "5.5")
    assert talk.asked == ("city", "months")


def test_a_branch_by_the_number_of_words() -> None:
    questions = (
        question("start", next=[{"when": "words(start) > 3", "go": "end"}]),
        question("more"),
    )
    talk = of("campus", *questions)
    talk.answer("太短了")
    assert talk.open == "more"
    talk = of("campus", *questions)
    talk.answer("这样够了")
    assert talk.state.status == "finished"


def test_going_back_asks_nothing_twice() -> None:
    questions = (
        question("a", next=[{"go": "c"}]),
        question("b"),
        question("c", next=[{"go": "a"}]),
        question("d"),
    )
    assert asked_of(of("campus", *questions)) == ["a", "c", "b", "d"]


def test_the_total_follows_the_branch() -> None:
    talk = of("campus", *BRANCHING)
    assert talk.replies[-1].progress == (1, 3)
    ends = (question("a", next=[{"when": "words(a) > 1", "go": "end"}]), question("b"))
    talk = of("campus", *ends)
    assert talk.replies[-1].progress == (1, 2)


def test_the_minutes_are_those_of_the_longest_way() -> None:
    questions = (
        question("start", minutes=1, next=[{"when": "words(start) > 3", "go": "b"}, {"go": "c"}]),
        question("b", minutes=2, next=[{"go": "last"}]),
        question("c", minutes=4, next=[{"when": "words(c) > 3", "go": "start"}]),
        question("x", minutes=8, **{"for": ["experienced"]}),
        question("last", minutes=16, next=[{"go": "end"}]),
        question("never", minutes=32),
    )
    guide = make_guide(*questions, candidate_types=TYPES)
    assert make_plan(guide).minutes == 1 + 4 + 8 + 16
    assert make_plan(guide, make_guide(question("long", minutes=100))).minutes == 100


# Probes

PROBED = question(
    "project",
    competency="solving",
    probes=[
        probe("own", "missing(own)"),
        probe("result", "missing(result)"),
        probe("short", "words(project) < 5"),
    ],
    max_probes=2,
)


def test_a_probe_is_asked_for_what_is_missing_only() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("a long answer about a project", "answer", "own", "result")
    assert talk.open == "two"
    talk = begun(PROBED, question("two"))
    talk.say("a long answer about a project", "answer", "own")
    assert talk.open == "project.result"
    assert (talk.replies[0].kind, talk.replies[0].probe, talk.replies[0].text) == (
        "question",
        "result",
        "result",
    )
    assert talk.replies[0].progress == (1, 2)


def test_probes_are_asked_in_order_up_to_their_number() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("short")
    assert talk.open == "project.own"
    talk.say("short")
    assert talk.open == "project.result"
    talk.say("short")
    assert talk.open == "two"


def test_a_probes_reply_belongs_to_the_answer() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("I did it", "answer", "own")
    talk.say("it was twice as fast", "answer", "result")
    event = talk.last.events[0]
    assert isinstance(event, Answered)
    assert (event.question, event.probe) == ("project", "result")
    assert talk.state.answers["project"].hits == {"own", "result"}
    assert talk.state.answers["project"].words == 8
    assert talk.open == "two"
    assert talk.state.answered == 1


def test_a_reply_that_covers_the_next_probe_too() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("a long answer without anything")
    talk.say("everything", "answer", "own", "result")
    assert talk.open == "two"


def test_missing_is_about_the_probes_own_question() -> None:
    talk = begun(PROBED, question("other", probes=[probe("again", "missing(own)")]))
    talk.say("a long answer about a project", "answer", "own", "result")
    talk.say("no hits")
    assert talk.open == "other.again"


def test_no_probes_when_their_number_is_none() -> None:
    talk = begun({**PROBED, "max_probes": 0}, question("two"))
    talk.say("short")
    assert talk.open == "two"


def test_the_repeated_probe_is_the_probe() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("short")
    talk.say("repeat", "repeat_question")
    assert talk.texts == ["own"]


# Commands


def test_pause_and_resume() -> None:
    talk = Talk(simple()).started()
    talk.say("pause", "pause")
    assert talk.kinds == ["noted", "paused"]
    assert talk.state.status == "paused"
    assert "Send “resume”" in talk.texts[0]
    talk.say("pause", "pause")
    assert talk.kinds == ["noted"]
    talk.say("resume", "resume")
    assert talk.kinds == ["noted", "resumed"]
    assert talk.texts == ["Welcome back, let us go on.", "one"]
    assert talk.state.status == "asking"
    talk.say("resume", "resume")
    assert (talk.kinds, talk.texts) == (["noted"], ["one"])


def test_an_answer_while_paused_is_an_answer() -> None:
    talk = Talk(simple()).started()
    talk.say("pause", "pause")
    talk.say("here is my answer")
    assert talk.kinds == ["resumed", "answered", "asked"]
    assert (talk.state.status, talk.open) == ("asking", "two")


@pytest.mark.parametrize(("text", "intent"), [("好的", "affirm"), ("谢谢", "thanks")])
def test_a_word_of_thanks_for_the_pause_is_no_answer(text: str, intent: str) -> None:
    talk = Talk(simple()).started("zh")
    talk.say("暂停", "pause")
    talk.say(text, intent)
    assert (talk.state.status, talk.open) == ("paused", "one")
    assert talk.state.answers == {}
    assert "已暂停" in talk.texts[0]


def test_yes_while_paused_is_an_option_where_it_is_one() -> None:
    talk = begun(question("ready", kind="choice", options=options("yes", "no")))
    talk.say("pause", "pause")
    talk.say("yes", "affirm")
    assert talk.state.answers["ready"].value == "yes"


def test_skipping_while_paused_resumes() -> None:
    talk = Talk(simple()).started()
    talk.say("pause", "pause")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert (talk.state.status, talk.open) == ("asking", "two")
    talk.say("pause", "pause")
    talk.say("skip", "skip_question")
    talk.say("no", "deny")
    assert (talk.state.status, talk.open) == ("asking", "two")
    assert talk.texts == ["All right, let us go on.", "two"]


def test_pause_before_consent_pauses_nothing() -> None:
    talk = Talk(simple()).begin()
    talk.say("pause", "pause")
    assert talk.state.status == "consent"
    talk.say("resume", "resume")
    assert talk.replies[-1].kind == "consent"


@pytest.mark.parametrize("intent", ["repeat_question", "greet_or_start"])
def test_repeat(intent: str) -> None:
    talk = Talk(simple()).started("zh")
    talk.say("请再说一遍", intent)
    assert talk.texts == ["one（中）"]
    assert talk.kinds == ["noted"]
    assert talk.state.answers == {}


def test_repeat_gives_the_options_again() -> None:
    talk = begun(CITY)
    talk.say("repeat", "repeat_question")
    assert list(choices(talk.replies[0])) == ["beijing", "new-york", "_other"]


def test_no_words_is_no_answer() -> None:
    talk = Talk(simple()).started()
    talk.say("👍", "no_words")
    assert talk.open == "one"
    assert "could not find any words" in talk.texts[0]
    assert talk.texts[1] == "one"


@pytest.mark.parametrize(
    ("text", "intent"), [("yes", "affirm"), ("Yes", "answer"), ("1", "answer"), ("ok", "affirm")]
)
def test_skip_confirmed(text: str, intent: str) -> None:
    talk = Talk(simple()).started()
    talk.say("skip", "skip_question")
    assert choices(talk.replies[0]) == {"yes": "Yes", "no": "No"}
    assert "earns no score" in talk.texts[0]
    talk.say(text, intent)
    assert talk.kinds == ["confirmation_dropped", "noted", "skipped", "asked"]
    assert talk.state.skipped == ("one",)
    assert talk.open == "two"
    assert talk.state.answered == 1


@pytest.mark.parametrize(("text", "intent"), [("no", "deny"), ("2", "answer")])
def test_skip_refused(text: str, intent: str) -> None:
    talk = Talk(simple()).started()
    talk.say("skip", "skip_question")
    talk.say(text, intent)
    assert (talk.open, talk.state.skipped, talk.state.pending) == ("one", (), None)
    assert talk.texts == ["All right, let us go on.", "one"]


def test_an_answer_instead_of_yes_or_no_is_kept() -> None:
    talk = Talk(simple()).started()
    talk.say("skip", "skip_question")
    talk.say("Actually, I once built a compiler")
    assert talk.kinds == ["confirmation_dropped", "answered", "asked"]
    assert talk.state.answers["one"].words == 6
    assert (talk.open, talk.state.skipped) == ("two", ())


def test_another_command_instead_of_yes_or_no() -> None:
    talk = Talk(simple()).started()
    talk.say("skip", "skip_question")
    talk.say("repeat", "repeat_question")
    assert talk.texts == ["one"]
    talk.say("yes", "affirm")
    assert talk.state.skipped == ()
    assert talk.open == "two"


def test_skipping_a_probe_keeps_the_answer() -> None:
    talk = begun(PROBED, question("two"))
    talk.say("short")
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert talk.state.skipped == ()
    assert talk.open == "project.result"
    assert "project" in talk.state.answers


def test_skipping_the_last_question_ends() -> None:
    talk = begun(question("one"))
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert talk.state.status == "finished"
    assert [work.kind for work in talk.last.work] == ["score"]


def test_a_skipped_choice_takes_the_branch_of_the_unknown() -> None:
    city = {**CITY, "next": [{"when": "answer.city == 'beijing'", "go": "end"}]}
    talk = begun(city, question("two"))
    talk.say("skip", "skip_question")
    talk.say("yes", "affirm")
    assert talk.open == "two"


@pytest.mark.parametrize("stage", ["consent", "type"])
def test_there_is_nothing_to_skip_before_the_first_question(stage: str) -> None:
    talk = Talk(make_plan(make_guide(question("one"), candidate_types=TYPES))).begin()
    if stage == "type":
        talk.say("agree")
    talk.say("skip", "skip_question")
    assert talk.state.pending is None
    assert talk.replies[0].options


def test_handed_over_to_a_person() -> None:
    talk = Talk(simple()).started()
    talk.answer("first")
    talk.say("human", "request_human")
    talk.say("yes", "affirm")
    assert talk.kinds == ["confirmation_dropped", "noted", "handed_over"]
    assert talk.state.status == "human"
    for text, intent in (("Hello?", "greet_or_start"), ("it is about pay", "answer")):
        talk.say(text, intent)
        assert talk.kinds == ["noted"]
        assert talk.texts == ["Passed on to the recruiters."]
    assert set(talk.state.answers) == {"one"}
    talk.now += 1e9
    assert talk.time_out(60) == ()
    assert talk.state.status == "human"


@pytest.mark.parametrize(
    ("intent", "status", "event", "work"),
    [
        ("withdraw_consent", "withdrawn", "withdrawn", []),
        ("delete_my_data", "erased", "deletion_requested", ["erase"]),
    ],
)
@pytest.mark.parametrize("before", ["begin", "started"])
def test_withdraw_and_delete(
    intent: str, status: str, event: str, work: list[str], before: str
) -> None:
    talk = Talk(simple())
    getattr(talk, before)()
    talk.say("please", intent)
    assert not talk.state.closed
    talk.say("no", "deny")
    assert not talk.state.closed
    talk.say("please", intent)
    talk.say("yes", "affirm")
    assert talk.kinds == ["confirmation_dropped", "noted", event]
    assert talk.state.status == status
    assert [w.kind for w in talk.last.work] == work
    talk.say("hello")
    assert talk.texts == ["This interview has ended."]


def test_deletion_after_withdrawal_was_asked_is_deletion() -> None:
    talk = Talk(simple()).started()
    talk.say("withdraw", "withdraw_consent")
    talk.say("delete my data", "delete_my_data")
    talk.say("yes", "affirm")
    assert talk.state.status == "erased"


# Languages


def test_the_language_changes_midway() -> None:
    talk = Talk(simple()).started("zh")
    talk.answer("一")
    talk.say("switch to English", "change_language")
    assert talk.texts == ["All right, we go on in English.", "two"]
    assert talk.kinds == ["noted", "language_changed"]
    talk.answer("deux")
    assert talk.texts == ["three"]
    talk.say("换成中文", "change_language")
    assert talk.texts == ["好的，我们用中文继续。", "three（中）"]


def test_asking_for_the_language_that_is_spoken_changes_nothing() -> None:
    talk = Talk(simple()).started("zh")
    talk.say("换成中文", "change_language")
    assert talk.texts == ["好的，我们用中文继续。", "one（中）"]
    assert not any(isinstance(event, LanguageChanged) for event in talk.events)


def test_change_language_without_a_name_is_the_other_one() -> None:
    talk = Talk(simple()).started("en")
    talk.say("change language", "change_language")
    assert talk.state.language == "zh"


def test_the_language_of_a_choice_and_of_consent_changes() -> None:
    talk = Talk(simple()).begin("zh")
    talk.say("可以用英文吗", "change_language")
    assert talk.replies[-1].kind == "consent"
    assert choices(talk.replies[-1]) == {"agree": "I agree", "decline": "I do not agree"}


def chinese() -> Guide:
    return make_guide(question("one"), languages=["zh"])


def test_a_language_that_is_not_there() -> None:
    talk = Talk(make_plan(chinese())).begin("en")
    assert talk.state.language == "zh"
    talk.say("同意")
    talk.say("switch to English", "change_language")
    assert talk.texts == ["抱歉，这份面试提纲只有中文。", "one（中）"]
    assert talk.state.language == "zh"


def test_a_language_must_be_there_for_every_position() -> None:
    plan = make_plan(make_guide(question("one")), chinese())
    assert plan.languages == ("zh",)
    assert Talk(plan).begin("en").state.language == "zh"


# Time


def test_expiry() -> None:
    talk = Talk(simple()).started()
    talk.now += 59
    talk.time_out(60)
    assert (talk.last.events, talk.replies) == ((), ())
    talk.now += 1
    talk.time_out(60)
    assert talk.kinds == ["expired"]
    assert talk.state.status == "expired"
    assert "closed" in talk.texts[0]
    talk.time_out(60)
    assert talk.last.events == ()


@pytest.mark.parametrize("stage", ["consent", "paused", "pending"])
def test_expiry_at_any_stage(stage: str) -> None:
    talk = Talk(simple()).begin()
    if stage != "consent":
        talk.say("agree")
        talk.say("x", {"paused": "pause", "pending": "skip_question"}[stage])
    talk.now += 60
    talk.time_out(60)
    assert (talk.state.status, talk.state.pending) == ("expired", None)


def test_hearing_anything_starts_the_time_again() -> None:
    talk = Talk(simple()).started()
    for intent in ("answer", "repeat_question", "pause", "no_words"):
        talk.now += 50
        talk.say("x", intent)
    talk.now += 50
    talk.time_out(60)
    assert talk.last.events == ()


def test_a_closed_interview_does_not_expire() -> None:
    talk = begun(question("one"))
    talk.answer("done")
    talk.now += 1e9
    talk.time_out(60)
    assert talk.state.status == "finished"


# What is open


def test_the_prompt_says_again_what_was_said() -> None:
    talk = Talk(make_plan(make_guide(CITY, PROBED, candidate_types=TYPES))).begin()
    for text, intent in (
        ("agree", "affirm"),
        ("campus", "answer"),
        ("beijing", "answer"),
        ("short", "answer"),
        ("skip", "skip_question"),
    ):
        assert engine.prompt(talk.plan, talk.state)[-1] == talk.replies[-1]
        talk.say(text, intent)
    assert engine.prompt(talk.plan, talk.state) == talk.replies


def test_commands_are_noted_with_their_intent() -> None:
    talk = Talk(simple()).started()
    talk.say("how many left", "ask_about_process")
    assert talk.last.events[0] == Noted(
        at=talk.now, text="how many left", intent="ask_about_process"
    )


def test_a_fresh_state_is_the_fold_of_nothing() -> None:
    assert State() == State.model_validate_json("{}")
    assert (State().status, State().answered, State().closed) == ("consent", 0, False)


# After the end, and asking twice


def scored() -> Plan:
    return make_plan(make_guide(question("one", competency="skill"), question("two")))


@pytest.mark.parametrize("intent", ["affirm", "thanks"])
def test_ok_is_no_answer_to_a_scored_question(intent: str) -> None:
    talk = Talk(scored()).started()
    talk.say("OK", intent)
    assert talk.kinds == ["noted"]
    assert talk.open == "one"
    assert talk.texts[0] == "Good. Answer whenever you are ready:"
    talk.answer("Here is what I did.")
    talk.say("OK", intent)
    assert talk.kinds[0] == "answered", "an unscored question takes it"


@pytest.mark.parametrize(
    ("words", "intent", "status"),
    [
        ("skip", "skip_question", "asking"),
        ("talk to a person", "request_human", "human"),
        ("withdraw my consent", "withdraw_consent", "withdrawn"),
        ("delete my data", "delete_my_data", "erased"),
    ],
)
def test_asking_twice_confirms(words: str, intent: str, status: str) -> None:
    talk = Talk(simple()).started()
    talk.say(words, intent)
    assert talk.state.pending is not None
    talk.say(words, intent)
    assert (talk.state.pending, talk.state.status) == (None, status)


@pytest.mark.parametrize("confirmed", [True, False])
def test_deletion_is_heard_after_the_end(confirmed: bool) -> None:
    talk = Talk(simple()).started()
    talk.answer("1", "2", "3")
    assert talk.state.status == "finished"
    talk.say("delete my data", "delete_my_data")
    assert [option.id for option in talk.replies[-1].options] == ["yes", "no"]
    assert talk.state.status == "finished"
    talk.say("yes" if confirmed else "no", "affirm" if confirmed else "deny")
    assert talk.state.status == ("erased" if confirmed else "finished")
    assert [work.kind for work in talk.last.work] == (["erase"] if confirmed else [])


def test_deletion_and_withdrawal_are_heard_by_the_machine_while_a_person_talks() -> None:
    talk = Talk(simple()).started()
    talk.say("person", "request_human")
    talk.say("yes", "affirm")
    talk.say("skip", "skip_question")
    assert (talk.state.status, talk.state.pending) == ("human", None)
    talk.say("withdraw", "withdraw_consent")
    assert talk.state.pending == "withdraw"
    talk.say("delete my data", "delete_my_data")
    talk.say("yes", "affirm")
    assert talk.state.status == "erased"
