"""From sound to a file that a channel sends: OGG/Opus, MP3 or AMR-NB, by PyAV.

What is longer than a platform takes is refused, not cut: a question in parts would take several
messages, of which some platforms allow five in two days, and parts may come out of order. The same
question stands there in writing.

Opus and MP3 carry a comment that says the voice is synthetic. AMR has no place for one: there it
must be said in the text beside.
"""

import io
from dataclasses import dataclass, field
from typing import Any, Literal

import av
import numpy as np

from bot.speaking.base import NO_SOUND, TOO_LONG, NotSpokenError, Sound

Format = Literal["opus", "mp3", "amr"]
LABEL = "Synthetic speech, made by a machine 合成语音"
"""What the files say of themselves."""
PEAK = 10 ** (-1 / 20)
"""How loud the loudest sample is made: 1 dB below the most there is."""
LEAST_PEAK = 1e-4
"""What is quieter is no speech."""
SHORT = 59.5
"""Seconds: what WeChat and WeCom take (60), less what encoders add."""
TENCENT_BYTES = 2_000_000


@dataclass(frozen=True)
class Clip:
    """Speech in a file."""

    data: bytes = field(repr=False)
    content_type: str
    seconds: float


@dataclass(frozen=True)
class Form:
    """How a format is written, and what platforms take of it."""

    container: str
    codec: str
    rate: int
    bit_rate: int
    content_type: str
    most_seconds: float
    most_bytes: int
    options: dict[str, str] = field(default_factory=dict)


FORMS: dict[Format, Form] = {
    "opus": Form(
        "ogg", "libopus", 48_000, 32_000, "audio/ogg", 300, 10_000_000, {"application": "voip"}
    ),
    "mp3": Form("mp3", "libmp3lame", 24_000, 48_000, "audio/mpeg", SHORT, TENCENT_BYTES),
    "amr": Form("amr", "libopencore_amrnb", 8_000, 12_200, "audio/amr", SHORT, TENCENT_BYTES),
}


def encode(sound: Sound, format: Format) -> Clip:
    """The sound as a file, evenly loud. The same sound gives the same bytes.

    Raises NotSpokenError where it is too long for the format, or silent.
    """
    form = FORMS[format]
    if sound.seconds > form.most_seconds:
        raise NotSpokenError(TOO_LONG)
    data = _written(levelled(resampled(sound, form.rate)), form)
    if len(data) > form.most_bytes:
        raise NotSpokenError(TOO_LONG)
    return Clip(data, form.content_type, round(sound.seconds, 2))


def resampled(sound: Sound, rate: int) -> Sound:
    """The same sound at another rate."""
    if not len(sound.samples):
        raise NotSpokenError(NO_SOUND)
    parts = [frame.to_ndarray()[0] for frame in _frames(sound, "fltp", rate)]
    return Sound(np.concatenate(parts), rate)


def levelled(sound: Sound) -> Sound:
    """The same sound with its highest sample at PEAK."""
    peak = float(np.max(np.abs(sound.samples)))
    if not LEAST_PEAK <= peak < np.inf:  # also where it is no number
        raise NotSpokenError(NO_SOUND)
    return Sound((sound.samples * (PEAK / peak)).astype(np.float32), sound.rate)


def _written(sound: Sound, form: Form) -> bytes:
    out = io.BytesIO()
    # Without it an OGG file gets a number by chance.
    options = {"fflags": "+bitexact"}
    with av.open(out, "w", format=form.container, options=options) as file:
        file.metadata["comment"] = LABEL
        stream: Any = file.add_stream(
            form.codec, rate=form.rate, layout="mono", options=form.options
        )
        stream.bit_rate = form.bit_rate
        context = stream.codec_context
        context.open()
        for frame in [*_frames(sound, context.format, form.rate), None]:
            file.mux(stream.encode(frame))
    return out.getvalue()


def _frames(sound: Sound, format: Any, rate: int) -> list[Any]:
    """The sound in FFmpeg's frames, in one of its formats."""
    resampler = av.AudioResampler(format=format, layout="mono", rate=rate)
    frame = av.AudioFrame.from_ndarray(sound.samples[None], format="fltp", layout="mono")
    frame.sample_rate = sound.rate
    frame.pts = 0
    return [*resampler.resample(frame), *resampler.resample(None)]
