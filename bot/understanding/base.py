"""What a parser is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Understood:
    """An intent with its confidence, 0–1, and the parser that told it."""

    intent: str
    confidence: float
    parser: str


class Parser(Protocol):
    """Tells the intent of a message. `name` is recorded with what it said."""

    name: str

    def parse(self, text: str) -> Understood: ...
