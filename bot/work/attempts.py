"""What is tried until it arrives: a try, what came of it, and when the next one is due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.storage.tables import OnItsWay
from connectors.base import DeliveryError, RetryableError

log = structlog.get_logger()
MAX_DETAIL = 300


@dataclass(frozen=True)
class Tried:
    """What came of a try, in words that name nobody; `after` is when the other side said to come."""

    outcome: str
    detail: str
    after: float | None = None


def try_once(what: str, work: Callable[[], str]) -> Tried:
    """Try `work`, which returns what the other side answered; errors are kept, not raised."""
    try:
        return Tried("sent", work()[:MAX_DETAIL])
    except DeliveryError as error:
        after = error.after if isinstance(error, RetryableError) else None
        return Tried(error.outcome, str(error)[:MAX_DETAIL], after)
    except Exception as error:  # noqa: BLE001 (any kind)
        # A fault of our own: kept as a try, so that it stays in sight.
        log.error("try failed", of=what, error=type(error).__name__)
        return Tried("retryable", f"the {what} failed: {type(error).__name__}")


def settle(
    row: OnItsWay, number: int, tried: Tried, delays: Sequence[float], now: float
) -> float | None:
    """Set the state after a try; returns after how many seconds the next is due, if it is."""
    before = number - row.first_attempt
    delay: float | None = None
    if tried.outcome == "sent":
        row.status = "sent"
    elif tried.outcome == RetryableError.outcome and before < len(delays):
        row.status = "retrying"
        delay = max(delays[before], tried.after or 0.0)
    else:
        row.status = "failed"
    row.attempts, row.updated_at = number, now
    return delay


def start_again(row: OnItsWay, now: float) -> int | None:
    """Begin anew what failed; returns the number of the next try, None when it has not failed."""
    if row.status != "failed":
        return None
    row.status = "waiting"
    row.first_attempt = row.attempts + 1
    row.updated_at = now
    return row.first_attempt
