"""Clips in each format, decoded again."""

from dataclasses import replace

import numpy as np
import pytest

from bot.speaking import encode as module
from bot.speaking.base import NO_SOUND, TOO_LONG, NotSpokenError, Sound
from bot.speaking.encode import FORMS, LABEL, PEAK, Format, encode, levelled
from tests.speaking import decoded, tone

EXPECTED: dict[Format, tuple[str, str, int, str]] = {
    "opus": ("ogg", "opus", 48_000, "audio/ogg"),
    "mp3": ("mp3", "mp3float", 24_000, "audio/mpeg"),
    "amr": ("amr", "amrnb", 8_000, "audio/amr"),
}
FORMATS = list(EXPECTED)


def refused(sound: Sound, format: Format) -> str:
    with pytest.raises(NotSpokenError) as caught:
        encode(sound, format)
    return caught.value.reason


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100])
def test_a_clip_holds_the_sound(format: Format, rate: int) -> None:
    clip = encode(tone(2.5, 440, rate), format)
    found = decoded(clip.data)
    assert (found.container, found.codec, found.rate, clip.content_type) == EXPECTED[format]
    assert found.channels == 1
    assert clip.seconds == 2.5
    assert found.seconds == pytest.approx(2.5, abs=0.1)
    assert found.hertz == pytest.approx(440, abs=4)


@pytest.mark.parametrize("format", ["opus", "mp3"])
def test_a_clip_says_that_it_is_synthetic(format: Format) -> None:
    assert decoded(encode(tone(1), format).data).tags["comment"] == LABEL
    assert "合成语音" in LABEL
    assert "Synthetic speech" in LABEL


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_sound_gives_the_same_bytes(format: Format) -> None:
    assert encode(tone(1), format).data == encode(tone(1), format).data


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("loud", [0.001, 0.3, 7.0])
def test_clips_are_evenly_loud(format: Format, loud: float) -> None:
    found = decoded(encode(tone(1, loud=loud), format).data)
    assert found.peak == pytest.approx(PEAK, abs=0.15)


def test_the_highest_sample_is_put_at_the_peak() -> None:
    assert np.max(np.abs(levelled(tone(1, loud=3)).samples)) == pytest.approx(PEAK)


@pytest.mark.parametrize(
    "samples", [[], [0.0] * 8_000, [1e-6] * 8_000, [np.nan] * 8_000, [0.5, np.inf] * 4_000]
)
def test_what_is_no_sound_is_refused(samples: list[float]) -> None:
    assert refused(Sound(np.array(samples, np.float32), 16_000), "opus") == NO_SOUND


@pytest.mark.parametrize("format", ["mp3", "amr"])
def test_platforms_that_take_a_minute_are_given_no_more(format: Format) -> None:
    longest = encode(tone(FORMS[format].most_seconds), format)
    assert decoded(longest.data).seconds <= 60
    assert len(longest.data) <= 2_000_000
    assert refused(tone(FORMS[format].most_seconds + 0.1), format) == TOO_LONG


def test_opus_may_be_longer() -> None:
    assert decoded(encode(tone(90, rate=8_000), "opus").data).seconds == pytest.approx(90, abs=0.1)
    assert refused(tone(FORMS["opus"].most_seconds + 1, rate=8_000), "opus") == TOO_LONG


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.FORMS, "mp3", replace(FORMS["mp3"], most_bytes=1_000))
    assert refused(tone(2), "mp3") == TOO_LONG


def test_a_clip_does_not_show_its_bytes() -> None:
    assert "data" not in repr(encode(tone(1), "amr"))
