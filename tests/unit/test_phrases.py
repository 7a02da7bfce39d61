"""The phrase parser: a command is known by its very words; whatever else is said is an answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import clean
from bot.understanding.phrases import PhraseParser, intents
from dialogues.engine import COMMANDS

PARSER = PhraseParser()
EXAMPLES = [(intent, text) for intent, texts in intents().items() for text in texts]
HAN = re.compile(r"[\u4e00-\u9fff]")


def intent_of(text: str) -> str:
    found = PARSER.parse(text)
    assert (found.confidence, found.parser) == (1.0, "phrases")
    return found.intent


def test_every_intent_has_examples_in_both_languages() -> None:
    for intent, texts in intents().items():
        assert sum(bool(HAN.search(text)) for text in texts) >= 3, intent
        assert sum(not HAN.search(text) for text in texts) >= 3, intent


def test_every_command_can_be_said() -> None:
    assert set(COMMANDS) <= set(intents())
    assert set(intents()) - set(COMMANDS) == {"affirm", "deny", "thanks"}


def test_no_example_stands_twice() -> None:
    plain = [re.sub(r"[\W_]", "", text.casefold()) for _, text in EXAMPLES]
    assert len(set(plain)) == len(plain)


@pytest.mark.parametrize(("intent", "text"), EXAMPLES)
def test_examples_in_any_dress(intent: str, text: str) -> None:
    forms = [
        text,
        text.upper(),
        text.capitalize(),
        f"  {text}\n",
        f"{text}。",
        f"{text}!!",
        f"“{text}”",
    ]
    forms += [f"{text}…", text.replace("'", "’"), text.replace(" ", "  ")]
    if HAN.search(text):
        forms += [
            f"{text}，谢谢",
            f"{text}谢谢！",
            f"请{text}",
            f"请问，{text}",
            f"那{text}",
        ]
        forms += [f"麻烦{text}", f"{text}吧"]
    else:
        forms += [f"{text}, please", f"please {text}", f"Please, {text}!", f"{text} thank you"]
        forms += [f"{text}, thanks", text.translate(FULL_WIDTH)]
    if intent != "thanks":  # "OK, thanks" agrees.
        forms.append(f"嗯，{text}" if HAN.search(text) else f"ok, {text}")
    for form in forms:
        assert intent_of(form) == intent, form


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize("text", ["可以吗", "好吗？", "是吗？", "同意吗", "不可以吗", "行吗，谢谢"])
def test_a_question_is_neither_yes_nor_no(text: str) -> None:
    assert intent_of(text) == "answer"


ANSWERS = [
    "是的，我们当时用了三周才把问题定位出来",
    "是的，我做过",
    "好的产品要先解决用户的问题",
    "可以，我负责的是后端的支付模块",
    "没问题的时候我们也会做压测",
    "我会先删除我的资料库里重复的数据，再重新导入",
    "用户要求删除我的数据时，我们三十天内清除备份",
    "当时客户说要删除他的资料，我先确认了身份",
    "我跳过了第二步，直接测试了边界情况",
    "这一步可以跳过，因为缓存里已经有了",
    "我们先暂停了发布，然后回滚到上一个版本",
    "继续排查之后发现是连接池满了",
    "我在人力资源部实习过三个月",
    "我想转到人工智能方向，所以自学了机器学习",
    "我做过一个人工智能评分模型，准确率提高了五个点",
    "评分标准是我和导师一起定的",
    "我们用评分模型给客户排序，再决定先联系谁",
    "撤回消息的功能是我写的",
    "我要退出面试系统的旧版本，换到新版本",
    "不，我不同意他的方案，于是做了一个对比实验",
    "不是我一个人做的，我负责测试",
    "对，重复一遍实验以后结果是一样的",
    "开始的时候我们没有数据，先做了问卷",
    "你好，我叫李明，来自计算机学院",
    "谢谢您的问题，我举一个例子",
    "隐私方面我们做了脱敏处理",
    "过了两周，延迟降到了一半",
    "等一下午高峰过去，我们才做了切换",
    "中文和英文的客户我都接待过",
    "取消订单的流程是我改的",
    "没有",
    "没有要补充的，谢谢。",
    "不知道",
    "3",
    "本科",
    "Yes, we did that in the second sprint",
    "Yes, I have led a team of four",
    "No, I had never used Kafka before that",
    "OK, so the project was a booking system",
    "Sure, I can give you an example from last year",
    "I had to delete my data set and collect it again",
    "We let users delete their data, which took two weeks to build",
    "I skipped the review step because the fix was urgent",
    "We decided to skip this question in the survey",
    "I worked in human resources for a summer",
    "I built a scoring model for loan applications",
    "I asked how the scoring works and rewrote it",
    "We paused the release and rolled back",
    "I continued with the second option",
    "Could you repeat that experiment? was what my boss asked, so I did",
    "The privacy policy was written by our lawyers",
    "I start with the logs",
    "Hello, my name is Li Ming and I study physics",
    "I talked to a human being at the bank, not a machine",
    "I would cancel the order and call the customer",
    "Thanks to my mentor, I learnt to write tests first",
    "In English classes I led the debate club",
    "Agreeing on an interface first saved us a week",
    "I don't know",
    "no idea",
]


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_answers(text: str) -> None:
    assert intent_of(text) == "answer"


@pytest.mark.parametrize(("intent", "text"), EXAMPLES)
def test_a_sentence_that_holds_a_command_is_an_answer(intent: str, text: str) -> None:
    wrapped = (
        f"当时经理对我说{text}这件事" if HAN.search(text) else f"my manager told me {text} then"
    )
    assert intent_of(wrapped) == "answer"


@pytest.mark.parametrize(
    "text",
    ["👍", "😀😀", "❤️", "👨‍👩‍👧", "…", "。。。", "？", "!!!", " ", "\u200b", "——", "^_^", ""],
)
def test_without_letters_there_are_no_words(text: str) -> None:
    assert intent_of(text) == "no_words"


@pytest.mark.parametrize("text", ["👍好", "1", "Ａ", "é", "ⅷ", "①"])
def test_a_letter_or_a_digit_is_a_word(text: str) -> None:
    assert intent_of(text) != "no_words"


def test_a_long_text_is_an_answer_at_once() -> None:
    assert intent_of("请" * 20_000) == "answer"
    assert intent_of("skip" + " " * 20_000) == "answer"
    assert intent_of("skip" + " " * 50) == "skip_question"


@given(st.text())
def test_any_text_has_an_intent(text: str) -> None:
    assert intent_of(text) in {"answer", "no_words", *intents()}


# Cleaning


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1b[0m", "ab[0m"),
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree"),
        ("\ta\tb ", "a\tb"),
        ("面谈\ud83d 👍", "面谈 👍"),
        ("\u3000全角\u3000", "全角"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("\x7f\x80\x9f", ""),
        ("", ""),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters()))
def test_cleaned_text_can_be_stored_and_stays(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned
