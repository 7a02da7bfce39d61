"""The engines, by name: a row for each."""

from collections.abc import Callable
from pathlib import Path

from bot.speaking import numbers
from bot.speaking.base import Engine, EngineError
from bot.speaking.coqui import CoquiEngine
from bot.speaking.installed import need

OFF = "off"
ENGINES: dict[str, Callable[[str, Path, int], Engine]] = {"coqui": CoquiEngine}
"""What makes each, from what follows its name in the setting, the folder of models, and threads."""


def load_engine(setting: str, home: Path, threads: int = 1) -> Engine | None:
    """The engine of a setting such as `coqui:zh=FOLDER,en=NAME`; None where it is "off".

    Nothing is loaded yet, but what is missing is noticed. Raises EngineError.
    """
    if setting == OFF:
        return None
    name, _, voices = setting.partition(":")
    if name not in ENGINES or not voices:
        known = ", ".join(f"{known}:VOICE" for known in ENGINES)
        raise EngineError(f"no engine for speaking is called {setting!r}: set {known} or {OFF}")
    if threads < 1:
        raise EngineError(f"speaking with {threads} threads: set 1 or more")
    need("speaking", numbers.PACKAGES)
    return ENGINES[name](voices, home, threads)
