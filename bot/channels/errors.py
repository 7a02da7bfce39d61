"""Errors of sending and of fetching, named by how one recovers."""


class SendError(Exception):
    """A message did not reach the candidate.

    `parts` counts the parts of a long one that did go out; the next try begins behind them.
    """

    def __init__(self, message: str, parts: int = 0) -> None:
        super().__init__(message)
        self.parts = parts


class RetryableSendError(SendError):
    """Worth trying again, after `after` seconds if the platform said so."""

    def __init__(self, message: str, after: float = 1.0, parts: int = 0) -> None:
        super().__init__(message, parts)
        self.after = after


class HeldError(SendError):
    """Nothing can be sent until the candidate writes again: a blocked bot, or a quota used up.

    The message waits for that.
    """


class UnreachableError(SendError):
    """The candidate cannot be reached here any more, such as a deleted account. Permanent."""


class PermanentSendError(SendError):
    """The platform refuses this message, and would again. Permanent, for this message only."""


class FetchError(Exception):
    """A file could not be fetched. Its sender can send it again."""
