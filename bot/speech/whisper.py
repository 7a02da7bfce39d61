"""Whisper, through faster-whisper, on the processor.

The language is always given: left to guess, the base model takes Chinese for something else too
often. Sound is cut where nobody speaks into windows of at most 30 s, and each window is written
down for itself: what was heard before never leads the model astray. Nothing is drawn by chance.
"""

import hashlib
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel, download_model
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, pad_or_trim
from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

from bot.speech.base import RATE, Language, Samples, Words
from bot.speech.hallucinations import ECHO
from scoring.encoder import ModelError, file_sha256

WINDOW_SECONDS = 29
BEAMS = 5
PROMPTS: dict[Language, str] = {"zh": f"以下是{ECHO}。", "en": ""}
"""Leads the model to Simplified characters and punctuation. It names nothing that is scored, and
nothing that candidates say, so that it is known when the model only repeats it."""
VAD = VadOptions(
    min_silence_duration_ms=600, speech_pad_ms=200, max_speech_duration_s=WINDOW_SECONDS - 1
)
MAX_COMPRESSION = 2.4
LEAST_LOGPROB = -1.0
"""Beyond these, which are Whisper's own, a window is written down again, in another way."""
COMPUTE_TYPE = "int8"


@dataclass(frozen=True)
class Window:
    """What came of one window."""

    text: str
    tokens: int
    logprob: float
    no_speech_prob: float

    @property
    def compression(self) -> float:
        return compression_ratio(self.text)

    @property
    def poor(self) -> bool:
        return (
            self.compression > MAX_COMPRESSION or self.logprob < LEAST_LOGPROB or ECHO in self.text
        )


class WhisperTranscriber:
    """A Whisper model in CTranslate2's format. Threads take turns, as the work fills a core."""

    def __init__(self, model: str, name: str, threads: int = 1) -> None:
        """Load a folder, or a model of the hub by its id. Raises ModelError if that fails."""
        try:
            folder = model if Path(model).is_dir() else download_model(model)
            self._model = WhisperModel(
                folder, device="cpu", compute_type=COMPUTE_TYPE, cpu_threads=threads
            )
        except Exception as error:  # CTranslate2 and the hub raise what they like
            reason = " ".join(str(error).split())[:200]
            raise ModelError(
                f"cannot load the speech model {name} ({reason}): "
                "check the folder or hub id and the network"
            ) from error
        self._lock = threading.Lock()
        self.name = name
        self.sha256 = _fingerprint(Path(folder))

    def spans(self, samples: Samples) -> list[tuple[int, int]]:
        """Where somebody speaks, by Silero's model, which comes with faster-whisper."""
        if not len(samples):
            return []
        return [(span["start"], span["end"]) for span in get_speech_timestamps(samples, VAD)]

    def words(self, samples: Samples, spans: list[tuple[int, int]], language: Language) -> Words:
        """What is said in the spans, window by window."""
        windows: list[Window] = []
        languages: dict[str, float] = {}
        with self._lock:
            tokenizer = Tokenizer(
                self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", language
            )
            pieces = list(_windows(samples, spans))
            total = sum(len(piece) for piece in pieces)
            for piece in pieces:
                encoded = self._encode(piece)
                for found, likelihood in self._languages(encoded, language):
                    share = likelihood * len(piece) / total
                    languages[found] = languages.get(found, 0.0) + share
                windows.append(self._window(encoded, tokenizer, language))
        return _joined(windows, languages, language)

    def _encode(self, samples: Samples) -> Any:
        features = self._model.feature_extractor(samples)
        return self._model.encode(pad_or_trim(features[..., :-1]))

    def _languages(self, encoded: Any, language: Language) -> Iterator[tuple[str, float]]:
        """How likely each language is, by the sound of the window."""
        if not self._model.model.is_multilingual:
            yield language, 1.0
            return
        for token, likelihood in self._model.model.detect_language(encoded)[0]:
            yield token[2:-2], likelihood

    def _window(self, encoded: Any, tokenizer: Tokenizer, language: Language) -> Window:
        """The words of a window. What comes out poor is done again, unled and without loops."""
        first = self._generate(encoded, tokenizer, PROMPTS[language])
        if not first.poor:
            return first
        second = self._generate(encoded, tokenizer, "", no_repeat_ngram_size=4)
        return max((first, second), key=lambda window: (not window.poor, window.logprob))

    def _generate(self, encoded: Any, tokenizer: Tokenizer, prompt: str, **options: Any) -> Window:
        led = tokenizer.encode(" " + prompt) if prompt else []
        [result] = self._model.model.generate(
            encoded,
            [self._model.get_prompt(tokenizer, led, without_timestamps=True)],
            beam_size=BEAMS,
            max_length=self._model.max_length,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
            **options,
        )
        tokens = result.sequences_ids[0]
        return Window(
            text=tokenizer.decode(tokens).strip(),
            tokens=len(tokens),
            logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech_prob=result.no_speech_prob,
        )


def _windows(samples: Samples, spans: list[tuple[int, int]]) -> Iterator[Samples]:
    """The speech, packed into as few windows as its pauses allow."""
    chunks = [{"start": start, "end": end} for start, end in spans]
    pieces, _ = collect_chunks(samples, chunks, RATE, WINDOW_SECONDS)
    for piece in pieces:
        if len(piece):
            yield piece.astype(np.float32, copy=False)


def _joined(windows: list[Window], languages: dict[str, float], language: Language) -> Words:
    """Windows as one text; what the model thinks counts by tokens, repetition by the worst."""
    tokens = sum(window.tokens for window in windows) or 1
    return Words(
        text=("" if language == "zh" else " ").join(w.text for w in windows if w.text),
        mean_logprob=sum(w.logprob * w.tokens for w in windows) / tokens,
        compression_ratio=max((w.compression for w in windows), default=0.0),
        no_speech_prob=max((w.no_speech_prob for w in windows), default=1.0),
        language_probs=languages,
    )


def compression_ratio(text: str) -> float:
    """How many times smaller a text gets when compressed, as Whisper counts it."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _fingerprint(folder: Path) -> str:
    """The sha256 over the files of a model and over how it is asked."""
    digest = hashlib.sha256(f"{COMPUTE_TYPE} {BEAMS} {WINDOW_SECONDS} {PROMPTS}".encode())
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
