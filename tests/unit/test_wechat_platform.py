"""The stand-in for official accounts keeps the platform's rules: tokens, sends, files, menus."""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.wechat_media import picture, silent_amr, silent_mp3
from tests.wechat_people import Candidate
from tests.wechat_platform import WeChatPlatform

HOUR, DAY = 3600.0, 24 * 3600.0


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += seconds


class Api:
    """The account's calls to the platform."""

    def __init__(self, platform: WeChatPlatform, http: httpx2.AsyncClient) -> None:
        self.platform = platform
        self.http = http
        self.token = ""

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.http.get(f"{self.platform.url}/cgi-bin/{path}", params=query)

    async def post(self, path: str, body: Any, **query: Any) -> dict[str, Any]:
        query.setdefault("access_token", self.token)
        url = f"{self.platform.url}/cgi-bin/{path}"
        answer = await self.http.post(url, json=body, params=query)
        found: dict[str, Any] = answer.json()
        return found

    async def plain_token(self, **other: str) -> dict[str, Any]:
        platform = self.platform
        query = {"grant_type": "client_credential", "appid": platform.appid}
        answer = await self.get("token", **(query | {"secret": platform.secret} | other))
        found: dict[str, Any] = answer.json()
        return found

    async def stable_token(self, **other: Any) -> dict[str, Any]:
        platform = self.platform
        body = {"grant_type": "client_credential", "appid": platform.appid}
        return await self.post("stable_token", body | {"secret": platform.secret} | other)

    async def say(self, candidate: Candidate, text: str = "你好", **query: str) -> int:
        """Send a text; gives the code."""
        body = {"touser": candidate.openid, "msgtype": "text", "text": {"content": text}}
        code: int = (await self.post("message/custom/send", body, **query))["errcode"]
        return code

    async def upload(self, kind: str, data: bytes, part: str = "media") -> dict[str, Any]:
        url = f"{self.platform.url}/cgi-bin/media/upload"
        query = {"access_token": self.token, "type": kind}
        answer = await self.http.post(url, params=query, files={part: ("a.bin", data)})
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    platform = WeChatPlatform()
    platform.now = clock
    async with platform.running(), httpx2.AsyncClient(timeout=20) as http:
        api = Api(platform, http)
        api.token = (await api.stable_token())["access_token"]
        yield api


@pytest.fixture
def candidate(api: Api) -> Candidate:
    """Someone who follows the account and has just written."""
    candidate = api.platform.candidate(following=True)
    candidate.allowance.give("message")
    return candidate


async def test_a_plain_token_replaces_the_one_before_after_five_minutes(
    api: Api, candidate: Candidate, clock: Clock
) -> None:
    first = (await api.plain_token())["access_token"]
    second = await api.plain_token()
    assert second["access_token"] != first
    assert second["expires_in"] == 7200
    assert await api.say(candidate, access_token=first) == 0
    clock.move(299)
    assert await api.say(candidate, access_token=first) == 0
    clock.move(1)
    assert await api.say(candidate, access_token=first) == 40001
    assert await api.say(candidate, access_token=second["access_token"]) == 0
    assert await api.say(candidate, access_token=api.token) == 0, "the two kinds are apart"
    assert api.platform.calls["token"] == 2


async def test_tokens_run_out(api: Api, candidate: Candidate, clock: Clock) -> None:
    clock.move(7199)
    candidate.allowance.give("message")
    assert await api.say(candidate) == 0
    clock.move(1)
    assert await api.say(candidate) == 42001
    api.platform.token_seconds = 100
    assert (await api.stable_token())["expires_in"] == 100
    assert await api.say(candidate, access_token="invented") == 40001
    assert await api.say(candidate, access_token="") == 41001


async def test_a_stable_token_stays_until_five_minutes_before_its_end(
    api: Api, candidate: Candidate, clock: Clock
) -> None:
    clock.move(7200 - 301)
    assert await api.stable_token() == {"access_token": api.token, "expires_in": 301}
    clock.move(1)
    fresh = (await api.stable_token())["access_token"]
    assert fresh != api.token
    assert await api.say(candidate) == 0, "both are good while one replaces the other"
    assert await api.say(candidate, access_token=fresh) == 0


