"""Speech made worse, and sound that is no speech. Everything is seeded. Sound is at 16 kHz."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

Sound = NDArray[np.float32]
RATE = 16_000


def at_16k(samples: Sound, rate: int = 24_000) -> Sound:
    share = Fraction(RATE, rate)
    return np.asarray(resample_poly(samples, share.numerator, share.denominator), np.float32)


def rms(samples: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) + 1e-12


def mixed(speech: Sound, noise: Sound, snr_db: float) -> Sound:
    """Speech with noise under it, or over it; made softer where it would be clipped."""
    noise = np.resize(noise, len(speech))
    sound = speech + noise * (rms(speech) / rms(noise) / 10 ** (snr_db / 20))
    return np.asarray(sound / max(1.0, float(np.abs(sound).max())), np.float32)


def white(seconds: float, seed: int = 1) -> Sound:
    return _chance(seed).standard_normal(int(seconds * RATE)).astype(np.float32) * 0.1


def hum(seconds: float, seed: int = 1) -> Sound:
    """Traffic or a fan: low noise, with the mains in it."""
    low = lfilter([1.0], [1.0, -0.97], white(seconds, seed))
    at = np.arange(len(low)) / RATE
    return np.asarray(low / rms(low) * 0.1 + 0.03 * np.sin(2 * np.pi * 50 * at), np.float32)


def babble(voices: list[Sound], seconds: float, seed: int = 1) -> Sound:
    """Many people at once."""
    chance, length = _chance(seed), int(seconds * RATE)
    sound = np.zeros(length, np.float32)
    for voice in voices:
        sound += np.roll(np.resize(voice / rms(voice), length), chance.integers(length))
    return sound / rms(sound) * np.float32(0.1)


def clipped(speech: Sound, gain_db: float) -> Sound:
    """Too loud for the microphone by so much over its loudest moment, then made softer."""
    loud = speech / np.abs(speech).max() * 10 ** (gain_db / 20)
    return np.asarray(np.clip(loud, -1, 1) * 0.9, np.float32)


def quiet(speech: Sound, level_dbfs: float, floor_dbfs: float = -75.0) -> Sound:
    """Far away: speech at a level, above the noise that every microphone makes."""
    soft = speech / rms(speech) * 10 ** (level_dbfs / 20)
    floor = white(len(speech) / RATE, 5) * 10 * 10 ** (floor_dbfs / 20)
    return np.asarray(np.round((soft + floor[: len(soft)]) * 32768) / 32768, np.float32)


def silence(seconds: float, floor_dbfs: float = -75.0) -> Sound:
    return quiet(np.ones(int(seconds * RATE), np.float32), -200, floor_dbfs)


def room(speech: Sound, seed: int = 1) -> Sound:
    """An ordinary room: a little echo, and noise 30 dB below."""
    length = int(0.25 * RATE)
    echo = _chance(seed).standard_normal(length) * np.exp(-np.arange(length) / (0.04 * RATE))
    echo = 0.1 * echo / np.abs(echo).max()
    echo[0] = 1.0
    sound = np.convolve(speech, echo)[: len(speech)].astype(np.float32)
    return mixed(sound, hum(len(speech) / RATE, seed), 30)


def music(seconds: float, seed: int = 1) -> Sound:
    """Chords, a tune and a beat."""
    chance, at = _chance(seed), np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros(len(at))
    for beat in range(int(seconds * 2)):
        begin = beat * RATE // 2
        span = slice(begin, min(begin + RATE // 2, len(at)))
        t = at[span] - at[begin]
        root = 110 * 2 ** (chance.choice([0, 3, 5, 7]) / 12)
        notes = [
            root,
            root * 5 / 4,
            root * 3 / 2,
            root * 2 ** (1 + chance.choice([0, 2, 4, 7]) / 12),
        ]
        for note in notes:
            for harmonic in range(1, 6):
                tone = np.sin(2 * np.pi * note * harmonic * t + 0.02 * np.sin(2 * np.pi * 5 * t))
                sound[span] += tone / harmonic**1.5 * np.exp(-3 * t)
        sound[span] += chance.standard_normal(len(t)) * np.exp(-40 * t)
    return np.asarray(sound / np.abs(sound).max() * 0.5, np.float32)


def _chance(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
