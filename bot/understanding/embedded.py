"""The parser in this process: small trained models over n-grams and the encoder's features.

What is plain is told from its n-grams alone; only the rest is encoded, by the encoder's lower half,
and by the upper one where that does not settle it. A long message is an answer, whatever it speaks
of. The parser says `unsure` rather than guess.
"""

from functools import lru_cache

import numpy as np

from bot.understanding.base import INTENTS, NOTHING_OPEN, Context, Understood
from bot.understanding.lexical import normal
from bot.understanding.model import Model, Vector, context_vector
from bot.understanding.sentences import understand_with
from scoring.encoder import Encoder

PLAIN = ((0.9, 0.95), (0.8, 0.85))
"""Probability from which a message is the answer, or the command, that it seems: by n-grams alone,
and with the first piece of features. On development messages these made no more mistakes than
asking every expert about each message."""
_ANSWER = INTENTS.index("answer")
_QUESTIONS = 1024
"""Open questions whose features are kept: 18 kB each."""


class EmbeddedParser:
    """Parses with a trained model; without an encoder, by n-grams alone. Safe for threads."""

    name = "embedded"

    def __init__(self, model: Model, encoder: Encoder | None) -> None:
        """`encoder` is the one whose features the model was trained on."""
        self.model, self.encoder = model, encoder
        self._features_of_question = lru_cache(_QUESTIONS)(self._encode_question)

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        """The intent of a message of any length."""
        return understand_with(self._judge, self.name, text, context)

    def _judge(self, text: str, context: Context) -> tuple[str, float]:
        found = self._probabilities(normal(text), context)
        best = int(found.argmax())
        return INTENTS[best], round(float(found[best]), 4)

    def _probabilities(self, said: str, context: Context) -> Vector:
        """Of each intent, shape (intents,), for a normal text."""
        model, encoder = self.model, self.encoder
        found = [model.linear.log_probabilities(said)]
        known = context_vector(context, said, None)
        likely = np.exp(model.blends[0].log_probabilities(found, known))
        if encoder is None:
            return likely
        pieces = encoder.features(said)
        for place, network in enumerate(model.networks):
            if _is_plain(likely, PLAIN[place]):
                break
            features = next(pieces)
            if context.question:
                asked = self._features_of_question(context.question)[place]
                likeness = network.likeness(features, asked, encoder.dimensions)
                known = context_vector(context, said, likeness)
            found.append(network.log_probabilities(features))
            likely = np.exp(model.blends[place + 1].log_probabilities(found, known))
        return likely

    def _encode_question(self, question: str) -> tuple[Vector, ...]:
        assert self.encoder is not None
        return tuple(self.encoder.features(normal(question)))


def _is_plain(likely: Vector, least: tuple[float, float]) -> bool:
    """Whether the probabilities of the intents need no further opinion."""
    best = int(likely.argmax())
    return bool(likely[best] >= least[best != _ANSWER])
