"""The trained numbers of the embedded parser, and what they make of a text.

Two experts give the log-probability of each intent: a linear model over n-grams and a network with
one hidden layer over the encoder's features. Their weighted sum (a product of experts, Hinton 2002)
less what speaks against each group of intents while a question of this kind is open gives the
log-odds. Weights and biases were fitted on messages written apart from the examples, so that the
probabilities are calibrated.
"""

import json
from dataclasses import asdict, dataclass
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
_USUAL, _SPREAD = 0.8, 0.05
"""Cosine of a text and a question that have nothing to do with each other (multilingual e5), and how
far apart those are that have."""
_LIGHT = frozenset({"affirm", "deny", "thanks", "greet_or_start", "off_topic"})
GROUPS = np.array(
    [
        [intent in _LIGHT for intent in INTENTS],
        [intent not in _LIGHT and intent != "answer" for intent in INTENTS],
    ],
    dtype=np.float32,
)
"""Courtesies, and requests: shape (2, intents). What looks like the former is more often an answer."""


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


@dataclass(frozen=True)
class Blend:
    """How much each expert counts, and what speaks against each of GROUPS: always, by CONTEXT."""

    linear: float
    network: float
    always: tuple[float, ...]
    context: tuple[tuple[float, ...], ...]

    def log_probabilities(self, linear: Vector, network: Vector | None, context: Vector) -> Vector:
        """Of each intent, from those of the experts; without a network it is the linear one's."""
        odds = self.linear * linear
        if network is not None:
            odds = odds + self.network * network
        against = np.array(self.always, np.float32) + np.array(self.context, np.float32) @ context
        return log_softmax(np.asarray(odds - against @ GROUPS, dtype=np.float32))


@dataclass(frozen=True)
class Model:
    """All that is trained. `about` says on what, and for which encoder."""

    linear: Linear
    network: Network | None
    blend: Blend
    alone: Blend
    """The blend where there is no network."""
    about: dict[str, Any]

    def save(self, file: Path) -> None:
        """Write it as compressed arrays of half precision, weights of n-grams in 8 bits."""
        assert self.network is not None
        scale = np.abs(self.linear.weights).max(axis=0) / 127
        arrays = {
            "idf": self.linear.idf.astype(np.float16),
            "linear": np.round(self.linear.weights / scale).astype(np.int8),
            "linear_scale": scale,
            "linear_bias": self.linear.bias,
            "mean": self.network.mean,
            "scale": self.network.scale,
            "hidden": self.network.hidden.astype(np.float16),
            "hidden_bias": self.network.hidden_bias,
            "out": self.network.out,
            "out_bias": self.network.out_bias,
        }
        told = {
            "about": self.about,
            "blend": asdict(self.blend),
            "alone": asdict(self.alone),
        }
        with file.open("wb") as stream:
            np.savez_compressed(stream, told=np.array(json.dumps(told)), **arrays)

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
            network = Network(
                a["mean"],
                a["scale"],
                a["hidden"].astype(np.float32),
                a["hidden_bias"],
                a["out"],
                a["out_bias"],
            )
        blend, alone = Blend(**told["blend"]), Blend(**told["alone"])
        return Model(linear, network, blend, alone, told["about"])


def log_softmax(odds: Vector) -> Vector:
    shifted = odds - odds.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)


def overlap(text: str, question: str) -> float:
    """The share, 0–1, of a normal text's pairs of tokens that stand in the normal question too."""
    said, asked = lexical.pairs(text), lexical.pairs(question)
    return len(said & asked) / len(said) if said else 0.0


def cosine_to(vector: Vector, features: Vector) -> float:
    """The cosine between a unit vector and the text that the features are of."""
    own = features[-len(vector) :]
    return float(own @ vector) / max(float(np.linalg.norm(own)), 1e-9)


def context_vector(context: Context, text: str, cosine: float | None) -> Vector:
    """The values of CONTEXT: what kind of question is open, and how near a normal text is to it.

    `cosine` is the one between the encoder's vectors of text and question, None when unknown.
    """
    if not context.question:
        return np.zeros(len(CONTEXT), dtype=np.float32)
    kinds = [float(context.kind == kind) for kind in KINDS]
    near = 0.0 if cosine is None else (cosine - _USUAL) / _SPREAD
    return np.array([*kinds, near, overlap(text, lexical.normal(context.question))], np.float32)
