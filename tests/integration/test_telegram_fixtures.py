"""Every example of an update, posted to the webhook as Telegram does: what comes of it."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import Session, select

from bot.bootstrap import Application
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.webhook import PATH
from bot.storage.tables import Identity
from dialogues.texts import TEXTS
from tests.documents import pdf
from tests.fakes import TelegramStandIn, loopback_socket, served
from tests.helpers import ROOT, until, web_app
from tests.telegram_people import Candidate
from tests.telegram_runs import (
    CAMPUS,
    SECRET,
    all_sent_to,
    begin,
    build_for,
    interviews,
    next_question,
    words_of,
)

pytestmark = pytest.mark.usefixtures("quick")
FIXTURES = ROOT / "tests" / "fixtures" / "telegram"
STRANGER, CONSENT, ASKED, ANSWERED = "stranger", "consent", "asked", "answered"
"""Where the person stands when the example comes: `answered` is after the example `text`."""

RESUME = "Invented-file-document-0001"
FIRST, SECOND = "1/9", "2/9"
REFUSED = ("text_only", "or_resume")
REPEAT = "再说一遍"


def example(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return data


def words(name: str) -> str:
    """The text of an example."""
    update = example(name)
    return str((update.get("message") or update["edited_message"])["text"])


@dataclass(frozen=True)
class Expected:
    """What is said to the person, by the texts' keys or how they begin, and what is kept of it.

    A tuple of keys is one message. `group` is what is said in the group.
    """

    place: str
    told: Sequence[str | tuple[str, ...]] = ()
    kept: Sequence[str] = ()
    group: Sequence[str] = ()


def taken(name: str) -> Expected:
    """The words are the answer to the first question."""
    return Expected(ASKED, [SECOND], [words(name)])


NOTHING = Expected(ASKED)
NOT_TAKEN = Expected(ASKED, [REFUSED])
IN_FENCES = (
    "重点是 缓存，代码如下：\n```python\ncache = {}\n```\n详见 https://portfolio.example.test/ 😀完"
)

EXPECTED: Mapping[str, Expected] = {
    "text": taken("text"),
    "text-entities": Expected(ASKED, [SECOND], [IN_FENCES]),
    "forwarded": taken("forwarded"),
    "forwarded-hidden": taken("forwarded-hidden"),
    "reply": taken("reply"),
    "unknown-fields": taken("unknown-fields"),
    "language-english": Expected(STRANGER, ["welcome en"]),
    "language-unknown": Expected(STRANGER, [("welcome zh", "welcome en")]),
    "start": Expected(ASKED, [FIRST], [REPEAT]),
    "start-payload": Expected(STRANGER, ["greeting", "consent"]),
    "start-unknown": Expected(STRANGER, ["unknown_code"]),
    "command-pause": Expected(ASKED, ["paused"], ["暂停"]),
    "command-addressed": Expected(ASKED, ["paused"], ["暂停"]),
    "command-resume": Expected(ASKED, [FIRST], ["继续"]),
    "command-correct": Expected(ANSWERED, ["correct", FIRST], ["修改上一个回答"]),
    "command-language": Expected(ASKED, ["language_changed en", FIRST], ["切换语言"]),
    "command-human": Expected(ASKED, ["confirm_human"], ["转人工"]),
    "command-privacy": Expected(ASKED, ["consent_statement", FIRST], ["隐私政策"]),
    "command-delete": Expected(ASKED, ["confirm_delete"], ["删除我的资料"]),
    "command-help": Expected(ASKED, ["help"]),
    "command-unknown": Expected(STRANGER, ["welcome"]),
    "callback-query": Expected(CONSENT, ["choose_type"], ["agree"]),
    "callback-query-inaccessible": Expected(CONSENT, ["choose_type"], ["agree"]),
    "callback-query-inline": Expected(CONSENT),
    "callback-query-game": Expected(CONSENT),
    "edited-message": Expected(ANSWERED, ["corrected", SECOND], [words("edited-message")]),
    "edited-message-preview": Expected(ANSWERED),
    "edited-location": NOTHING,
    "voice": NOT_TAKEN,
    "audio": NOT_TAKEN,
    "video-note": NOT_TAKEN,
    "video": NOT_TAKEN,
    "photo": NOT_TAKEN,
    "photo-album": NOT_TAKEN,
    "sticker": NOT_TAKEN,
    "animation": NOT_TAKEN,
    "location": NOT_TAKEN,
    "location-live": NOT_TAKEN,
    "venue": NOT_TAKEN,
    "contact": NOT_TAKEN,
    "poll": NOT_TAKEN,
    "poll-before-9.6": NOTHING,
    "dice": NOT_TAKEN,
    "document": Expected(ASKED, ["resume_taken", FIRST]),
    "pinned-message": NOTHING,
    "auto-delete-timer": NOTHING,
    "my-chat-member-blocked": NOTHING,
    "my-chat-member-unblocked": NOTHING,
    "group-message": Expected(ASKED, group=["private_only"]),
    "group-command": Expected(ASKED, group=["private_only"]),
    "group-photo": NOTHING,
    "group-bot-added": NOTHING,
    "channel-post": NOTHING,
    "unknown-content": NOTHING,
    "unknown-update": NOTHING,
}


@dataclass
class Rig:
    """The bot with its webhook, and the person whom the examples are about."""

    telegram: TelegramStandIn
    application: Application
    client: httpx2.AsyncClient
    candidate: Candidate

    async def post(self, name: str) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        answer = await self.client.post(PATH, json=example(name), headers=headers)
        assert answer.status_code == 200, answer.text

    async def bring_to(self, place: str) -> None:
        self.candidate.started = True
        if place == CONSENT:
            self.candidate.say(f"/start {CAMPUS}")
            await next_question(self.candidate)
        if place in (ASKED, ANSWERED):
            await begin(self.candidate)
        if place == ANSWERED:
            await self.post("text")

    async def kept(self) -> list[str]:
        """What the candidate said, as it is kept, once all that answers it is sent."""
        found: list[str] = []
        for row in await interviews(self.application):
            await all_sent_to(self.application, row.id)
            found += await words_of(self.application, row.id)
        return found


@asynccontextmanager
async def rigged(telegram: TelegramStandIn, home: Path) -> AsyncIterator[Rig]:
    """With nothing that listens to voices: docs/voice.md."""
    place = loopback_socket()
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    application = build_for(telegram, home, telegram_secret=SECRET, public_url=url, speech="off")
    telegram.files[RESUME] = pdf("Zhang San, Master of Science, 5 years of work")
    telegram.groups.add(example("group-message")["message"]["chat"]["id"])
    try:
        async with (
            served(web_app(application, work=False), place),
            httpx2.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            await until(lambda: telegram.webhook)
            yield Rig(telegram, application, client, telegram.candidate())
    finally:
        application.close()


def test_every_example_is_expected() -> None:
    assert {file.stem for file in FIXTURES.iterdir()} == set(EXPECTED)


def test_examples_are_told_apart() -> None:
    numbers = [example(name)["update_id"] for name in EXPECTED]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", EXPECTED)
async def test_an_example_pushed(telegram: TelegramStandIn, home: Path, name: str) -> None:
    expected = EXPECTED[name]
    async with rigged(telegram, home) as rig:
        await rig.bring_to(expected.place)
        before, shown = await rig.kept(), len(rig.candidate.history)
        await rig.post(name)
        # What comes of a file is said later.
        await until(lambda: len(rig.candidate.history) >= shown + len(expected.told))
        kept = await rig.kept()
        told = [message.text for message in rig.candidate.history[shown:]]
        assert kept == [*before, *expected.kept]
        assert len(told) == len(expected.told), told
        for text, wanted in zip(told, expected.told, strict=True):
            assert text.startswith(expand(wanted)), text
        assert said_in_the_group(telegram) == [TEXTS[key]["zh"] for key in expected.group]
        answered = [call for method, call in telegram.calls if method == "answerCallbackQuery"]
        taps = [call["callback_query_id"] for call in answered]
        query = example(name).get("callback_query", {"id": None})["id"]
        assert query is None or query in taps
        known = expected.place != STRANGER or name == "start-payload"
        assert bool(people(rig.application)) == known
        if expected.kept:
            await rig.post(name)
            assert await rig.kept() == kept
            assert len(rig.candidate.history) == shown + len(told)


def test_what_is_not_asked_for_does_not_come() -> None:
    kinds = {kind for name in EXPECTED for kind in example(name)} - {"update_id"}
    others = {"my_chat_member", "channel_post", "update_of_tomorrow", "sequence_of_tomorrow"}
    assert kinds - set(ALLOWED_UPDATES) == others


def expand(wanted: str | tuple[str, ...]) -> str:
    """The words behind keys, each with its language where it is not Chinese, or what they are."""
    keys = (wanted,) if isinstance(wanted, str) else wanted
    joint = "\n\n" if " " in keys[0] else ""
    found = [key.partition(" ") for key in keys]
    if any(name not in TEXTS for name, _, _ in found):
        return "".join(keys)
    return joint.join(TEXTS[name][language or "zh"] for name, _, language in found).partition("{")[
        0
    ]


def said_in_the_group(telegram: TelegramStandIn) -> list[str]:
    return [telegram.group_messages.get_nowait() for _ in range(telegram.group_messages.qsize())]


def people(application: Application) -> Sequence[Identity]:
    """Who is known."""

    def work(session: Session) -> Sequence[Identity]:
        return session.exec(select(Identity)).all()

    return application.database.read_now(work)
