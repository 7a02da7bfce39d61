"""What hearing takes and gives. Nothing here holds sound, and no error tells what was said."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Sound at 16 kHz with one channel, from -1 to 1."""
RATE = 16_000
MAX_BYTES = 20_000_000
"""Of a file: what Telegram lets a bot fetch, and more than the other channels allow."""
MAX_SECONDS = 600
LEAST_SECONDS = 0.3

Language = Literal["zh", "en"]

EMPTY, TOO_LARGE, TOO_LONG, TOO_SHORT = "empty", "too_large", "too_long", "too_short"
NO_AUDIO, SILK, UNREADABLE = "no_audio", "silk", "unreadable"
UNREADABLE_REASONS = (EMPTY, TOO_LARGE, TOO_LONG, TOO_SHORT, NO_AUDIO, SILK, UNREADABLE)
"""Why a file cannot be heard at all."""

SILENCE, TOO_QUIET, NOISE, CLIPPED = "silence", "too_quiet", "noise", "clipped"
UNSURE, REPETITIVE, HALLUCINATION = "unsure", "repetitive", "hallucination"
WRONG_LANGUAGE = "wrong_language"
REASONS = (
    SILENCE,
    TOO_QUIET,
    TOO_SHORT,
    NOISE,
    CLIPPED,
    WRONG_LANGUAGE,
    UNSURE,
    REPETITIVE,
    HALLUCINATION,
)
"""Why words that were heard are not good enough to judge, the plainest first."""


class UnreadableError(Exception):
    """A file that cannot be heard. Permanent for it; `reason` is one of UNREADABLE_REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Levels:
    """How loud and how clean sound is. Levels in dB below full scale, so 0 is the loudest."""

    seconds: float
    speech_seconds: float
    level_dbfs: float
    """Of the speech; of everything where there is none."""
    peak: float
    clipped: float
    """The share of the speech's samples that stand near its highest level."""
    snr_db: float
    """How far the speech stands above what is there when nobody speaks."""


@dataclass(frozen=True)
class Words:
    """What a model made of sound, with what it thinks of its own work."""

    text: str
    mean_logprob: float
    """Of the tokens: 0 is certain."""
    compression_ratio: float
    """How far the text can be compressed: high where words repeat."""
    no_speech_prob: float
    language_probs: dict[str, float]
    """The likelihood of each language, by the sound alone."""


NO_WORDS = Words("", 0.0, 0.0, 1.0, {})
"""Where nobody speaks."""


@dataclass(frozen=True)
class Quality:
    """All that the gate goes by, besides the text: of the sound, and of the model's work on it."""

    levels: Levels
    mean_logprob: float
    compression_ratio: float
    no_speech_prob: float
    language_prob: float
    """How likely it is, by the sound, that the language is the one expected."""
    other_language: str
    other_language_prob: float
    """The likeliest other language."""

    @classmethod
    def of(cls, levels: Levels, words: Words, language: str) -> "Quality":
        """Put together."""
        others = {name: p for name, p in words.language_probs.items() if name != language}
        other = max(others, key=lambda name: others[name], default="")
        return cls(
            levels=levels,
            mean_logprob=words.mean_logprob,
            compression_ratio=words.compression_ratio,
            no_speech_prob=words.no_speech_prob,
            language_prob=words.language_probs.get(language, 0.0),
            other_language=other,
            other_language_prob=others.get(other, 0.0),
        )


@dataclass(frozen=True)
class Heard:
    """A spoken answer in words."""

    text: str
    """What is judged: Chinese in Simplified characters."""
    original: str
    """As the model wrote it."""
    language: Language
    model: str
    sha256: str
    quality: Quality
    reasons: tuple[str, ...]
    """Why the text is not good enough to judge; empty when it is."""


class Transcriber(Protocol):
    """What turns sound into words.

    `name` says which model it is, `sha256` changes whenever its words may change.
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def spans(self, samples: Samples) -> list[tuple[int, int]]:
        """Where somebody speaks: the first sample and the one after the last, in order."""
        ...

    def words(self, samples: Samples, spans: list[tuple[int, int]], language: Language) -> Words:
        """What is said in the spans, which is in the language given. Same sound, same words."""
        ...
