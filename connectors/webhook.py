"""A signed webhook by the Standard Webhooks scheme (https://www.standardwebhooks.com)."""

import contextlib
import datetime
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime

import httpx2
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from connectors.base import AuthenticationError, PermanentError, Receipt, RetryableError
from connectors.guard import checked

TIMEOUT_SECONDS = 15.0
MAX_ANSWER = 2_000
MAX_WAIT_SECONDS = 86_400.0
_TRY_AGAIN = {408, 409, 425, 429}


class WebhookConnector:
    """Posts the result as JSON, signed with a `whsec_…` secret.

    `webhook-id` is the idempotency key: the same for every try of one delivery.
    """

    kind = "webhook"

    def __init__(
        self,
        name: str,
        url: str,
        secret: str,
        allow_hosts: Sequence[str] = (),
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        self.name = name
        self.url = url
        self._allow_hosts = tuple(allow_hosts)
        self._now = now
        try:
            self._signer = Webhook(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise PermanentError(
                "the webhook secret is not base64; set MIANTAN_WEBHOOK_SECRET to whsec_…"
            ) from None

    def deliver(self, result_json: str, idempotency_key: str) -> Receipt:
        target = checked(self.url, self._allow_hosts)
        now = self._now()
        headers = {
            **target.headers,
            "Content-Type": "application/json; charset=utf-8",
            "Accept-Encoding": "identity",
            "User-Agent": "Miantan",
            "webhook-id": idempotency_key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(idempotency_key, now, result_json),
        }
        try:
            with (
                httpx2.Client(
                    timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
                ) as client,
                client.stream(
                    "POST",
                    target.url,
                    content=result_json.encode(),
                    headers=headers,
                    extensions=target.extensions,
                ) as answer,
            ):
                return _read(answer, now)
        except httpx2.TransportError as error:
            raise RetryableError(f"no connection: {type(error).__name__}") from None


def _read(answer: httpx2.Response, now: datetime.datetime) -> Receipt:
    status = answer.status_code
    if answer.is_success:
        return Receipt(f"HTTP {status}", _beginning(answer))
    if status in (401, 403):
        raise AuthenticationError(f"HTTP {status}: the receiver does not accept the signature")
    if status in _TRY_AGAIN or status >= 500:
        after = _retry_after(answer.headers.get("Retry-After"), now)
        raise RetryableError(f"HTTP {status}", after)
    raise PermanentError(f"HTTP {status}")


def _beginning(answer: httpx2.Response) -> str:
    """The first words of the body. The status alone says that the result arrived."""
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
