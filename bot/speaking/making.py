"""From a text to a clip: the text made ready, each sentence spoken, and all of it in one file."""

import numpy as np

from bot.speaking.base import TOO_LONG, Engine, Language, NotSpokenError, Sound
from bot.speaking.encode import FORMS, Clip, Format, encode
from bot.speaking.wording import sentences

VERSION = 1
"""Goes up when the same words would come out otherwise, by what is done before and after the
engine."""
PAUSE = 0.35
"""Seconds between sentences."""


def make(engine: Engine, text: str, language: Language, format: Format) -> Clip:
    """Speech of a text. Raises NotSpokenError, or EngineError if the engine is wrong."""
    parts: list[Sound] = []
    for sentence in sentences(text, language):
        parts.append(engine.speak(sentence, language))
        if sum(part.seconds + PAUSE for part in parts) - PAUSE > FORMS[format].most_seconds:
            raise NotSpokenError(TOO_LONG)
    return encode(joined(parts), format)


def joined(parts: list[Sound]) -> Sound:
    """Sentences one after the other."""
    rate = parts[0].rate
    pause = np.zeros(round(PAUSE * rate), np.float32)
    pieces = [piece for part in parts for piece in (part.samples, pause)]
    return Sound(np.concatenate(pieces[:-1]), rate)
