"""From a file to its sound."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from bot.speech import base
from bot.speech import decode as script
from bot.speech.base import MAX_BYTES, Samples, UnreadableError

SECONDS = 60.0
"""Of waiting, on a busy machine; the process has CPU time for less."""
SCRIPT = Path(script.__file__)
_REASONS = {
    script.EMPTY: base.EMPTY,
    script.TOO_LARGE: base.TOO_LARGE,
    script.TOO_LONG: base.TOO_LONG,
    script.TOO_SHORT: base.TOO_SHORT,
    script.NO_AUDIO: base.NO_AUDIO,
    script.SILK: base.SILK,
}


def decode(data: bytes) -> Samples:
    """The sound of a file, taken out in a process that may be ended at any time.

    Takes OGG, WebM, MP4, MP3, AAC, AMR and WAV, and Silk where silk-python is installed, by what
    is inside, whatever it is called. Raises UnreadableError. For threads, as it waits.
    """
    if not data:
        raise UnreadableError(base.EMPTY)
    if len(data) > MAX_BYTES:
        raise UnreadableError(base.TOO_LARGE)
    try:
        ended = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", str(SCRIPT)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableError(base.UNREADABLE) from None
    if ended.returncode != 0:
        raise UnreadableError(_REASONS.get(ended.returncode, base.UNREADABLE))
    return np.frombuffer(ended.stdout, "<i2").astype(np.float32) / np.float32(32768)
