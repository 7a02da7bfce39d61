"""How loud and how clean sound is, by its samples."""

import numpy as np

from bot.speech.base import RATE, Levels, Samples

FRAME = RATE // 50
FLOOR_DB = -100.0
"""Nothing counts as softer: 16 bits end at -96."""
NEAR_PEAK = 0.85
"""Codecs round off what was cut flat, so what is at the peak is counted from here on."""


def levels(samples: Samples, spans: list[tuple[int, int]]) -> Levels:
    """Measure sound in which somebody speaks in the spans."""
    pieces = [samples[start:end] for start, end in spans]
    speech = np.concatenate(pieces) if pieces else samples
    peak = float(np.abs(speech).max(initial=0.0))
    loudness = decibels(speech)
    return Levels(
        seconds=len(samples) / RATE,
        speech_seconds=sum(end - start for start, end in spans) / RATE,
        level_dbfs=loudness,
        peak=peak,
        clipped=float(np.mean(np.abs(speech) >= NEAR_PEAK * peak)) if peak > 0 else 0.0,
        snr_db=loudness - _floor(samples),
    )


def decibels(samples: Samples) -> float:
    """The level of sound, where a square wave of full scale has 0."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(FLOOR_DB, 10 * np.log10(power)) if power > 0 else FLOOR_DB


def _floor(samples: Samples) -> float:
    """The level of the softest tenth: what is there when nobody speaks, if only between words."""
    frames = len(samples) // FRAME
    if not frames:
        return FLOOR_DB
    blocks = samples[: frames * FRAME].reshape(frames, FRAME)
    power = float(np.quantile(np.mean(np.square(blocks, dtype=np.float64), axis=1), 0.1))
    return max(FLOOR_DB, 10 * float(np.log10(power))) if power > 0 else FLOOR_DB
