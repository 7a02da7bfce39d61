"""Takes the sound out of a file: `python decode.py < file > sound`, in a process of its own.

What goes out is 16 kHz, one channel, 16 bits. A file may be made to do harm, so this process has
little time and memory, no files to open or write, no network and no secrets. Nothing of ours is
imported here. The container is told by its first bytes and never guessed from others, what it
says about itself (duration, sizes) is not believed, and only sound is decoded, also of a video.
What the process exits with says why there is no sound.
"""

import io
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

EMPTY, TOO_LARGE, TOO_LONG, TOO_SHORT, NO_AUDIO, SILK, UNREADABLE = range(3, 10)
RATE = 16_000
MAX_BYTES = 20_000_000
MAX_SECONDS = 600
LEAST_SECONDS = 0.3
MAX_STREAMS = 16
MAX_CHANNELS = 8
RATES = range(4_000, 192_001)
CPU_SECONDS = 30
MEMORY_BYTES = 400_000_000
"""Of addresses, as the system counts them: ten minutes of sound took 195 MB, mostly libraries."""
DECODERS = (
    "opus,libopus,vorbis,flac,speex,libspeex,aac,mp3,mp3float,alac,"
    "amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,"
    "pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_alaw,pcm_mulaw"
)
OPTIONS = {"codec_whitelist": DECODERS, "protocol_whitelist": "none"}
"""A file that names further files or addresses gets nothing from them."""
SILK_MARK = b"#!SILK_V3"


class RefusedError(Exception):
    """There is no sound; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def container_of(data: bytes) -> str:
    """The container by its first bytes, as FFmpeg calls it."""
    for mark, name in (
        (b"OggS", "ogg"),
        (b"#!AMR", "amr"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"ID3", "mp3"),
    ):
        if data.startswith(mark):
            return name
    if data[4:8] == b"ftyp":
        return "mp4"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "aac" if data[1] & 0xF6 == 0xF0 else "mp3"
    if data.startswith((SILK_MARK, b"\x02" + SILK_MARK)):
        return "silk"
    raise RefusedError(UNREADABLE)


def sound_of(data: bytes) -> bytes:
    """The samples of a file; raises RefusedError, or what the libraries raise."""
    if not data:
        raise RefusedError(EMPTY)
    if len(data) > MAX_BYTES:
        raise RefusedError(TOO_LARGE)
    container = container_of(data)
    pieces = _silk(data) if container == "silk" else _pieces(data, container)
    sound = bytearray()
    for piece in pieces:
        sound += piece
        if len(sound) > 2 * RATE * MAX_SECONDS:
            raise RefusedError(TOO_LONG)
    if not sound:
        raise RefusedError(UNREADABLE)
    if len(sound) < 2 * RATE * LEAST_SECONDS:
        raise RefusedError(TOO_SHORT)
    return bytes(sound)


def _pieces(data: bytes, container: str) -> Iterator[bytes]:
    """The sound of the first sound stream, bit by bit."""
    import av
    import av.subtitles.stream  # a file may have them, and nothing can be imported later

    _close_doors()
    file: Any
    with av.open(io.BytesIO(data), format=container, options=OPTIONS, io_open=_refuse) as file:
        if len(file.streams) > MAX_STREAMS:
            raise RefusedError(UNREADABLE)
        if not file.streams.audio:
            raise RefusedError(NO_AUDIO)
        stream = file.streams.audio[0]
        stream.thread_count = 1
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in _frames(file, stream):
            if frame.sample_rate not in RATES or frame.layout.nb_channels > MAX_CHANNELS:
                raise RefusedError(UNREADABLE)
            frame.pts = None
            for part in resampler.resample(frame):
                yield bytes(part.planes[0])[: 2 * part.samples]
        with suppress(av.FFmpegError, ValueError):  # nothing to flush if there was no frame
            for part in resampler.resample(None):
                yield bytes(part.planes[0])[: 2 * part.samples]


def _frames(file: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames. What is damaged is left out, as players do; a broken end is an end."""
    import av

    packets = file.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        with suppress(av.InvalidDataError):
            yield from packet.decode()


def _silk(data: bytes) -> Iterator[bytes]:
    """WeChat's own format, where the package silk-python is installed."""
    try:
        import pysilk
    except ImportError:
        raise RefusedError(SILK) from None
    _close_doors()
    out = _Capped()
    pysilk.decode(io.BytesIO(data), out, RATE)
    yield out.getvalue()


class _Capped(io.BytesIO):
    """Takes what may be too long, but not much more."""

    def write(self, piece: Any) -> int:
        if self.tell() > 2 * RATE * MAX_SECONDS:
            raise RefusedError(TOO_LONG)
        return super().write(piece)


def _refuse(*asked: Any) -> Any:
    raise RefusedError(UNREADABLE)


def _close_doors() -> None:
    """After the libraries are loaded, nothing more is opened: no file, no network, no process."""
    for limit in (resource.RLIMIT_NOFILE, getattr(resource, "RLIMIT_NPROC", None)):
        with suppress(ValueError, OSError, TypeError):
            resource.setrlimit(limit, (0, 0))  # type: ignore[arg-type]


def main() -> int:
    """Read from standard input, write to standard output."""
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a system may not know one, or have set it lower
            resource.setrlimit(limit, (most, most))
    try:
        sound = sound_of(sys.stdin.buffer.read(MAX_BYTES + 1))
    except RefusedError as error:
        return error.code
    except Exception:  # noqa: BLE001 - hostile input; the libraries raise nearly anything
        return UNREADABLE
    sys.stdout.buffer.write(sound)
    return 0


if __name__ == "__main__":
    sys.exit(main())
