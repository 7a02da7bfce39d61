"""The webhook connector against a real HTTP server: signature, outcomes, refused addresses."""

import datetime
import socket
import threading
from collections.abc import Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from connectors import guard
from connectors.base import (
    AuthenticationError,
    DeliveryError,
    PermanentError,
    RetryableError,
)
from connectors.calling import MAX_ANSWER, MAX_WAIT_SECONDS
from connectors.guard import checked
from connectors.webhook import WebhookConnector

SECRET = "whsec_" + "bWlhbnRhbi10ZXN0cy1vbmx5LTI0Ynl0ZXM="
BODY = '{\n  "candidate": {"name": "李明"},\n  "schema": "miantan.result/1"\n}\n'
NOW = datetime.datetime(2025, 3, 1, 8, 0, 0, tzinfo=datetime.UTC)


class Receiver:
    """A server that keeps what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes = b""
        self.cut_short = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                receiver.requests.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                length = len(receiver.body) + (100 if receiver.cut_short else 0)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(receiver.body)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hooks/results?team=a"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def connector(url: str, *allowed: str, fixed: bool = True) -> WebhookConnector:
    if fixed:
        return WebhookConnector("hr", url, SECRET, allowed, now=lambda: NOW)
    return WebhookConnector("hr", url, SECRET, allowed)


def deliver(receiver: Receiver) -> Any:
    return connector(receiver.url, "127.0.0.1").deliver(BODY, "delivery-1")


def failure(receiver: Receiver) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        deliver(receiver)
    for content in ("李明", "candidate", SECRET):
        assert content not in str(caught.value)
        assert content not in repr(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


# What arrives


def test_the_signature_is_verified_by_the_standard_library_of_the_receiver(
    receiver: Receiver,
) -> None:
    connector(receiver.url, "127.0.0.1", fixed=False).deliver(BODY, "delivery-1")
    path, headers, body = receiver.requests[0]
    assert path == "/hooks/results?team=a"
    assert body == BODY.encode()
    assert Webhook(SECRET).verify(body, headers)["candidate"] == {"name": "李明"}
    assert headers["webhook-id"] == "delivery-1"
    assert headers["Content-Type"].startswith("application/json")
    for altered in (body.replace(b"schema", b"scheme"), body + b" "):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(altered, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_b3RoZXI=").verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, {**headers, "webhook-id": "delivery-2"})


def test_every_try_has_the_same_id(receiver: Receiver) -> None:
    deliver(receiver)
    deliver(receiver)
    first, second = (headers for _, headers, _ in receiver.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_the_host_is_named_as_it_was_given(receiver: Receiver) -> None:
    connector(f"http://localhost:{receiver.port}/", "LocalHost").deliver(BODY, "d")
    assert receiver.requests[0][1]["Host"] == f"localhost:{receiver.port}"


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    deliver(receiver)
    assert len(receiver.requests) == 1


# What the other side answers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_received(receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.body = b"" if status == 204 else "好的".encode()
    receipt = deliver(receiver)
    assert receipt.detail == f"HTTP {status}"
    assert receipt.answer == ("" if status == 204 else "好的")


def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    receiver.body = b"x" * 1_000_000
    assert deliver(receiver).answer == "x" * MAX_ANSWER


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "gzip"}, b"this is not gzip"),
        ({"Content-Type": "text/plain; charset=no-such"}, b"\xff\xfe"),
    ],
)
def test_an_odd_answer_is_still_an_answer(
    receiver: Receiver, headers: dict[str, str], body: bytes
) -> None:
    receiver.headers, receiver.body = headers, body
    assert deliver(receiver).detail == "HTTP 200"


def test_an_answer_cut_short_is_still_an_answer(receiver: Receiver) -> None:
    receiver.body, receiver.cut_short = b"part", True
    assert deliver(receiver).detail == "HTTP 200"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_try_again(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, BODY.encode()
    error = failure(receiver)
    assert isinstance(error, RetryableError)
    assert (str(error), error.after, error.outcome) == (f"HTTP {status}", None, "retryable")


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("9" * 400, MAX_WAIT_SECONDS),
        (format_datetime(NOW + datetime.timedelta(minutes=5), usegmt=True), 300.0),
        (format_datetime(NOW - datetime.timedelta(minutes=5), usegmt=True), 0.0),
        ("Sat, 01 Mar 2025 08:01:00 -0000", 60.0),
        ("Sat, 01 Mar 2025 16:01:00 +0800", 60.0),
        (format_datetime(NOW + datetime.timedelta(days=900), usegmt=True), MAX_WAIT_SECONDS),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_try_again_after(receiver: Receiver, status: int, value: str, after: float | None) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": value}
    error = failure(receiver)
    assert isinstance(error, RetryableError)
    assert error.after == after


@pytest.mark.parametrize("status", [401, 403])
def test_not_let_in(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, BODY.encode()
    error = failure(receiver)
    assert isinstance(error, AuthenticationError)
    assert error.outcome == "authentication"


@pytest.mark.parametrize("status", [400, 404, 405, 410, 413, 422])
def test_never_again(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, BODY.encode()
    error = failure(receiver)
    assert type(error) is PermanentError
    assert (str(error), error.outcome) == (f"HTTP {status}", "permanent")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    assert type(failure(receiver)) is PermanentError
    assert len(receiver.requests) == 1


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound, not listening: connections are refused.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(RetryableError) as caught:
            connector(url, "127.0.0.1").deliver(BODY, "d")
    assert str(caught.value) == "no connection: ConnectError"


def test_no_http_at_all() -> None:
    def hang_up(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.recv(65_536)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=hang_up, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(RetryableError, match="no connection"):
            connector(url, "127.0.0.1").deliver(BODY, "d")
        thread.join()


def test_https_with_a_plain_server(receiver: Receiver) -> None:
    url = f"https://127.0.0.1:{receiver.port}/"
    with pytest.raises(RetryableError, match="no connection: ConnectError"):
        connector(url, "127.0.0.1").deliver(BODY, "d")
    assert receiver.requests == []


# Secrets


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a", "whsec_面谈", "!!!"])
def test_a_useless_secret_is_refused_at_once(secret: str) -> None:
    with pytest.raises(PermanentError, match="MIANTAN_WEBHOOK_SECRET") as caught:
        WebhookConnector("hr", "https://example.com", secret)
    assert secret == "" or secret not in str(caught.value).replace("whsec_…", "")


# Addresses

PRIVATE = [
    "http://127.0.0.1/",
    "http://127.8.9.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://localhost/",
    "http://127。0。0。1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://user:password@127.0.0.1/",
    "https://127.0.0.1/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_refused(url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        connector(url).deliver(BODY, "d")
    assert "is a private address; add it to MIANTAN_ALLOW_HOSTS" in str(caught.value)
    assert "password" not in str(caught.value)


def test_a_private_address_is_not_called(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f000001"):
        with pytest.raises(PermanentError):
            connector(f"http://{host}:{receiver.port}/", "10.0.0.1").deliver(BODY, "d")
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("url", "allowed", "target"),
    [
        ("http://127.0.0.1:8000/x?a=1", "127.0.0.1", "http://127.0.0.1:8000/x?a=1"),
        ("http://2130706433/", "127.0.0.1", "http://127.0.0.1/"),
        ("http://[::1]:9/x", "::1", "http://[::1]:9/x"),
        ("http://10.0.0.1/", "10.0.0.1", "http://10.0.0.1/"),
    ],
)
def test_private_addresses_may_be_allowed(url: str, allowed: str, target: str) -> None:
    assert checked(url, [allowed]).url == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://",
        "http:///path",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://0177.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://exa\x00mple/",
        "http://.",
        "http://a..b/",
        f"http://{'a' * 70}.com/",
        "http://8.8.8.8:99999/",
        "http://8.8.8.8:port/",
        "http://[::1/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        connector(url, "127.0.0.1").deliver(BODY, "d")
    assert str(caught.value).isprintable()


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """The name service gives these addresses, one a call; returns the names asked for."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        family = socket.AF_INET6 if ":" in left[0] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(guard.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("10.1.2.3", "::1", "fe80::1%eth0", "169.254.169.254"):
        resolving(monkeypatch, address)
        with pytest.raises(PermanentError, match=r"hr\.example\.com is a private address"):
            checked("https://hr.example.com/x", [])


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving(monkeypatch, "93.184.215.14", "127.0.0.1")
    target = checked("https://hr.example.com:8443/x?y=1", [])
    assert target.url == "https://93.184.215.14:8443/x?y=1"
    assert target.headers == {"Host": "hr.example.com:8443"}
    assert target.extensions == {"sni_hostname": "hr.example.com"}
    assert asked == ["hr.example.com"]


def test_a_public_address_of_the_newer_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    url = checked("http://hr.example.com/", []).url
    assert url == "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"


def test_a_name_that_cannot_be_resolved_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(guard.socket, "getaddrinfo", unknown)
    with pytest.raises(RetryableError, match=r"cannot resolve hr\.example\.com"):
        connector("https://hr.example.com/").deliver(BODY, "d")
