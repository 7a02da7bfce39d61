"""An HTTP call to an address of the settings; what fails is told by how one recovers from it."""

import contextlib
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

from connectors.base import AuthenticationError, PermanentError, Receipt, RetryableError
from connectors.guard import checked

TIMEOUT_SECONDS = 15.0
MAX_ANSWER = 2_000
MAX_WAIT_SECONDS = 86_400.0
_TRY_AGAIN = {408, 409, 425, 429}


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Caller:
    """Calls addresses that are public, or private and allowed by name."""

    allow_hosts: Sequence[str] = ()
    refused: str = "the receiver does not accept the call"
    """What 401 and 403 mean there."""
    now: Callable[[], datetime.datetime] = utc_now

    def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Receipt:
        """The receipt of a 2xx answer, with its beginning; raises DeliveryError."""
        target = checked(url, self.allow_hosts)
        sent = {
            "Accept-Encoding": "identity",
            "User-Agent": "Miantan",
            **headers,
            **target.headers,
        }
        try:
            with (
                httpx2.Client(
                    timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
                ) as client,
                client.stream(
                    method, target.url, content=body, headers=sent, extensions=target.extensions
                ) as answer,
            ):
                return self._read(answer)
        except httpx2.TransportError as error:
            raise RetryableError(f"no connection: {type(error).__name__}") from None

    def _read(self, answer: httpx2.Response) -> Receipt:
        status = answer.status_code
        if answer.is_success:
            return Receipt(f"HTTP {status}", _beginning(answer))
        if status in (401, 403):
            raise AuthenticationError(f"HTTP {status}: {self.refused}")
        if status in _TRY_AGAIN or status >= 500:
            after = _retry_after(answer.headers.get("Retry-After"), self.now())
            raise RetryableError(f"HTTP {status}", after)
        raise PermanentError(f"HTTP {status}")


def _beginning(answer: httpx2.Response) -> str:
    """The first words of the body. The status alone says that the call arrived."""
    body = b""
    with contextlib.suppress(httpx2.TransportError):
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) >= MAX_ANSWER:
                break
    return body[:MAX_ANSWER].decode(errors="replace")


def _retry_after(value: str | None, now: datetime.datetime) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.isdecimal():
        return min(float(value), MAX_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return min(max(0.0, (at - now).total_seconds()), MAX_WAIT_SECONDS)
