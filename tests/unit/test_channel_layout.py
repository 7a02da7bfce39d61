"""How replies are laid out: parts of a bounded length, buttons, numbers."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Capabilities
from bot.channels.layout import Layout, button_data, lay_out, split, utf8, utf16
from bot.channels.telegram.bot import CAPABILITIES
from dialogues.events import Reply, ReplyOption

WORDS_ONLY = Capabilities(length=2048, measure=utf8, combined=True)


def shown(reply: Reply) -> Layout:
    """As Telegram shows it."""
    return lay_out([reply], CAPABILITIES)


def option(option_id: str, text: str) -> ReplyOption:
    return ReplyOption(id=option_id, text=text)


def test_short_text_is_one_message() -> None:
    assert split("好的，我们继续。", 4096) == ("好的，我们继续。",)


def test_long_text_is_cut_behind_sentences() -> None:
    sentence = "我做了一个项目，接口延迟降到一半。"
    parts = split(sentence * 400, 4096, utf16)
    assert len(parts) == 2
    assert all(part.endswith("。") and utf16(part) <= 4096 for part in parts)
    assert "".join(parts) == sentence * 400


def test_english_is_cut_at_sentences_and_not_in_numbers() -> None:
    sentence = "Latency fell from 3.25 seconds to 1.5 seconds after the release. "
    parts = split((sentence * 100).strip(), 4096)
    assert [part.endswith("release.") for part in parts] == [True] * len(parts)
    assert " ".join(parts) == (sentence * 100).strip()


def test_text_without_sentences_is_cut_at_spaces_then_anywhere() -> None:
    assert split(" ".join(["word"] * 6), 12) == ("word word",) * 3
    assert split("x" * 25, 10) == ("x" * 10, "x" * 10, "x" * 5)


def test_characters_stay_whole() -> None:
    family = "👨‍👩‍👧‍👦"
    parts = split(family * 30, 40, utf16)
    assert "".join(parts) == family * 30
    assert all(part.replace(family, "") == "" for part in parts)


def test_flags_and_the_numbers_of_options_stay_with_what_follows() -> None:
    assert split("🇨🇳🇬🇧" * 6, 22, utf16) == ("🇨🇳🇬🇧🇨🇳🇬🇧🇨🇳", "🇬🇧🇨🇳🇬🇧🇨🇳🇬🇧", "🇨🇳🇬🇧")
    listed = "\n".join(f"{number}. {'word ' * 4}" for number in range(1, 30))
    for limit in range(30, 60):
        assert not any(re.search(r"\d\.$", part) for part in split(listed, limit))


def test_control_characters_are_left_out() -> None:
    hostile = "a\x00\x07\x0b\x1b\x7f\x85\ud800\uffff\tb\n\u200bc\u202ed"
    options = (option("one", hostile), option("two", "2"))
    layout = shown(Reply(kind="text", text=hostile, options=options))
    assert layout.texts == ("a\tb\n\u200bc\u202ed",)
    assert layout.rows[0][0].label == "a\tb\n\u200bc\u202ed"


@pytest.mark.parametrize("measure", [utf16, utf8])
@given(st.text(max_size=300), st.integers(20, 60))
def test_splitting_loses_no_words(measure: Callable[[str], int], text: str, limit: int) -> None:
    parts = split(text, limit, measure)
    assert all(measure(part) <= limit for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


def test_progress_stands_before_a_question_and_not_before_a_probe() -> None:
    question = Reply(kind="question", text="请讲一个项目。", question="project", progress=(3, 8))
    assert shown(question).texts == ("3/8  请讲一个项目。",)
    probe = question.model_copy(update={"probe": "project-result"})
    assert shown(probe).texts == ("请讲一个项目。",)


def test_short_options_share_a_row() -> None:
    reply = Reply(kind="text", text="继续吗？", options=(option("yes", "是"), option("no", "否")))
    layout = shown(reply)
    assert [[b.label for b in row] for row in layout.rows] == [["是", "否"]]
    assert [b.data for row in layout.rows for b in row] == ["yes", "no"]
    assert layout.texts == ("继续吗？",)


def test_middle_options_have_a_row_each() -> None:
    texts = ("New graduate or student", "Experienced hire")
    options = tuple(option(str(i), t) for i, t in enumerate(texts))
    rows = shown(Reply(kind="text", text="Which?", options=options)).rows
    assert [len(row) for row in rows] == [1, 1]


def test_long_options_are_spelt_out_and_numbered() -> None:
    long = "先和提出需求的同事确认具体场景，再决定要不要改，以及什么时候改"
    reply = Reply(
        kind="question", text="您会？", options=(option("ask", long), option("go", "直接改"))
    )
    layout = shown(reply)
    assert layout.texts == (f"您会？\n1. {long}\n2. 直接改",)
    assert [(b.label, b.data) for b in layout.rows[0]] == [("1", "ask"), ("2", "go")]


def test_a_button_holds_64_bytes() -> None:
    assert button_data(option("x" * 64, "x"), 2) == "x" * 64
    assert button_data(option("x" * 65, "x"), 2) == "2"
    assert button_data(option("选" * 22, "x"), 3) == "3"


def test_without_buttons_options_are_numbered_and_a_turn_is_one_text() -> None:
    notice = Reply(kind="notice", text="好的。")
    asked = Reply(
        kind="question",
        text="继续吗？",
        progress=(3, 8),
        options=(option("yes", "是"), option("no", "否")),
    )
    layout = lay_out([notice, asked], WORDS_ONLY)
    assert layout == Layout(("好的。\n\n3/8  继续吗？\n1. 是\n2. 否",))


def test_bytes_are_counted_where_the_platform_counts_bytes() -> None:
    sentence = "我做了一个项目，接口延迟降到一半。"
    parts = lay_out([Reply(kind="text", text=sentence * 60)], WORDS_ONLY).texts
    assert [len(part.encode()) <= 2048 for part in parts] == [True, True]
    assert "".join(parts) == sentence * 60
