"""What a connector is, and its errors, named by how one recovers from them."""

from dataclasses import dataclass
from typing import Protocol


class DeliveryError(Exception):
    """A delivery that did not arrive. The message holds no content of the result."""

    outcome = "failed"


class RetryableError(DeliveryError):
    """Worth trying again, after `after` seconds if the other side said so."""

    outcome = "retryable"

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class PermanentError(DeliveryError):
    """Trying again changes nothing: the address, the request or the settings are wrong."""

    outcome = "permanent"


class AuthenticationError(PermanentError):
    """The other side does not accept our credentials."""

    outcome = "authentication"


@dataclass(frozen=True)
class Receipt:
    """What the other side answered, in one line that is safe to log."""

    detail: str
    answer: str = ""


class Connector(Protocol):
    """Delivers results to one system. Must be safe to call twice with the same key."""

    name: str
    kind: str

    def deliver(self, result_json: str, idempotency_key: str) -> Receipt:
        """Deliver the canonical JSON of a result; raises DeliveryError."""
        ...
