"""Fixtures that several folders of tests use."""

import os
from pathlib import Path

import pytest

from bot.prepare import prepare_model
from tests.helpers import ROOT


@pytest.fixture(scope="session")
def model_home() -> Path:
    """A home with the packaged encoder, prepared once and kept between runs."""
    home = Path(os.environ.get("MIANTAN_TEST_MODELS") or ROOT / ".miantan-test")
    prepare_model(home)
    return home
