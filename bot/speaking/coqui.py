"""Coqui TTS: any of its models, by name, or from a folder with a model file and its config.json.

A setting is `coqui:VOICE` for both languages, or `coqui:zh=VOICE,en=VOICE`. A voice is one of
Coqui's names (`tts_models/…`), which Coqui fetches on first use, or a folder, with `@SPEAKER` behind
it where the model has several. A text whose words the voice does not know is not spoken: half a
question is worse than none.
"""

import hashlib
import logging
import os
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bot.speaking.base import (
    FAILED,
    LEFT_OUT,
    NO_VOICE,
    EngineError,
    Language,
    NotSpokenError,
    Sound,
)
from bot.speaking.coqui_voices import CONFIG, Voice, fingerprint, model_file, voices_of
from bot.speaking.installed import need

PACKAGES = {
    "TTS": "coqui-tts",
    "torch": "torch",
    "torchaudio": "torchaudio",
    "torchcodec": "torchcodec",
}
"""What must be there, by module and project."""
SEED = 20_000
FIRST_WORDS: dict[Language, str] = {"zh": "你好。", "en": "hello."}
"""Spoken once, as a model may fetch or miss something only then."""


class CoquiEngine:
    """Voices of Coqui TTS. Threads take turns."""

    def __init__(self, voices: str, home: Path, threads: int = 1) -> None:
        """`voices` as above; folders may be relative to `home`. Raises EngineError."""
        self._home, self._threads = home, threads
        self._voices = voices_of(voices, home)
        self._models: dict[Voice, _Model] = {}
        self._lock = threading.Lock()
        need("speaking with Coqui TTS", PACKAGES)

    @cached_property
    def name(self) -> str:
        """The models' files by their sum, with the versions of what runs them."""
        digest = hashlib.sha256(f"{version('coqui-tts')} {version('torch')}".encode())
        for language, voice in sorted(self._voices.items()):
            digest.update(f"\n{language} {voice.speaker} {fingerprint(voice)}".encode())
        return f"coqui@{digest.hexdigest()[:16]}"

    def speak(self, text: str, language: Language) -> Sound:
        """The sound of a sentence, drawn from the same chance each time."""
        voice = self._voices.get(language)
        if voice is None:
            raise NotSpokenError(NO_VOICE)
        with self._lock, _quiet(self._threads):
            if voice not in self._models:
                self._models[voice] = _Model(voice, self._home)
            return self._models[voice].speak(text, language)


class _Model:
    """One loaded model."""

    def __init__(self, voice: Voice, home: Path) -> None:
        self._voice = voice
        self._tts = _loaded(voice, home)
        self._speaker = _speaker(self._tts, voice)
        self._languages: list[str] = list(self._tts.languages or [])
        self._tried: set[Language] = set()

    def speak(self, text: str, language: Language) -> Sound:
        if language not in self._tried:
            self._try(language)
        self._unknown().clear()
        try:
            made = self._made(text, language)
        except Exception as error:  # noqa: BLE001 - it raises what it likes, and may tell the text
            raise (error if isinstance(error, NotSpokenError) else NotSpokenError(FAILED)) from None
        if any(unicodedata.category(character)[0] in "LN" for character in self._unknown()):
            raise NotSpokenError(LEFT_OUT)
        return made

    def _try(self, language: Language) -> None:
        """Whether it speaks the language at all."""
        try:
            self._made(FIRST_WORDS[language], language)
        except NotSpokenError:
            raise
        except Exception as error:  # noqa: BLE001 - it raises what it likes
            raise EngineError(
                f"the Coqui model {self._voice.source} does not speak {language} "
                f"({_in_a_line(error)}): try it with Coqui's own command tts"
            ) from None
        self._tried.add(language)

    def _made(self, text: str, language: Language) -> Sound:
        """The sound, drawn from the same chance each time, without the pause that Coqui adds."""
        torch = import_module("torch")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            made = self._tts.tts(
                text,
                speaker=self._speaker,
                language=self._language(language),
                split_sentences=False,
            )
        samples = np.trim_zeros(np.asarray(made, np.float32), "b")
        return Sound(samples, int(self._tts.synthesizer.output_sample_rate))

    def _language(self, language: Language) -> str | None:
        """The language as a model with several calls it: `zh-cn` for zh."""
        if not self._languages:
            return None
        for name in self._languages:
            if name.lower().replace("_", "-").split("-")[0] == language:
                return name
        raise NotSpokenError(NO_VOICE)

    def _unknown(self) -> list[str]:
        """The characters that the model had to leave out; some models do not tell."""
        tokenizer = getattr(self._tts.synthesizer.tts_model, "tokenizer", None)
        found: list[str] = getattr(tokenizer, "not_found_characters", [])
        return found


def _loaded(voice: Voice, home: Path) -> Any:
    """Coqui's own object with the model in it. What it fetches is kept below `home`."""
    for name in ("TTS", "trainer"):
        # They write texts that they cannot read into the log.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    os.environ.setdefault("TTS_HOME", str(home / "models"))
    os.environ.setdefault("PKUSEG_HOME", str(home / "models" / "pkuseg"))
    api = _api()
    try:
        if voice.named:
            return api.TTS(voice.source, progress_bar=False)
        folder = Path(voice.source)
        return api.TTS(
            model_path=str(model_file(folder)),
            config_path=str(folder / CONFIG),
            progress_bar=False,
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it raises what it likes
        mend = (
            "check the name, the network and, by its licence, COQUI_TOS_AGREED=1"
            if voice.named
            else f"check {CONFIG} and the model file"
        )
        raise EngineError(
            f"cannot load the Coqui model {voice.source} ({_in_a_line(error)}): {mend}"
        ) from None


def _api() -> Any:
    try:
        return import_module("TTS.api")
    except Exception as error:
        raise EngineError(
            f"Coqui TTS does not start ({_in_a_line(error)}): run `make tts`, or install as "
            "docs/voice.md says"
        ) from error


def _in_a_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _speaker(tts: Any, voice: Voice) -> str | None:
    """The speaker that is set, if the model has it; one must be where there are several."""
    speakers: list[str] = list(tts.speakers or [])
    if voice.speaker in speakers or (voice.speaker is None and not speakers):
        return voice.speaker
    if not speakers:
        raise EngineError(
            f"the Coqui model {voice.source} has one speaker: leave @{voice.speaker} out"
        )
    some = ", ".join(speakers[:5]) + ("…" if len(speakers) > 5 else "")
    raise EngineError(f"the Coqui model {voice.source} needs one of its speakers: set @ and {some}")


@contextmanager
def _quiet(threads: int) -> Iterator[None]:
    """So many threads while this lasts, and no warnings, which are about others' code."""
    torch = import_module("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(before)
