"""A signed webhook by the Standard Webhooks scheme (https://www.standardwebhooks.com)."""

import datetime
from collections.abc import Callable, Sequence

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from connectors.base import PermanentError, Receipt
from connectors.calling import Caller, utc_now


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
        now: Callable[[], datetime.datetime] = utc_now,
    ) -> None:
        self.name = name
        self.url = url
        self._caller = Caller(allow_hosts, "the receiver does not accept the signature", now)
        try:
            self._signer = Webhook(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise PermanentError(
                "the webhook secret is not base64; set MIANTAN_WEBHOOK_SECRET to whsec_…"
            ) from None

    def deliver(self, result_json: str, idempotency_key: str) -> Receipt:
        now = self._caller.now()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": idempotency_key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(idempotency_key, now, result_json),
        }
        return self._caller.call("POST", self.url, headers, result_json.encode())
