"""Stand-ins for WeChat official accounts and WeCom: HTTP servers that keep the platforms' rules.

`WeChatPlatform` follows https://developers.weixin.qq.com/doc/service/ and `WeComPlatform`
https://developer.work.weixin.qq.com/document/ as far as Miantan uses them. Both have the
candidates' side: `candidate.follow()`, `candidate.say(…)`, `await candidate.next_message()`.
"""

import base64
import hashlib
from typing import Any, ClassVar

from starlette.requests import Request

from tests.wechat_media import Media
from tests.wechat_people import Candidate, Member
from tests.wechat_push import TEXT_BYTES
from tests.wechat_rules import OVERLAP, ApiError, Codes
from tests.wechat_server import Answer, Platform
from tests.wechat_wire import new_aes_key, render


class WeChatPlatform(Platform):
    """The platform with one official account. `stable` is whether it knows stable tokens."""

    formats: ClassVar = {"voice": ("amr", "mp3"), "image": ("jpg", "png", "gif")}

    def __init__(
        self,
        appid: str = "wx0123456789abcdef",
        secret: str = "stand-in-secret",
        token: str = "StandInToken",
        aes_key: str | None = None,
        stable: bool = True,
    ) -> None:
        account = "gh_" + hashlib.sha256(appid.encode()).hexdigest()[:12]
        super().__init__(account, appid, secret, token, aes_key)
        self.appid = appid
        self.codes = Codes(lambda: self.now())
        self.candidates: dict[str, Candidate] = {}
        self._handlers |= {
            "token": ("GET", self._on_token),
            "message/custom/send": ("POST", self._on_send),
            "qrcode/create": ("POST", self._on_qrcode),
        }
        if stable:
            self._handlers["stable_token"] = ("POST", self._on_stable_token)

    def candidate(self, following: bool = False) -> Candidate:
        seed = f"{self.appid} {len(self.candidates)}".encode()
        openid = "o" + base64.urlsafe_b64encode(hashlib.sha256(seed).digest()).decode()[:27]
        self.candidates[openid] = Candidate(self, openid, following)
        return self.candidates[openid]

    async def _on_token(self, request: Request) -> Answer:
        self._check_secret(dict(request.query_params))
        return self.tokens.fresh()

    async def _on_stable_token(self, request: Request) -> Answer:
        body = await self._json(request)
        self._check_secret(body)
        if body.get("force_refresh") is True:
            return self.tokens.forced("stable")
        return self.tokens.current("stable", early=OVERLAP)

    def _check_secret(self, given: dict[str, Any]) -> None:
        if given.get("grant_type") != "client_credential":
            raise ApiError(40002, "invalid grant_type")
        if given.get("appid") != self.appid:
            raise ApiError(40013, "invalid appid")
        if given.get("secret") != self.secret:
            raise ApiError(self.bad_secret, "invalid appsecret")

    async def _on_send(self, request: Request) -> Answer:
        self._check_token(request)
        body = await self._json(request)
        self._check_busy()
        candidate = self.candidates.get(str(body.get("touser")))
        if candidate is None:
            raise ApiError(40003, "invalid openid")
        if not candidate.following:
            raise ApiError(43004, "require subscribe")
        message = self._message(body)
        candidate.allowance.take()
        candidate.receive(message)
        return await self._sent({"errcode": 0, "errmsg": "ok"})

    async def _on_qrcode(self, request: Request) -> Answer:
        self._check_token(request)
        return self.codes.create(await self._json(request))


