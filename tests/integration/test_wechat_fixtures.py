"""Every example of a push, posted to the webhooks of WeChat and WeCom: what comes of it.

What is encrypted is sealed, and its answer opened, by WeRoBot, another implementation.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from werobot.crypto import MessageCrypt

from bot.bootstrap import Application
from bot.channels.wechat import webhook
from dialogues.texts import TEXTS
from tests.helpers import ROOT, build_in, running
from tests.telegram_runs import interviews, words_of
from tests.wechat_runs import CAMPUS
from tests.wechat_wire import new_aes_key, parse, render, signature

FIXTURES = ROOT / "tests" / "fixtures"
TOKEN, ID, NONCE = "PushToken", "wx0123456789abcdef", "n1"
FOLDERS = {"plain": "wechat", "aes": "wechat", "wecom": "wecom"}
FIRST, SECOND, REPEAT = "1/9", "2/9", "再说一遍"


@dataclass(frozen=True)
class Expected:
    """What is answered to someone at the first question, by a text's key or how it begins, and
    what is kept of it; without an answer it is `success`."""

    told: str = ""
    kept: Sequence[str] = ()


NOTHING, NOT_TAKEN, ASKED_AGAIN = Expected(), Expected("text_only"), Expected(FIRST, [REPEAT])
BOTH: Mapping[str, Expected] = {
    "text": Expected(SECOND, ["我做过三年后端开发"]),
    "voice": NOT_TAKEN,
    "image": NOT_TAKEN,
    "video": NOT_TAKEN,
    "location": NOT_TAKEN,
    "link": NOT_TAKEN,
    "click": NOTHING,
    "view": NOTHING,
    "location-event": NOTHING,
    "subscribe": ASKED_AGAIN,
    "unsubscribe": NOTHING,
}
EXPECTED: Mapping[str, Mapping[str, Expected]] = {
    "wechat": {
        **BOTH,
        "text-odd": Expected(SECOND, ["a ]]> b <xml>&amp; 😀\n第二行"]),
        "shortvideo": NOT_TAKEN,
        "scan": Expected("unknown_code"),
        "subscribe-scene": Expected("unknown_code"),
        "templatesendjobfinish": NOTHING,
    },
    "wecom": {**BOTH, "enter_agent": ASKED_AGAIN},
}
ALL = [(mode, name) for mode, folder in FOLDERS.items() for name in EXPECTED[folder]]


def example(mode: str, name: str) -> str:
    return (FIXTURES / FOLDERS[mode] / f"{name}.xml").read_text(encoding="utf-8")


@dataclass
class Rig:
    """An account with its webhook, pushed to by hand."""

    mode: str
    crypt: MessageCrypt
    application: Application
    client: httpx2.AsyncClient

    async def post(self, xml: str) -> str:
        """Push something; returns the words of the answer."""
        query = {"timestamp": str(int(time.time())), "nonce": NONCE}
        body = xml
        if self.mode == "plain":
            query["signature"] = signature(TOKEN, query["timestamp"], NONCE)
        else:
            body = self.crypt.encrypt_message(xml, query["timestamp"], NONCE)
            query["msg_signature"] = parse(body)["MsgSignature"]
        path = f"/webhooks/{FOLDERS[self.mode]}"
        answer = await self.client.post(path, params=query, content=body.encode())
        assert answer.status_code == 200, answer.text
        return "" if answer.text == "success" else self._words(answer.text, parse(xml))

    def _words(self, answer: str, pushed: Mapping[str, Any]) -> str:
        fields = parse(answer)
        if self.mode != "plain":
            names = ("TimeStamp", "Nonce", "MsgSignature", "Encrypt")
            opened = self.crypt.decrypt_message(*(fields[name] for name in names))
            fields = parse(opened.decode())
        for ours, theirs in (("ToUserName", "FromUserName"), ("FromUserName", "ToUserName")):
            assert fields[ours] == pushed[theirs]
        return str(fields["Content"])

    async def begin(self) -> None:
        """Whom the examples are about comes to the first question of the guide."""
        who = parse(example(self.mode, "text"))
        for number, text in enumerate((f"/start {CAMPUS}", "1", "1"), 1):
            said = {"Content": text, "MsgId": number, "CreateTime": int(time.time())}
            last = await self.post(render({**who, **said}))
        assert FIRST in last

    async def kept(self) -> list[str]:
        (row,) = await interviews(self.application)
        return await words_of(self.application, row.id)


@asynccontextmanager
async def rigged(mode: str, home: Path) -> AsyncIterator[Rig]:
    """The platform's own API is away, so all must be said in time; nothing listens to voices."""
    key, folder = new_aes_key(), FOLDERS[mode]
    given: dict[str, Any] = {
        f"{folder}_secret": "s",
        f"{folder}_token": TOKEN,
        f"{folder}_aes_key": "" if mode == "plain" else key,
        f"{folder}_api": "http://127.0.0.1:9",
        f"{folder}_{'corpid' if folder == 'wecom' else 'appid'}": ID,
    }
    if folder == "wecom":
        given["wecom_agent"] = 1000002
    application = build_in(home, speech="off", **given)
    async with running(application) as client:
        yield Rig(mode, MessageCrypt(TOKEN, key, ID), application, client)


def test_every_example_is_expected() -> None:
    for folder, expected in EXPECTED.items():
        assert {file.stem for file in (FIXTURES / folder).iterdir()} == set(expected)


@pytest.mark.parametrize(("mode", "name"), ALL)
async def test_an_example_pushed(
    home: Path, mode: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 20.0)
    expected = EXPECTED[FOLDERS[mode]][name]
    wanted = TEXTS.get(expected.told, {"zh": expected.told})["zh"]
    async with rigged(mode, home) as rig:
        await rig.begin()
        before = await rig.kept()
        for _ in range(2):  # once more, as when the answer was lost
            told = await rig.post(example(mode, name))
            assert told.startswith(wanted) and bool(told) == bool(wanted), told
            assert await rig.kept() == [*before, *expected.kept]
