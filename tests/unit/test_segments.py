"""Pieces of an answer, shared words, and what an answer says of itself."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.segments import (
    LONGEST,
    MAX_PIECES,
    language_of,
    pieces,
    says_dont_know,
    share,
    terms,
    unreadable,
)

ODD = [
    "\r\n",
    "\n",
    "，",
    "。",
    ". ",
    ", ",
    "1,000",
    "10:30",
    "😀",
    "é",
    "👨‍👩‍👧",
    "\u2028",
    "\x00",
    " ",
]
TEXTS = st.lists(
    st.sampled_from([*ODD, "我先看日志", "然后加了缓存", "I added a cache", "ok", "嗯"]) | st.text()
).map("".join)

DONT_KNOW = """
不知道
我不知道
这个我真的不知道
這個我真的不知道
「這個我真的不知道」
嗯，不太清楚
呃……这个问题我没想过
抱歉，这方面没有经验
不好意思，这题我不会
我没做过
沒做過這個
我沒有相關經驗
想不起来了
一时想不到
說不上來
暂时没有头绪
没接触过，不太了解
不清楚呢，不好意思
說實話我不懂這個
從來沒有遇到過
对这个不熟悉
嗯 嗯 那个 不知道
答不上来
老师，这个我不会回答
我没有这方面的经验
不知道該怎麼回答
I don't know
i dont know
I don’t know, sorry
no idea tbh
No idea.
I haven't done that before
idk
dunno
Um, I'm not sure
I am not really sure about that
Sorry, I have no experience with this
never done that
I have never tried it
I can't think of anything right now
honestly no clue
I do not have any experience in this area
can't remember
I don't really know how to answer this question
Well, uh, I don't know.
I've never worked with that
not sure what to say
nothing comes to mind
I'm afraid I don't know the answer
I don't know anything about this topic
""".strip().splitlines()

REAL = """
一开始我不知道怎么优化，后来先打日志定位到慢查询
没有补充了
沒有補充
没有了
我知道
我不会放弃，一直跟进到签单
客户不知道自己要什么，我帮他梳理
不清楚需求的时候我会先问
没有经验，所以我先看文档再动手
我没做过后端，但是写过前端
不是不知道，是来不及
不确定的时候我先做实验
我不懂就去问师兄
不知道，不过我会先查文档
想不到客户主动打来电话
我们没遇到过故障，因为有监控
不知道客户的预算时，我会先问
没有接触过客户之前我先研究他们的产品
没问题
测试
会
nothing to add
no, nothing to add
I didn't know Docker, so I read the docs first
I don't know the exact number, but latency fell by half
I wasn't sure, so I measured it
I don't have experience with Go but I learnt Java quickly
Not sure it was right, I asked my lead
I never gave up
I know it well
pass the ticket to the on-call engineer
We had no idea what broke until I bisected the commits
I can't say no to a customer, so I offered a date
I haven't done that but I would start with the logs
I don't know, maybe add an index
skip the cache and read the database
I had never used React, and shipped a chart on day two
no clue at first, then I added logging
I've never missed a deadline
we passed the test
that's all
Yes
No
""".strip().splitlines()


@given(TEXTS)
def test_a_piece_is_what_stands_at_its_place(answer: str) -> None:
    found = pieces(answer)
    assert len(found) <= MAX_PIECES
    end = 0
    for piece in found:
        assert end <= piece.start < piece.end
        assert answer[piece.start : piece.end] == piece.text == piece.text.strip()
        end = piece.end


@given(TEXTS)
def test_no_word_is_left_out(answer: str) -> None:
    kept = "\n".join(piece.text for piece in pieces(answer))
    assert [c for c in kept if c.isalnum()] == [c for c in answer if c.isalnum()]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", []),
        (" 。\r\n", []),
        (
            "我先看了官方文档里的两章，再跑通一个最小的例子。",
            ["我先看了官方文档里的两章", "再跑通一个最小的例子"],
        ),
        ("嗯，我先看了官方文档里的两章", ["嗯，我先看了官方文档里的两章"]),
        (
            "We cut it from 1,000 ms to 200 ms at 10:30",
            ["We cut it from 1,000 ms to 200 ms at 10:30"],
        ),
        ("I logged it.\r\nThen I fixed it", ["I logged it", "Then I fixed it"]),
        ("I use Node.js and Go 1.21 daily", ["I use Node.js and Go 1.21 daily"]),
    ],
)
def test_answers_fall_into_clauses(answer: str, expected: list[str]) -> None:
    assert [piece.text for piece in pieces(answer)] == expected


def test_speech_without_punctuation_is_cut_between_words() -> None:
    words = ["and then I checked the logs of the service"] * 30
    found = pieces(" ".join(words))
    assert len(found) > 5
    assert all(2 * len(piece.text.split()) <= LONGEST + 2 for piece in found)
    assert " ".join(piece.text for piece in found) == " ".join(words)
    assert all(len(piece.text) <= LONGEST + 1 for piece in pieces("我们先看日志" * 50))


@pytest.mark.parametrize(
    "answer", ["我先看日志，" * 8_500, "字" * 50_000, "a b. " * 10_000, "，" * 50_000]
)
def test_very_long_answers_are_quick(answer: str) -> None:
    start = time.process_time()
    assert len(pieces(answer)) <= MAX_PIECES
    assert time.process_time() - start < 3


def test_words_count_by_stem_and_chinese_by_pairs() -> None:
    assert terms("The caches were caching") == terms("cache")
    assert terms("数据库") == {"数据", "据库"}
    wanted = {"cach": 1.0, "queri": 3.0}
    assert share(wanted, terms("slow queries")) == 0.75
    assert share({}, terms("slow queries")) == 0.0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我们用 Redis 做缓存", "zh"),
        ("Docker", "en"),
        ("I only said 你好 to him once", "en"),
        ("", "en"),
        ("数据库", "zh"),
    ],
)
def test_language_is_that_of_most_words(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("😀", "unintelligible"),
        ("啊啊啊啊啊啊", "unintelligible"),
        ("Я не знаю", "wrong_language"),
        ("I wrote the API", None),
        ("好", None),
    ],
)
def test_what_cannot_be_read(answer: str, reason: str | None) -> None:
    assert unreadable(answer) == reason


@pytest.mark.parametrize("answer", DONT_KNOW)
def test_not_knowing_is_heard(answer: str) -> None:
    assert says_dont_know(answer)


@pytest.mark.parametrize("answer", REAL)
def test_an_answer_is_not_taken_for_not_knowing(answer: str) -> None:
    assert not says_dont_know(answer)


@given(TEXTS)
def test_an_answer_with_more_to_it_is_an_answer(more: str) -> None:
    assert not says_dont_know(more + "我加了索引，接口快了一半 I added an index")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("用 Redis 的 Lua 脚本 incr 和 expire 做 rate limit，timeout 后 retry", "zh"),
        ("我用 Python FastAPI PostgreSQL Docker 做了个 API", "zh"),
        ("I fixed the login of 微信 and wrote it down", "en"),
        ("I called them back the same day.", "en"),
        ("先问清楚再动手", "zh"),
        ("42", "en"),
    ],
)
def test_terms_in_latin_letters_do_not_make_chinese_english(text: str, language: str) -> None:
    assert language_of(text) == language
