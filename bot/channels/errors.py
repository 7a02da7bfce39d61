"""Errors of sending, named by how one recovers."""


class SendError(Exception):
    """A message did not reach the candidate."""


class RetryableSendError(SendError):
    """Worth trying again, after `after` seconds if the platform said so.

    `parts` counts the parts of a long reply that did go out; the next try begins behind them.
    """

    def __init__(self, message: str, after: float = 1.0, parts: int = 0) -> None:
        super().__init__(message)
        self.after = after
        self.parts = parts


class UnreachableError(SendError):
    """The candidate cannot be reached here any more, such as a blocked bot. Permanent."""


class PermanentSendError(SendError):
    """The platform refuses this message, and would again. Permanent, for this message only."""
