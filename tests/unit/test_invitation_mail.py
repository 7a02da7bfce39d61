"""Invitations by e-mail, through a real mail server on loopback."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.invitations.base import Letter
from bot.invitations.mail import MailSender, parse_sender, parse_server
from bot.invitations.message import Messages
from bot.storage.invitations import Contact
from connectors.base import AuthenticationError, DeliveryError, PermanentError, RetryableError
from tests.helpers import free_port
from tests.mail_server import PASSWORD, USER, MailServer

KEY = "5f0c2f3b0b7a4d6f9a51c0ffee000001"
TO = "candidate@example.org"
LETTER = Letter(
    contact=Contact(name="候选人甲", email=TO),
    language="zh",
    company="示例公司",
    campaign="秋季校招",
    position="",
    minutes=25,
    code="0123456789",
    links={"web": "https://interviews.example/chat/autumn?invitation=0123456789"},
    expires_at=None,
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def sender(url: str, mail_from: str = "hr@example.com") -> MailSender:
    messages = Messages(None, ZoneInfo("Asia/Shanghai"))
    return MailSender(parse_server(url), parse_sender(mail_from), messages)


def failure(url: str, letter: Letter = LETTER) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        sender(url).send(letter, KEY)
    for content in (TO, "候选人甲", PASSWORD, "secret"):
        assert content not in str(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


def test_a_mail_arrives_whole(server: MailServer) -> None:
    assert sender(server.url).send(LETTER, KEY) == "the mail server took it"
    [mail] = server.taken
    assert server.recipients == [TO]
    assert mail["To"] == TO
    assert mail["From"] == "示例公司 <hr@example.com>"
    assert mail["Subject"] == "示例公司邀请您参加面谈：秋季校招"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
    for part in (plain, html):
        words = part.get_content()
        assert "候选人甲" in words
        assert LETTER.links["web"] in words
        assert "01234-56789" in words


def test_a_repeat_is_recognisable(server: MailServer) -> None:
    for _ in range(2):
        sender(server.url).send(LETTER, KEY)
    assert {mail["Message-ID"] for mail in server.taken} == {f"<{KEY}@example.com>"}


def test_the_senders_own_name(server: MailServer) -> None:
    sender(server.url, "校园招聘 <campus@example.com>").send(LETTER, KEY)
    assert server.taken[0]["From"] == "校园招聘 <campus@example.com>"


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        ("550 5.1.1 no such user candidate@example.org", PermanentError, "(550 5.1.1)"),
        ("553 the box of candidate@example.org is not here", PermanentError, "(553)"),
        ("450 4.2.1 candidate@example.org is busy", RetryableError, "(450 4.2.1)"),
        ("451 greylisted", RetryableError, "(451)"),
    ],
)
def test_a_refused_recipient(
    server: MailServer, reply: str, kind: type[DeliveryError], told: str
) -> None:
    server.refuse[TO].append(reply)
    error = failure(server.url)
    assert type(error) is kind
    assert str(error) == f"the mail server refuses the address {told}"
    assert server.taken == []
    sender(server.url).send(LETTER, KEY)
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("554 5.7.1 this is spam", PermanentError), ("452 4.3.1 no space", RetryableError)],
)
def test_a_refused_message(server: MailServer, reply: str, kind: type[DeliveryError]) -> None:
    server.at_data.append(reply)
    assert type(failure(server.url)) is kind


def test_passwords() -> None:
    with MailServer(signed_in=True) as server:
        user, place = USER.replace("@", "%40"), f"localhost:{server.port}"
        right = f"smtp://{user}:{PASSWORD.replace(' ', '%20')}@{place}"
        sender(right).send(LETTER, KEY)
        assert len(server.taken) == 1
        error = failure(f"smtp://{user}:secret@{place}")
        assert isinstance(error, AuthenticationError)
        assert "correct MIANTAN_SMTP_URL" in str(error)
        without = failure(f"smtp://{place}")
        assert isinstance(without, AuthenticationError)


def test_a_password_where_none_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with _saying(listening, [b"220 hello\r\n", b"250 localhost\r\n"]):
            error = failure(f"smtp://u:secret@127.0.0.1:{port}")
    assert isinstance(error, PermanentError)


def test_nobody_listens() -> None:
    error = failure(f"smtp://127.0.0.1:{free_port()}")
    assert isinstance(error, RetryableError)
    assert "ConnectionRefusedError" in str(error)


def test_the_server_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with _saying(listening, [b"220 hello\r\n"]):
            assert isinstance(failure(f"smtp://127.0.0.1:{port}"), RetryableError)


def test_the_server_is_closed_for_now() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with _saying(listening, [b"421 4.3.2 come back later\r\n"]):
            error = failure(f"smtp://127.0.0.1:{port}")
    assert isinstance(error, RetryableError)
    assert "(421 4.3.2)" in str(error)


def test_starttls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with MailServer(tls=context) as server:
        url = f"{server.url}?starttls=1"
        error = failure(url)
        assert isinstance(error, PermanentError)
        assert "certificate of localhost is not trusted" in str(error)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        sender(url).send(LETTER, KEY)
        assert server.over_tls == [True]
        assert isinstance(failure(server.url), AuthenticationError), "it takes nothing in clear"


def test_starttls_that_is_not_offered(server: MailServer) -> None:
    error = failure(f"{server.url}?starttls=1")
    assert isinstance(error, PermanentError)
    assert "STARTTLS" in str(error)
    assert server.taken == []


def test_an_address_with_a_line_break_sends_nothing(server: MailServer) -> None:
    contact = Contact(email="candidate@example.org\r\nBcc: other@example.org")
    letter = Letter(**{**vars(LETTER), "contact": contact})
    with pytest.raises(PermanentError, match="not valid"):
        sender(server.url).send(letter, KEY)
    assert server.taken == []


@pytest.mark.parametrize(
    ("url", "host", "port", "secured"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, "plain"),
        ("smtp://mail.example.com?starttls=0", "mail.example.com", 25, "plain"),
        ("smtp://u:p@mail.example.com?starttls=1", "mail.example.com", 587, "starttls"),
        ("smtp://u:p@mail.example.com:2525/?starttls=1", "mail.example.com", 2525, "starttls"),
        ("smtps://u:p@mail.example.com", "mail.example.com", 465, "tls"),
        ("smtp://[::1]:2525", "::1", 2525, "plain"),
    ],
)
def test_addresses_of_servers(url: str, host: str, port: int, secured: str) -> None:
    server = parse_server(url)
    assert (server.host, server.port, server.secured) == (host, port, secured)


def test_signs_in_a_password() -> None:
    server = parse_server("smtps://hr%40example.com:a%2Fb%3Ac%20%40@mail.example.com")
    assert (server.user, server.password) == ("hr@example.com", "a/b:c @")
    assert "a/b" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://u:secret@mail.example.com",
        "smtp://",
        "smtp://u:secret@mail.example.com:port",
        "smtp://u:secret@mail.example.com:99999",
        "smtp://u:secret@mail.example.com/inbox",
        "smtp://u:secret@mail.example.com?starttls=yes",
        "smtp://u:secret@mail.example.com?tls=1",
        "smtp://[::1",
    ],
)
def test_wrong_addresses_of_servers(url: str) -> None:
    with pytest.raises(PermanentError, match="MIANTAN_SMTP_URL") as caught:
        parse_server(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "hr", "Example HR", "hr@", "hr@例子.中国", "a@b@c", "@example.com"]
)
def test_wrong_senders(text: str) -> None:
    with pytest.raises(PermanentError, match="MIANTAN_MAIL_FROM"):
        parse_sender(text)


@contextmanager
def _saying(listening: socket.socket, lines: list[bytes]) -> Iterator[None]:
    """The one who connects hears a line before anything else and one after each of theirs."""

    def talk() -> None:
        connection, _ = listening.accept()
        with connection:
            for line in lines:
                connection.sendall(line)
                connection.recv(65_536)

    thread = threading.Thread(target=talk)
    thread.start()
    yield
    thread.join()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(pem))
    files[1].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