async def test_a_forced_token_ends_the_one_before(
    api: Api, candidate: Candidate, clock: Clock
) -> None:
    forced = (await api.stable_token(force_refresh=True))["access_token"]
    assert await api.say(candidate) == 40001
    assert await api.say(candidate, access_token=forced) == 0
    again = await api.stable_token(force_refresh=True)
    assert again["access_token"] == forced, "30 seconds lie between two forced refreshes"
    clock.move(30)
    assert (await api.stable_token(force_refresh=True))["access_token"] != forced


async def test_all_tokens_end_at_once(api: Api, candidate: Candidate) -> None:
    plain = (await api.plain_token())["access_token"]
    api.platform.expire_tokens()
    assert await api.say(candidate) == 42001
    assert await api.say(candidate, access_token=plain) == 42001
    api.token = (await api.stable_token())["access_token"]
    assert await api.say(candidate) == 0
    api.platform.expire_tokens(40001)
    assert await api.say(candidate) == 40001


async def test_who_asks_for_a_token_is_checked(api: Api) -> None:
    assert (await api.plain_token(secret="wrong"))["errcode"] == 40125
    assert (await api.plain_token(appid="wxother"))["errcode"] == 40013
    assert (await api.plain_token(grant_type="other"))["errcode"] == 40002
    assert (await api.stable_token(secret="wrong"))["errcode"] == 40125
    assert (await api.get("stable_token")).json()["errcode"] == 43002


async def test_an_account_without_stable_tokens() -> None:
    platform = WeChatPlatform(stable=False)
    async with platform.running(), httpx2.AsyncClient() as http:
        api = Api(platform, http)
        assert (await api.stable_token())["errcode"] == 40066
        assert (await api.plain_token())["expires_in"] == 7200


async def test_five_messages_in_48_hours_after_the_persons_own(
    api: Api, candidate: Candidate, clock: Clock
) -> None:
    assert [await api.say(candidate) for _ in range(6)] == [0] * 5 + [45047]
    candidate.allowance.give("message")
    assert candidate.allowance.left == 5, "it begins anew and does not add up"
    clock.move(48 * HOUR - 1)
    api.token = (await api.stable_token())["access_token"]
    assert await api.say(candidate) == 0
    clock.move(1)
    assert await api.say(candidate) == 45015
    assert len(candidate.history) == 6


@pytest.mark.parametrize("action", ["follow", "scan", "click"])
async def test_three_messages_in_a_minute_after_an_action(
    api: Api, clock: Clock, action: str
) -> None:
    candidate = api.platform.candidate(following=True)
    assert await api.say(candidate) == 45015, "nothing was done yet"
    candidate.allowance.give(action)
    assert [await api.say(candidate) for _ in range(4)] == [0] * 3 + [45047]
    candidate.allowance.give(action)
    clock.move(60)
    assert await api.say(candidate) == 45015


async def test_a_message_counts_against_what_ends_first(
    api: Api, candidate: Candidate, clock: Clock
) -> None:
    candidate.allowance.give("click")
    assert [await api.say(candidate) for _ in range(4)] == [0] * 4
    clock.move(60)
    assert candidate.allowance.left == 4
    assert [await api.say(candidate) for _ in range(5)] == [0] * 4 + [45047]


async def test_who_cannot_be_written_to(api: Api, candidate: Candidate) -> None:
    stranger = WeChatPlatform("wxffffffffffffffff").candidate()
    assert len(candidate.openid) == 28
    assert await api.say(stranger) == 40003
    candidate.following = False
    assert await api.say(candidate) == 43004
    assert candidate.history == []


async def test_texts_that_are_refused_cost_nothing(api: Api, candidate: Candidate) -> None:
    assert await api.say(candidate, "") == 44004
    assert await api.say(candidate, "字" * 682 + "abc") == 45002
    assert candidate.allowance.left == 5
    assert await api.say(candidate, "字" * 682 + "ab") == 0
    message = await candidate.next_message()
    assert (message.kind, message.via, len(message.text.encode())) == ("text", "custom", 2048)
    other = {"touser": candidate.openid, "msgtype": "sticker", "sticker": {}}
    assert (await api.post("message/custom/send", other))["errcode"] == 40008


