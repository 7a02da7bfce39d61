"""Whether what speaking takes is installed; it comes with the extra `tts`."""

from collections.abc import Mapping
from importlib.util import find_spec

from bot.speaking.base import EngineError


def need(what: str, packages: Mapping[str, str]) -> None:
    """Raises EngineError unless the modules, given with their projects, are there."""
    missing = [project for module, project in packages.items() if find_spec(module) is None]
    if missing:
        raise EngineError(
            f"{what} needs {', '.join(missing)}, not installed here: run `make tts`, or install "
            "as docs/voice.md says"
        )
