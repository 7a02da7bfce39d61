"""The parts of the WeChat channel: what pushes say, envelopes, access tokens, and the quota."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session
from werobot.crypto import MessageCrypt
from werobot.crypto.exceptions import AppIdValidationError

from bot.channels.errors import FetchError
from bot.channels.wechat import parse as parsing
from bot.channels.wechat.envelope import Envelope, RefusedError
from bot.channels.wechat.parse import Push, UnreadableError
from bot.security.sealing import Key
from bot.storage.access import EARLY_SECONDS, AccessTokens
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.sending import Quota
from tests.wechat_rules import Allowance, ApiError
from tests.wechat_wire import Sealer, new_aes_key, signature
from tests.wechat_wire import parse as fields_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
TOKEN, APPID = "PushToken", "wx0123456789abcdef"
NOW = 1_700_000_000.0


def pushed(kind: str, folder: str = "wechat") -> str:
    return (FIXTURES / folder / f"{kind}.xml").read_text(encoding="utf-8")


async def nothing(media_id: str) -> bytes:
    raise FetchError(media_id)


def parse(xml: str, channel: str) -> Push:
    """A push where no file can be fetched."""
    return parsing.parse(xml, channel, nothing)


# What pushes say.


@pytest.mark.parametrize("folder", ["wechat", "wecom"])
async def test_voice_is_fetched_by_its_better_file(folder: str) -> None:
    asked: list[str] = []

    async def fetch(media_id: str) -> bytes:
        asked.append(media_id)
        if media_id.startswith("MEDIA-0002"):
            raise FetchError("gone")
        return b"#!AMR"

    incoming = parsing.parse(pushed("voice", folder), folder, fetch).incoming
    assert incoming is not None and incoming.voice is not None
    assert await incoming.voice.fetch() == b"#!AMR"
    both = ["MEDIA-0002", "MEDIA-0001"] if folder == "wechat" else ["MEDIA-0001"]
    assert [media_id[:10] for media_id in asked] == both


@pytest.mark.parametrize("folder", ["wechat", "wecom"])
@pytest.mark.parametrize("kind", ["image", "link", "location", "video"])
def test_media_is_not_taken(kind: str, folder: str) -> None:
    push = parse(pushed(kind, folder), folder)
    assert push.incoming is not None and push.incoming.not_taken is not None
    assert push.wrote and not push.acted


def test_words_are_taken_with_their_id() -> None:
    push = parse(pushed("text"), "wechat")
    assert push.incoming is not None
    assert push.message_id.startswith(f"{push.receiver}:") and push.wrote
    assert push.incoming.text and push.incoming.start is None
    assert push.at == NOW


@pytest.mark.parametrize(
    ("kind", "start", "acted"),
    [("subscribe", "", True), ("subscribe-scene", "invite-0001", True), ("scan", None, True)],
)
def test_codes_come_from_scanning(kind: str, start: str | None, acted: bool) -> None:
    push = parse(pushed(kind), "wechat")
    assert push.incoming is not None and push.acted is acted and not push.wrote
    assert push.incoming.start == (start if start is not None else push.incoming.start)
    assert push.incoming.start is not None


@pytest.mark.parametrize("kind", ["location-event", "view", "templatesendjobfinish"])
def test_events_that_say_nothing_are_left(kind: str) -> None:
    push = parse(pushed(kind), "wechat")
    assert push.incoming is None and not push.wrote and not push.left


def test_leaving_is_noticed() -> None:
    assert parse(pushed("unsubscribe"), "wechat").left


def test_opening_the_application_greets() -> None:
    push = parse(pushed("enter_agent", "wecom"), "wecom")
    assert push.incoming is not None and push.incoming.start == ""


@pytest.mark.parametrize(
    ("key", "expected"),
    [("pause", (None, "pause")), ("start:CODE", ("CODE", None)), ("unknown", None)],
)
def test_menu_keys(key: str, expected: tuple[str | None, str | None] | None) -> None:
    body = event("CLICK", f"<EventKey>{key}</EventKey>")
    push = parse(body, "wechat")
    found = (push.incoming.start, push.incoming.command) if push.incoming else None
    assert found == expected and push.acted


def event(name: str, more: str = "", at: int = 1) -> str:
    head = "<FromUserName>o1</FromUserName><ToUserName>gh_1</ToUserName>"
    kind = f"<MsgType>event</MsgType><Event>{name}</Event><CreateTime>{at}</CreateTime>"
    return f"<xml>{head}{kind}{more}</xml>"


def test_events_are_told_apart_by_sender_and_time() -> None:
    first, again, later = (parse(event("CLICK", at=at), "wechat").message_id for at in (1, 1, 2))
    assert first == again != later


@pytest.mark.parametrize("text", ["/start CODE", "/START CODE", " /start CODE "])
def test_commands_may_be_typed(text: str) -> None:
    head = "<FromUserName>o1</FromUserName><ToUserName>gh_1</ToUserName><MsgId>1</MsgId>"
    body = f"<xml>{head}<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content></xml>"
    incoming = parse(body, "wechat").incoming
    assert incoming is not None and incoming.start == "CODE"


@pytest.mark.parametrize("xml", ["", "<xml/>", "<a>1</a>", "<xml><MsgType>text</MsgType></xml>"])
def test_what_is_no_message_is_unreadable(xml: str) -> None:
    with pytest.raises(UnreadableError):
        parse(xml, "wechat")


# Envelopes.


def envelope(aes_key: str | None = None, echo: bool = False, now: float = NOW) -> Envelope:
    return Envelope(TOKEN, APPID, aes_key, sealed_echo=echo, now=lambda: now)


def signed(*more: str, name: str = "signature", at: float = NOW) -> dict[str, str]:
    stamp = str(int(at))
    return {"timestamp": stamp, "nonce": "n1", name: signature(TOKEN, stamp, "n1", *more)}


def test_plain_pushes_are_checked_for_signature_and_time() -> None:
    assert envelope().open(signed(), b"<xml/>") == "<xml/>"
    with pytest.raises(RefusedError, match="signature"):
        envelope().open({**signed(), "nonce": "n2"}, b"<xml/>")
    for at in (NOW - 301, NOW + 301):
        with pytest.raises(RefusedError, match="stale"):
            envelope().open(signed(at=at), b"<xml/>")


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=300))
def test_sealed_pushes_and_answers_are_those_of_another_implementation(text: str) -> None:
    key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
    sealer, ours = Sealer(key, APPID), envelope(key)
    sealed = sealer.seal(text)
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    assert ours.open(signed(sealed, name="msg_signature"), body) == text
    answer = ours.seal(text)
    encrypted = answer.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    assert sealer.open(encrypted) == text


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=300))
def test_werobot_and_our_envelope_read_each_other(text: str) -> None:
    """Both ways, with the signatures: a push that WeRoBot seals, and an answer that we seal."""
    key, stamp = new_aes_key(), str(int(NOW))
    ours, werobot = envelope(key, echo=True), MessageCrypt(TOKEN, key, APPID)
    pushed = werobot.encrypt_message(text, stamp, "n1")
    given = fields_of(pushed)
    query = {"timestamp": stamp, "nonce": "n1", "msg_signature": given["MsgSignature"]}
    assert ours.open(query, pushed.encode()) == text
    assert ours.echo({**query, "echostr": given["Encrypt"]}) == text
    answer = fields_of(ours.seal(text))
    names = ("TimeStamp", "Nonce", "MsgSignature", "Encrypt")
    assert werobot.decrypt_message(*(answer[name] for name in names)).decode() == text
    with pytest.raises(AppIdValidationError):
        MessageCrypt(TOKEN, key, "wxother").decrypt_message(*(answer[name] for name in names))


def test_with_a_key_nothing_plain_is_taken_and_the_account_must_be_ours() -> None:
    key = new_aes_key()
    with pytest.raises(RefusedError):
        envelope(key).open(signed(), b"<xml><MsgType>text</MsgType></xml>")
    for other in (Sealer(key, "wxother"), Sealer(new_aes_key(), APPID)):
        sealed = other.seal("<xml/>")
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        with pytest.raises(UnreadableError):
            envelope(key).open(signed(sealed, name="msg_signature"), body)


def test_the_address_is_verified_in_both_ways() -> None:
    assert envelope().echo({**signed(), "echostr": "word"}) == "word"
    key = new_aes_key()
    sealed = Sealer(key, APPID).seal("word")
    query = {**signed(sealed, name="msg_signature"), "echostr": sealed}
    assert envelope(key, echo=True).echo(query) == "word"
    with pytest.raises(RefusedError):
        envelope(key, echo=True).echo({**signed(), "echostr": sealed})


@pytest.mark.parametrize("key", ["short", "x" * 42, base64.b64encode(bytes(16)).decode()])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="43 letters"):
        envelope(key)


# Access tokens.


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'tokens.db'}")
    migrate(made)
    yield made
    made.close()


class Platform:
    """Gives tokens, and counts."""

    def __init__(self, seconds: float = 7200.0, fresh: bool = True) -> None:
        self.seconds, self.fresh, self.forced, self.given = seconds, fresh, 0, 0
        self.barrier = threading.Lock()

    def __call__(self, anew: bool) -> tuple[str, float]:
        with self.barrier:
            self.forced += anew
            self.given += anew or self.fresh or not self.given
            return f"token-{self.given}", self.seconds


def tokens(
    database: Database, platform: Callable[[bool], tuple[str, float]], now: float = NOW
) -> AccessTokens:
    return AccessTokens(database, Key(bytes(32)), "wechat:wx1", platform, now=lambda: now)


def test_many_ask_and_one_fetches(database: Database) -> None:
    platform = Platform()
    held = tokens(database, platform)
    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(lambda _: held.get(), range(64))) == {"token-1"}
    assert tokens(database, platform).get() == "token-1", "another process takes what is stored"
    assert platform.given == 1


def test_renewed_early(database: Database) -> None:
    platform = Platform(seconds=1000)
    assert tokens(database, platform).get() == "token-1"
    late = NOW + 1000 - EARLY_SECONDS
    assert tokens(database, platform, late - 1).get() == "token-1"
    assert tokens(database, platform, late + 1).get() == "token-2"


def test_a_refused_token_is_renewed_and_forced_where_it_stays_the_same(database: Database) -> None:
    platform = Platform(fresh=False)
    held = tokens(database, platform)
    assert held.get() == "token-1"
    assert held.get(refused="token-1") == "token-2"
    assert platform.forced == 1
    assert held.get(refused="token-1") == "token-2", "others renewed it already"
    assert platform.forced == 1


def test_a_failure_leaves_the_way_free_and_the_token_is_sealed(
    database: Database, tmp_path: Path
) -> None:
    def broken(anew: bool) -> tuple[str, float]:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        tokens(database, broken).get()
    assert tokens(database, Platform()).get() == "token-1"
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("tokens.db*"))
    assert b"token-1" not in stored and b"wechat:wx1" in stored


# The quota.

ACTIONS = st.lists(
    st.tuples(st.sampled_from(["message", "click", "send", "wait"]), st.integers(1, 200_000)),
    max_size=60,
)


@given(ACTIONS)
def test_we_count_as_the_platform_does(actions: list[tuple[str, int]]) -> None:
    rows: dict[tuple[str, str], object] = {}

    class Rows:
        def get(self, table: type, key: tuple[str, str], with_for_update: bool) -> object:
            return rows.get(key)

        def add(self, row: object) -> None:
            rows[row.channel, row.address_hash] = row  # type: ignore[attr-defined]

    clock = [NOW]
    session: Session = Rows()  # type: ignore[assignment]
    ours, theirs = Quota(Key(bytes(32)), "wechat"), Allowance(lambda: clock[0])
    for action, seconds in actions:
        clock[0] += 1
        match action:
            case "wait":
                clock[0] += seconds
            case "send":
                try:
                    theirs.take()
                    allowed = True
                except ApiError:
                    allowed = False
                assert ours.take(session, "o1", clock[0]) is allowed
            case _:
                theirs.give(action)
                ours.grant(session, "o1", message=action == "message", at=clock[0])
        assert ours.left(session, "o1", clock[0]) == theirs.left


def test_a_repeated_push_grants_nothing_more(database: Database) -> None:
    quota, now = Quota(Key(bytes(32)), "wechat"), time.time()

    def work(session: Session) -> list[int]:
        quota.grant(session, "o1", message=True, at=now)
        session.flush()
        assert quota.take(session, "o1", now)
        quota.grant(session, "o1", message=True, at=now)
        return [quota.left(session, "o1", now), quota.left(session, "o2", now)]

    assert database.write_now(work) == [4, 0]
