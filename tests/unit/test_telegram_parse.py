"""What Telegram's updates say."""

from typing import get_args

import pytest
from telegram import Update

from bot.channels.base import Command, Incoming
from bot.channels.telegram.parse import parse, read_command
from bot.entry import REPEAT, REQUESTS
from bot.understanding.base import Understood
from dialogues.commands import COMMANDS
from dialogues.texts import TEXTS


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
        "voice": "switch_aloud",
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


async def fetch(file_id: str) -> bytes:
    return file_id.encode()


def read(**update: object) -> Incoming | None:
    return parse(Update.de_json({"update_id": 7, **update}, None), "99", fetch)


def test_words_are_read_with_ids_and_language() -> None:
    incoming = read(message=message(text="你好"))
    assert incoming == Incoming("telegram", "42", "99:42:1", "你好", language="zh")


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
    video = {"file_id": "a", "file_unique_id": "b", "duration": 3, "width": 2, "height": 2}
    incoming = read(message=message(video=video))
    assert incoming is not None
    assert incoming.not_taken == "media"
    assert read(message=message(delete_chat_photo=True)) is None


@pytest.mark.parametrize("kind", ["voice", "audio", "video_note"])
def test_what_is_spoken(kind: str) -> None:
    sound = {"file_id": "a", "file_unique_id": "b", "duration": 3, "file_size": 4000}
    incoming = read(message=message(**{kind: sound | {"length": 240}}))
    assert incoming is not None and incoming.voice is not None
    assert (incoming.voice.seconds, incoming.voice.size, incoming.text) == (3.0, 4000, "")
    assert incoming.not_taken is None


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


def test_a_change_names_the_message_it_changes() -> None:
    incoming = read(edited_message=message(text="你们好", edit_date=1_700_000_009))
    assert incoming == Incoming("telegram", "42", "99:7", "你们好", language="zh", edits="99:42:1")
    assert read(edited_message=message(text="你们好")) is None  # not the words were changed
    assert read(edited_message=message(caption="x", edit_date=1_700_000_009)) is None


async def test_a_document_is_described_and_can_be_fetched() -> None:
    file = {"file_id": "f1", "file_unique_id": "u1", "file_name": "cv.pdf", "file_size": 7}
    incoming = read(message=message(document={**file, "mime_type": "application/pdf"}))
    assert incoming is not None
    document = incoming.document
    assert document is not None
    assert (document.name, document.size, document.content_type) == ("cv.pdf", 7, "application/pdf")
    assert await document.fetch() == b"f1"
    bare = read(message=message(document={"file_id": "f1", "file_unique_id": "u1"}))
    assert bare is not None
    assert bare.document is not None
    assert (bare.document.name, bare.document.size, bare.document.content_type) == ("", None, "")
    gif = {"file_id": "f2", "file_unique_id": "u2", "width": 1, "height": 1, "duration": 1}
    moving = read(message=message(document=file, animation=gif))
    assert moving is not None
    assert (moving.document, moving.not_taken) == (None, "media")
