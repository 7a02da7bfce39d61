"""The trained numbers of the embedded parser, and what they make of a text.

Experts give the log-probability of each intent: a linear model over n-grams, and a network with one
hidden layer for each piece of the encoder's features. The weighted sum of those asked so far (a
product of experts, Hinton 2002) less what speaks against each group of intents while a question of
this kind is open gives the log-odds. Weights and biases were fitted on messages written apart from the examples, so that the
probabilities are calibrated.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding import lexical
from bot.understanding.base import INTENTS, Context

Vector = NDArray[np.float32]
MODEL_FILE = Path(__file__).parent / "model.npz"
KINDS = ("open", "choice", "number", "scenario", "case", "code")
CONTEXT = (*KINDS, "similarity", "overlap")
"""What is known of the open question; all 0 when none is open."""
_USUAL, _SPREAD = 0.19, 0.14
"""Mean and standard deviation of the likeness of messages to the open question, as they were written
for bench/understanding."""
_LIGHT = frozenset({"affirm", "deny", "thanks", "greet_or_start", "off_topic"})
GROUPS = np.array(
    [
        [intent in _LIGHT for intent in INTENTS],
        [intent not in _LIGHT and intent != "answer" for intent in INTENTS],
    ],
    dtype=np.float32,
)
"""Courtesies, and requests: shape (2, intents). What looks like the former is more often an answer."""


_HALVED = ("hidden", "out")
"""Arrays of a network that are kept in half precision."""


@dataclass(frozen=True)
class Linear:
    """`weights` of shape (BUCKETS, intents) over n-grams weighted by `idf`."""

    idf: Vector
    weights: Vector
    bias: Vector

    def log_probabilities(self, text: str) -> Vector:
        """Of each intent, for a normal text."""
        rows, values = lexical.vector(self.idf, text)
        return log_softmax(np.asarray(values @ self.weights[rows] + self.bias))


@dataclass(frozen=True)
class Network:
    """Standardised features, a hidden layer of rectified units, the intents."""

    mean: Vector
    scale: Vector
    hidden: Vector
    hidden_bias: Vector
    out: Vector
    out_bias: Vector

    def log_probabilities(self, features: Vector) -> Vector:
        """Of each intent, for the encoder's features of a text."""
        inner = np.maximum((features - self.mean) * self.scale @ self.hidden + self.hidden_bias, 0)
        return log_softmax(inner @ self.out + self.out_bias)

    def likeness(self, one: Vector, other: Vector, dimensions: int) -> float:
        """The cosine, -1 to 1, of what two texts are about, given their features."""
        part = slice(dimensions)
        a, b = ((each[part] - self.mean[part]) * self.scale[part] for each in (one, other))
        return float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)


@dataclass(frozen=True)
class Blend:
    """How much each expert counts, and what speaks against each of GROUPS: always, by CONTEXT."""

    experts: tuple[float, ...]
    always: tuple[float, ...]
    context: tuple[tuple[float, ...], ...]

    def log_probabilities(self, found: Sequence[Vector], context: Vector) -> Vector:
        """Of each intent, from those that the experts found, one for each of `experts`."""
        odds = np.array(self.experts, np.float32) @ np.array(found)
        against = (self._always + self._context @ context) @ GROUPS
        return log_softmax(np.asarray(odds - against, dtype=np.float32))

    @cached_property
    def _always(self) -> Vector:
        return np.array(self.always, np.float32)

    @cached_property
    def _context(self) -> Vector:
        return np.array(self.context, np.float32)


@dataclass(frozen=True)
class Model:
    """All that is trained. `about` says on what, and for which encoder.

    There is a network for each piece of features, and a blend for each number of experts asked:
    the linear one alone, with the first network, with the second.
    """

    linear: Linear
    networks: tuple[Network, ...]
    blends: tuple[Blend, ...]
    about: dict[str, Any]

    def save(self, file: Path) -> None:
        """Write it as compressed arrays of half precision, weights of n-grams in 8 bits."""
        scale = np.abs(self.linear.weights).max(axis=0) / 127
        arrays = {
            "idf": self.linear.idf.astype(np.float16),
            "linear": np.round(self.linear.weights / scale).astype(np.int8),
            "linear_scale": scale,
            "linear_bias": self.linear.bias,
        }
        for place, network in enumerate(self.networks):
            for field in fields(Network):
                value = getattr(network, field.name)
                half = value.astype(np.float16) if field.name in _HALVED else value
                arrays[f"{field.name}_{place}"] = half
        told = json.dumps({"about": self.about, "blends": [asdict(each) for each in self.blends]})
        building = file.with_suffix(".half")
        with building.open("wb") as stream:
            np.savez_compressed(stream, told=np.array(told), **arrays)
        building.replace(file)

    @staticmethod
    def load(file: Path) -> "Model":
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as a:
            told = json.loads(str(a["told"]))
            linear = Linear(
                a["idf"].astype(np.float32),
                a["linear"] * a["linear_scale"].astype(np.float32),
                a["linear_bias"],
            )
            names = [field.name for field in fields(Network)]
            networks = tuple(
                Network(*(a[f"{name}_{place}"].astype(np.float32) for name in names))
                for place in range(len(told["blends"]) - 1)
            )
        blends = tuple(Blend(**each) for each in told["blends"])
        return Model(linear, networks, blends, told["about"])


def log_softmax(odds: Vector) -> Vector:
    shifted = odds - odds.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)


def overlap(text: str, question: str) -> float:
    """The share, 0–1, of a normal text's pairs of tokens that stand in the question too."""
    said = lexical.pairs(text)
    return len(said & lexical.pairs_of_question(question)) / len(said) if said else 0.0


def context_vector(context: Context, text: str, likeness: float | None) -> Vector:
    """The values of CONTEXT: what kind of question is open, and how near a normal text is to it.

    `likeness` is the text's to the question, None when unknown.
    """
    found = np.zeros(len(CONTEXT), dtype=np.float32)
    if context.question:
        if context.kind in KINDS:
            found[KINDS.index(context.kind)] = 1
        found[-2] = 0 if likeness is None else (likeness - _USUAL) / _SPREAD
        found[-1] = overlap(text, context.question)
    return found
