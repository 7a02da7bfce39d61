"""Invitations by SMS, through any gateway that takes an HTTP request."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, StrictUndefined

from bot.invitations.base import Letter
from bot.invitations.message import Messages, checked
from connectors.base import PermanentError
from connectors.calling import Caller

METHODS = ("POST", "PUT", "GET")
BODY = '{"phone": {{ phone|tojson }}, "text": {{ text|tojson }}, "id": {{ id|tojson }}}'


@dataclass(frozen=True)
class Gateway:
    """How the gateway is asked. `body` is a template; with GET it is the address's query.

    `success` is a regular expression that an answer must match, besides a status of 2xx.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = BODY
    success: str = ""


def parse_headers(text: str) -> dict[str, str]:
    """The headers of MIANTAN_SMS_HEADERS; raises PermanentError, which does not show them."""
    try:
        headers = json.loads(text or "{}")
        "".join([*headers, *headers.values()]).encode("ascii")
    except (ValueError, TypeError, AttributeError):
        raise PermanentError(
            'MIANTAN_SMS_HEADERS is not a JSON object of texts; write it as {"X-Key": "…"}'
        ) from None
    return {str(name): str(value) for name, value in headers.items()}


class SmsSender:
    """Sends a letter's short words. The gateway is given an id that stays the same in repeats."""

    def __init__(self, gateway: Gateway, messages: Messages, allow_hosts: Sequence[str]) -> None:
        if gateway.method not in METHODS:
            raise PermanentError(f"MIANTAN_SMS_METHOD: use one of {', '.join(METHODS)}")
        self._gateway, self._messages = gateway, messages
        self._caller = Caller(allow_hosts, "the gateway does not accept MIANTAN_SMS_HEADERS")
        # What is filled in is no HTML: the template says how it is escaped, by tojson or urlencode.
        self._environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
        self._body(_EXAMPLE)
        try:
            self._success = re.compile(gateway.success)
        except re.error as error:
            raise PermanentError(f"MIANTAN_SMS_SUCCESS: {error}; correct it") from None

    def send(self, letter: Letter, key: str) -> str:
        words = {"phone": letter.contact.phone, "text": self._messages.short(letter), "id": key}
        body = self._body(words)
        url, headers = self._gateway.url, dict(self._gateway.headers)
        content: bytes | None = body.encode()
        if self._gateway.method == "GET":
            url, content = f"{url}{'&' if '?' in url else '?'}{body}", None
        elif "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = _type_of(body)
        receipt = self._caller.call(self._gateway.method, url, headers, content)
        if not self._success.search(receipt.answer):
            raise PermanentError(f"{receipt.detail}, but the answer is not MIANTAN_SMS_SUCCESS")
        return receipt.detail

    def _body(self, words: Mapping[str, str]) -> str:
        template = self._gateway.body
        return checked(
            "MIANTAN_SMS_BODY", lambda: self._environment.from_string(template).render(words)
        )


_EXAMPLE = {"phone": "+8613800000000", "text": "…", "id": "example"}


def _type_of(body: str) -> str:
    kind = "json" if body.lstrip().startswith(("{", "[")) else "x-www-form-urlencoded"
    return f"application/{kind}; charset=utf-8"
