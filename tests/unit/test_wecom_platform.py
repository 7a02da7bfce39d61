"""The stand-in for WeCom keeps the platform's rules: tokens, sends, files, menus."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.wechat_media import silent_amr, silent_mp3
from tests.wechat_people import Member
from tests.wechat_platform import WeComPlatform


class Api:
    """The application's calls to the platform."""

    def __init__(self, platform: WeComPlatform, http: httpx2.AsyncClient) -> None:
        self.platform = platform
        self.http = http
        self.token = ""

    async def gettoken(self, **other: str) -> dict[str, Any]:
        query = {"corpid": self.platform.corpid, "corpsecret": self.platform.secret} | other
        answer = await self.http.get(f"{self.platform.url}/cgi-bin/gettoken", params=query)
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, path: str, body: Any, **query: Any) -> dict[str, Any]:
        query.setdefault("access_token", self.token)
        url = f"{self.platform.url}/cgi-bin/{path}"
        answer = await self.http.post(url, json=body, params=query)
        found: dict[str, Any] = answer.json()
        return found

    async def say(self, touser: str, text: str = "你好", **other: Any) -> dict[str, Any]:
        body = {"touser": touser, "agentid": self.platform.agentid, "msgtype": "text"}
        return await self.post("message/send", body | {"text": {"content": text}} | other)

    async def upload(self, data: bytes, kind: str = "voice") -> dict[str, Any]:
        url = f"{self.platform.url}/cgi-bin/media/upload"
        query = {"access_token": self.token, "type": kind}
        answer = await self.http.post(url, params=query, files={"media": ("a.bin", data)})
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    platform = WeComPlatform()
    async with platform.running(), httpx2.AsyncClient(timeout=20) as http:
        api = Api(platform, http)
        api.token = (await api.gettoken())["access_token"]
        yield api


@pytest.fixture
def member(api: Api) -> Member:
    return api.platform.candidate()


async def test_tokens(api: Api, member: Member) -> None:
    at = api.platform.now()
    api.platform.now = lambda: at
    again = await api.gettoken()
    assert again["access_token"] == api.token, "it is the same until it runs out"
    assert (again["errcode"], again["expires_in"]) == (0, pytest.approx(7200, abs=60))
    assert (await api.gettoken(corpsecret="wrong"))["errcode"] == 40001
    assert (await api.gettoken(corpid="wwother"))["errcode"] == 40013
    api.platform.now = lambda: at + 7200
    assert (await api.say(member.userid))["errcode"] == 42001
    api.token = (await api.gettoken())["access_token"]
    assert (await api.say(member.userid))["errcode"] == 0
    api.platform.expire_tokens()
    assert (await api.say(member.userid))["errcode"] == 42001
    api.token = "invented"
    assert (await api.say(member.userid))["errcode"] == 40014
    assert api.platform.calls["gettoken"] == 5


async def test_who_is_written_to(api: Api, member: Member) -> None:
    other = api.platform.candidate("LiMing")
    sent = await api.say(f"{member.userid}|liming|Nobody")
    assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
    assert sent["msgid"]
    assert [len(one.history) for one in (member, other)] == [1, 1]
    assert (await member.next_message()).via == "custom"
    wrong = await api.say("Nobody|Nemo")
    assert (wrong["errcode"], wrong["invaliduser"]) == (81013, "nobody|nemo")
    assert (await api.say("@all"))["errcode"] == 0
    assert [len(one.history) for one in (member, other)] == [2, 2]
    assert (await api.say(member.userid, agentid=7))["errcode"] == 40056


async def test_no_allowance_is_needed_but_not_too_often(api: Api, member: Member) -> None:
    codes = [(await api.say(member.userid))["errcode"] for _ in range(8)]
    assert codes == [0] * 8
    api.platform.too_often = 1
    assert (await api.say(member.userid))["errcode"] == 45009
    at = api.platform.now()
    api.platform.per_minute, api.platform.now = 9, lambda: at
    codes = [(await api.say(member.userid))["errcode"] for _ in range(2)]
    assert codes == [0, 45009]
    api.platform.now = lambda: at + 60
    assert (await api.say(member.userid))["errcode"] == 0
    api.platform.busy = 1
    assert (await api.say(member.userid))["errcode"] == -1


async def test_a_long_text_is_cut(api: Api, member: Member) -> None:
    long = "字" * 700
    assert (await api.say(member.userid, long))["errcode"] == 0
    assert (await member.next_message()).text == "字" * 682
    assert api.platform.cut == [long]
    assert (await api.say(member.userid, ""))["errcode"] == 44004


async def test_voice_is_amr_only(api: Api, member: Member) -> None:
    assert (await api.upload(silent_mp3(1)))["errcode"] == 40004
    assert (await api.upload(silent_amr(1), "music"))["errcode"] == 40005
    assert (await api.upload(silent_amr(61)))["errcode"] == 45007
    made = await api.upload(silent_amr(1))
    assert (made["errcode"], made["type"], type(made["created_at"])) == (0, "voice", str)
    voice = {"media_id": made["media_id"]}
    assert (await api.say(member.userid, msgtype="voice", voice=voice))["errcode"] == 0
    assert (await member.next_message()).data == silent_amr(1)
    assert (await api.say(member.userid, msgtype="voice", voice={}))["errcode"] == 40007


async def test_menus_belong_to_the_application(api: Api) -> None:
    menu = {"button": [{"name": "开始", "type": "click", "key": "START"}]}
    assert (await api.post("menu/create", menu))["errcode"] == 41011
    assert (await api.post("menu/create", menu, agentid=7))["errcode"] == 40056
    agentid = api.platform.agentid
    assert (await api.post("menu/create", menu, agentid=agentid))["errcode"] == 0
    query = {"access_token": api.token, "agentid": str(agentid)}
    got = await api.http.get(f"{api.platform.url}/cgi-bin/menu/get", params=query)
    assert got.json()["button"][0]["key"] == "START"


async def test_the_library_in_use_understands_the_stand_in(api: Api, member: Member) -> None:
    await asyncio.to_thread(use_wechatpy, api.platform, member.userid)
    assert [message.kind for message in member.history] == ["text", "voice"]


def use_wechatpy(platform: WeComPlatform, userid: str) -> None:
    """Everything Miantan does, by way of wechatpy."""
    base = f"{platform.url}/cgi-bin/"
    library = importlib.import_module("wechatpy.enterprise")

    class Client(library.WeChatClient):  # type: ignore[misc, name-defined]
        API_BASE_URL = base

        def fetch_access_token(self) -> Any:
            query = {"corpid": self.corp_id, "corpsecret": self.secret}
            return self._fetch_access_token(f"{base}gettoken", query)

    client = Client(platform.corpid, platform.secret, timeout=20)
    try:
        client.message.send_text(platform.agentid, userid, "你好")
        platform.expire_tokens()
        media_id = client.media.upload("voice", ("a.amr", silent_amr(1)))["media_id"]
        # `client.media.download` would ask Tencent's own address.
        got = client.get("media/get", params={"media_id": media_id})
        assert got.content == silent_amr(1)
        client.message.send_voice(platform.agentid, userid, media_id)
        refused = importlib.import_module("wechatpy.exceptions").WeChatClientException
        with pytest.raises(refused, match="81013"):
            client.message.send_text(platform.agentid, "Nobody", "你好")
    finally:
        client._http.close()
