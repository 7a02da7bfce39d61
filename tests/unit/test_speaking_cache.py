"""Clips that are kept: sealed, bounded, whole or not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.security.sealing import Key, Sealed
from bot.speaking.cache import ABANDONED_SECONDS, Cache, key_of
from bot.speaking.encode import Clip
from tests.helpers import ROOT

CLIP = Clip(b"\x00\n\xff" * 1_000, "audio/ogg", 2.5)


def cache(folder: Path, key: Key | None = None, most_bytes: int = 1_000_000) -> Cache:
    used = key or Key.random()
    return Cache(
        folder, used.seal_bytes, lambda data, at: used.open_bytes(Sealed(data), at), most_bytes
    )


def aged(folder: Path, key: str, seconds: float) -> None:
    """Make a clip look as last used so long after the year 2001."""
    os.utime(folder / f"{key}.clip", (1e9 + seconds, 1e9 + seconds))


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    kept = cache(tmp_path / "spoken")
    assert kept.find("a") is None
    kept.keep("a", CLIP)
    assert kept.find("a") == CLIP
    assert kept.find("b") is None


def test_files_are_sealed_and_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "spoken"
    cache(folder).keep("a", CLIP)
    [file] = folder.iterdir()
    assert CLIP.data[:100] not in file.read_bytes()
    assert file.stat().st_mode & 0o77 == 0
    assert folder.stat().st_mode & 0o77 == 0


def test_what_does_not_open_counts_as_none_and_goes(tmp_path: Path) -> None:
    key = Key.random()
    for harm in ("other key", "cut", "altered", "moved", "empty"):
        kept = cache(tmp_path, key)
        kept.keep("a", CLIP)
        file = tmp_path / "a.clip"
        sealed = file.read_bytes()
        if harm == "other key":
            kept = cache(tmp_path)
        elif harm == "moved":
            file.rename(tmp_path / "b.clip")
        else:
            file.write_bytes(
                {"cut": sealed[:50], "altered": sealed[:-1] + b"?", "empty": b""}[harm]
            )
        name = "b" if harm == "moved" else "a"
        assert kept.find(name) is None, harm
        assert list(tmp_path.iterdir()) == [], harm


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    kept = cache(tmp_path, most_bytes=4 * len(CLIP.data))
    for number, key in enumerate("abc"):
        kept.keep(key, CLIP)
        aged(tmp_path, key, number)
    assert kept.find("a") == CLIP  # used now
    kept.keep("d", CLIP)
    assert {file.stem for file in tmp_path.iterdir()} == {"a", "c", "d"}


def test_what_alone_is_too_large_is_not_kept(tmp_path: Path) -> None:
    kept = cache(tmp_path, most_bytes=100)
    kept.keep("a", CLIP)
    assert kept.find("a") is None


def test_what_others_left_half_done_goes(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.keep("a", CLIP)
    now = (tmp_path / "a.clip").stat().st_mtime
    for name, age in ((".building-old", ABANDONED_SECONDS + 60), (".building-new", 60)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (now - age, now - age))
    kept.keep("b", CLIP)
    assert {file.name for file in tmp_path.iterdir()} == {"a.clip", "b.clip", ".building-new"}


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "no space")

    kept = cache(tmp_path)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        kept.keep("a", CLIP)
    assert list(tmp_path.iterdir()) == []


KEEPING = """
import sys
from pathlib import Path
from bot.speaking.cache import Cache
from bot.speaking.encode import Clip

kept = Cache(Path(sys.argv[1]), lambda data, at: data, lambda data, at: data, 5_000)
for turn in range(200):
    number = turn * int(sys.argv[2]) % 13
    clip = Clip(bytes([number]) * 1_000, "audio/ogg", number)
    assert kept.find(str(number)) in (None, clip)
    kept.keep(str(number), clip)
"""


def test_several_processes_keep_in_one_folder(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", KEEPING, str(tmp_path), step], cwd=ROOT)
        for step in ("1", "5", "7")
    ]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    assert all(file.suffix == ".clip" for file in tmp_path.iterdir())
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 5_000


def test_keys_tell_their_parts_apart() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of(1, "a") == key_of(1, "a")
    assert len(key_of("你好")) == 64
