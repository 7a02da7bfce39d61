"""Invitations by SMS, through an HTTP gateway on loopback."""

import json
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.invitations.base import Letter
from bot.invitations.message import EXAMPLES, Messages
from bot.invitations.sms import BODY, Gateway, SmsSender, parse_headers
from bot.storage.invitations import Contact
from connectors.base import AuthenticationError, DeliveryError, PermanentError, RetryableError
from tests.unit.test_webhook_connector import Receiver, receiver

__all__ = ["receiver"]
KEY = "5f0c2f3b0b7a4d6f9a51c0ffee000001"
PHONE = "+8613800000000"
FORM = "mobile={{ phone|urlencode }}&content={{ text|urlencode }}&sn={{ id }}"


def letter(name: str = "候选人甲", phone: str = PHONE) -> Letter:
    return Letter(**{**vars(EXAMPLES[0]), "contact": Contact(name=name, phone=phone)})


def sender(gateway: Gateway, *allowed: str) -> SmsSender:
    return SmsSender(gateway, Messages(None, ZoneInfo("UTC")), allowed)


def send(gateway: Gateway) -> str:
    return sender(gateway, "127.0.0.1").send(letter(), KEY)


def failure(gateway: Gateway) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(gateway)
    for content in (PHONE, "13800000000", "候选人甲", "secret"):
        assert content not in str(caught.value)
    return caught.value


def test_json(receiver: Receiver) -> None:
    headers = parse_headers('{"X-Key": "secret", "X-Sign": "example"}')
    assert send(Gateway(receiver.url, headers=headers)) == "HTTP 200"
    [(path, sent, body)] = receiver.requests
    assert path == "/hooks/results?team=a"
    assert (sent["X-Key"], sent["X-Sign"]) == ("secret", "example")
    assert sent["Content-Type"] == "application/json; charset=utf-8"
    found = json.loads(body)
    assert (found["phone"], found["id"]) == (PHONE, KEY)
    assert found["text"].startswith("候选人甲，您好！")


def test_a_form(receiver: Receiver) -> None:
    send(Gateway(receiver.url, body=FORM))
    [(_, sent, body)] = receiver.requests
    assert sent["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    found = parse_qs(body.decode())
    assert found["mobile"] == [PHONE]
    assert "候选人甲" in found["content"][0]


def test_a_query(receiver: Receiver) -> None:
    send(Gateway(receiver.url, method="GET", body=FORM))
    [(path, _, body)] = receiver.requests
    assert body == b""
    found = parse_qs(urlsplit(path).query)
    assert (found["team"], found["mobile"], found["sn"]) == (["a"], [PHONE], [KEY])


def test_the_gateways_own_type_of_content(receiver: Receiver) -> None:
    send(Gateway(receiver.url, headers={"content-type": "application/vnd.example+json"}))
    assert receiver.requests[0][1]["content-type"] == "application/vnd.example+json"


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_is_filled_in_stays_one_value(name: str) -> None:
    made = sender(Gateway("http://example.com", body=BODY))
    body = made._body({"phone": PHONE, "text": name, "id": KEY})
    assert json.loads(body) == {"phone": PHONE, "text": name, "id": KEY}
    form = sender(Gateway("http://example.com", body=FORM))
    found = form._body({"phone": PHONE, "text": name, "id": KEY})
    assert parse_qs(found, keep_blank_values=True)["content"] == [name]


# What the gateway answers


def test_success_is_in_the_answer(receiver: Receiver) -> None:
    gateway = Gateway(receiver.url, success=r'"code":\s*0\b')
    receiver.body = b'{"code": 0, "id": 7}'
    assert send(gateway) == "HTTP 200"
    receiver.body = b'{"code": 1003, "message": "no funds for +8613800000000"}'
    error = failure(gateway)
    assert type(error) is PermanentError
    assert str(error) == "HTTP 200, but the answer is not MIANTAN_SMS_SUCCESS"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, RetryableError),
        (503, RetryableError),
        (400, PermanentError),
        (404, PermanentError),
        (302, PermanentError),
        (401, AuthenticationError),
        (403, AuthenticationError),
    ],
)
def test_errors(receiver: Receiver, status: int, kind: type[DeliveryError]) -> None:
    receiver.status, receiver.body = status, PHONE.encode()
    receiver.headers = {"Retry-After": "30", "Location": "/elsewhere"}
    error = failure(Gateway(receiver.url))
    assert type(error) is kind
    if isinstance(error, RetryableError):
        assert error.after == 30
    if isinstance(error, AuthenticationError):
        assert "MIANTAN_SMS_HEADERS" in str(error)
    assert len(receiver.requests) == 1


def test_private_addresses_are_refused_unless_allowed(receiver: Receiver) -> None:
    with pytest.raises(PermanentError, match="private address; add it to MIANTAN_ALLOW_HOSTS"):
        sender(Gateway(receiver.url)).send(letter(), KEY)
    assert receiver.requests == []


# Settings


@pytest.mark.parametrize(
    ("text", "headers"),
    [("", {}), ("{}", {}), ('{"Authorization": "Bearer x"}', {"Authorization": "Bearer x"})],
)
def test_headers(text: str, headers: dict[str, str]) -> None:
    assert parse_headers(text) == headers


@pytest.mark.parametrize(
    "text",
    ["secret", "[]", '["secret"]', '{"X": 1}', '{"X": {"Y": "secret"}}', '{"X": "密secret"}'],
)
def test_wrong_headers(text: str) -> None:
    with pytest.raises(PermanentError, match="MIANTAN_SMS_HEADERS") as caught:
        parse_headers(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"method": "DELETE"}, "MIANTAN_SMS_METHOD: use one of POST, PUT, GET"),
        ({"body": "{{ phone"}, "MIANTAN_SMS_BODY, line 1: "),
        ({"body": "{{ mobile }}"}, "MIANTAN_SMS_BODY: 'mobile' is undefined; correct it"),
        ({"success": "("}, "MIANTAN_SMS_SUCCESS: "),
    ],
)
def test_wrong_settings_are_named_at_once(changes: dict[str, str], complaint: str) -> None:
    gateway = Gateway(**{"url": "https://sms.example.com", **changes})  # type: ignore[arg-type]
    with pytest.raises(PermanentError) as caught:
        sender(gateway)
    assert str(caught.value).startswith(complaint)
    assert "correct it" in str(caught.value) or "use one of" in str(caught.value)