async def test_escaped_characters_arrive_as_they_are_written(
    api: Api, candidate: Candidate
) -> None:
    body = {"touser": candidate.openid, "msgtype": "text", "text": {"content": "你\\u597d"}}
    url = f"{api.platform.url}/cgi-bin/message/custom/send?access_token={api.token}"
    await api.http.post(url, content=json.dumps(body).encode())
    assert (await candidate.next_message()).text == "\\u4f60\\u597d"
    await api.http.post(url, content=json.dumps(body, ensure_ascii=False).encode())
    assert (await candidate.next_message()).text == "你\\u597d"
    menu = {"button": [{"name": "开始", "type": "click", "key": "START"}]}
    url = url.replace("message/custom/send", "menu/create")
    answer = await api.http.post(url, content=json.dumps(menu).encode())
    assert answer.json()["errcode"] == 40033


async def test_trouble_on_the_platforms_side(api: Api, candidate: Candidate) -> None:
    api.platform.busy = 2
    assert [await api.say(candidate) for _ in range(3)] == [-1, -1, 0]
    api.platform.down = True
    assert (await api.get("menu/get")).status_code == 502
    api.platform.down = False
    assert len(candidate.history) == 1
    assert api.platform.calls["message/custom/send"] == 3


async def test_an_answer_that_is_late_or_lost(api: Api, candidate: Candidate) -> None:
    api.platform.lost = 1
    with pytest.raises(httpx2.RemoteProtocolError):
        await api.say(candidate, "1")
    assert (await candidate.next_message()).text == "1"
    api.platform.slow = 30
    late = asyncio.create_task(api.say(candidate, "2"))
    assert (await candidate.next_message()).text == "2"
    assert not late.done()
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)


async def test_files_are_checked_by_their_content(api: Api) -> None:
    assert (await api.upload("music", silent_amr(1)))["errcode"] == 40004
    assert (await api.upload("voice", picture()))["errcode"] == 40005
    assert (await api.upload("voice", b"RIFF....WAVE"))["errcode"] == 40005
    assert (await api.upload("image", silent_amr(1)))["errcode"] == 40005
    assert (await api.upload("voice", b""))["errcode"] == 44001
    assert (await api.upload("voice", silent_amr(1) + bytes(2 << 20)))["errcode"] == 40006
    assert (await api.upload("voice", silent_amr(1), part="file"))["errcode"] == 41005
    for data in (silent_amr(60), silent_mp3(59.9)):
        assert (await api.upload("voice", data))["type"] == "voice"
    for data in (silent_amr(60.02), silent_mp3(60.1)):
        assert (await api.upload("voice", data))["errcode"] == 45007


async def test_files_are_kept_for_three_days(api: Api, candidate: Candidate, clock: Clock) -> None:
    media_id = (await api.upload("voice", silent_amr(1)))["media_id"]
    got = await api.get("media/get", access_token=api.token, media_id=media_id)
    assert got.content == silent_amr(1)
    assert got.headers["content-type"] == "voice/amr"
    assert got.headers["content-disposition"] == f'attachment; filename="{media_id}.amr"'
    voice = {"touser": candidate.openid, "msgtype": "voice", "voice": {"media_id": media_id}}
    assert (await api.post("message/custom/send", voice))["errcode"] == 0
    message = await candidate.next_message()
    assert (message.kind, message.data) == ("voice", silent_amr(1))
    image = {"touser": candidate.openid, "msgtype": "image", "image": {"media_id": media_id}}
    assert (await api.post("message/custom/send", image))["errcode"] == 40007, "another type"
    clock.move(3 * DAY)
    api.token = (await api.stable_token())["access_token"]
    candidate.allowance.give("message")
    assert (await api.post("message/custom/send", voice))["errcode"] == 40007
    gone = await api.get("media/get", access_token=api.token, media_id=media_id)
    assert gone.json()["errcode"] == 40007


