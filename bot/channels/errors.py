"""Errors of sending, named by how one recovers."""


class SendError(Exception):
    """A message did not reach the candidate."""


class RetryableSendError(SendError):
    """Worth trying again, after `after` seconds if the platform said so."""

    def __init__(self, message: str, after: float = 1.0) -> None:
        super().__init__(message)
        self.after = after


class UnreachableError(SendError):
    """The candidate cannot be reached here any more, such as a blocked bot. Permanent."""