class WeComPlatform(Platform):
    """WeCom with one company and one application. Messages are always encrypted."""

    plain_signature = False
    bad_token = 40014
    bad_secret = 40001
    formats: ClassVar = {"voice": ("amr",), "image": ("jpg", "png")}
    wrong_type, wrong_content = 40005, 40004
    sub_name_bytes = 40

    def __init__(
        self,
        corpid: str = "ww0123456789abcdef",
        secret: str = "stand-in-secret",
        token: str = "StandInToken",
        aes_key: str | None = None,
        agentid: int = 1000002,
    ) -> None:
        super().__init__(corpid, corpid, secret, token, aes_key or new_aes_key())
        self.corpid = corpid
        self.agentid = agentid
        self.members: dict[str, Member] = {}
        self.too_often = 0
        """How many of the next sends are answered with errcode 45009."""
        self.per_minute: int | None = None
        """How many sends the application may make in a minute."""
        self.cut: list[str] = []
        """The texts that were too long: WeCom shows their beginning."""
        self._sends: list[float] = []
        self._handlers |= {
            "gettoken": ("GET", self._on_gettoken),
            "message/send": ("POST", self._on_send),
        }

    def candidate(self, userid: str | None = None) -> Member:
        member = Member(self, userid or f"Candidate{len(self.members) + 1:02d}")
        self.members[member.userid.lower()] = member
        return member

    def _envelope(self, sealed: str) -> str:
        agent = str(self.agentid)
        return render({"ToUserName": self.corpid, "AgentID": agent, "Encrypt": sealed})

    async def _on_menu_create(self, request: Request) -> Answer:
        self._check_agent(request.query_params.get("agentid"))
        return await super()._on_menu_create(request)

    async def _on_menu_get(self, request: Request) -> Answer:
        self._check_agent(request.query_params.get("agentid"))
        return await super()._on_menu_get(request)

    def _menu_answer(self, buttons: list[dict[str, Any]]) -> Answer:
        return {"errcode": 0, "errmsg": "ok", "button": buttons}

    def _upload_answer(self, media: Media) -> Answer:
        made = {"media_id": media.id, "created_at": str(int(media.made))}
        return {"errcode": 0, "errmsg": "ok", "type": media.kind} | made

    def _check_agent(self, agentid: object) -> None:
        if agentid is None:
            raise ApiError(41011, "missing agentid")
        if str(agentid) != str(self.agentid):
            raise ApiError(40056, "invalid agentid")

    async def _on_gettoken(self, request: Request) -> Answer:
        if request.query_params.get("corpid") != self.corpid:
            raise ApiError(40013, "invalid corpid")
        if request.query_params.get("corpsecret") != self.secret:
            raise ApiError(self.bad_secret, "invalid credential")
        return {"errcode": 0, "errmsg": "ok"} | self.tokens.current("corp", early=0)

    async def _on_send(self, request: Request) -> Answer:
        self._check_token(request)
        body = await self._json(request)
        self._check_busy()
        self._check_often()
        self._check_agent(body.get("agentid"))
        message = self._message(body)
        names = [name for name in str(body.get("touser", "")).split("|") if name]
        found = {name.lower(): self.members.get(name.lower()) for name in names}
        if names == ["@all"]:
            found = dict(self.members)
        unknown = {"invaliduser": "|".join(name for name in found if not found[name])}
        if not any(found.values()):
            raise ApiError(81013, "user & party & tag all invalid", **unknown)
        for member in filter(None, found.values()):
            member.receive(message)
        number = {"msgid": f"msg-{self.next_number()}"}
        return await self._sent({"errcode": 0, "errmsg": "ok"} | unknown | number)

    def _check_often(self) -> None:
        now = self.now()
        self._sends = [at for at in self._sends if now - at < 60]
        if self.too_often:
            self.too_often -= 1
        elif self.per_minute is None or len(self._sends) < self.per_minute:
            self._sends.append(now)
            return
        raise ApiError(45009, "api freq out of limit")

    def _text(self, text: object) -> str:
        """WeCom takes a text that is too long and shows its first 2,048 bytes."""
        if isinstance(text, str) and len(text.encode()) > TEXT_BYTES:
            self.cut.append(text)
            text = text.encode()[:TEXT_BYTES].decode(errors="ignore")
        return super()._text(text)
