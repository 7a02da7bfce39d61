"""Whether what was heard is good enough to judge. Pure: numbers and text in, reasons out.

It would rather ask once too often than let garbage be judged: whoever is asked can say it again
or type it. The thresholds come from `python -m bench.voice`, which measures how often good speech
passes and bad sound is caught; the voices there are synthetic, so they keep a distance.
"""

import re

from bot.speech.base import (
    CLIPPED,
    HALLUCINATION,
    NOISE,
    REPETITIVE,
    SILENCE,
    TOO_QUIET,
    TOO_SHORT,
    UNSURE,
    WRONG_LANGUAGE,
    Language,
    Quality,
)
from bot.speech.hallucinations import is_known

LEAST_SPEECH_SECONDS = 0.25
"""A short yes takes 0.3 s."""
SILENT_DBFS = -60.0
"""Where nobody speaks, softer than this is silence, louder is noise. Microphones hiss at -75."""
LEAST_DBFS = -55.0
"""Words were right at -55 and went wrong at -65."""
LEAST_SNR_DB = 6.0
"""Speech as loud as white or low noise measured 3 to 6, 10 dB louder 11 to 13."""
SNR_SECONDS = 2.0
"""Shorter sound may have no pause to measure the noise in."""
MOST_CLIPPED = 0.03
"""Clean speech has up to .0006 of its samples near the peak. Clipped by 6 dB and coded in any way
it has .006 to .04, by 10 dB .04 to .11."""
LEAST_LOGPROB: dict[Language, float] = {"zh": -0.6, "en": -0.5}
"""Clean speech was above -0.5 and -0.35; where a third was wrong it was below these."""
MOST_COMPRESSION = 2.4
"""Whisper's own threshold. Answers of 30 s have 1.6 at most."""
LEAST_LANGUAGE: dict[Language, float] = {"zh": 0.1, "en": 0.05}
"""How likely the expected language must be. Chinese was .97 or more; English was down to .09, as
voices with an accent sound like another language; other languages gave .01 at most."""
LEAST_RATE: dict[Language, float] = {"zh": 1.2, "en": 0.6}
MOST_RATE: dict[Language, float] = {"zh": 14.0, "en": 8.0}
"""Characters or words in a second of speech: people say 3 to 7, or 1.5 to 4."""
RATE_SECONDS = 4.0
"""Shorter speech may hold a word and a long breath."""

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_CHARACTERS = re.compile(_HAN)
_WORDS = re.compile(rf"(?:(?!{_HAN})[^\W_])+(?:['’](?:(?!{_HAN})[^\W_])+)*")
_LOOP = re.compile(r"(.{1,40}?)\1{3,}")
"""The same thing four times or more, one after the other."""


def reasons_against(quality: Quality, text: str, language: Language) -> tuple[str, ...]:
    """Why a text is not good enough to judge, the plainest first; empty when it is.

    `text` is in Simplified characters if Chinese.
    """
    if quality.levels.speech_seconds < LEAST_SPEECH_SECONDS:
        return (SILENCE if quality.levels.level_dbfs < SILENT_DBFS else NOISE,)
    found = [*_of_sound(quality)]
    if not size(text):
        return (*found, UNSURE)
    checks = {
        WRONG_LANGUAGE: is_other_language(quality, text, language),
        UNSURE: quality.mean_logprob < LEAST_LOGPROB[language] or is_thin(quality, text, language),
        REPETITIVE: quality.compression_ratio > MOST_COMPRESSION or loops(text),
        HALLUCINATION: is_known(text) or is_dense(quality, text, language),
    }
    return (*found, *(reason for reason, holds in checks.items() if holds))


def _of_sound(quality: Quality) -> list[str]:
    """What is wrong with the sound itself."""
    checks = {
        TOO_QUIET: quality.levels.level_dbfs < LEAST_DBFS,
        TOO_SHORT: quality.levels.seconds < LEAST_SPEECH_SECONDS,
        NOISE: quality.levels.seconds >= SNR_SECONDS and quality.levels.snr_db < LEAST_SNR_DB,
        CLIPPED: quality.levels.clipped > MOST_CLIPPED,
    }
    return [reason for reason, holds in checks.items() if holds]


def is_other_language(quality: Quality, text: str, language: Language) -> bool:
    """Whether the speaker speaks another language than expected, by the sound or by the words.

    Terms of another language within an answer are none: SQL, API, Python.
    """
    if quality.language_prob < LEAST_LANGUAGE[language]:
        return True
    characters, words = len(_CHARACTERS.findall(text)), len(_WORDS.findall(text))
    if language == "zh":
        return words >= 5 and characters < words
    return characters >= 2 and characters > words / 4


def size(text: str) -> int:
    """Chinese characters and words of other scripts."""
    return len(_CHARACTERS.findall(text)) + len(_WORDS.findall(text))


def is_thin(quality: Quality, text: str, language: Language) -> bool:
    """Whether far fewer words were written down than were spoken in that time."""
    return (
        quality.levels.speech_seconds >= RATE_SECONDS
        and size(text) < LEAST_RATE[language] * quality.levels.speech_seconds
    )


def is_dense(quality: Quality, text: str, language: Language) -> bool:
    """Whether there are more words than anybody can say in that time."""
    return size(text) > 5 + MOST_RATE[language] * quality.levels.speech_seconds


def loops(text: str) -> bool:
    """Whether a text goes in circles: over half of it is the same again and again.

    A short "no no no no" is how people speak.
    """
    letters = "".join(character for character in text.lower() if character.isalnum())
    looped = sum(len(loop.group()) for loop in _LOOP.finditer(letters))
    return looped >= 12 and looped > len(letters) / 2
