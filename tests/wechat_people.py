"""The candidates' side of the stand-ins for WeChat and WeCom: what people do on their phones."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.wechat_media import picture, silent_amr, silent_mp3
from tests.wechat_rules import Allowance
from tests.wechat_wire import Fields

if TYPE_CHECKING:
    from tests.wechat_platform import WeChatPlatform, WeComPlatform
    from tests.wechat_push import Push, Pushing

PATIENCE = 20.0
"""Seconds a test waits for something that must come."""


@dataclass(frozen=True)
class Received:
    """A message as a candidate sees it.

    `via` tells whether it was the answer to a push (`passive`) or sent through the API
    (`custom`). `data` is the file of a voice message, an image or a video; `choices` maps the
    lines of a message's menu to their ids.
    """

    kind: str
    text: str
    via: str
    media_id: str = ""
    data: bytes = b""
    choices: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)


class Person:
    """Someone with WeChat or WeCom on the phone. Each action gives the push it leads to."""

    menu_events = ("CLICK", "VIEW")

    def __init__(self, platform: "Pushing", openid: str) -> None:
        self.platform = platform
        self.openid = openid
        self.history: list[Received] = []
        self.failures: list[str] = []
        """What the platform said where the account's answer was missing or wrong."""
        self._unread: asyncio.Queue[Received] = asyncio.Queue()

    # What the person sees.

    @property
    def reachable(self) -> bool:
        """Whether anything can be shown to them."""
        return True

    def receive(self, message: Received) -> None:
        if self.reachable:
            self.history.append(message)
            self._unread.put_nowait(message)

    def fail(self, text: str) -> None:
        if self.reachable:
            self.failures.append(text)

    async def next_message(self, seconds: float = PATIENCE) -> Received:
        """The next message not yet looked at."""
        async with asyncio.timeout(seconds):
            return await self._unread.get()

    async def no_message(self, seconds: float = 0.3) -> None:
        """Nothing arrives for a moment."""
        with contextlib.suppress(TimeoutError):
            message = await self.next_message(seconds)
            raise AssertionError(f"unexpected message: {message.text or message.kind}")

    # What the person does.

    def say(self, text: str) -> "Push":
        return self.send("text", {"Content": text})

    def voice(self, data: bytes | None = None, format: str = "amr") -> "Push":
        """Send a voice message: two seconds of silence where nothing is given."""
        return self.send("voice", self._voice(data, format))

    def image(self, data: bytes | None = None) -> "Push":
        media = self.platform.media.add("image", data or picture(), "jpg")
        url = f"http://mmbiz.example.test/mmbiz_jpg/{media.id}/0"
        return self.send("image", {"PicUrl": url, "MediaId": media.id})

    def video(self, data: bytes = b"\x00\x00\x00\x18ftypmp42") -> "Push":
        return self.send("video", self._video(data))

    def location(
        self, x: float = 23.134521, y: float = 113.358803, scale: int = 20, label: str = "地铁站"
    ) -> "Push":
        """Send a place: latitude, longitude, how near the map is, and the place's name."""
        place: dict[str, str | int | float] = {"Location_X": x, "Location_Y": y}
        return self.send("location", place | {"Scale": scale, "Label": label})

    def link(
        self,
        title: str = "作品集",
        description: str = "三个项目",
        url: str = "https://portfolio.example.test/",
    ) -> "Push":
        return self.send("link", {"Title": title, "Description": description, "Url": url})

    def view(self, url: str) -> "Push":
        """Open a page from the menu."""
        return self.event(self.menu_events[1], {"EventKey": url})

    def click(self, key: str) -> "Push":
        """Tap a button of the menu."""
        keys = self.platform.menu_keys
        assert keys is None or key in keys, f"there is no button {key} in the menu"
        return self.event(self.menu_events[0], {"EventKey": key})

    def locate(
        self, latitude: float = 23.137466, longitude: float = 113.352425, precision: float = 119.385
    ) -> "Push":
        """Let the phone tell where it is, as happens when an account may know."""
        place = {"Latitude": latitude, "Longitude": longitude, "Precision": precision}
        return self.event("LOCATION", place)

    def send(self, kind: str, content: Fields, behind: Fields | None = None) -> "Push":
        """Send a message of any kind; `behind` comes after its id."""
        number = {"MsgId": self.platform.next_number()}
        return self._push(kind, {**content, **number, **(behind or {})})

    def event(self, name: str, content: Fields | None = None) -> "Push":
        """Do something that the platform tells the account of."""
        return self._push("event", {"Event": name, **(content or {})})

    def repeat(self, push: "Push") -> "Push":
        """The platform gives a push once more, as happens when an answer was lost."""
        return self.platform.push(self, push.fields)

    def _push(self, kind: str, content: Fields) -> "Push":
        head: dict[str, str | int | float] = {
            "ToUserName": self.platform.account,
            "FromUserName": self.openid,
            "CreateTime": int(self.platform.now()),
            "MsgType": kind,
        }
        return self.platform.push(self, head | dict(content))

    def _voice(self, data: bytes | None, format: str) -> dict[str, str]:
        silent = silent_mp3(2) if format == "mp3" else silent_amr(2)
        media = self.platform.media.add("voice", silent if data is None else data, format)
        return {"MediaId": media.id, "Format": format}

    def _video(self, data: bytes) -> dict[str, str]:
        media = self.platform.media.add("video", data, "mp4")
        thumb = self.platform.media.add("thumb", picture(), "jpg")
        return {"MediaId": media.id, "ThumbMediaId": thumb.id}


