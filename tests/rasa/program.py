"""The Rasa program that these tests run, in its own Python 3.10 environment."""

import os
from pathlib import Path

import httpx2
import pytest

from tests.helpers import ROOT

PROGRAM = Path(os.environ.get("MIANTAN_TEST_RASA") or ROOT / ".rasa" / "venv" / "bin" / "rasa")
START_SECONDS = 120.0


def require_rasa() -> None:
    """Skip, with the reason, where there is no Rasa."""
    if not PROGRAM.exists():
        pytest.skip(f"there is no {PROGRAM}; run make .rasa/made, or set MIANTAN_TEST_RASA")


def environment(**more: str) -> dict[str, str]:
    """What Rasa is run with: nothing of our own environment's Python, and no usage figures sent."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    return {**kept, **quiet, **more}


def answers(address: str) -> bool:
    """Whether a server is up: `/` asks for no token."""
    try:
        return httpx2.get(address, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
