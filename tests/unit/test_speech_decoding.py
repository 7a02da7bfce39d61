"""Taking the sound out of files, and out of files that mean harm."""

import random
import subprocess
import sys

import numpy as np
import pytest

from bot.speech import base, decode, decoding
from bot.speech.base import RATE, UnreadableError
from tests.speech.coding import (
    FORMATS,
    Sound,
    encoded,
    film,
    many_streams,
    repeated,
    wav_that_says,
)


def tones(seconds: float, rate: int = 24_000) -> Sound:
    """A tone of 440 Hz that comes and goes."""
    at = np.arange(int(seconds * rate)) / rate
    return np.asarray(0.5 * np.sin(2 * np.pi * 440 * at) * np.sin(np.pi * at) ** 2, np.float32)


def refused(data: bytes) -> str:
    with pytest.raises(UnreadableError) as caught:
        decoding.decode(data)
    return caught.value.reason


def loudest(samples: Sound) -> float:
    """The frequency that is loudest."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * RATE / len(samples))


@pytest.fixture(scope="module")
def ogg() -> bytes:
    return encoded(tones(2), "ogg-opus")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_heard(kind: str) -> None:
    samples = decoding.decode(encoded(tones(2), kind))
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(2 * RATE, abs=0.15 * RATE)
    assert loudest(samples) == pytest.approx(440, abs=3)
    assert 0.3 < np.abs(samples).max() < 0.7


def test_what_browsers_record_in_fragments_is_heard() -> None:
    samples = decoding.decode(encoded(tones(2), "mp4-aac", fragments=True))
    assert len(samples) == pytest.approx(2 * RATE, abs=0.15 * RATE)


def test_silk_is_heard_where_it_can_be() -> None:
    pysilk = pytest.importorskip("pysilk")
    import io

    out = io.BytesIO()
    sound = (tones(2, RATE) * 32767).astype("<i2").tobytes()
    pysilk.encode(io.BytesIO(sound), out, RATE, 20_000)
    assert out.getvalue().startswith(b"\x02#!SILK_V3")
    assert loudest(decoding.decode(out.getvalue())) == pytest.approx(440, abs=3)
    assert refused(out.getvalue()[:11]) == base.UNREADABLE


def test_a_video_is_heard_and_not_seen() -> None:
    assert loudest(decoding.decode(film(tones(2)))) == pytest.approx(440, abs=3)
    assert refused(film(None)) == base.NO_AUDIO


def test_the_same_file_gives_the_same_sound(ogg: bytes) -> None:
    assert decoding.decode(ogg).tobytes() == decoding.decode(ogg).tobytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", base.EMPTY),
        (b"\0", base.UNREADABLE),
        (b"OggS", base.UNREADABLE),
        (b"#!AMR\n", base.UNREADABLE),
        (b"\x1aE\xdf\xa3" + b"\0" * 500, base.UNREADABLE),
        (b"\xff\xfb\x90", base.UNREADABLE),
        (b"\0\0\0\x18ftypisom" + b"\0" * 500, base.UNREADABLE),
        (b"%PDF-1.7\n", base.UNREADABLE),
        ("不是声音".encode(), base.UNREADABLE),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", base.UNREADABLE),
        (b"ffconcat version 1.0\nfile '/etc/hostname'\n", base.UNREADABLE),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', base.UNREADABLE),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 96\n", base.UNREADABLE),
        (b"fLaC" + b"\0" * 500, base.UNREADABLE),
        (b"\0" * (base.MAX_BYTES + 1), base.TOO_LARGE),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:12]),
)
def test_what_is_no_sound_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    assert refused(data) == reason


def test_what_is_cut_off_is_heard_as_far_as_it_goes(ogg: bytes) -> None:
    half = decoding.decode(ogg[: len(ogg) // 2])
    assert 0.5 * RATE < len(half) < 1.6 * RATE
    assert refused(encoded(tones(2), "mp4-aac")[:3_000]) == base.UNREADABLE
    assert refused(encoded(tones(0.1), "ogg-opus")) == base.TOO_SHORT


def test_ten_minutes_are_heard_and_an_hour_is_not(ogg: bytes) -> None:
    assert len(decoding.decode(repeated(ogg, "ogg", 290))) > 580 * RATE
    hour = repeated(ogg, "ogg", 1_800)
    assert len(hour) < base.MAX_BYTES
    assert refused(hour) == base.TOO_LONG


def test_no_more_is_decoded_than_is_allowed(ogg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "_close_doors", lambda: None)
    monkeypatch.setattr(decode, "MAX_SECONDS", 5)
    taken = []

    def count(data: bytes, container: str, real: object = decode._pieces) -> object:
        for piece in real(data, container):  # type: ignore[operator]
            taken.append(len(piece))
            yield piece

    monkeypatch.setattr(decode, "_pieces", count)
    with pytest.raises(decode.RefusedError) as caught:
        decode.sound_of(repeated(ogg, "ogg", 1_800))
    assert caught.value.code == decode.TOO_LONG
    assert sum(taken) < 2 * RATE * 6


def test_small_files_that_grow_are_refused() -> None:
    amr = encoded(tones(1), "amr-nb")
    assert refused(amr + amr[6:] * 1_000) == base.TOO_LONG
    mp3 = encoded(tones(1), "mp3")
    assert refused(mp3 * 1_200) == base.TOO_LONG


@pytest.mark.parametrize("rate", [1, 100, 3_999, 192_001, 2**31 - 1])
def test_rates_that_nobody_has_are_refused(rate: int) -> None:
    assert refused(wav_that_says(rate, 1, b"\1\2" * 50_000)) == base.UNREADABLE


def test_headers_that_lie_are_not_believed() -> None:
    data = (tones(1, RATE) * 32767).astype("<i2").tobytes()
    assert len(decoding.decode(wav_that_says(RATE, 1, data, 2**32 - 1))) == RATE
    assert refused(wav_that_says(RATE, 9, data)) == base.UNREADABLE
    assert refused(wav_that_says(RATE, 65_535, data)) == base.UNREADABLE


def test_too_many_streams_are_refused() -> None:
    assert loudest(decoding.decode(many_streams(tones(1), 3))) == pytest.approx(440, abs=3)
    assert refused(many_streams(tones(0.5), 200)) == base.UNREADABLE


@pytest.mark.parametrize("seed", range(24))
def test_damaged_files_are_heard_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(encoded(tones(0.6), list(FORMATS)[seed % len(FORMATS)]))
    for _ in range(chance.choice([3, 30, 300])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        samples = decoding.decode(bytes(data))
    except UnreadableError as error:
        assert error.reason in base.UNREADABLE_REASONS
    else:
        assert np.isfinite(samples).all()


def test_random_bytes_behind_every_mark_are_refused() -> None:
    for seed, mark in enumerate((b"OggS", b"ID3", b"#!AMR\n", b"\xff\xfb", b"\0\0\0\x18ftypM4A ")):
        noise = random.Random(seed).randbytes(4_000)
        try:
            decoding.decode(mark + noise)
        except UnreadableError as error:
            assert error.reason in base.UNREADABLE_REASONS


def test_doors_are_closed_before_a_file_is_looked_at() -> None:
    code = (
        "import runpy, socket, sys; script = runpy.run_path(sys.argv[1]); script['_close_doors']()\n"
        "for door in (lambda: open(sys.argv[1]), socket.socket):\n"
        "    try: door()\n"
        "    except OSError: continue\n"
        "    raise SystemExit('open')"
    )
    command = [sys.executable, "-I", "-c", code, str(decoding.SCRIPT)]
    found = subprocess.run(command, capture_output=True, check=False)
    assert (found.returncode, found.stderr) == (0, b"")


def test_waiting_has_an_end(ogg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "SECONDS", 0.0)
    assert refused(ogg) == base.UNREADABLE