async def test_qr_codes(api: Api, clock: Clock) -> None:
    def code(scene: Any, action: str = "QR_STR_SCENE", **more: Any) -> dict[str, Any]:
        return {"action_name": action, "action_info": {"scene": {"scene_str": scene}}} | more

    answer = await api.post("qrcode/create", code("invite", expire_seconds=2_592_000))
    assert answer["expire_seconds"] == 2_592_000
    assert answer["url"].startswith("http://weixin.qq.com/q/")
    assert api.platform.codes.ticket("invite") == answer["ticket"]
    lasting = await api.post("qrcode/create", code("always", "QR_LIMIT_STR_SCENE"))
    assert "expire_seconds" not in lasting
    for body, errcode in [
        (code("a", expire_seconds=2_592_001), 40035),
        (code("a" * 65), 40053),
        (code(""), 40053),
        (code(7), 40053),
        (code("a", "QR_OTHER"), 40052),
    ]:
        assert (await api.post("qrcode/create", body))["errcode"] == errcode
    clock.move(2_592_000)
    assert api.platform.codes.ticket("always") == lasting["ticket"]
    with pytest.raises(AssertionError, match="too old"):
        api.platform.codes.ticket("invite")


async def test_menus(api: Api) -> None:
    start = {"name": "开始面谈", "type": "click", "key": "START"}
    page = {"name": "隐私说明", "type": "view", "url": "https://careers.example.test/"}
    assert (await api.get("menu/get", access_token=api.token)).json()["errcode"] == 46003
    for buttons, errcode in [
        ([], 40016),
        ([start] * 4, 40016),
        ([start | {"name": "字" * 6}], 40018),
        ([{"name": "a", "type": "click"}], 40019),
        ([start | {"key": "k" * 129}], 40019),
        ([{"name": "a", "type": "view"}], 40020),
        ([page | {"url": "careers.example.test"}], 40055),
        ([{"name": "a", "type": "dance"}], 40017),
        ([{"name": "a", "sub_button": [start] * 6}], 40023),
        ([{"name": "a", "sub_button": [start | {"name": "字" * 21}]}], 40025),
        ([{"name": "a", "sub_button": [{"name": "b", "sub_button": [start]}]}], 40022),
        ([{"name": "a", "sub_button": [start, page]}, page, start], 0),
    ]:
        answer = await api.post("menu/create", {"button": buttons})
        assert answer["errcode"] == errcode, buttons
    got = (await api.get("menu/get", access_token=api.token)).json()
    assert [one["name"] for one in got["menu"]["button"]] == ["a", "隐私说明", "开始面谈"]
    with pytest.raises(AssertionError, match="no button OTHER"):
        api.platform.candidate(following=True).click("OTHER")


async def test_the_library_in_use_understands_the_stand_in(api: Api, candidate: Candidate) -> None:
    await asyncio.to_thread(use_wechatpy, api.platform, candidate.openid)
    assert [message.kind for message in candidate.history] == ["text", "voice"]
    assert candidate.history[0].text == "你好"
    assert api.platform.calls["token"] == 2, "the second after the tokens ended"


def use_wechatpy(platform: WeChatPlatform, openid: str) -> None:
    """Everything Miantan does, by way of wechatpy."""
    base = f"{platform.url}/cgi-bin/"
    library = importlib.import_module("wechatpy.client")

    class Client(library.WeChatClient):  # type: ignore[misc, name-defined]
        API_BASE_URL = base

        def fetch_access_token(self) -> Any:
            query = {"grant_type": "client_credential", "appid": self.appid}
            return self._fetch_access_token(f"{base}token", query | {"secret": self.secret})

    client = Client(platform.appid, platform.secret, timeout=20)
    try:
        client.message.send_text(openid, "你好")
        platform.expire_tokens(40001)
        # As bytes: a file would be at its end when wechatpy repeats the request.
        media_id = client.media.upload("voice", ("a.amr", silent_amr(1)))["media_id"]
        assert client.media.download(media_id).content == silent_amr(1)
        client.message.send_voice(openid, media_id)
        scene = {"scene": {"scene_str": "invite"}}
        made = client.qrcode.create({"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene})
        assert made["ticket"]
        client.menu.create({"button": [{"name": "开始", "type": "click", "key": "START"}]})
        assert client.menu.get()["menu"]["button"][0]["key"] == "START"
        limits = importlib.import_module("wechatpy.exceptions").WeChatClientException
        with pytest.raises(limits, match="45002"):
            client.message.send_text(openid, "字" * 700)
    finally:
        client._http.close()
