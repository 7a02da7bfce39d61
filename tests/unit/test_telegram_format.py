"""How replies look in Telegram, and what updates say."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.channels.base import Command, Incoming
from bot.channels.telegram_format import MAX_UNITS, button_data, lay_out, split, units
from bot.channels.telegram_parse import parse, read_command
from bot.entry import REPEAT, REQUESTS
from bot.understanding.base import Understood
from dialogues.commands import COMMANDS
from dialogues.events import Reply, ReplyOption
from dialogues.texts import TEXTS


def option(option_id: str, text: str) -> ReplyOption:
    return ReplyOption(id=option_id, text=text)


def test_short_text_is_one_message() -> None:
    assert split("好的，我们继续。") == ("好的，我们继续。",)


def test_long_text_is_cut_behind_sentences() -> None:
    sentence = "我做了一个项目，接口延迟降到一半。"
    parts = split(sentence * 400)
    assert len(parts) == 2
    assert all(part.endswith("。") and units(part) <= MAX_UNITS for part in parts)
    assert "".join(parts) == sentence * 400


def test_english_is_cut_at_sentences_and_not_in_numbers() -> None:
    sentence = "Latency fell from 3.25 seconds to 1.5 seconds after the release. "
    parts = split((sentence * 100).strip())
    assert [part.endswith("release.") for part in parts] == [True] * len(parts)
    assert " ".join(parts) == (sentence * 100).strip()


def test_text_without_sentences_is_cut_at_spaces_then_anywhere() -> None:
    assert split(" ".join(["word"] * 6), 12) == ("word word",) * 3
    assert split("x" * 25, 10) == ("x" * 10, "x" * 10, "x" * 5)


def test_characters_stay_whole() -> None:
    family = "👨‍👩‍👧‍👦"
    parts = split(family * 30, 40)
    assert "".join(parts) == family * 30
    assert all(part.replace(family, "") == "" for part in parts)


@given(st.text(max_size=300), st.integers(20, 60))
def test_splitting_loses_no_words(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(units(part) <= limit for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


def test_progress_stands_before_a_question_and_not_before_a_probe() -> None:
    question = Reply(kind="question", text="请讲一个项目。", question="project", progress=(3, 8))
    assert lay_out(question).texts == ("3/8  请讲一个项目。",)
    probe = question.model_copy(update={"probe": "project-result"})
    assert lay_out(probe).texts == ("请讲一个项目。",)


def test_short_options_share_a_row() -> None:
    reply = Reply(kind="text", text="继续吗？", options=(option("yes", "是"), option("no", "否")))
    layout = lay_out(reply)
    assert [[b.label for b in row] for row in layout.rows] == [["是", "否"]]
    assert [b.data for row in layout.rows for b in row] == ["yes", "no"]
    assert layout.texts == ("继续吗？",)


def test_middle_options_have_a_row_each() -> None:
    texts = ("New graduate or student", "Experienced hire")
    options = tuple(option(str(i), t) for i, t in enumerate(texts))
    rows = lay_out(Reply(kind="text", text="Which?", options=options)).rows
    assert [len(row) for row in rows] == [1, 1]


def test_long_options_are_spelt_out_and_numbered() -> None:
    long = "先和提出需求的同事确认具体场景，再决定要不要改，以及什么时候改"
    reply = Reply(
        kind="question", text="您会？", options=(option("ask", long), option("go", "直接改"))
    )
    layout = lay_out(reply)
    assert layout.texts == (f"您会？\n1. {long}\n2. 直接改",)
    assert [(b.label, b.data) for b in layout.rows[0]] == [("1", "ask"), ("2", "go")]


def test_a_button_holds_64_bytes() -> None:
    assert button_data(option("x" * 64, "x"), 2) == "x" * 64
    assert button_data(option("x" * 65, "x"), 2) == "2"
    assert button_data(option("选" * 22, "x"), 3) == "3"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("/start", ("", None)),
        ("/start campus-software-engineer", ("campus-software-engineer", None)),
        ("/start@miantan_bot CODE", ("CODE", None)),
        ("/START CODE ", ("CODE", None)),
        ("/pause", (None, "pause")),
        ("/help@miantan_bot", (None, "help")),
        ("/help me with this", (None, None)),
        ("/usr/bin/env is where I looked first", (None, None)),
        ("/unknown", (None, None)),
        ("I wrote /start in the docs", (None, None)),
    ],
)
def test_commands(text: str, read: tuple[str | None, str | None]) -> None:
    assert read_command(text) == read


def test_every_command_says_what_it_means() -> None:
    meant = {command: request.understood for command, request in REQUESTS.items()}
    assert {command: understood.intent for command, understood in meant.items()} == {
        "language": "change_language",
        "correct": "correct_last_answer",
        "pause": "pause",
        "resume": "resume",
        "human": "request_human",
        "privacy": "ask_about_privacy",
        "delete": "delete_my_data",
    }
    assert set(get_args(Command)) - set(REQUESTS) == {"help"}
    for request in (*REQUESTS.values(), REPEAT):
        assert request.understood == Understood(request.intent, 1.0, "command")
        assert request.intent in COMMANDS
        assert set(request.words) == {"zh", "en"}
    for command in REQUESTS:
        assert all(f"/{command}" in text for text in TEXTS["help"].values())


def message(**content: object) -> dict[str, object]:
    return {
        "message_id": 1,
        "date": 1_700_000_000,
        "chat": {"id": 42, "type": "private"},
        "from": {"id": 42, "is_bot": False, "first_name": "A", "language_code": "zh-hant"},
        **content,
    }


def read(**update: object) -> Incoming | None:
    return parse(Update.de_json({"update_id": 7, **update}, None), "99")


def test_words_are_read_with_ids_and_language() -> None:
    incoming = read(message=message(text="你好"))
    assert incoming == Incoming("telegram", "42", "99:7", "你好", language="zh")


def test_code_blocks_get_their_fences_back() -> None:
    text = "看😀这里\nprint(1)\n还有\nx = 1\n完"
    entities = [
        {"type": "bold", "offset": 0, "length": 1},
        {"type": "pre", "offset": 6, "length": 8, "language": "python"},
        {"type": "pre", "offset": 18, "length": 5},
    ]
    incoming = read(message=message(text=text, entities=entities))
    assert incoming is not None
    assert incoming.text == ("看😀这里\n```python\nprint(1)\n```\n还有\n```\nx = 1\n```\n完")


@pytest.mark.parametrize(
    ("code", "language"),
    [("zh", "zh"), ("zh-hans", "zh"), ("en-GB", "en"), ("fr", "en"), (None, None)],
)
def test_language(code: str | None, language: str | None) -> None:
    user: dict[str, object] = {"id": 42, "is_bot": False, "first_name": "A"}
    incoming = read(
        message=message(text="x") | {"from": user | ({"language_code": code} if code else {})}
    )
    assert incoming is not None
    assert incoming.language == language


def test_media_is_not_taken_and_service_messages_are_ignored() -> None:
    voice = {"file_id": "a", "file_unique_id": "b", "duration": 3}
    incoming = read(message=message(voice=voice))
    assert incoming is not None
    assert incoming.not_taken == "media"
    assert read(message=message(delete_chat_photo=True)) is None


def test_groups_are_told_apart() -> None:
    group = {"id": -5, "type": "supergroup", "title": "g"}
    incoming = read(message=message(text="/start x") | {"chat": group})
    assert incoming is not None
    assert (incoming.not_taken, incoming.address) == ("group", "-5")
    assert read(edited_message=message(text="x") | {"chat": group}) is None


def test_a_tap_is_its_data_even_on_an_old_message() -> None:
    query = {
        "id": "1",
        "from": message()["from"],
        "chat_instance": "1",
        "data": "agree",
        "message": {"message_id": 3, "date": 0, "chat": {"id": 42, "type": "private"}},
    }
    incoming = read(callback_query=query)
    assert incoming is not None
    assert (incoming.text, incoming.tapped) == ("agree", "")
