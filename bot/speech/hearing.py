"""Hearing one voice message: decode, find the speech, write it down, and say how good it is."""

from functools import cache
from typing import Any

from bot.speech.base import NO_WORDS, Heard, Language, Quality, Samples, Transcriber
from bot.speech.decoding import decode
from bot.speech.gate import reasons_against
from bot.speech.levels import levels
from bot.text import clean


def hear(data: bytes, language: Language, transcriber: Transcriber) -> Heard:
    """What is said in a file, in the language expected. The same file gives the same words.

    Takes seconds, so it is for a thread. Raises UnreadableError for what cannot be heard at all;
    what was heard badly comes back with the reasons.
    """
    return hear_sound(decode(data), language, transcriber)


def hear_sound(samples: Samples, language: Language, transcriber: Transcriber) -> Heard:
    """What is said in sound at 16 kHz."""
    spans = transcriber.spans(samples)
    words = transcriber.words(samples, spans, language) if spans else NO_WORDS
    quality = Quality.of(levels(samples, spans), words, language)
    original = clean(words.text)
    text = simplified(original) if language == "zh" else original
    return Heard(
        text=text,
        original=original,
        language=language,
        model=transcriber.name,
        sha256=transcriber.sha256,
        quality=quality,
        reasons=reasons_against(quality, text, language),
    )


def simplified(text: str) -> str:
    """Chinese in Simplified characters."""
    return str(_opencc().convert(text))


@cache
def _opencc() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
