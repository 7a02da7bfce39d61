"""Hearing in a process of its own, of lower priority, so that voices never slow text.

The process starts with the first recording and holds the model; one that dies is started again with
the next. What a recording says passes between the two through a pipe and is kept nowhere.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from bot.lowly import Lowly
from bot.speech.base import Heard, Language, Transcriber, UnreadableError
from scoring.encoder import ModelError

log = structlog.get_logger()

NO_MODEL = "none"

_transcriber: Transcriber | None = None


@dataclass(frozen=True)
class HeardAloud:
    """What was heard, as the rest of Miantan keeps it; `figures` say how well, by name."""

    text: str
    original: str
    model: str
    figures: dict[str, float]
    reasons: tuple[str, ...]


class Hearing:
    """Takes recordings down in another process. Safe from several threads; one at a time."""

    def __init__(self, name: str, home: Path, threads: int) -> None:
        """`name` as in `load_transcriber`."""
        self._given = (name, home, threads)
        self._lowly = Lowly()

    def __call__(self, audio: bytes, language: Language) -> HeardAloud:
        """What a recording says. Raises BrokenProcessPool when the process died over it, and
        ModelError when there is no model."""
        try:
            return self._lowly.run(_hear, *self._given, audio, language)
        except ModelError as error:
            log.error("recordings cannot be taken down", reason=str(error))
            raise

    def close(self) -> None:
        """End the process; what it is at work on is lost, and done again by whoever asked."""
        self._lowly.close()


def _hear(name: str, home: Path, threads: int, audio: bytes, language: Language) -> HeardAloud:
    """In the other process, which keeps its model."""
    # The model's libraries are loaded there alone.
    from bot.speech.hearing import hear
    from bot.speech.prepare import NAME, load_transcriber, prepare

    global _transcriber
    if _transcriber is None:
        if name == NAME:
            prepare(home, lambda step, share: None)
        _transcriber = load_transcriber(name, home, threads)
    if _transcriber is None:
        raise ModelError("there is no speech model: set MIANTAN_SPEECH")
    try:
        return described(hear(audio, language, _transcriber))
    except UnreadableError as error:
        return HeardAloud("", "", NO_MODEL, {}, (error.reason,))


def described(heard: Heard) -> HeardAloud:
    """What was heard, with its figures by name."""
    quality = asdict(heard.quality)
    levels = quality.pop("levels")
    figures = {
        name: round(float(value), 3)
        for name, value in {**levels, **quality}.items()
        if isinstance(value, int | float)
    }
    return HeardAloud(
        heard.text, heard.original, f"{heard.model}@{heard.sha256[:12]}", figures, heard.reasons
    )
