"""Clips that were made before, sealed, in a folder of bounded size.

Only the guide's own words may come here: they are the same for everybody. A file that does not open
any more, whatever the cause, counts as none and is made again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.speaking.encode import Clip

MOST_BYTES = 200_000_000
"""Of all files: some thousands of questions in each format."""
SUFFIX = ".clip"
_BUILDING = ".building-"
ABANDONED_SECONDS = 3_600
"""What another process began so long ago is not finished any more."""

Seal = Callable[[bytes, str], bytes]
"""Seals bytes for a place, or opens what was sealed for it and raises if it does not open."""


@dataclass(frozen=True)
class Cache:
    """The folder, what seals and opens, and the most bytes kept. Safe with several processes."""

    folder: Path
    seal: Seal
    open: Seal
    most_bytes: int = MOST_BYTES

    def find(self, key: str) -> Clip | None:
        """The clip kept under a key, which counts as used now."""
        file = self._file(key)
        try:
            sealed = file.read_bytes()
        except OSError:
            return None
        try:
            clip = _unpacked(self.open(sealed, _place(key)))
        except Exception:  # noqa: BLE001 - altered, half written or sealed with another key
            with suppress(OSError):
                file.unlink()
            return None
        with suppress(OSError):
            os.utime(file)
        return clip

    def keep(self, key: str, clip: Clip) -> None:
        """Keep a clip; what was not used for longest goes. Raises OSError if the disk is full."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = self.seal(_packed(clip), _place(key))
        descriptor, name = tempfile.mkstemp(prefix=_BUILDING, dir=self.folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(sealed)
            Path(name).replace(self._file(key))
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        self._tidy()

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"

    def _tidy(self) -> None:
        """Remove what is too much, the longest unused first, and what others left behind."""
        kept: list[tuple[float, int, Path]] = []
        newest = 0.0
        left: list[tuple[float, Path]] = []
        for file in self.folder.iterdir():
            with suppress(OSError):  # another process may be first
                facts = file.stat()
                newest = max(newest, facts.st_mtime)
                if file.suffix == SUFFIX:
                    kept.append((facts.st_mtime, facts.st_size, file))
                elif file.name.startswith(_BUILDING):
                    left.append((facts.st_mtime, file))
        too_much = sum(size for _, size, _ in kept) - self.most_bytes
        gone = [file for begun, file in left if begun < newest - ABANDONED_SECONDS]
        for _, size, file in sorted(kept):
            if too_much <= 0:
                break
            too_much -= size
            gone.append(file)
        for file in gone:
            with suppress(OSError):
                file.unlink()


def key_of(*parts: str | int) -> str:
    """A name for what is made of these, the same wherever it is asked."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _place(key: str) -> str:
    return f"spoken:{key}"


def _packed(clip: Clip) -> bytes:
    head = {"type": clip.content_type, "seconds": clip.seconds}
    return json.dumps(head).encode() + b"\n" + clip.data


def _unpacked(data: bytes) -> Clip:
    head, _, sound = data.partition(b"\n")
    facts = json.loads(head)
    return Clip(sound, str(facts["type"]), float(facts["seconds"]))
