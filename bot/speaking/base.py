"""What speaking takes and gives. No error tells what was to be said."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Language = Literal["zh", "en"]

NOTHING, TOO_LONG, NO_VOICE = "nothing", "too_long", "no_voice"
LEFT_OUT, NO_SOUND, FAILED = "left_out", "no_sound", "failed"
NOT_SPOKEN_REASONS = (NOTHING, TOO_LONG, NO_VOICE, LEFT_OUT, NO_SOUND, FAILED)
"""Why a text is not spoken: there is no word in it, it is too long to listen to or to be sent, no
voice speaks its language, the voice would leave words out, it made no sound, or it failed."""


class NotSpokenError(Exception):
    """A text cannot be spoken. Permanent for it; `reason` is one of NOT_SPOKEN_REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotNowError(Exception):
    """Too many wait already, or the process died over it: the same may succeed later."""


class EngineError(Exception):
    """An engine is missing or wrong: one line says what, where and how to mend it."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Sound with one channel, mostly from -1 to 1, and how many samples a second has."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class Engine(Protocol):
    """What turns words into sound. Making one is quick: the model is loaded with the first words.

    `name` says which voices these are, and changes whenever their sound may change. It is no
    secret and names no folder.
    """

    @property
    def name(self) -> str: ...

    def speak(self, text: str, language: Language) -> Sound:
        """The sound of one sentence, made ready by `bot.speaking.wording`.

        The same sentence sounds the same, as far as the model allows. Raises NotSpokenError, or
        EngineError if the model cannot be loaded.
        """
        ...
