"""Trains the embedded parser on dialogues/nlu/nlu.yml and writes bot/understanding/model.npz.

    python -m bench.fit_understanding --home HOME [--blend-only]

The experts are trained on the examples; how they are blended is fitted on messages written apart
from them (bench/understanding/development.jsonl, and answers_in_context.jsonl with less weight).
Run it after a change of the examples; with --blend-only the experts stay as they are.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding import lexical
from bot.understanding.base import INTENTS, Context
from bot.understanding.examples import nlu_sha256, read_examples
from bot.understanding.model import (
    CONTEXT,
    GROUPS,
    MODEL_FILE,
    Blend,
    Linear,
    Model,
    Network,
    Vector,
    context_vector,
)
from bot.understanding.training import fit_linear, fit_network
from scoring.encoder import Encoder, load_encoder

FOLDER = Path(__file__).parent / "understanding"
ENCODER = "e5-small-int8"
IN_CONTEXT = 0.15
"""Weight of an answer chosen for looking like a command, against one that was not."""
PENALTY = 0.002
"""Of the squared biases."""

EXPERTS = 3


@dataclass(frozen=True)
class Measured:
    """What the blends are fitted on, a row a message: the experts' log-probabilities, the context as
    each of them knows it, the right intent."""

    experts: tuple[Vector, ...]
    contexts: tuple[Vector, ...]
    labels: NDArray[np.int64]
    weights: Vector


def rows_of(name: str) -> list[dict[str, Any]]:
    """Messages with their intent and, mostly, the question that was open."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def measure(linear: Linear, networks: tuple[Network, ...], encoder: Encoder) -> Measured:
    usual, chosen = rows_of("development.jsonl"), rows_of("answers_in_context.jsonl")
    found: list[list[Vector]] = [[] for _ in range(EXPERTS)]
    contexts: list[list[Vector]] = [[] for _ in range(EXPERTS)]
    for row in usual + chosen:
        text, context = lexical.normal(row["text"]), Context(**row.get("context") or {})
        asked = encoder.features(lexical.normal(context.question))
        found[0].append(linear.log_probabilities(text))
        contexts[0].append(context_vector(context, text, None))
        pieces = zip(networks, encoder.features(text), asked, strict=True)
        for place, (network, said, question) in enumerate(pieces, 1):
            found[place].append(network.log_probabilities(said))
            likeness = network.likeness(said, question, encoder.dimensions)
            contexts[place].append(context_vector(context, text, likeness))
    return Measured(
        tuple(map(np.array, found)),
        tuple(map(np.array, contexts)),
        np.array([INTENTS.index(row["intent"]) for row in usual + chosen]),
        np.array([1.0] * len(usual) + [IN_CONTEXT] * len(chosen), dtype=np.float32),
    )


def fit_blend(measured: Measured, experts: int) -> Blend:
    """The most likely weights of so many experts and biases, with a penalty on the biases."""
    import torch

    weights = torch.full((experts,), 0.7, requires_grad=True)
    always = torch.zeros(len(GROUPS), requires_grad=True)
    by_context = torch.zeros(len(GROUPS), len(CONTEXT), requires_grad=True)
    found = torch.from_numpy(np.stack(measured.experts[:experts]))
    context = torch.from_numpy(measured.contexts[experts - 1])
    labels, shares = torch.from_numpy(measured.labels), torch.from_numpy(measured.weights)
    optimiser = torch.optim.LBFGS([weights, always, by_context], max_iter=500)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        odds = torch.tensordot(weights, found, dims=1)
        odds = odds - (always + context @ by_context.T) @ torch.from_numpy(GROUPS)
        each = torch.nn.functional.cross_entropy(odds, labels, reduction="none")
        total = (each * shares).sum() / shares.sum()
        total = total + PENALTY * (always.square().sum() + by_context.square().sum())
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)
    return Blend(
        tuple(round(x, 4) for x in weights.tolist()),
        tuple(round(x, 4) for x in always.tolist()),
        tuple(tuple(round(x, 4) for x in row) for row in by_context.tolist()),
    )


def examples() -> tuple[list[str], NDArray[np.int64]]:
    """Normal texts of all examples, and the places of their intents in INTENTS."""
    found = read_examples()
    texts = [lexical.normal(text) for intent in INTENTS for text in found[intent]]
    labels = [i for i, intent in enumerate(INTENTS) for _ in found[intent]]
    return texts, np.array(labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--home", type=Path, default=Path(".miantan"))
    parser.add_argument("--blend-only", action="store_true")
    options = parser.parse_args()
    encoder = load_encoder(ENCODER, options.home, 2)
    trained = Model.load(MODEL_FILE) if options.blend_only else train(encoder)
    measured = measure(trained.linear, trained.networks, encoder)
    blends = tuple(fit_blend(measured, experts + 1) for experts in range(EXPERTS))
    replace(trained, blends=blends).save(MODEL_FILE)
    print(*blends, f"{MODEL_FILE.name}: {MODEL_FILE.stat().st_size:,} bytes", sep="\n")


def train(encoder: Encoder) -> Model:
    """The experts, trained on the examples; the blend is yet to be fitted."""
    texts, labels = examples()
    print(f"{len(texts)} examples; n-grams …", flush=True)
    linear = fit_linear(texts, labels)
    print("features …", flush=True)
    pieces = zip(*(encoder.features(text) for text in texts), strict=True)
    networks = tuple(
        fit_network(np.array(piece), labels, lambda done: print(f"network {done:.0%}", flush=True))
        for piece in pieces
    )
    about = {
        "nlu_sha256": nlu_sha256(),
        "encoder": encoder.name,
        "examples": len(texts),
        "command": "python -m bench.fit_understanding",
    }
    return Model(linear, networks, (), about)


if __name__ == "__main__":
    main()