class Candidate(Person):
    """Someone with WeChat. Only who follows the account can write to it and hear from it."""

    platform: "WeChatPlatform"

    def __init__(self, platform: "WeChatPlatform", openid: str, following: bool = False) -> None:
        super().__init__(platform, openid)
        self.following = following
        self.allowance = Allowance(lambda: platform.now())

    @property
    def reachable(self) -> bool:
        return self.following

    def follow(self, scene: str | None = None) -> "Push":
        """Follow the account, from a QR code where a scene is given."""
        assert not self.following, "already following"
        content = {"EventKey": ""}
        if scene is not None:
            ticket = self.platform.codes.ticket(scene)
            content = {"EventKey": f"qrscene_{scene}", "Ticket": ticket}
        self.following = True
        self.allowance.give("follow")
        return self.event("subscribe", content)

    def unfollow(self) -> "Push":
        self.following = False
        self.allowance.end()
        return self.event("unsubscribe", {"EventKey": ""})

    def scan(self, scene: str) -> "Push":
        """Scan a QR code. Who does not follow yet is led to following."""
        if not self.following:
            return self.follow(scene)
        ticket = self.platform.codes.ticket(scene)
        self.allowance.give("scan")
        return self.event("SCAN", {"EventKey": scene, "Ticket": ticket})

    def click(self, key: str) -> "Push":
        self._check_following()
        push = super().click(key)
        self.allowance.give("click")
        return push

    def voice(self, data: bytes | None = None, format: str = "amr") -> "Push":
        content = self._voice(data, format)
        finer = self._voice(data, format)["MediaId"]
        return self.send("voice", content, {"MediaId16K": finer, "Recognition": ""})

    def shortvideo(self, data: bytes = b"\x00\x00\x00\x18ftypmp42") -> "Push":
        return self.send("shortvideo", self._video(data))

    def choose(self, label: str) -> "Push":
        """Tap a line of the last message with a menu: its words are sent."""
        for message in reversed(self.history):
            if label in message.choices:
                chosen = {"bizmsgmenuid": message.choices[label]}
                return self.send("text", {"Content": label}, chosen)
        raise AssertionError(f"there is no line {label}")

    def template_done(self, status: str = "success") -> "Push":
        """A template message reached the phone."""
        number = self.platform.next_number()
        return self.event("TEMPLATESENDJOBFINISH", {"MsgID": number, "Status": status})

    def send(self, kind: str, content: Fields, behind: Fields | None = None) -> "Push":
        self._check_following()
        self.allowance.give("message")
        return super().send(kind, content, behind)

    def _check_following(self) -> None:
        assert self.following, "only who follows the account can do this"


class Member(Person):
    """Someone of the company, with WeCom."""

    platform: "WeComPlatform"
    menu_events = ("click", "view")

    @property
    def userid(self) -> str:
        return self.openid

    def follow(self) -> "Push":
        return self.event("subscribe")

    def unfollow(self) -> "Push":
        return self.event("unsubscribe")

    def enter(self) -> "Push":
        """Open the conversation with the application."""
        return self.event("enter_agent", {"EventKey": ""})

    def location(
        self, x: float = 23.134521, y: float = 113.358803, scale: int = 20, label: str = "地铁站"
    ) -> "Push":
        place: dict[str, str | int | float] = {"Location_X": x, "Location_Y": y}
        place |= {"Scale": scale, "Label": label}
        return self.send("location", place, {"AppType": "wxwork"})

    def link(
        self,
        title: str = "作品集",
        description: str = "三个项目",
        url: str = "https://portfolio.example.test/",
    ) -> "Push":
        content = {"Title": title, "Description": description, "Url": url}
        return self.send("link", content | {"PicUrl": "https://portfolio.example.test/p.png"})

    def _push(self, kind: str, content: Fields) -> "Push":
        return super()._push(kind, {**content, "AgentID": self.platform.agentid})
