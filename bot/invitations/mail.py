"""Invitations by e-mail, through the company's mail server."""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from bot.invitations.base import Letter
from bot.invitations.message import Messages
from connectors.base import AuthenticationError, DeliveryError, PermanentError, RetryableError

TIMEOUT_SECONDS = 30.0
MENDED = "write it as smtp://user:password@host:587?starttls=1 or smtps://user:password@host"
_PORTS = {"plain": 25, "starttls": 587, "tls": 465}
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")
_PLAIN_ASCII = SMTP.clone(cte_type="7bit")
"""Every mail server takes it, whatever it can do besides."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and how the connection is kept from others."""

    host: str
    port: int
    secured: Literal["plain", "starttls", "tls"]
    user: str = ""
    password: str = field(default="", repr=False)


def parse_server(url: str) -> MailServer:
    """The server of MIANTAN_SMTP_URL; raises PermanentError, which does not show the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise PermanentError(f"MIANTAN_SMTP_URL is no valid address; {MENDED}") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise PermanentError(f"MIANTAN_SMTP_URL is no mail server's address; {MENDED}")
    options = parse_qs(parts.query)
    if set(options) - {"starttls"} or options.get("starttls", ["1"]) not in (["0"], ["1"]):
        raise PermanentError(f"MIANTAN_SMTP_URL: only starttls=1 may follow the ?; {MENDED}")
    secured: Literal["plain", "starttls", "tls"] = "plain"
    if parts.scheme == "smtps":
        secured = "tls"
    elif options.get("starttls") == ["1"]:
        secured = "starttls"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or _PORTS[secured], secured, user, password)


def parse_sender(text: str) -> tuple[str, str]:
    """Name (may be "") and address of MIANTAN_MAIL_FROM; raises PermanentError."""
    name, address = parseaddr(text)
    try:
        if not address.isascii() or "@" not in address:
            raise ValueError
        Address(name, addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise PermanentError(
            "MIANTAN_MAIL_FROM is no sender; write hr@example.com or Example HR <hr@example.com>"
        ) from None
    return name, address


class MailSender:
    """Sends a letter as an e-mail. A repeated one has the same Message-ID as the first."""

    def __init__(self, server: MailServer, sender: tuple[str, str], messages: Messages) -> None:
        self._server, self._messages = server, messages
        self._name, self._address = sender

    def send(self, letter: Letter, key: str) -> str:
        message = self._written(letter, key)
        with _explained(self._server), self._connected() as connection:
            connection.send_message(message, self._address, [letter.contact.email])
        return "the mail server took it"

    def _written(self, letter: Letter, key: str) -> EmailMessage:
        words = self._messages.mail(letter)
        message = EmailMessage(_PLAIN_ASCII)
        message["Subject"] = words.subject
        message["From"] = Address(self._name or letter.company, addr_spec=self._address)
        try:
            message["To"] = Address(addr_spec=letter.contact.email)
        except (ValueError, IndexError, MessageError):
            raise PermanentError("the e-mail address is not valid") from None
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{key}@{self._address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(words.text)
        message.add_alternative(words.html, subtype="html")
        return message

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.secured == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                timeout=TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            if server.secured == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            yield connection
            # It is taken by now; how the connection ends does not matter.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()


@contextlib.contextmanager
def _explained(server: MailServer) -> Iterator[None]:
    """What the mail server answers, told by how one recovers from it, without its own words."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        # One recipient each, so it is the only one.
        for code, words in error.recipients.values():
            raise _by_code(code, words, "the mail server refuses the address") from None
        raise RetryableError("the mail server refuses the address") from None
    except smtplib.SMTPAuthenticationError as error:
        told = _told(error.smtp_code, error.smtp_error)
        if error.smtp_code < 500:
            raise RetryableError(
                f"the mail server cannot check the password now ({told})"
            ) from None
        raise AuthenticationError(
            f"the mail server does not accept the user and password ({told}); "
            "correct MIANTAN_SMTP_URL"
        ) from None
    except smtplib.SMTPSenderRefused as error:
        what = "the mail server refuses the sender, MIANTAN_MAIL_FROM"
        raise _by_code(error.smtp_code, error.smtp_error, what) from None
    except smtplib.SMTPResponseException as error:
        what = "the mail server refuses the message"
        raise _by_code(error.smtp_code, error.smtp_error, what) from None
    except smtplib.SMTPNotSupportedError:
        raise PermanentError(
            "the mail server offers no STARTTLS, or takes no password without it; "
            "correct MIANTAN_SMTP_URL"
        ) from None
    except ssl.SSLCertVerificationError:
        raise PermanentError(
            f"the certificate of {server.host} is not trusted here; mend it, or name its "
            "authority in SSL_CERT_FILE"
        ) from None
    except smtplib.SMTPServerDisconnected:
        raise RetryableError("the mail server hung up") from None
    except (smtplib.SMTPException, ssl.SSLError):
        raise PermanentError(
            "the mail server has no way of signing in, or of TLS, that is known here; "
            "correct MIANTAN_SMTP_URL"
        ) from None
    except OSError as error:
        raise RetryableError(f"no connection to the mail server: {type(error).__name__}") from None


def _by_code(code: int, words: bytes | str, what: str) -> DeliveryError:
    """RFC 5321, 4.2.1: 4yz may be tried again, 5yz not. RFC 4954, 6: 530 asks for a password."""
    told = f"{what} ({_told(code, words)})"
    if code == 530:
        return AuthenticationError(f"{told}; put user and password, or TLS, into MIANTAN_SMTP_URL")
    return PermanentError(told) if 500 <= code < 600 else RetryableError(told)


def _told(code: int, words: bytes | str) -> str:
    """The code, with the enhanced one (RFC 3463). The words may name the recipient."""
    found = _ENHANCED.search(words if isinstance(words, bytes) else words.encode())
    return f"{code} {found[0].decode()}" if found else str(code)
