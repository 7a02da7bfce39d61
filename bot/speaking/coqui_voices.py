"""Which voices of Coqui TTS a setting names, and where their models are."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bot.speaking.base import EngineError, Language

CONFIG = "config.json"
MODEL_FILES = ("model.pth", "model_file.pth", "best_model.pth", "checkpoint.pth")
NAMES = "tts_models/"
ANY_LANGUAGE = "multilingual"


@dataclass(frozen=True)
class Voice:
    """A model and, where it has several, the speaker."""

    source: str
    speaker: str | None

    @property
    def named(self) -> bool:
        """Whether it is one of Coqui's, and no folder."""
        return self.source.startswith(NAMES)


def voices_of(voices: str, home: Path) -> dict[Language, Voice]:
    """The voice of each language."""
    found: dict[Language, Voice] = {}
    languages: tuple[Language, ...] = get_args(Language)
    for part in voices.split(","):
        given, equals, voice = part.rpartition("=")
        if equals and given.strip() not in languages:
            raise EngineError(f"coqui:{part} is for no language: set coqui:zh=VOICE,en=VOICE")
        source, _, speaker = voice.strip().partition("@")
        made = _checked(source, speaker or None, home)
        for language in languages:
            if (given.strip() == language or not equals) and _may_speak(made, language):
                if language in found:
                    raise EngineError(f"coqui:{voices} has two voices for {language}: leave one")
                found[language] = made
    return found


def _may_speak(voice: Voice, language: Language) -> bool:
    """Coqui's names tell their language; a folder speaks what it is set for."""
    if not voice.named:
        return True
    named = voice.source.split("/")[1]
    return named in (ANY_LANGUAGE, language) or named.startswith(f"{language}-")


def _checked(source: str, speaker: str | None, home: Path) -> Voice:
    """A voice, once its name or folder looks right."""
    if source.startswith(NAMES):
        if len(source.split("/")) != 4:
            raise EngineError(
                f"{source} is no name of a Coqui model: it has four parts, as in "
                "tts_models/zh-CN/baker/tacotron2-DDC-GST"
            )
        return Voice(source, speaker)
    folder = home / Path(source).expanduser()
    if not (folder / CONFIG).is_file():
        raise EngineError(
            f"no Coqui model in {folder} ({CONFIG} is missing): name a folder with a model file "
            f"and {CONFIG}, or one of Coqui's models ({NAMES}…)"
        )
    model_file(folder)
    return Voice(str(folder), speaker)


def model_file(folder: Path) -> Path:
    """The model's file: by its usual name, or the only one there is."""
    usual = [folder / name for name in MODEL_FILES if (folder / name).is_file()]
    found = usual or list(folder.glob("*.pth"))
    if len(found) != 1:
        raise EngineError(
            f"{len(found)} model files in {folder}: leave one, named {MODEL_FILES[0]}"
        )
    return found[0]


def fingerprint(voice: Voice) -> str:
    """What changes when the model does: its name, or the sum of its files."""
    if voice.named:
        return voice.source
    digest = hashlib.sha256()
    for file in sorted(Path(voice.source).rglob("*")):
        if file.is_file():
            digest.update(file.name.encode())
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
