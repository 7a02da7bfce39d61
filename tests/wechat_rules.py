"""The platform's rules: tokens, allowances, menus and QR codes, and the errors in its words."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MESSAGE_ALLOWANCE = (5, 48 * 3600.0)
EVENT_ALLOWANCE = (3, 60.0)
OVERLAP = 300.0
"""Seconds for which a replaced token is still good, and before whose end it is replaced."""
FORCED_APART = 30.0
"""Seconds between two forced refreshes; one that comes sooner gives the same token."""


class ApiError(Exception):
    """An error in the platform's words."""

    def __init__(self, code: int, text: str, **more: Any) -> None:
        super().__init__(text)
        self.code = code
        self.more = more


@dataclass
class Token:
    """An access token. From `ended` on it is answered with the code that is given."""

    text: str
    until: float
    ended: tuple[float, int] | None = None

    def fault(self, now: float, replaced: int) -> int:
        """The code it is refused with, or 0."""
        if self.ended and now >= self.ended[0]:
            return self.ended[1] or replaced
        return 42001 if now >= self.until else 0


@dataclass
class Tokens:
    """The access tokens given out. `bad` is the code for one that is not good."""

    now: Callable[[], float]
    bad: int
    seconds: float = 7200.0
    _all: dict[str, Token] = field(default_factory=dict)
    _current: dict[str, Token] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _forced: float | None = None

    def fresh(self, series: str = "plain", overlap: float = OVERLAP) -> dict[str, Any]:
        """A new token; the one before stays good for a while."""
        now, old = self.now(), self._current.get(series)
        if old and not old.ended:
            old.ended = (now + overlap, 0)
        token = Token(f"{next(self._numbers)}_{series}_" + "t" * 120, now + self.seconds)
        self._all[token.text] = self._current[series] = token
        return self._answer(token)

    def current(self, series: str, early: float) -> dict[str, Any]:
        """The current token while it has more than some seconds left, else a new one."""
        token = self._current.get(series)
        if token and not token.ended and token.until - self.now() > early:
            return self._answer(token)
        return self.fresh(series)

    def forced(self, series: str) -> dict[str, Any]:
        """A new token; the one before is good no more."""
        last, self._forced = self._forced, self.now()
        if last is not None and self._forced - last < FORCED_APART:
            self._forced = last
            return self.current(series, OVERLAP)
        return self.fresh(series, overlap=0)

    def end_all(self, code: int) -> None:
        for token in self._all.values():
            token.ended = (self.now(), code)

    def check(self, text: str | None) -> None:
        if not text:
            raise ApiError(41001, "access_token missing")
        token = self._all.get(text)
        code = token.fault(self.now(), self.bad) if token else self.bad
        if code == 42001:
            raise ApiError(code, "access_token expired")
        if code:
            raise ApiError(code, "invalid credential, access_token is invalid or not latest")

    def _answer(self, token: Token) -> dict[str, Any]:
        return {"access_token": token.text, "expires_in": math.ceil(token.until - self.now())}


@dataclass
class Allowance:
    """How many messages the account may still send to someone, and until when.

    Each action of the person has its own count, which begins anew when the action is done again.
    A message counts against the one that ends first.
    """

    now: Callable[[], float]
    _given: dict[str, tuple[int, float]] = field(default_factory=dict)

    def give(self, action: str) -> None:
        count, seconds = MESSAGE_ALLOWANCE if action == "message" else EVENT_ALLOWANCE
        self._given[action] = (count, self.now() + seconds)

    def end(self) -> None:
        self._given.clear()

    @property
    def left(self) -> int:
        return sum(count for count, until in self._given.values() if self.now() < until)

    def take(self) -> None:
        now = self.now()
        open_ = {name: given for name, given in self._given.items() if now < given[1]}
        if not open_:
            raise ApiError(45015, "response out of time limit or subscription is canceled")
        usable = {name: given for name, given in open_.items() if given[0]}
        if not usable:
            raise ApiError(45047, "out of response count limit")
        name = min(usable, key=lambda one: usable[one][1])
        count, until = usable[name]
        self._given[name] = (count - 1, until)


def check_menu(body: dict[str, Any], sub_name_bytes: int = 60) -> None:
    """Refuse a menu that the platform refuses."""
    buttons = body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40016, "invalid button size")
    for button in buttons:
        _check_size(button.get("name"), 16, 40018, "invalid button name size")
        below = button.get("sub_button")
        if not below:
            _check_button(button, 40017, 40019, 40020, "button")
            continue
        if len(below) > 5:
            raise ApiError(40023, "invalid sub button size")
        for one in below:
            if one.get("sub_button"):
                raise ApiError(40022, "invalid sub button level")
            _check_size(one.get("name"), sub_name_bytes, 40025, "invalid sub button name size")
            _check_button(one, 40024, 40026, 40027, "sub button")


def menu_keys(body: dict[str, Any]) -> set[str]:
    """The keys of a menu's buttons."""
    below = [one for button in body["button"] for one in button.get("sub_button") or []]
    return {one["key"] for one in [*body["button"], *below] if "key" in one}


def _check_button(
    button: dict[str, Any], kind_code: int, key_code: int, url_code: int, name: str
) -> None:
    if button.get("type") == "click":
        _check_size(button.get("key"), 128, key_code, f"invalid {name} key size")
    elif button.get("type") == "view":
        _check_size(button.get("url"), 1024, url_code, f"invalid {name} url size")
        if not str(button["url"]).startswith(("http://", "https://")):
            raise ApiError(40055, f"invalid {name} url domain")
    else:
        raise ApiError(kind_code, f"invalid {name} type")


def _check_size(value: object, size: int, code: int, text: str) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= size:
        raise ApiError(code, text)


@dataclass(frozen=True)
class Code:
    """A QR code."""

    ticket: str
    scene: str
    until: float | None


@dataclass
class Codes:
    """The account's QR codes. `now` gives the platform's time."""

    now: Callable[[], float]
    all: list[Code] = field(default_factory=list)

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        action, seconds = body.get("action_name"), body.get("expire_seconds", 60)
        if action not in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
            raise ApiError(40052, "invalid action name")
        scene = ((body.get("action_info") or {}).get("scene") or {}).get("scene_str")
        if not isinstance(scene, str) or not 1 <= len(scene) <= 64:
            raise ApiError(40053, "invalid action info")
        if type(seconds) is not int or not 1 <= seconds <= 2_592_000:
            raise ApiError(40035, "invalid parameter expire_seconds")
        lasting = action == "QR_LIMIT_STR_SCENE"
        code = self._add(scene, None if lasting else self.now() + seconds)
        answer = {"ticket": code.ticket, "url": f"http://weixin.qq.com/q/{code.ticket[:20]}"}
        return answer if lasting else answer | {"expire_seconds": seconds}

    def ticket(self, scene: str) -> str:
        """The ticket of a code that can be scanned. One that was not made here is an old one."""
        found = [code for code in self.all if code.scene == scene]
        good = [code for code in found if code.until is None or self.now() < code.until]
        if found and not good:
            raise AssertionError(f"the QR code for {scene} is too old")
        return (good[-1] if good else self._add(scene, None)).ticket

    def _add(self, scene: str, until: float | None) -> Code:
        self.all.append(Code(f"gQ{len(self.all) + 1:04d}" + "T" * 90, scene, until))
        return self.all[-1]
