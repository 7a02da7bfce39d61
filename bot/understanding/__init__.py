"""What a message means: its intent, told apart from answers."""

from typing import Protocol

from bot.understanding.phrases import PhraseParser, Understood


class Parser(Protocol):
    """Tells the intent of a message. `name` is recorded with what it said."""

    name: str

    def parse(self, text: str) -> Understood: ...


__all__ = ["Parser", "PhraseParser", "Understood"]
