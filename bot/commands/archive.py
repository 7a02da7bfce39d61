"""Guides and rubrics kept by their hash, so that a result can be checked later."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from bot.commands.errors import CommandError
from bot.storage.catalogue import GivenFiles, Role
from dialogues.guide import sha256_of


def keep(home: Path, given: GivenFiles, role: Role) -> None:
    """Keep both texts under MIANTAN_HOME/published/HASH.yml."""
    folder = home / "published"
    folder.mkdir(parents=True, exist_ok=True)
    for sha256, text in ((role.guide_sha256, given.guide), (role.rubric_sha256, given.rubric)):
        file = folder / f"{sha256}.yml"
        if not file.exists():
            file.write_text(text, encoding="utf-8", newline="")


def find(home: Path, sha256: str, what: str, given: Path | None) -> tuple[Path, str]:
    """The file with that hash: the one given, a kept one, or one that came with Miantan."""
    candidates: Iterable[Path]
    if given is not None:
        candidates = [given]
    else:
        candidates = [
            home / "published" / f"{sha256}.yml",
            *sorted(Path(str(files("dialogues"))).glob("guides/*.yml")),
            *sorted(Path(str(files("scoring"))).glob("rubrics/*.yml")),
        ]
    for file in candidates:
        if file.is_file():
            text = file.read_bytes().decode("utf-8")
            if sha256_of(text) == sha256:
                return file, text
    if given is not None:
        raise CommandError(
            f"{given}: is not the {what} of this result; pass the one it was made with"
        )
    raise CommandError(
        f"the {what} of this result ({sha256[:12]}…) is not here; pass it with --{what}"
    )
