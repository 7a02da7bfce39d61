"""Files in the formats that voice messages come in, and files that mean harm."""

import io
import struct
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

FORMATS = {
    "ogg-opus": ("ogg", "libopus", 48_000),
    "webm-opus": ("webm", "libopus", 48_000),
    "mp4-aac": ("mp4", "aac", 48_000),
    "aac": ("adts", "aac", 44_100),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "amr-nb": ("amr", "libopencore_amrnb", 8_000),
    "3gp-amr": ("3gp", "libopencore_amrnb", 8_000),
    "wav": ("wav", "pcm_s16le", 24_000),
    "wav-8k": ("wav", "pcm_s16le", 8_000),
}
"""Container, encoder and rate of each."""


def encoded(samples: Sound, kind: str, rate: int = 24_000, *, fragments: bool = False) -> bytes:
    """Sound in one of FORMATS; MP4 in `fragments` as browsers record it."""
    container, codec, to_rate = FORMATS[kind]
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"} if fragments else {}
    with av.open(out, "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=to_rate, layout="mono")
        if codec in ("libopus", "aac"):
            stream.bit_rate = 32_000
        _add(file, stream, samples, rate)
    return out.getvalue()


def film(samples: Sound | None, rate: int = 24_000) -> bytes:
    """A video in MP4, with sound if there is any."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        video = file.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = file.add_stream("aac", rate=48_000, layout="mono") if samples is not None else None
        for shade in range(20):
            picture = np.full((64, 64, 3), shade * 10, np.uint8)
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(video.encode(None))
        if samples is not None:
            _add(file, sound, samples, rate)
    return out.getvalue()


def many_streams(samples: Sound, count: int, rate: int = 24_000) -> bytes:
    """The same sound in so many streams of a Matroska file."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as file:
        streams = [file.add_stream("pcm_s16le", rate=rate, layout="mono") for _ in range(count)]
        for stream in streams:
            _add(file, stream, samples, rate)
    return out.getvalue()


def repeated(data: bytes, container: str, times: int) -> bytes:
    """What is in a file so many times over, without encoding it again."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format=container) as file:
        stream = file.add_stream_from_template(source.streams.audio[0])
        packets = [bytes(p) for p in source.demux(source.streams.audio[0]) if p.size]
        base = source.streams.audio[0].time_base
        step = round(0.02 / base)
        for number in range(len(packets) * times):
            packet = av.Packet(packets[number % len(packets)])
            packet.stream, packet.time_base = stream, base
            packet.pts = packet.dts = number * step
            packet.duration = step
            file.mux(packet)
    return out.getvalue()


def wav_that_says(rate: int, channels: int, data: bytes, size: int | None = None) -> bytes:
    """A WAV file with any header."""
    size = len(data) if size is None else size
    form = struct.pack(
        "<HHIIHH", 1, channels, rate, rate * channels * 2 % 2**32, channels * 2 % 2**16, 16
    )
    inner = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 36 + min(size, 2**32 - 40)) + inner + data


def _add(file: Any, stream: Any, samples: Sound, rate: int) -> None:
    context = stream.codec_context
    resampler = av.AudioResampler(format=context.format, layout="mono", rate=context.sample_rate)
    whole = (np.clip(samples, -1, 1) * 32767).astype("<i2")[None]
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
    frame.sample_rate = rate
    for part in [*resampler.resample(frame), *resampler.resample(None), None]:
        file.mux(stream.encode(part))
