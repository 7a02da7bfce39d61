"""What an invitation says, and the contract of what sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.storage.invitations import Contact
from dialogues.guide import Language


@dataclass(frozen=True)
class Letter:
    """What one person is told. `position` is empty where none is fixed; times are of the epoch."""

    contact: Contact
    language: Language
    company: str
    campaign: str
    position: str
    minutes: int
    code: str
    links: Mapping[str, str]
    expires_at: float | None


class Sender(Protocol):
    """Sends invitations one way. Must be safe to call twice with the same key."""

    def send(self, letter: Letter, key: str) -> str:
        """Send it; returns a line that names nobody. Raises the errors of `connectors.base`."""
        ...
