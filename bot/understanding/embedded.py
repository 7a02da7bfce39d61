"""The parser in this process: small trained models over n-grams and the encoder's features.

What is plainly an answer is told from its n-grams alone; only the rest is encoded. A long message
is an answer, whatever it speaks of. The parser says `unsure` rather than guess.
"""

from dataclasses import dataclass

import numpy as np

from bot.understanding.base import INTENTS, NOTHING_OPEN, Context, Understood
from bot.understanding.lexical import normal
from bot.understanding.model import Model, Vector, context_vector, cosine_to
from bot.understanding.sentences import understand_with
from dialogues.replying import count_words
from scoring.encoder import Encoder

PLAIN, PLAIN_OF_SOME_LENGTH = 0.95, 0.85
"""Probability, by n-grams alone, from which a message is an answer without being encoded: a short
one, and one of more than SOME_LENGTH words."""
SOME_LENGTH = 20
_ANSWER = INTENTS.index("answer")


@dataclass(frozen=True)
class EmbeddedParser:
    """Parses with a trained model; without an encoder, by n-grams alone. Safe for threads."""

    model: Model
    encoder: Encoder | None
    name: str = "embedded"

    def parse(self, text: str, context: Context = NOTHING_OPEN) -> Understood:
        """The intent of a message of any length."""
        return understand_with(self._judge, self.name, text, context)

    def _judge(self, text: str, context: Context) -> tuple[str, float]:
        found = self._probabilities(normal(text), context)
        best = int(found.argmax())
        return INTENTS[best], round(float(found[best]), 4)

    def _probabilities(self, said: str, context: Context) -> Vector:
        """Of each intent, shape (intents,), for a normal text."""
        model = self.model
        linear = model.linear.log_probabilities(said)
        alone = model.alone.log_probabilities(linear, None, context_vector(context, said, None))
        if self.encoder is None or model.network is None or _is_plain(alone, said):
            return np.exp(alone)
        features = self.encoder.features(said)
        cosine = None
        if context.question:
            cosine = cosine_to(self.encoder.encode(normal(context.question)), features)
        network = model.network.log_probabilities(features)
        known = context_vector(context, said, cosine)
        return np.exp(model.blend.log_probabilities(linear, network, known))


def _is_plain(alone: Vector, said: str) -> bool:
    """Whether the log-probabilities by n-grams alone say that it is an answer."""
    enough = PLAIN_OF_SOME_LENGTH if count_words(said) > SOME_LENGTH else PLAIN
    return bool(alone[_ANSWER] >= np.log(enough))
