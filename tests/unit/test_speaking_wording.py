"""What is said of a text, and what is only for the eye."""

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.speaking.base import NOTHING, TOO_LONG, Language, NotSpokenError
from bot.speaking.numbers import PACKAGES, in_words
from bot.speaking.wording import LONGEST, MOST_CHARACTERS, sentences

needs_numbers = pytest.mark.skipif(
    any(find_spec(module) is None for module in PACKAGES),
    reason="cn2an or num2words is not installed: make tts",
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好！请介绍一下自己。谢谢", ["你好！", "请介绍一下自己。", "谢谢。"]),
        ("他问：“为什么？”然后呢？", ["他问：“为什么？”", "然后呢？"]),
        ("- 第一点\n- 第二点：A/B 测试", ["第一点。", "第二点：A、B 测试。"]),
        (
            "# 题目\n**重点**说说 `队列` 和 [文档](https://a.example/x)",
            ["题目。", "重点说说 队列 和 文档。"],
        ),
        ("请看 https://example.com/a?b=c，再回答", ["请看 链接，再回答。"]),
        ("发到 hr@example.com。", ["发到 邮箱地址。"]),
        ("辛苦了😀👍🏽❤️！", ["辛苦了！"]),
        (
            "看程序：\n```py\nprint(x)\n```\n说说结果。",
            ["看程序。", "（程序见文字）。", "说说结果。"],
        ),
        ("用ＡＢＣ和 C++", ["用ABC和 C加加。"]),
    ],
)
def test_chinese(text: str, said: list[str]) -> None:
    assert sentences(text, "zh") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello! Who are you? Go on", ["Hello!", "Who are you?", "Go on."]),
        ("Dr. Smith and J. Doe use Node.js, e.g. here.", ["Dr. Smith and J. Doe use Node.js, for example here."]),
        ("> quoted\n* **one**\n* _two_", ["quoted.", "one.", "two."]),
        ("See <https://example.com/x>.", ["See the link."]),
        ("Write to a.b@example.com, please.", ["Write to the e-mail address, please."]),
        ("R&D and C# in snake_case", ["R and D and C sharp in snake case."]),
        ("| a | b |\n|---|---|\n| c | d |\nWhat do you see?", ["(see the table in writing).", "What do you see?"]),
        ("Before\n\n---\n\nafter…", ["Before.", "after…"]),
    ],
)  # fmt: skip
def test_english(text: str, said: list[str]) -> None:
    assert sentences(text, "en") == said


@needs_numbers
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024年3月5日", "二零二四年三月五日"),
        ("10:30到14:05，2:00结束", "十点三十分到十四点零五分，两点结束"),
        ("选1-3个，2个人，12个，第2位", "选一到三个，两个人，十二个，第二位"),
        ("50%，3.50秒，12,000人", "百分之五十，三点五零秒，一万二千人"),
        ("13800138000，010-62345678", "一三八零零一三八零零零，零一零，六二三四五六七八"),
        ("v2.0.1，-5度，¥100", "v二点零点一，负五度，一百元"),
        ("B2B，0，105", "B二B，零，一百零五"),
    ],
)
def test_numbers_in_chinese(text: str, said: str) -> None:
    assert in_words(text, "zh") == said


@needs_numbers
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("In 2019, 2019 people", "In twenty nineteen, two thousand and nineteen people"),
        ("10:30, 9:05, 9:00", "ten thirty, nine oh five, nine o'clock"),
        ("1-3 years, 50% of 12,000", "one to three years, fifty percent of twelve thousand"),
        ("the 1st and 22nd of B2B", "the first and twenty second of B two B"),
        ("v2.0.1 for $3.50", "v two point zero point one for three point five zero dollars"),
        ("call 12345678", "call one two three four five six seven eight"),
    ],
)
def test_numbers_in_english(text: str, said: str) -> None:
    assert in_words(text, "en") == said


@pytest.mark.parametrize("text", ["", "😀", " \n\t", "…", "---", "***"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_text_without_words_is_not_spoken(text: str, language: Language) -> None:
    with pytest.raises(NotSpokenError) as caught:
        sentences(text, language)
    assert caught.value.reason == NOTHING


def test_a_text_too_long_to_listen_to_is_not_spoken() -> None:
    assert sentences("好" * MOST_CHARACTERS, "zh")
    with pytest.raises(NotSpokenError) as caught:
        sentences("好" * (MOST_CHARACTERS + 1), "zh")
    assert caught.value.reason == TOO_LONG


def test_long_sentences_are_cut_where_one_would_breathe() -> None:
    zh = sentences("这是很长的一句话，" * 20, "zh")
    assert len(zh) > 1
    assert all(part.endswith(("，", "。")) for part in zh)
    en = sentences("word " * 150, "en")
    assert [part.split() for part in en[:-1]] == [["word"] * 48] * 3


@needs_numbers
@given(st.text(max_size=300), st.sampled_from(["zh", "en"]))
def test_any_text_is_cut_into_bounded_parts_or_refused(text: str, language: Language) -> None:
    try:
        parts = sentences(text, language)
    except NotSpokenError:
        return
    assert parts
    for part in parts:
        assert 0 < len(part) <= LONGEST[language]
        assert any(character.isalnum() for character in part)


@needs_numbers
@given(st.text("0123456789.,:-–/%$¥年月个 ab第", max_size=40), st.sampled_from(["zh", "en"]))
def test_no_figure_is_left(text: str, language: Language) -> None:
    assert not any(character in "0123456789" for character in in_words(text, language))
