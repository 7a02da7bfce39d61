"""Files on the platform: what they are by their content, and for how long they are kept."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 3 * 24 * 3600
"""Seconds for which a temporary file is kept."""

AMR_HEADER = b"#!AMR\n"
AMR_FRAMES = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0]
"""Bytes after the first byte of an AMR frame, by its type. A frame is 20 ms."""

MP3_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0]
MP3_LOW_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0]
MP3_HERTZ = [44100, 48000, 32000, 0]

TYPES = {
    "amr": "voice/amr",
    "speex": "voice/speex",
    "mp3": "audio/mp3",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "mp4": "video/mp4",
}


@dataclass(frozen=True)
class Media:
    """A file on the platform."""

    id: str
    kind: str
    format: str
    data: bytes
    made: float

    @property
    def content_type(self) -> str:
        return TYPES.get(self.format, "application/octet-stream")


class MediaStore:
    """The platform's files. `now` gives the platform's time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._numbers = itertools.count(1)
        self._media: dict[str, Media] = {}

    def add(self, kind: str, data: bytes, format: str) -> Media:
        number = f"MEDIA-{next(self._numbers):04d}-" + "x" * 48
        self._media[number] = Media(number, kind, format, data, self._now())
        return self._media[number]

    def get(self, number: object) -> Media | None:
        """The file, when there is one and it is not too old."""
        media = self._media.get(str(number))
        return media if media and self._now() < media.made + KEPT else None


def format_of(data: bytes) -> str:
    """What the content is, or nothing."""
    if data.startswith(AMR_HEADER):
        return "amr"
    if data.startswith(b"ID3") or _mp3_frame(data, 0):
        return "mp3"
    starts = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"GIF8": "gif"}
    return next((name for start, name in starts.items() if data.startswith(start)), "")


def seconds_of(data: bytes) -> float:
    """How long an AMR or an MP3 file plays."""
    return _amr_seconds(data) if data.startswith(AMR_HEADER) else _mp3_seconds(data)


def silent_amr(seconds: float) -> bytes:
    frame = bytes([0x3C]) + bytes(31)
    return AMR_HEADER + frame * round(seconds * 50)


def silent_mp3(seconds: float) -> bytes:
    """Frames of 1,152 samples at 44,100 Hz and 128 kbit/s."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return frame * round(seconds * 44100 / 1152)


def picture() -> bytes:
    """The beginning of a JPEG file."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64)


def _amr_seconds(data: bytes) -> float:
    place, frames = len(AMR_HEADER), 0
    while place < len(data):
        place += 1 + AMR_FRAMES[data[place] >> 3 & 15]
        frames += 1
    return frames / 50


def _mp3_seconds(data: bytes) -> float:
    place, seconds = _after_tag(data), 0.0
    while found := _mp3_frame(data, place):
        size, played = found
        place += size
        seconds += played
    return seconds


def _after_tag(data: bytes) -> int:
    """Where an MP3 file's sound begins, behind its ID3 tag."""
    if not data.startswith(b"ID3") or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _mp3_frame(data: bytes, place: int) -> tuple[int, float] | None:
    """The size in bytes and the seconds of the MP3 frame that begins here."""
    head = data[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version = head[1] >> 3 & 3
    newest = version == 3
    rate = (MP3_RATES if newest else MP3_LOW_RATES)[head[2] >> 4]
    hertz = MP3_HERTZ[head[2] >> 2 & 3] >> {3: 0, 2: 1, 0: 2}.get(version, 16)
    if not rate or not hertz:
        return None
    samples = 1152 if newest else 576
    return samples // 8 * rate * 1000 // hertz + (head[2] >> 1 & 1), samples / hertz
