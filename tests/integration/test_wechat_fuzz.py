"""10,000 random and mutated payloads: no 5xx, no leak, no growth, and the account works on."""

import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from sqlmodel import select

from bot.bootstrap import Application
from bot.storage.tables import Interview, KeptPush
from tests.helpers import build_in, running
from tests.wechat_wire import Sealer, signature

FIXTURES = Path(__file__).parents[1] / "fixtures"
SECRETS = {"token": "FuzzToken", "secret": "fuzz-secret-value", "aes_key": "k" * 43}
APPID = "wx0123456789abcdef"
COUNT = 10_000
WATCHED = 600
"""The last payloads, of each kind, during which memory must not grow."""
Payload = tuple[dict[str, str], bytes]
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><FromUserName>o1</FromUserName>'
    "<ToUserName>gh_1</ToUserName><MsgType>text</MsgType><Content>&c;</Content></xml>"
)
EXTERNAL = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><FromUserName>o1</FromUserName>'
    "<ToUserName>gh_1</ToUserName><MsgType>text</MsgType><Content>&a;</Content></xml>"
)


class Fuzz:
    """Makes payloads, the same ones for the same seed."""

    def __init__(self, seed: int, kind: str) -> None:
        self.random = random.Random(seed)
        self.kind = kind
        folder = "wecom" if kind == "wecom" else "wechat"
        self.bodies = [file.read_bytes() for file in sorted((FIXTURES / folder).glob("*.xml"))]
        self.sealer = Sealer(SECRETS["aes_key"], APPID)
        self.moves: list[Callable[[bytes], bytes]] = [
            lambda body: body,
            lambda body: body[: self.random.randrange(len(body) + 1)],
            self._flip,
            lambda body: BOMB.encode(),
            lambda body: EXTERNAL.encode(),
            lambda body: self.random.randbytes(self.random.randrange(200)),
            lambda body: body.replace(b"<Content>", b"<Content><b>").replace(b"]]>", b"]]></b>]]>"),
            lambda body: body.replace(b"FromUserName", b"FromUsername"),
            lambda body: b"<xml>" + b"<a>" * self.random.randrange(5_000) + body,
            lambda body: body.decode("utf-8").encode("utf-16"),
            lambda body: body.replace(b"<CreateTime>", b"<CreateTime>-9e999"),
            lambda body: body.replace(b"<MsgId>", b"<MsgId>" + b"9" * 4_000),
            lambda body: body.replace(b"CDATA[", b"CDATA[\x00\x07\xff"),
            lambda body: body + b"x" * self.random.randrange(150_000),
            lambda body: b"",
        ]

    def payload(self) -> Payload:
        """A body, sealed where the mode wants it, and a query: mostly signed rightly."""
        body = self.random.choice(self.moves)(self.random.choice(self.bodies))
        late = self.random.random() < 0.1
        stamp = str(int(time.time()) - (86_400 if late else 0))
        if self.random.random() < 0.05:
            stamp = self.random.choice(["", "x", "9" * 40, "-1", "１２３", "1e9"])
        query = {"timestamp": stamp, "nonce": str(self.random.randrange(10**9))}
        if self.kind == "plain":
            query["signature"] = signature(SECRETS["token"], stamp, query["nonce"])
        else:
            body = self._sealed(body, query)
        if self.random.random() < 0.1:
            query[self.random.choice(list(query))] = self.random.choice(
                ["", "0" * 40, "ü\x00", "签"]
            )
        return query, body

    def _sealed(self, body: bytes, query: dict[str, str]) -> bytes:
        sealed = self.sealer.seal(body.decode("utf-8", "replace"))
        cut = self.random.random()
        if cut < 0.1:
            sealed = sealed[: self.random.randrange(len(sealed))]
        elif cut < 0.2:
            sealed = "".join(self.random.choices("abcXYZ019+/=<&", k=self.random.randrange(80)))
        given = (SECRETS["token"], query["timestamp"], query["nonce"], sealed)
        query["msg_signature"] = signature(*given)
        outer = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        return self.random.choice(self.moves)(outer.encode()) if cut > 0.9 else outer.encode()

    def _flip(self, body: bytes) -> bytes:
        changed = bytearray(body)
        for _ in range(self.random.randrange(1, 8)):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)


def application_for(kind: str, home: Path) -> Application:
    if kind == "wecom":
        given: dict[str, object] = {"wecom_corpid": APPID, "wecom_agent": 1000002}
        given |= {f"wecom_{name}": value for name, value in SECRETS.items()}
        return build_in(home, **given, wecom_api="http://127.0.0.1:9")
    given = {"wechat_appid": APPID, **{f"wechat_{name}": value for name, value in SECRETS.items()}}
    if kind == "plain":
        given["wechat_aes_key"] = ""
    return build_in(home, **given, wechat_api="http://127.0.0.1:9")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["plain", "aes", "wecom"])
async def test_nothing_gets_through(kind: str, home: Path, logged: Callable[[], str]) -> None:
    fuzz, count = Fuzz(7, kind), COUNT // 3 + 1
    path = "/webhooks/wecom" if kind == "wecom" else "/webhooks/wechat"
    application = application_for(kind, home)
    answers: dict[int, int] = {}
    async with running(application) as client:
        grown = 0
        for number in range(count):
            if number == count - WATCHED:  # Watching takes longer than all else.
                gc.collect()
                tracemalloc.start()
                grown = tracemalloc.get_traced_memory()[0]
            query, body = fuzz.payload()
            answer = await client.post(path, params=query, content=body)
            answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, (number, answer.text)
            _shows_nothing(answer)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - grown
        tracemalloc.stop()
        found = await application.database.read(
            lambda s: (s.exec(select(Interview)).all(), s.exec(select(KeptPush)).all())
        )
        assert found == ([], []), "no payload names a campaign"
    assert set(answers) <= {200, 400, 403, 413}
    assert min(answers.get(200, 0), answers.get(403, 0), answers.get(413, 0)) > 0, answers
    assert grown < 1_500_000, f"{grown} bytes more after {WATCHED} payloads"
    printed = logged()
    assert not [name for name, value in SECRETS.items() if value in printed]
    assert "Traceback" not in printed and "root:" not in printed


def _shows_nothing(answer: httpx2.Response) -> None:
    for hidden in (*SECRETS.values(), "root:", "Traceback", "aaaaaaaaaaaaaaaaaaaa"):
        assert hidden not in answer.text
